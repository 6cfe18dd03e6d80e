"""The seed's addresses: the status of all jobs of an experiment, for scripts of today."""

# ruff: noqa: TC001 - FastAPI reads annotations at run time, and `exp` in a dependency
from __future__ import annotations

from fastapi import APIRouter

from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.caller import InExperiment, Managed

router = APIRouter(tags=["legacy"])
_TAIL = "/batch_manager/ws/logbook/batches_status/{exp}"


@router.get("/arp" + _TAIL, response_model=answers.LegacyStatus)
@router.get("/arp/ws-kerb" + _TAIL, response_model=answers.LegacyStatus)
async def batches_status(manager: Managed, experiment: InExperiment) -> Json:
    """Every stored value of each job, under the names that scripts know."""
    return Json({"success": True, "value": await manager.updates.batches_status(experiment)})
