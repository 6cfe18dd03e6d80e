"""Elements of a job's arrays, and parts of it: read when somebody opens them, never kept.

Ten thousand elements are one row in the books, with counts. Each look at them is one command of
the scheduler, so that pages turn within what was read a moment ago.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arp_nb.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arp_nb.manager.context import Context
    from arp_nb.model import Element, Job

PAGE_OF_ELEMENTS = 100
MOST_ELEMENTS = 1000
#: an element's id: "123[4]" in LSF, "123_4" in Slurm, where "123+1" is a part
_ELEMENT = re.compile(r"(?:\[\d{1,9}\]|_\d{1,9}|\+\d{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ElementPage:
    """Some elements, in order, and how many there are."""

    total: int
    elements: Sequence[Element]


async def elements_of(
    context: Context, job: Job, *, offset: int, limit: int, word: str | None
) -> ElementPage:
    """Return a page of a job's elements; ``word`` keeps those in one of the scheduler's states.

    Raises
    ------
    InvalidValue
        The page is too long.
    SchedulerError, ClientAbsent
        Nobody can tell now.
    """
    if not 0 < limit <= MOST_ELEMENTS:
        raise InvalidValue(f"A page has 1 to {MOST_ELEMENTS:,} elements, not {limit:,}.")
    natives = await context.store.scheduler_jobs([job.id])
    arrays = [one.native_id for one in natives[job.id] if one.elements]
    found: list[Element] = []
    if arrays:
        client = await context.seat.client()
        for native_id in arrays:
            found += await client.elements(job.location, native_id)
    if word is not None:
        found = [one for one in found if one.reading.native_state == word]
    return ElementPage(len(found), found[offset : offset + limit])


async def check_is_of(context: Context, job: Job, native_id: str) -> None:
    """Refuse an id that is neither one of a job's scheduler jobs nor an element of one.

    Raises
    ------
    NotFound
        The job has nothing of that id.
    """
    natives = await context.store.scheduler_jobs([job.id])
    for one in natives[job.id]:
        rest = native_id.removeprefix(one.native_id)
        if native_id == one.native_id or (rest != native_id and _ELEMENT.fullmatch(rest)):
            return
    raise NotFound(f"Job {job.id} has no scheduler job {native_id[:40]!r}.")
