"""What people see of a job's state: one table for docs, pages, DataFrames and tests.

The *status* is the scheduler's own word where there is one, and one of ours before and
after. A guess is never shown as a fact: while the scheduler or the batch client does not
answer, `shown` says since when, and no row in the store is touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arp_nb import native
from arp_nb.model import UNSTARTED, JobState, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.ports import Health


@dataclass(frozen=True, slots=True)
class Look:
    """How a status is drawn: a hue and a shape of ``docs`` and the style sheet."""

    word: str
    hue: str  #: wait, run, done, fail or look
    shape: str  #: name of the icon: request, tray, hourglass, clock, run, pause, tick, cross, ask


#: schedulers' words → how they look
NATIVE: Mapping[str, Look] = {
    one.word: Look(one.word, one.hue, one.shape)
    for words in native.BY_SCHEDULER.values()
    for one in words.values()
}

#: our words, for states in which no scheduler has said one
OWN: Mapping[JobState, Look] = {
    JobState.REQUESTED: Look("Request Sent", "wait", "request"),
    JobState.LEASED: Look("Request Sent", "wait", "request"),
    JobState.STARTING: Look("Request Sent", "wait", "request"),
    JobState.UNCERTAIN: Look("Submission uncertain", "look", "ask"),
    JobState.SUBMIT_FAILED: Look("Submit failed", "fail", "cross"),
    JobState.PENDING: Look("PEND", "wait", "clock"),
    JobState.RUNNING: Look("RUN", "run", "run"),
    JobState.SUSPENDED: Look("SSUSP", "look", "pause"),
    JobState.DONE: Look("DONE", "done", "tick"),
    JobState.FAILED: Look("EXIT", "fail", "cross"),
    JobState.KILLED: Look("EXIT", "fail", "cross"),
    JobState.LOST: Look("Lost", "look", "ask"),
    JobState.WITHDRAWN: Look("Withdrawn", "wait", "tray"),
}

SCRIPT_RUNNING = "Request Sent: script running, no bsub yet"
PERSISTED = Look("Persisted", "look", "tray")
#: location → how people call the scheduler
TITLES: Mapping[str, str] = {"lsf": "LSF", "slurm": "Slurm", "local": "Local"}


#: location → scheduler, of those that an admin has named
_kinds: dict[str, str] = {}


def name_locations(kinds: Mapping[str, str]) -> None:
    """Let `title` know the locations that this process's settings name; once, at its start."""
    _kinds.clear()
    _kinds.update(kinds)


def title(location: str) -> str:
    """Return how people call the scheduler at a location."""
    kind = _kinds.get(location, location)
    return TITLES.get(kind, kind)


def status(state: JobState, phase: Phase, native_state: str, location: str) -> str:
    """Return the word for a job as the store has it."""
    if state is JobState.STARTING and phase is Phase.SCRIPT:
        return SCRIPT_RUNNING
    if state is JobState.STARTING and phase is Phase.SLOW:
        return f"{title(location)}_Slow"
    if state is JobState.LOST:
        return f"Lost: not in {title(location)}'s history"
    if state.is_submitted and native_state:
        return native_state
    return OWN[state].word


def shown(word: str, state: JobState, location: str, health: Health | None) -> str:
    """Return the word to show now, given who answers: `word`, `Persisted` or `Unknown since`.

    The time is local to the reader's machine.
    """
    if health is None or state.is_final:
        return word
    waiting = state in UNSTARTED
    if waiting:
        return word if health.client_ok else PERSISTED.word
    scheduler = health.schedulers.get(location)
    if not health.client_ok:
        return f"Unknown since {health.client_since.astimezone():%H:%M}"
    if state.is_submitted and scheduler is not None and not scheduler.ok:
        return f"Unknown since {scheduler.since.astimezone():%H:%M}"
    return word
