"""What a verdict on a submission rests on: what the spool, the scheduler and the clock say."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from arp_nb.batch_client.spool import Evidence
    from arp_nb.schedulers.base import Marked

_LAST_LINES = 4
_LAST_LINES_CHARS = 600


class SubmittedIds(Protocol):
    """Finds ids in what was printed; see `arp_nb.schedulers.base.Scheduler`."""

    def __call__(self, output: str, *, alone: bool = False) -> tuple[str, ...]:
        """Return them, each once; ``alone``: nobody but the submit command printed it."""


class Search(enum.Enum):
    """What came of asking the scheduler for a submission's tag."""

    NOT_ASKED = enum.auto()
    CANNOT = enum.auto()  #: this scheduler has no way to search
    SILENT = enum.auto()  #: it did not answer
    ANSWERED = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that a verdict rests on."""

    spool_id: str
    job_id: int
    evidence: Evidence
    #: how people call the scheduler
    title: str
    submitted_ids: SubmittedIds
    now_s: float
    #: what the clock would show, had nobody set it since the submission is followed
    steady_s: float
    slow_after_s: float
    uncertain_after_s: float
    search: Search = Search.NOT_ASKED
    #: oldest first
    tagged: tuple[Marked, ...] = ()
    #: empty answers so far, this one included
    denials: int = 0
    #: for how long the scheduler has not answered searches
    silent_s: float = 0.0
    #: since when an id stands in the output that no wrapper has seen; None: there is none
    output_since_s: float | None = None


def age_s(case: Case, since_s: float) -> float:
    """Return for how long something is so; a clock that was set meanwhile makes nothing old.

    What was noted before that is as old as the steady clock says, what was noted after it as the
    clock itself says; the other of the two is off by the step.
    """
    ages_s = [now_s - since_s for now_s in (case.now_s, case.steady_s) if now_s >= since_s]
    return min(ages_s, default=0.0)


def last_lines(evidence: Evidence) -> str:
    """Return the last lines that script or submit command printed, stderr before stdout."""
    for text in (evidence.err, evidence.out):
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        if lines:
            return "\n".join(lines[-_LAST_LINES:])[-_LAST_LINES_CHARS:]
    return ""
