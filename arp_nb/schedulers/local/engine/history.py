"""The command ``bhist``: what happened to jobs, and how long they were in each state.

Laid out as IBM Spectrum LSF 10.1 does ("bhist -l"), so that what reads LSF's reads this.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from .book import Book
from .options import NAME, Refused, target
from .records import CONT, DONE, KILL, PEND, PSUSP, RUN, STOP, UNFINISHED, USUSP
from .show import SHOWN, head, moment, named
from .usage import USAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .indexes import Target
    from .records import Event, Job

_STATES = (PEND, PSUSP, RUN, USUSP, "SSUSP", "UNKWN")
_DAY = "%a %b %d %H:%M:%S"
#: from a moment to the fold, and what stands before the rest
_WIDTH, _INDENT = 58, " " * 21


class Happened(NamedTuple):
    """One thing that happened to a job."""

    at: float
    #: the state that it brought; empty: none
    state: str
    said: str


def story(job: Job, events: Sequence[Event]) -> list[Happened]:
    """Tell what happened to a job, oldest first. Pure."""
    submitted = Happened(job.submitted_at, PSUSP if job.held else PEND, _submitted(job))
    found = [_asked(job, event) for event in events]
    if job.started_at is not None:
        found.append(Happened(job.started_at, "", f"Dispatched to <{job.host}>;"))
        pid = f" (Pid {job.session})" if job.session is not None else ""
        found.append(Happened(job.started_at, RUN, f"Starting{pid};"))
    if job.ended_at is not None:
        found += [Happened(job.ended_at, job.state, said) for said in _end(job)]
    # sorted as they are: what came at the same moment is in its order already
    return [submitted, *sorted(found, key=lambda one: one.at)]


def _submitted(job: Job) -> str:
    where = {
        "to Queue": job.queue,
        "CWD": os.fsdecode(job.cwd),
        "Output File": os.fsdecode(job.output),
    }
    how = " with hold" if job.held else ""
    return f"Submitted from host <{job.host}>{how}, {named(where)};"


def _asked(job: Job, event: Event) -> Happened:
    has_started = job.started_at is not None and event.at >= job.started_at
    if event.what == STOP:
        said = "Suspended by the user or administrator"
        if has_started:
            return Happened(event.at, USUSP, f"{said};")
        return Happened(event.at, PSUSP, f"{said} while pending;")
    if event.what == CONT:
        if has_started:
            return Happened(event.at, RUN, "Running;")
        return Happened(event.at, PEND, "Pending: it was resumed;")
    return Happened(
        event.at, "", f"Signal <{KILL}> requested by user or administrator <{job.user}>;"
    )


def _end(job: Job) -> list[str]:
    if job.state == DONE:
        return ["Done successfully;"]
    how = "" if job.exit_code is None else f" with exit code {job.exit_code}"
    said = [f"Exited{how};"]
    if job.reason:
        said.append(f"Completed <exit>; {job.reason};")
    return said


def durations(happened: Sequence[Happened], until: float) -> dict[str, float]:
    """Return for how many seconds a job was in each state."""
    found = dict.fromkeys(_STATES, 0.0)
    turns = [(one.at, one.state) for one in happened if one.state]
    for (since, state), (to, _) in zip(turns, [*turns[1:], (until, "")], strict=True):
        if state in found:
            found[state] += max(0.0, to - since)
    return found


class _Wanted(NamedTuple):
    targets: list[Target]
    states: frozenset[str]
    long: bool


def bhist(folder: str, words: list[str]) -> int:
    """Show what happened to jobs; exit code 255 if there are none."""
    wanted = _parse(words)
    with Book(folder) as book:
        book.look()
        if wanted.targets:
            jobs = [job for one in wanted.targets for job in book.of(one)]
        else:
            jobs = [job for job in book.all_jobs() if job.state in wanted.states]
        if not jobs:
            sys.stdout.write("No matching job found\n")
            return 255
        told = [(job, story(job, book.events(job))) for job in jobs]
    text = "".join(_long(*one) for one in told) if wanted.long else _table(told)
    sys.stdout.buffer.write(os.fsencode(text))
    sys.stdout.buffer.flush()
    return 0


def _parse(words: list[str]) -> _Wanted:
    wanted = _Wanted([], UNFINISHED, long=False)
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "-l":
            wanted = wanted._replace(long=True)
        elif word in SHOWN:
            wanted = wanted._replace(states=SHOWN[word])
        elif word == "-n" and rest:
            rest.pop(0)  # there is one book, and all of it is read
        elif word.startswith("-"):
            raise Refused(f"bhist: {word}: {NAME} understands: {USAGE['bhist']}")
        else:
            wanted.targets.append(target(word, "bhist"))
    return wanted


def _seconds(job: Job, happened: Sequence[Happened]) -> list[int]:
    until = time.time() if job.ended_at is None else job.ended_at
    # each by itself, so that the columns add up to the total
    spent = [round(one) for one in durations(happened, until).values()]
    return [*spent, sum(spent)]


_ROW = "{:<7} {:<7} {:<9} " + " ".join(["{:<7}"] * 6) + " {:<10}"


def _table(told: Sequence[tuple[Job, Sequence[Happened]]]) -> str:
    lines = [
        "Summary of time in seconds spent in various states:",
        _ROW.format("JOBID", "USER", "JOB_NAME", *_STATES, "TOTAL").rstrip(),
    ]
    for job, happened in told:
        name = job.shown_name
        short = name if len(name) <= 8 else "*" + name[-7:]
        lines.append(_ROW.format(job.native_id, job.user, short, *_seconds(job, happened)))
    return "\n".join((*lines, "", ""))


def _long(job: Job, happened: Sequence[Happened]) -> str:
    lines = ["", head(job, with_state=False)]
    for one in happened:
        said = one.said if one.said.startswith("Submitted") else _folded(one.said)
        lines.append(f"{moment(one.at, _DAY)}: {said}")
    last = time.time() if job.ended_at is None else job.ended_at
    row = "  " + " ".join(["{:<8}"] * 6) + " {:<10}"
    lines += [
        "",
        f"Summary of time in seconds spent in various states by  {moment(last, _DAY)}",
        row.format(*_STATES, "TOTAL").rstrip(),
        row.format(*_seconds(job, happened)),
    ]
    return "\n".join((*lines, "", ""))


def _folded(said: str) -> str:
    # a piece that began with a space would not be known for a folded one
    pieces, rest = [said[:_WIDTH]], said[_WIDTH:].lstrip(" ")
    while rest:
        pieces.append(rest[:_WIDTH])
        rest = rest[_WIDTH:].lstrip(" ")
    return f"\n{_INDENT}".join(pieces)
