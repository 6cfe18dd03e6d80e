"""What ``bhist -l`` tells: everything that happened to jobs that ``bjobs`` has forgotten. Pure.

IBM Spectrum LSF 10.1, "bhist": a job's line, then one line for each event with its time, then
a summary. Long lines are folded; moments mostly come without a year. Names and commands stand
in the job's line only, with ``;`` for line breaks, so that no text of a user can look like an
event. An array is told element by element. The words of events are those that LSF 10.1 shares
with its free relatives (``getEventStatus`` and ``printEvent`` of ``bhist.c`` in volclava 2.2).

Two decisions. Post-processing changes no end: "The DONE or EXIT job states do not indicate
whether post-processing is complete" (10.1, "About job states"); that it failed is the reason of
a job that did well. And LSF says "requested by user or administrator" of its own kills, too
(10.1, "Termination reasons displayed by bacct, bhist, and bjobs": TERM_PREEMPT, TERM_LOAD,
TERM_WINDOW), so that the termination reason, where there is one, decides who asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from arp_nb.causes import TERMS
from arp_nb.model import JobState, PastChange, Reading
from arp_nb.schedulers.arrays import fold
from arp_nb.schedulers.cores import cores
from arp_nb.schedulers.lsf_listing import unfolded
from arp_nb.schedulers.lsf_parse import signal_of
from arp_nb.schedulers.lsf_times import day_of, moment_on
from arp_nb.schedulers.lsf_usage import UsageReader
from arp_nb.schedulers.turns import at_once

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from datetime import datetime

_HEADER = re.compile(r"^Job <([1-9]\d{0,17}(?:\[\d{1,9}\])?)>,", re.ASCII)
_EVENT = re.compile(r"^(\w{3} \w{3} +\d{1,2} [\d:]{8}(?: \d{4})?): (.+)$", re.ASCII)
_QUEUE = re.compile(r"\bto Queue <([^>]{1,60})>")
_HOST = re.compile(r"^Dispatched(?: \d+ Task\(s\) on Host\(s\)| to) <([^>]{1,200})>")
#: "Dispatched to <host>", as older versions have it, tells no number
_TASKS = re.compile(r"^Dispatched (\d{1,7}) Task\(s\) on Host", re.ASCII)
_SLOTS = re.compile(r"^(?:Dispatched .*)?\bAllocated (\d{1,7}) Slot\(s\) on Host", re.ASCII)
_CODE = re.compile(r"\bexit code (\d{1,3})\b", re.ASCII)
_SIGNAL = re.compile(r"\b(?:by|with)(?: LSF)? signal (\d{1,2})\b", re.ASCII)
_KILL = re.compile(r"^Signal <KILL> requested by user or administrator <([^>]{1,60})>")
_TERM = re.compile(r"\b(TERM_[A-Z_]{2,30}(?::[^;]{0,200})?)", re.ASCII)

_S = JobState
#: how an event begins → the state that it brings, and bjobs' word for it
_BRINGS: tuple[tuple[str, JobState, str], ...] = (
    ("Submitted from host", _S.PENDING, "PEND"),
    ("Pending", _S.PENDING, "PEND"),
    ("Job has been requeued", _S.PENDING, "PEND"),
    # no end: it waits to be run again
    ("Exited; job will be requeued", _S.PENDING, "PEND"),
    ("Waiting;", _S.PENDING, "WAIT"),
    ("Starting (Pid", _S.RUNNING, "RUN"),
    ("Running;", _S.RUNNING, "RUN"),
    ("Suspended by the user or administrator while pending", _S.SUSPENDED, "PSUSP"),
    ("Suspended by the user or administrator", _S.SUSPENDED, "USUSP"),
    ("Suspended", _S.SUSPENDED, "SSUSP"),
    # over a limit, and about to be killed
    ("Terminated:", _S.SUSPENDED, "SSUSP"),
    ("Unknown;", _S.RUNNING, "UNKWN"),
    ("Termination request issued; but unable", _S.RUNNING, "ZOMBI"),
    ("Execution host unavailable; job is killed", _S.RUNNING, "ZOMBI"),
    ("sbatchd startup; kill ZOMBIE job", _S.FAILED, "EXIT"),
    ("Done successfully", _S.DONE, "DONE"),
    ("Completed <done>", _S.DONE, "DONE"),
    ("Exited", _S.FAILED, "EXIT"),
    ("Completed <exit>", _S.FAILED, "EXIT"),
)
_HELD = re.compile(r"^Submitted from host <[^>]{1,200}> with hold\b")
#: jobs that are read at a time
_SLICE = 100
_POST_FAILED = "Post job process failed"


@dataclass(slots=True)
class _Story:
    """What is known of one job while its events are read."""

    past: list[PastChange] = field(default_factory=list)
    queue: str = ""
    host: str = ""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    cores: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    killed_by: str = ""
    reason: str = ""

    def add(self, at: datetime, text: str) -> None:
        """Take one event in."""
        self._note(text)
        brings = next((one for one in _BRINGS if text.startswith(one[0])), None)
        if brings is None:
            return
        _, state, word = brings
        if word == "PEND":
            # put back in the queue: what ended it before is over
            self.exit_code = self.signal = None
            self.killed_by = self.reason = ""
        elif text.startswith("Starting"):
            self.started_at = at
        if self.submitted_at is None and text.startswith("Submitted"):
            self.submitted_at = at
            self.queue = match[1] if (match := _QUEUE.search(text)) else ""
            if _HELD.match(text):
                state, word = _S.SUSPENDED, "PSUSP"
        if state.is_final:
            self._end(text)
        last = self.past[-1] if self.past else None
        if last is not None and last.state.is_final and state.is_final:
            # "Exited …" and then "Completed <exit>; TERM_…" are one end
            at = last.at
            self.past.pop()
        self.past.append(PastChange(at=at, state=self._meant(state), native_state=word))

    def _note(self, text: str) -> None:
        """Keep what an event tells, whatever state it brings."""
        if match := _KILL.match(text):
            self.killed_by = match[1]
        if match := _HOST.match(text):
            self.host = match[1]
        if match := _SLOTS.match(text) or _TASKS.match(text):
            self.cores = cores(match[1])  # a task may have more slots than one
        if match := _TERM.search(text):
            self.reason = match[1].strip()
        if text.startswith(_POST_FAILED) and not self.reason:
            self.reason = _POST_FAILED

    def _end(self, text: str) -> None:
        if match := _CODE.search(text):
            self.exit_code = int(match[1])
            self.signal = signal_of(self.exit_code)
        if match := _SIGNAL.search(text):
            self.signal = int(match[1])

    def _meant(self, state: JobState) -> JobState:
        term = self.reason.partition(":")[0]
        asked = TERMS[term] == "killed" if term in TERMS else bool(self.killed_by)
        return _S.KILLED if state is _S.FAILED and asked else state

    def reading(self) -> Reading | None:
        """Return where the job stood last; None if nothing is told of that."""
        if not self.past:
            return None
        last = self.past[-1]
        reason = self.reason or (f"killed by {self.killed_by}" if self.killed_by else "")
        is_over = last.state.is_final
        if is_over:
            self.past[-1] = replace(last, reason=reason)
        return Reading(
            state=last.state,
            native_state=last.native_state,
            reason=reason if is_over else "",
            exit_code=self.exit_code if is_over else None,
            signal=self.signal if is_over else None,
            queue=self.queue,
            host=self.host,
            cores=self.cores,
            submitted_at=self.submitted_at,
            started_at=self.started_at,
            ended_at=last.at if is_over else None,
            past=tuple(self.past),
        )


def stories(text: str, now: datetime) -> Mapping[str, Reading]:
    """Read an answer into one reading for each job that it tells of, live ones too.

    An array is in it by its one id, and by those of its elements.
    """
    return at_once(steps(text, now))


def steps(text: str, now: datetime) -> Generator[None, None, Mapping[str, Reading]]:
    """Read as `stories` does, in steps of a few milliseconds."""
    today = day_of(now)
    found: dict[str, Reading] = {}
    arrays: dict[str, list[Reading]] = {}
    for number, (native_id, events, told) in enumerate(_blocks(unfolded(text)), 1):
        if number % _SLICE == 0:
            yield
        story = _Story()
        for moment, said in events:
            at = moment_on(moment, today)
            if at is not None:
                story.add(at, said)
        reading = story.reading()
        if reading is None:
            continue
        reading = found[native_id] = replace(reading, **told.usage._asdict())
        if native_id.endswith("]"):
            arrays.setdefault(native_id.partition("[")[0], []).append(reading)
    for native_id, elements in arrays.items():
        found.setdefault(native_id, _whole(elements))
    return found


def _whole(elements: Sequence[Reading]) -> Reading:
    """Make one reading of an array's elements: it began with the first and ends with the last."""
    whole = fold((one, 1) for one in elements)
    moments = (
        (whole.submitted_at, _S.PENDING, "PEND", ""),
        (whole.started_at, _S.RUNNING, "RUN", ""),
        (whole.ended_at, whole.state, whole.native_state, whole.reason),
    )
    past = [
        PastChange(at=at, state=state, native_state=word, reason=reason)
        for at, state, word, reason in moments
        if at is not None
    ]
    return replace(whole, past=tuple(past) if whole.state.is_final else ())


class _Block(NamedTuple):
    """One job, with its events, and what stands below them."""

    native_id: str
    events: list[tuple[str, str]]
    usage: UsageReader


def _blocks(text: str) -> Iterator[_Block]:
    """Cut an answer into jobs."""
    block: _Block | None = None
    for line in text.split("\n"):
        if header := _HEADER.match(line):
            if block is not None:
                yield block
            block = _Block(header[1], [], UsageReader())
        elif block is not None:
            if event := _EVENT.match(line):
                block.events.append((event[1], event[2]))
            else:
                block.usage.add(line)
    if block is not None:
        yield block
