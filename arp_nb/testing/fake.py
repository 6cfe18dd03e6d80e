"""A scheduler of files: a ``bsub`` that answers like LSF's, and an adapter that reads its book.

The book is a folder with one file per job, ``<id>``: its state on the first line, its tag on
the second, then its command, the memory it was asked for with, its queue, and its log; what
stands last may be left out. A test writes such files, or sets a job's state; nothing runs.
``bsub`` knows, beside LSF's options, some for tests::

    -refuse WORDS   refuses the job, with these words
    -times N        makes N jobs and tells of the last, as a hung LSF does
    -hold FILE      waits for a file before it makes the job
    -stdin          keeps what it is given as input in the book, as ``stdin``
"""

from __future__ import annotations

import asyncio
import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from typing_extensions import override

from arp_nb import marks
from arp_nb.errors import SchedulerError
from arp_nb.model import JobState, PastChange, Reading
from arp_nb.schedulers.base import Answer, Marked, Poll, Scheduler

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from arp_nb.schedulers.base import Site

_BSUB = """#!/bin/sh
book={book}
tag= ; wait= ; hold= ; times=1 ; memory= ; queue=normal ; log=
while [ $# -gt 0 ]; do
  case $1 in
    -Jd) tag=$2; shift 2 ;;
    -q) queue=$2; shift 2 ;;
    -o) log=$2; shift 2 ;;
    -e|-J) shift 2 ;;
    -K) wait=yes; shift ;;
    -hold) hold=$2; shift 2 ;;
    -M) memory=$2; shift 2 ;;
    -times) times=$2; shift 2 ;;
    -refuse) echo "$2: No such queue. Job not submitted." >&2; exit 255 ;;
    -stdin) cat > "$book/stdin"; shift ;;
    *) break ;;
  esac
done
[ -z "$hold" ] || while [ ! -e "$hold" ]; do sleep 0.02; done
number=1
while [ "$times" -gt 0 ]; do
  while ! mkdir "$book/.$number" 2>/dev/null; do number=$((number + 1)); done
  printf 'PEND\\n%s\\n%s\\n%s\\n%s\\n%s\\n' \\
    "$tag" "$*" "$memory" "$queue" "$log" > "$book/.$number/job"
  mv "$book/.$number/job" "$book/$number"
  times=$((times - 1))
done
[ -n "$BSUB_QUIET" ] || echo "Job <$number> is submitted to queue <$queue>."
if [ -n "$wait" ]; then
  while ! grep -q DONE "$book/$number"; do sleep 0.02; done
  echo "<<Job is finished>>"
fi
"""
_LINES = 6
_SUBMITTED = re.compile(r"Job <([0-9]+)> is submitted")
_STATES = {
    "PEND": JobState.PENDING,
    "RUN": JobState.RUNNING,
    "DONE": JobState.DONE,
    "EXIT": JobState.FAILED,
}


