"""``/arp/api/experiments/{exp}/runs``."""

# ruff: noqa: FAST003, TC001, TC002 - FastAPI reads annotations at run time, and `exp` in a dependency
from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AwareDatetime

from arp_nb.rows import run_row
from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.bodies import Body
from arp_nb.web.caller import InExperiment, Managed

router = APIRouter(tags=["runs"])
Number = Annotated[int, Path(ge=0, lt=2**63)]


class RunChange(Body):
    """What is known of a run; what is not given stays. Parameters merge, null deletes."""

    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    parameters: dict[str, Any] | None = None


class RunEvent(Body):
    """What is known of a run at its start or end."""

    parameters: dict[str, Any] | None = None


@router.get("/experiments/{exp}/runs", response_model=answers.Runs)
async def list_runs(manager: Managed, experiment: InExperiment) -> Json:
    """All runs by number."""
    return Json({"runs": [run_row(one) for one in await manager.runs.list(experiment)]})


@router.get("/experiments/{exp}/runs/{number:int}", response_model=answers.Run)
async def get_run(manager: Managed, experiment: InExperiment, number: Number) -> Json:
    """One run."""
    return Json(run_row(await manager.runs.get(experiment, number)))


@router.put("/experiments/{exp}/runs/{number:int}", response_model=answers.Run)
async def put_run(
    manager: Managed, experiment: InExperiment, number: Number, body: RunChange
) -> Json:
    """Add a run, or change what is given of it."""
    run = await manager.runs.put(
        experiment,
        number,
        started_at=body.started_at,
        ended_at=body.ended_at,
        parameters=body.parameters,
    )
    return Json(run_row(run))


@router.post("/experiments/{exp}/runs/{number:int}:start", response_model=answers.Run)
async def start_run(
    manager: Managed, experiment: InExperiment, number: Number, body: RunEvent | None = None
) -> Json:
    """Say that a run starts now."""
    return Json(
        run_row(await manager.runs.start(experiment, number, body.parameters if body else None))
    )


@router.post("/experiments/{exp}/runs/{number:int}:end", response_model=answers.Run)
async def end_run(
    manager: Managed, experiment: InExperiment, number: Number, body: RunEvent | None = None
) -> Json:
    """Say that a run ends now."""
    return Json(
        run_row(await manager.runs.end(experiment, number, body.parameters if body else None))
    )
