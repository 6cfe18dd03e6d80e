"""``/arp/api/experiments``."""

# ruff: noqa: FAST003, TC001 - FastAPI reads annotations at run time, and `exp` in a dependency
from __future__ import annotations

from fastapi import APIRouter

from arp_nb.rows import experiment_row
from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.bodies import Body
from arp_nb.web.caller import InExperiment, Managed

router = APIRouter(tags=["experiments"])


class NewExperiment(Body):
    """An experiment to create."""

    name: str
    instrument: str = ""


class ExperimentChange(Body):
    """Whether the experiment takes data."""

    active: bool


@router.get("/experiments", response_model=answers.Experiments)
async def list_experiments(manager: Managed) -> Json:
    """All experiments, active ones first."""
    found = await manager.experiments.list()
    return Json({"experiments": [experiment_row(one) for one in found]})


@router.post("/experiments", status_code=201, response_model=answers.Experiment)
async def create_experiment(manager: Managed, body: NewExperiment) -> Json:
    """Create an experiment."""
    return Json(experiment_row(await manager.experiments.create(body.name, body.instrument)), 201)


@router.get("/experiments/{exp}", response_model=answers.Experiment)
async def get_experiment(experiment: InExperiment) -> Json:
    """One experiment, by its name or numeric id."""
    return Json(experiment_row(experiment))


@router.patch("/experiments/{exp}", response_model=answers.Experiment)
async def change_experiment(
    manager: Managed, experiment: InExperiment, body: ExperimentChange
) -> Json:
    """Say whether an experiment takes data."""
    changed = await manager.experiments.set_active(experiment.name, body.active)
    return Json(experiment_row(changed))
