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
from arp_nb.web.caller import By, InExperiment, Managed

router = APIRouter(tags=["runs"])
Number = Annotated[int, Path(ge=0, lt=2**63)]


class RunChange(Body):
    """What is known of a run; what is not given stays. Parameters merge, null deletes."""

    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    parameters: dict[str, Any] | None = None
    type: str = ""
    first_file_at: AwareDatetime | None = None
    all_files_at: AwareDatetime | None = None
    nonrec_files_at: AwareDatetime | None = None


class Excluded(Body):
    """Why a run is taken out of autorun."""

    why: str


class RunEvent(Body):
    """What is known of a run at its start or end."""

    parameters: dict[str, Any] | None = None
    type: str = ""


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
    return Json(run_row(await manager.runs.put(experiment, number, **dict(body))))


@router.post("/experiments/{exp}/runs/{number:int}:start", response_model=answers.Run)
async def start_run(
    manager: Managed, experiment: InExperiment, number: Number, body: RunEvent | None = None
) -> Json:
    """Say that a run starts now."""
    said = body or RunEvent()
    run = await manager.runs.start(experiment, number, said.parameters, said.type)
    return Json(run_row(run))


@router.post("/experiments/{exp}/runs/{number:int}:end", response_model=answers.Run)
async def end_run(
    manager: Managed, experiment: InExperiment, number: Number, body: RunEvent | None = None
) -> Json:
    """Say that a run ends now."""
    said = body or RunEvent()
    run = await manager.runs.end(experiment, number, said.parameters, said.type)
    return Json(run_row(run))


@router.post("/experiments/{exp}/runs/{number:int}:exclude", response_model=answers.Run)
async def exclude_run(
    manager: Managed, experiment: InExperiment, number: Number, by: By, body: Excluded
) -> Json:
    """Take a run out of autorun, with a reason."""
    return Json(run_row(await manager.runs.exclude(experiment, number, by, body.why)))


@router.post("/experiments/{exp}/runs/{number:int}:include", response_model=answers.Run)
async def include_run(manager: Managed, experiment: InExperiment, number: Number) -> Json:
    """Take a run into autorun again."""
    return Json(run_row(await manager.runs.include(experiment, number)))
