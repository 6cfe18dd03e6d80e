"""``/arp/api/autorun`` of the manager, and ``…/experiments/{exp}/autorun``."""

# ruff: noqa: TC001 - FastAPI reads annotations at run time
from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from arp_nb.autorun_rows import entry_row, stop_row
from arp_nb.errors import TooLarge
from arp_nb.ledger import Outcome, Why
from arp_nb.manager.autorun.autorun import Missed
from arp_nb.manager.autorun.status import Status
from arp_nb.manager.autorun.told import (
    backtest_row,
    counts_row,
    definition_standing_row,
    status_row,
)
from arp_nb.store.deciding import LedgerFilter
from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.bodies import Body
from arp_nb.web.caller import By, InExperiment, Managed
from arp_nb.web.definitions import GoOn, Reason

router = APIRouter(tags=["autorun"])
_ROOT = "/experiments/{exp}/autorun"
_MOST_LINES = 2000
_MOST_IDS = 500
Number = Annotated[int | None, Query(ge=0, lt=2**63)]


class Trial(Body):
    """A batch def, or a draft of one, to try on past runs."""

    #: as it is, or with the changes of ``definition``; null: a draft alone
    hash: str | None = None
    definition: dict[str, Any] | None = None
    last: int = 50


class Draft(Body):
    """A predicate that somebody is writing."""

    predicate: str
    #: the run to judge it for; null: the newest
    run: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class Settled(Body):
    """Lines of the ledger that wait, and what becomes of them."""

    ids: list[Annotated[int, Field(ge=1, lt=2**63)]]
    do: Missed


@router.get("/autorun", response_model=answers.AutorunOfAll)
async def all_autorun(manager: Managed) -> Json:
    """Tell who stopped autorun, how the run sources are, and what it cannot do."""
    found = await manager.autorun.status()
    return Json({**status_row(found), **counts_row(found)})


@router.post("/autorun:stop", response_model=answers.Stopped)
async def stop(manager: Managed, by: By, body: Reason) -> Json:
    """Stop all autorun at once; what would start waits."""
    await manager.autorun.stop(by, body.said)
    return Json(_switch(await manager.autorun.status()))


@router.post("/autorun:resume", response_model=answers.Stopped)
async def resume(manager: Managed, by: By, body: GoOn) -> Json:
    """Let all autorun go on, and run or skip what has waited for that."""
    await manager.autorun.resume(body.missed, by)
    return Json(_switch(await manager.autorun.status()))


@router.get(_ROOT, response_model=answers.Autorun)
async def autorun(manager: Managed, experiment: InExperiment) -> Json:
    """Tell whether autorun acts, and how each batch def stands."""
    found = await manager.autorun.status(experiment)
    return Json(
        {
            **status_row(found),
            **counts_row(found),
            "acts": not found.cannot,
            "definitions": [definition_standing_row(one) for one in found.definitions],
        }
    )


@router.get(_ROOT + "/ledger", response_model=answers.Ledger)
async def ledger(
    *,
    manager: Managed,
    experiment: InExperiment,
    run: Number = None,
    name: Annotated[str | None, Query(alias="hash")] = None,
    outcome: Outcome | None = None,
    why: Why | None = None,
    before_id: Number = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_LINES)] = 500,
    complete: bool = False,
) -> Json:
    """Lines of the ledger, newest first.

    ``complete``, of one run or one hash: also what is to be told of pairs that have no line.
    """
    which = LedgerFilter(
        run=run,
        hash=name,
        outcomes=None if outcome is None else (outcome,),
        why=None if why is None else why.value,
        before_id=before_id,
        limit=limit,
    )
    found, more = await manager.autorun.ledger(experiment, which, complete=complete)
    return Json({"entries": [entry_row(one) for one in found], "more": more})


@router.post(_ROOT + ":backtest", response_model=answers.Backtest)
async def backtest(manager: Managed, experiment: InExperiment, body: Trial) -> Json:
    """Tell on which of the last runs a batch def would have fired; nothing is changed."""
    found = await manager.autorun.backtest(experiment, body.hash, body.definition or {}, body.last)
    return Json(backtest_row(found))


@router.post(_ROOT + ":check", response_model=answers.Tested)
async def check_predicate(manager: Managed, experiment: InExperiment, body: Draft) -> Json:
    """Read a predicate as it is written, judge it for a run, and tell what it may name."""
    found = await manager.autorun.test(experiment, body.predicate, body.run)
    row = asdict(found)
    return Json({**row, "ok": not found.problem, "seen": dict(found.seen or {})})


@router.post(_ROOT + ":missed", response_model=answers.Settled)
async def settle(manager: Managed, experiment: InExperiment, by: By, body: Settled) -> Json:
    """Run, or skip, lines that wait."""
    if len(body.ids) > _MOST_IDS:
        raise TooLarge(f"At most {_MOST_IDS} lines at once; these are {len(body.ids):,}.")
    found = await manager.autorun.missed(experiment, body.ids, body.do, by)
    return Json({"entries": [entry_row(one) for one in found]})


def _switch(status: Status) -> dict[str, Any]:
    return {"stopped": stop_row(status.stop), **counts_row(status)}
