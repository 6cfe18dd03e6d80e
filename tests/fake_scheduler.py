"""A scheduler of files: a ``bsub`` that answers like LSF's, and an adapter that reads its book.

The book is a folder with one file per job, ``<id>``: its state on the first line, its tag on
the second, its command, and what memory it was asked for with. A test sets a job's state by
writing the first line.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import ClassVar, Self

from typing_extensions import override

from arp_nb import marks
from arp_nb.errors import SchedulerError
from arp_nb.model import JobState, Reading
from arp_nb.schedulers.base import Answer, Marked, Poll, Scheduler, Site

_BSUB = """#!/bin/sh
book={book}
tag= ; wait= ; hold= ; times=1 ; memory=
while [ $# -gt 0 ]; do
  case $1 in
    -Jd) tag=$2; shift 2 ;;
    -q|-o|-e|-J) shift 2 ;;
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
  printf 'PEND\\n%s\\n%s\\n%s\\n' "$tag" "$*" "$memory" > "$book/.$number/job"
  mv "$book/.$number/job" "$book/$number"
  times=$((times - 1))
done
[ -n "$BSUB_QUIET" ] || echo "Job <$number> is submitted to queue <normal>."
if [ -n "$wait" ]; then
  while ! grep -q DONE "$book/$number"; do sleep 0.02; done
  echo "<<Job is finished>>"
fi
"""
_STATES = {
    "PEND": JobState.PENDING,
    "RUN": JobState.RUNNING,
    "DONE": JobState.DONE,
    "EXIT": JobState.FAILED,
}


class FakeScheduler(Scheduler):
    """Reads the book; ``silent`` and ``searches`` make it as bad as a real one."""

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
            bsub.write_text(_BSUB.format(book=self.book))
            bsub.chmod(bsub.stat().st_mode | stat.S_IXUSR)
        self.silent = False
        self.searches = True
        self.forgets_until = 0
        self.polls = 0
        self.paths_asked = 0
        self.killed: list[str] = []
        self.forced: list[str] = []
        self.kill_requests = 0
        #: what it says to kills that it refuses, by id
        self.refuses: dict[str, str] = {}
        self.logs: dict[str, Path] = {}
        self.peeks: dict[str, str] = {}
        self.readings: dict[str, Reading] = {}
        #: what its history tells, and what it was asked of
        self.past: dict[str, Reading] = {}
        self.histories: list[list[str]] = []

    def set_state(self, native_id: str, word: str) -> None:
        job = self.book / native_id
        _, rest = job.read_text().split("\n", 1)
        part = job.with_name(f"..{native_id}")
        part.write_text(f"{word}\n{rest}")
        part.replace(job)

    def ids(self) -> list[str]:
        return sorted((one.name for one in self.book.iterdir() if one.name.isdigit()), key=int)

    def _answer(self) -> None:
        if self.silent:
            raise SchedulerError("LSF is down. Please wait ...")

    @override
    @classmethod
    def create(cls, site: Site) -> Self:
        return cls(site.store_folder / "fake")

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

    def lines(self, native_id: str) -> list[str]:
        """Return state, tag, command and asked memory, as they stand in the book."""
        return (self.book / native_id).read_text().split("\n")

    @override
    def submitted_ids(self, output: str, *, alone: bool = False) -> tuple[str, ...]:
        return tuple(dict.fromkeys(re.findall(r"Job <(\d+)> is submitted", output)))

    @override
    async def probe(self) -> str:
        self._answer()
        return "a scheduler of files"

    @override
    async def poll(self, native_ids: Collection[str]) -> Poll:
        self._answer()
        self.polls += 1
        known = set(self.ids())
        readings = {}
        for one in native_ids:
            if one in self.readings:
                readings[one] = self.readings[one]
            elif one in known:
                word, tag, *_ = self.lines(one)
                code = {"DONE": 0, "EXIT": 1}.get(word)
                readings[one] = Reading(
                    state=_STATES[word], native_state=word, exit_code=code, tag=tag
                )
        return Poll(readings, frozenset(native_ids) - readings.keys())

    @override
    async def history(self, native_ids: Collection[str]) -> Poll:
        self._answer()
        self.histories.append(sorted(native_ids))
        readings = {one: self.past[one] for one in native_ids if one in self.past}
        return Poll(readings, frozenset(native_ids) - readings.keys())

    @override
    async def find_tagged(self, tag: str) -> tuple[Marked, ...]:
        self._answer()
        if not self.searches:
            raise SchedulerError("cannot search")
        return tuple(one for one in await self.marked() if marks.is_of(one.tag, tag))

    @override
    async def marked(self) -> tuple[Marked, ...]:
        self._answer()
        lines = {one: self.lines(one) for one in self.ids()}
        return tuple(
            Marked(native_id=one, tag=tag, state=_STATES[word], native_state=word)
            for one, (word, tag, *_) in lines.items()
        )

    @override
    async def kill(
        self, native_ids: Collection[str], *, force: bool = False
    ) -> Mapping[str, Answer]:
        self._answer()
        self.forced += native_ids if force else ()
        self.kill_requests += 1
        answers = {one: Answer(accepted=False, said=said) for one, said in self.refuses.items()}
        for one in native_ids:
            if one in answers:
                continue
            self.killed.append(one)
            if one in self.ids():
                self.set_state(one, "EXIT")
            answers[one] = Answer(accepted=True, said=f"Job <{one}> is being terminated")
        return answers

    @override
    async def details(self, native_id: str) -> str:
        return f"Job <{native_id}>"

    @override
    async def log_path(self, native_id: str) -> Path | None:
        self.paths_asked += 1
        self._answer()
        return self.logs.get(native_id)

    @override
    async def peek(self, native_id: str) -> str:
        return self.peeks.get(native_id, "")
