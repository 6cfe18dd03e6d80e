"""Tables of very many jobs: ``…/jobs/columns``, ``…/jobs/window`` and ``…/jobs/search``."""

# ruff: noqa: FAST003, TC001 - FastAPI reads annotations at run time, and `exp` in a dependency
from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from arp_nb.errors import InvalidValue
from arp_nb.manager.job_table import MOST_ROWS, MOST_WIDE
from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.caller import InExperiment, Managed

router = APIRouter(tags=["jobs"])
_MOST_COUNTERS = 20
_FIRST_ROWS = 512
_IDS = re.compile(r"\d{1,18}(?:,\d{1,18})*", re.ASCII)
Counter = Annotated[str, Query(min_length=1, max_length=200)]


class Frame(Response):
    """Rows by column, in bytes."""

    media_type = "application/octet-stream"


@router.get(
    "/experiments/{exp}/jobs/columns",
    response_class=Frame,
    responses={200: {"description": "a frame", "content": {"application/octet-stream": {}}}},
)
async def get_columns(
    manager: Managed,
    experiment: InExperiment,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = _FIRST_ROWS,
    counters: Annotated[list[Counter], Query(max_length=_MOST_COUNTERS)] = [],  # noqa: B006 - FastAPI copies it
) -> Frame:
    """Jobs by column in bytes, newest first; counters that are named become columns too."""
    made = await manager.table.frame(experiment, before=before, limit=limit, counters=counters)
    return Frame(made)


@router.get("/experiments/{exp}/jobs/window", response_model=answers.Window)
async def get_window(
    manager: Managed,
    experiment: InExperiment,
    ids: Annotated[str, Query(description="up to 200 ids: 1,2,3", max_length=20 * MOST_WIDE)],
) -> Json:
    """Report, notes, sparkline and estimate of the jobs in view.

    Where these are very long, of the newest only: ask again for those in ``left``.
    """
    wanted = _ids(ids)
    window = await manager.table.window(experiment, wanted)
    return Json({"revision": window.revision, "rows": window.rows, "left": window.left})


@router.get("/experiments/{exp}/jobs/search", response_model=answers.JobIds)
async def search_jobs(
    manager: Managed,
    experiment: InExperiment,
    text: Annotated[str, Query(min_length=1, max_length=1000)],
) -> Json:
    """Ids of jobs whose report, notes or reason hold a text, newest first; 10,000 at most."""
    return Json({"ids": await manager.table.search(experiment, text)})


def _ids(text: str) -> list[int]:
    if not _IDS.fullmatch(text):
        raise InvalidValue(f"ids are numbers with commas between them, as 1,2,3, not {text[:80]}.")
    ids = [int(one) for one in text.split(",")]
    if len(ids) > MOST_WIDE:
        raise InvalidValue(f"{MOST_WIDE} jobs can be asked for at a time, not {len(ids):,}.")
    return ids
