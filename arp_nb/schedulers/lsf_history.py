"""What ``bhist -l`` tells: everything that happened to jobs that ``bjobs`` has forgotten. Pure.

IBM Spectrum LSF 10.1, "bhist -l": a job's line, then one line for each event with its time,
then a summary. Long lines are folded at 80 columns; moments come without a year. Names and
commands stand in the job's line only, with ``;`` for line breaks, so that no text of a user
can look like an event.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from arp_nb.model import JobState, PastChange, Reading
from arp_nb.schedulers.lsf_times import day_of, moment_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_FOLD = re.compile(r"\n {21}(?! )")
_HEADER = re.compile(r"^Job <([1-9]\d{0,17}(?:\[\d{1,9}\])?)>,", re.ASCII)
_EVENT = re.compile(r"^(\w{3} \w{3} +\d{1,2} [\d:]{8}(?: \d{4})?): (.+)$", re.ASCII)
_QUEUE = re.compile(r"\bto Queue <([^>]{1,60})>")
_HOST = re.compile(r"^Dispatched(?: \d+ Task\(s\) on Host\(s\)| to) <([^>]{1,200})>")
_CODE = re.compile(r"\bexit code (\d{1,3})\b", re.ASCII)
_SIGNAL = re.compile(r"\b(?:by|with) signal (\d{1,2})\b", re.ASCII)
_KILL = re.compile(r"^Signal <KILL> requested by user or administrator <([^>]{1,60})>")
_TERM = re.compile(r"\b(TERM_[A-Z_]{2,30}(?::[^;]{0,200})?)", re.ASCII)

_S = JobState
#: how an event begins → the state that it brings, and bjobs' word for it
_BRINGS: tuple[tuple[str, JobState, str], ...] = (
    ("Submitted from host", _S.PENDING, "PEND"),
    ("Pending", _S.PENDING, "PEND"),
    ("Job has been requeued", _S.PENDING, "PEND"),
    ("Starting (Pid", _S.RUNNING, "RUN"),
    ("Running;", _S.RUNNING, "RUN"),
    ("Suspended by the user or administrator", _S.SUSPENDED, "USUSP"),
    ("Suspended by LSF", _S.SUSPENDED, "SSUSP"),
    ("Suspended", _S.SUSPENDED, "SSUSP"),
    ("Unknown;", _S.RUNNING, "UNKWN"),
    ("Termination request issued; but unable", _S.RUNNING, "ZOMBI"),
    ("sbatchd startup; kill ZOMBIE job", _S.FAILED, "EXIT"),
    ("Done successfully", _S.DONE, "DONE"),
    ("Completed <done>", _S.DONE, "DONE"),
    ("Exited", _S.FAILED, "EXIT"),
    ("Completed <exit>", _S.FAILED, "EXIT"),
)


@dataclass(slots=True)
class _Story:
    """What is known of one job while its events are read."""

    past: list[PastChange] = field(default_factory=list)
    queue: str = ""
    host: str = ""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    exit_code: int | None = None
    signal: int | None = None
    killed_by: str = ""
    reason: str = ""

    def add(self, at: datetime, text: str) -> None:
        """Take one event in."""
        if match := _KILL.match(text):
            self.killed_by = match[1]
        if match := _HOST.match(text):
            self.host = match[1]
        if match := _TERM.search(text):
            self.reason = match[1].strip()
        brings = next((one for one in _BRINGS if text.startswith(one[0])), None)
        if brings is None:
            return
        _, state, word = brings
        if word == "PEND":
            if self.submitted_at is None:
                self.submitted_at = at
                self.queue = match[1] if (match := _QUEUE.search(text)) else ""
            # put back in the queue: what ended it before is over
            self.exit_code = self.signal = None
            self.killed_by = self.reason = ""
        elif text.startswith("Starting"):
            self.started_at = at
        if state.is_final:
            self._end(text)
        last = self.past[-1] if self.past else None
        if last is not None and last.state.is_final and state.is_final:
            # "Exited …" and then "Completed <exit>; TERM_…" are one end
            at = last.at
            self.past.pop()
        self.past.append(PastChange(at=at, state=self._meant(state), native_state=word))

    def _end(self, text: str) -> None:
        if match := _CODE.search(text):
            self.exit_code = int(match[1])
        if match := _SIGNAL.search(text):
            self.signal = int(match[1])

    def _meant(self, state: JobState) -> JobState:
        asked = self.killed_by or self.reason.startswith(("TERM_OWNER", "TERM_ADMIN"))
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
            submitted_at=self.submitted_at,
            started_at=self.started_at,
            ended_at=last.at if is_over else None,
            past=tuple(self.past),
        )


def stories(text: str, now: datetime) -> Mapping[str, Reading]:
    """Read an answer into one reading for each job that it tells of, live ones too."""
    today = day_of(now)
    found: dict[str, Reading] = {}
    for native_id, events in _blocks(_FOLD.sub("", text.replace("\r", ""))):
        story = _Story()
        for moment, said in events:
            at = moment_on(moment, today)
            if at is not None:
                story.add(at, said)
        reading = story.reading()
        if reading is not None:
            found[native_id] = reading
    return found


def _blocks(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Cut an answer into jobs, each with its events."""
    native_id = ""
    events: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if header := _HEADER.match(line):
            if native_id:
                yield native_id, events
            native_id, events = header[1], []
        elif native_id and (event := _EVENT.match(line)):
            events.append((event[1], event[2]))
    if native_id:
        yield native_id, events