class FakeScheduler(Scheduler):
    """Reads the book; a test changes it, and makes the scheduler as bad as a real one.

    Parameters
    ----------
    folder
        Where its book is, and its ``bsub`` (in `bin`). Another adapter of the same folder is
        one of the same scheduler.
    location
        What definitions call it; "fake" where nothing is said.
    """

    name: ClassVar[str] = "fake"
    title: ClassVar[str] = "FAKE"
    submit_commands: ClassVar[tuple[str, ...]] = ("bsub",)

    def __init__(self, folder: Path, location: str | None = None) -> None:
        self._location = location
        self.book = folder / "book"
        self.bin = folder / "bin"
        self.book.mkdir(parents=True, exist_ok=True)
        self.bin.mkdir(exist_ok=True)
        bsub = self.bin / "bsub"
        if not bsub.exists():
            bsub.write_text(_BSUB.format(book=shlex.quote(str(self.book))), "utf-8")
            bsub.chmod(0o755)
        #: every question fails
        self.silent = False
        #: every answer comes so much later
        self.slow_s = 0.0
        #: it can mark jobs, and search for marks
        self.searches = True
        #: what it says to kills that it refuses, by id
        self.refuses: dict[str, str] = {}
        #: what it answers of some jobs, whatever the book says
        self.readings: dict[str, Reading] = {}
        #: what its history tells; `forget` adds to it
        self.past: dict[str, Reading] = {}
        #: where it says that logs are, where that is not what the book says
        self.logs: dict[str, Path] = {}
        #: the output so far of jobs
        self.peeks: dict[str, str] = {}
        # what it was asked for
        self.polls = 0
        self.paths_asked = 0
        self.kill_requests = 0
        self.killed: list[str] = []
        self.forced: list[str] = []
        self.histories: list[list[str]] = []

    # -- what a test does ----------------------------------------------------------------

    def set_state(self, native_id: str, word: str) -> None:
        """Set a job's state: PEND, RUN, DONE, EXIT, or EXIT and its exit code."""
        job = self.book / native_id
        _, rest = job.read_text("utf-8").split("\n", 1)
        part = job.with_name(f"..{native_id}")
        part.write_text(f"{word}\n{rest}", "utf-8")
        part.replace(job)

    def forget(self, native_id: str) -> None:
        """Leave a job to the history: the list denies it from now on."""
        reading = self._reading(native_id)
        end = PastChange(
            at=datetime.now(UTC), state=reading.state, native_state=reading.native_state
        )
        self.past[native_id] = replace(reading, past=(end,))
        (self.book / native_id).unlink()

    def ids(self) -> list[str]:
        """Return all jobs of the book, oldest first."""
        return sorted((one.name for one in self.book.iterdir() if one.name.isdigit()), key=int)

    def lines(self, native_id: str) -> list[str]:
        """Return state, tag, command, asked memory, queue and log, as the book has them."""
        told = (self.book / native_id).read_text("utf-8").split("\n")
        return [*told, *[""] * (_LINES - len(told))]

    # -- what a scheduler does -----------------------------------------------------------

    @override
    @classmethod
    def create(cls, site: Site) -> Self:
        return cls(site.store_folder / "fake", site.location)

    async def _answer(self) -> None:
        await asyncio.sleep(self.slow_s)
        if self.silent:
            raise SchedulerError("LSF is down. Please wait ...")

    def _reading(self, native_id: str) -> Reading:
        first, tag, _, _, queue, *_ = self.lines(native_id)
        word, _, code = first.partition(" ")
        codes = {"DONE": 0, "EXIT": int(code or 1)}
        return Reading(
            state=_STATES[word],
            native_state=word,
            exit_code=codes.get(word),
            queue=queue,
            host="" if word == "PEND" else "node7",
            tag=tag,
        )

    @override
    @property
    def path_prepend(self) -> tuple[Path, ...]:
        return (self.bin,)

    @override
    def tag_options(self, tag: str) -> tuple[str, ...]:
        return ("-Jd", tag) if self.searches else ()

    @override
    def ask_options(self, memory_mb: float | None, time_s: float | None) -> tuple[str, ...]:
        return () if memory_mb is None else ("-M", f"{memory_mb:.0f}")

    @override
    def submitted_ids(self, output: str, *, alone: bool = False) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_SUBMITTED.findall(output)))

    @override
    async def probe(self) -> str:
        await self._answer()
        return "a scheduler of files"

    @override
    async def poll(self, native_ids: Collection[str]) -> Poll:
        await self._answer()
        self.polls += 1
        known = {*self.ids()}
        readings = {
            one: self.readings[one] if one in self.readings else self._reading(one)
            for one in native_ids
            if one in self.readings or one in known
        }
        return Poll(readings, frozenset(native_ids) - readings.keys())

    @override
    async def history(self, native_ids: Collection[str]) -> Poll:
        await self._answer()
        self.histories.append(sorted(native_ids))
        readings = {one: self.past[one] for one in native_ids if one in self.past}
        return Poll(readings, frozenset(native_ids) - readings.keys())

    @override
    async def find_tagged(self, tag: str) -> tuple[Marked, ...]:
        await self._answer()
        if not self.searches:
            raise SchedulerError("cannot search")
        return tuple(one for one in await self.marked() if marks.is_of(one.tag, tag))

    @override
    async def marked(self) -> tuple[Marked, ...]:
        await self._answer()
        readings = {one: self._reading(one) for one in self.ids()}
        return tuple(
            Marked(native_id=one, tag=it.tag, state=it.state, native_state=it.native_state)
            for one, it in readings.items()
            if marks.parse(it.tag) is not None
        )

    @override
    async def kill(
        self, native_ids: Collection[str], *, force: bool = False
    ) -> Mapping[str, Answer]:
        await self._answer()
        self.forced += native_ids if force else ()
        self.kill_requests += 1
        return {one: self._kill(one) for one in native_ids}

    def _kill(self, native_id: str) -> Answer:
        if native_id in self.refuses:
            return Answer(accepted=False, said=self.refuses[native_id])
        self.killed.append(native_id)
        if native_id in self.ids():
            if self._reading(native_id).state.is_final:
                return Answer(accepted=True, said=f"Job <{native_id}>: Job has already finished")
            self.set_state(native_id, "EXIT")
        elif native_id not in self.readings:
            return Answer(accepted=True, said=f"Job <{native_id}>: No matching job found")
        return Answer(accepted=True, said=f"Job <{native_id}> is being terminated")

    @override
    async def details(self, native_id: str) -> str:
        await self._answer()
        if native_id not in {*self.ids(), *self.readings, *self.past}:
            raise SchedulerError(f"Job <{native_id}> is not found")
        return f"Job <{native_id}>"

    @override
    async def log_path(self, native_id: str) -> Path | None:
        self.paths_asked += 1
        await self._answer()
        told = self.lines(native_id)[5] if native_id in self.ids() else ""
        written = Path(told.replace("%J", native_id)) if told else None
        return self.logs.get(native_id, written)

    @override
    async def peek(self, native_id: str) -> str:
        runs = native_id not in self.ids() or self.lines(native_id)[0] == "RUN"
        return self.peeks.get(native_id, "") if runs else ""
