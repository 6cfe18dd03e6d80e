"""Our side of the local scheduler: reads its book directly, and makes its commands."""

from __future__ import annotations

import asyncio
import math
import os
import re
import shlex
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from typing_extensions import override

from arp_nb import marks
from arp_nb.errors import SchedulerError
from arp_nb.model import Element, JobState, PastChange, Reading
from arp_nb.native import LSF
from arp_nb.schedulers.arrays import fold
from arp_nb.schedulers.base import Answer, Marked, Poll, Scheduler
from arp_nb.schedulers.local.engine import control, history, indexes, show, start, supervise
from arp_nb.schedulers.local.engine.book import Book
from arp_nb.schedulers.local.engine.records import BY_OWNER, KILL, PEND, PSUSP, STARTED, USUSP

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from arp_nb.schedulers.base import Site
    from arp_nb.schedulers.local.engine.records import Group, Job

T = TypeVar("T")

#: stands in each of its commands, so that nobody takes them for a cluster's
MARK = "one of the commands of ARP's local scheduler"
COMMANDS = ("bsub", "bjobs", "bkill", "bpeek", "bstop", "bresume", "bhist", "bqueues")
_SUBMITTED = re.compile(r"Job <(\d+)> is submitted to ")
_WAITS = {
    PEND: "waits for a free slot of this machine",
    PSUSP: "held by its owner; bresume lets it wait for its turn",
    USUSP: "stopped by its owner; bresume lets it go on",
}
#: so long after its end a job is still told by `marked`, as bjobs has it by default (CLEAN_PERIOD)
_RECENT_S = 3600.0
#: more of a running job's output than a page can show
_PEEK_BYTES = 1 << 20


class LocalScheduler(Scheduler):
    """The queue of this machine, for one user.

    Parameters
    ----------
    folder
        Where it keeps its book, and the commands it puts on the PATH.
    slots
        How many it runs at once; 0: as many as this machine has cores.
    queues
        The queues that there are; (): any name is one.
    """

    name: ClassVar[str] = "local"
    title: ClassVar[str] = "Local"
    submit_commands: ClassVar[tuple[str, ...]] = ("bsub",)
    polls_apart_s: ClassVar[float | None] = 1.0
    on_this_machine: ClassVar[bool] = True

    def __init__(self, folder: Path, *, slots: int = 0, queues: Sequence[str] = ()) -> None:
        self._folder = folder.absolute()
        self._write_commands()
        self._ask_now(lambda book: book.set_up(slots=slots, queues=queues))

    @override
    @classmethod
    def create(cls, site: Site) -> Self:
        settings = site.settings
        return cls(
            site.store_folder / "local", slots=settings.local_slots, queues=settings.local_queues
        )

    def _book(self) -> Book:
        return Book(str(self._folder))

    def _write_commands(self) -> None:
        """Write the commands anew: the Python or the package they name may have moved."""
        folder = self._folder / "bin"
        for each in (self._folder, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in COMMANDS:
            line = shlex.join(start.argv(name))
            text = (
                "#!/bin/sh\n"
                f"# {MARK}, which runs jobs on this machine\n"
                f"{start.FOLDER_VARIABLE}=${{{start.FOLDER_VARIABLE}:-"
                f"{shlex.quote(str(self._folder))}}}\n"
                f"export {start.FOLDER_VARIABLE}\n"
                f'exec {line} "$@"\n'
            )
            path = folder / name
            if not path.exists() or path.read_text("utf-8") != text:
                # renamed into place: a job may be about to run the old one
                new = folder / f".{name}.{os.getpid()}"
                new.write_text(text, "utf-8")
                new.chmod(0o700)
                new.replace(path)

    @override
    @property
    def path_prepend(self) -> tuple[Path, ...]:
        return (self._folder / "bin",)

    @override
    def environment(self) -> Mapping[str, str]:
        return {start.FOLDER_VARIABLE: str(self._folder)}

    @override
    def tag_options(self, tag: str) -> tuple[str, ...]:
        return ("-Jd", tag)

    @override
    def submitted_ids(self, output: str, *, alone: bool = False) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_SUBMITTED.findall(output)))

    async def _ask(self, question: Callable[[Book], T]) -> T:
        return await asyncio.to_thread(self._ask_now, question)

    def _ask_now(self, question: Callable[[Book], T]) -> T:
        try:
            with self._book() as book:
                book.look()  # a killed supervisor cannot tell its job's end itself
                answer = question(book)
                if book.can_start():  # one that should have come was killed
                    start.supervisor(book.folder)
                return answer
        except (OSError, RuntimeError, sqlite3.Error) as error:
            raise SchedulerError(f"the local scheduler's queue: {error}") from error

    @override
    async def probe(self) -> str:
        slots = await self._ask(Book.slots)
        return f"local scheduler on this machine, {slots} slot{'s' if slots != 1 else ''}"

    @override
    def ask_options(self, memory_mb: float | None, time_s: float | None) -> tuple[str, ...]:
        memory = () if memory_mb is None else ("-M", f"{math.ceil(memory_mb * 1e6 / 1024)}KB")
        limit = () if time_s is None else ("-W", str(math.ceil(time_s / 60)))
        return (*memory, *limit)

    @override
    async def poll(self, native_ids: Collection[str]) -> Poll:
        if not native_ids:
            return Poll({})
        asked = {one: target for one in native_ids if (target := _target(one)) is not None}
        readings = await self._ask(lambda book: _readings(book, asked))
        return Poll(readings, frozenset(native_ids) - readings.keys())

    @override
    async def history(self, native_ids: Collection[str]) -> Poll:
        asked = {one: target for one in native_ids if (target := _target(one)) is not None}
        readings = await self._ask(lambda book: _with_past(book, asked))
        return Poll(readings, frozenset(native_ids) - readings.keys())

    @override
    async def elements(self, native_id: str) -> tuple[Element, ...]:
        target = _target(native_id)
        if target is None or target.indexes is not None:
            return ()
        jobs = await self._ask(lambda book: book.of(target))
        return tuple(
            Element(index=job.element, native_id=job.native_id, reading=reading(job))
            for job in jobs
            if job.element
        )

    @override
    async def marked(self) -> tuple[Marked, ...]:
        after = time.time() - _RECENT_S
        return await self._described(
            "arp-*", lambda text: marks.parse(text) is not None, ended_after=after
        )

    @override
    async def find_tagged(self, tag: str) -> tuple[Marked, ...]:
        pattern = re.sub(r"([*?\[])", r"[\1]", tag) + "*"
        return await self._described(pattern, lambda text: marks.is_of(text, tag))

    async def _described(
        self, pattern: str, is_meant: Callable[[str], bool], *, ended_after: float = 0.0
    ) -> tuple[Marked, ...]:
        groups = await self._ask(lambda book: book.described(pattern, ended_after=ended_after))
        folded = _folded(one for one in groups if is_meant(one.job.description))
        return tuple(
            Marked(
                native_id=native_id,
                tag=one.tag,
                state=one.state,
                native_state=one.native_state,
                submitted_at=one.submitted_at,
            )
            for native_id, one in folded.items()
        )

    @override
    async def kill(
        self, native_ids: Collection[str], *, force: bool = False
    ) -> Mapping[str, Answer]:
        asked = {one: target for one in native_ids if (target := _target(one)) is not None}
        answers = await self._ask(
            lambda book: control.ask(book, list(asked.values()), KILL, forced=force)
        )
        said = {one: _answer(told) for one, told in zip(asked, answers, strict=True)}
        bad = Answer(accepted=False, said="Illegal job ID.")
        return {
            one: said.get(one) or replace(bad, said=f"Job <{one}>: {bad.said}")
            for one in native_ids
        }

    async def _of_job(self, native_id: str, question: Callable[[Book, Job], T]) -> T:
        """Ask about one job; about the first element of an array."""
        target = _target(native_id)

        def of_first(book: Book) -> tuple[T] | None:
            first = None if target is None else book.first(target)
            return None if first is None else (question(book, first),)

        answer = await self._ask(of_first)
        if answer is None:
            raise SchedulerError(f"Job <{native_id}> is not found")
        return answer[0]

    @override
    async def details(self, native_id: str) -> str:
        def told(book: Book, job: Job) -> str:
            text = show.details(book, job).strip("\n") + "\n"
            if native_id == job.native_id:
                return text
            # of an array: how many stand where, and its first element for all
            return "\n".join((*show.array_table(book.jobs([job.id])), "", text))

        return await self._of_job(native_id, told)

    @override
    async def log_path(self, native_id: str) -> Path | None:
        path = await self._of_job(native_id, supervise.output_path)
        return None if path is None else Path(os.fsdecode(path))

    @override
    async def peek(self, native_id: str) -> str:
        target = _target(native_id)
        return "" if target is None else await self._ask(lambda book: _peek(book, target))


def _target(native_id: str) -> indexes.Target | None:
    """Read an id of ours: of a job, an array or one element; None: no id of anything."""
    try:
        target = indexes.target(native_id)
    except ValueError:
        return None
    # 0 is all jobs there are, on a command line; and nobody calls a range an id
    return target if target.id and indexes.text(target) == native_id else None


def _peek(book: Book, target: indexes.Target) -> str:
    running = next((job for job in book.of(target) if job.state in STARTED), None)
    path = None if running is None else supervise.output_path(book, running)
    return "" if path is None else _tail(path)


def _readings(book: Book, asked: Mapping[str, indexes.Target]) -> dict[str, Reading]:
    """Read jobs as they stand: whole ones and arrays with few queries, elements one by one."""
    whole = {target.id for target in asked.values() if target.indexes is None}
    arrays = book.arrays(whole)
    found = {job.native_id: reading(job) for job in book.jobs(whole - arrays)}
    found |= _folded(book.groups(arrays))
    for native_id, target in asked.items():
        if target.indexes is not None:
            found.update((native_id, reading(job)) for job in book.of(target))
    return {one: found[one] for one in asked if one in found}


def _folded(groups: Iterable[Group]) -> dict[str, Reading]:
    """Make one reading of each job, or of the groups of each array."""
    found: dict[str, list[tuple[Reading, int]]] = {}
    alone: dict[str, Reading] = {}
    for group in groups:
        one = replace(
            reading(group.job),
            started_at=_moment(group.started_at),
            ended_at=_moment(group.ended_at),
            peak_memory_mb=group.peak_memory_mb,
        )
        if group.job.element:
            found.setdefault(str(group.job.id), []).append((one, group.number))
        else:
            alone[str(group.job.id)] = one
    readings = alone | {native_id: fold(some) for native_id, some in found.items()}
    return dict(sorted(readings.items(), key=lambda item: int(item[0])))


def _with_past(book: Book, asked: Mapping[str, indexes.Target]) -> dict[str, Reading]:
    found = _readings(book, asked)
    for native_id, target in asked.items():
        jobs = book.of(target) if native_id in found and not found[native_id].elements else []
        for job in jobs:
            found[native_id] = replace(found[native_id], past=_past(book, job))
    return found


def _past(book: Book, job: Job) -> tuple[PastChange, ...]:
    last = reading(job)
    changes: dict[tuple[float, str], PastChange] = {}
    for one in history.story(job, book.events(job)):
        if one.state:
            is_last = one.state == job.state and last.state.is_final
            changes[one.at, one.state] = PastChange(
                at=datetime.fromtimestamp(one.at, UTC),
                state=last.state if is_last else LSF[one.state].state,
                native_state=one.state,
                reason=last.reason if is_last else "",
            )
    return tuple(changes.values())


def _answer(told: Sequence[tuple[bool, str]]) -> Answer:
    accepted, said = told[0]
    return Answer(accepted or "finished" in said or "No matching" in said, said)


def _tail(path: bytes) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a path of any bytes
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _PEEK_BYTES))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def reading(job: Job) -> Reading:
    """Read a row of the book."""
    state = LSF[job.state].state
    if state is JobState.FAILED and job.reason == BY_OWNER:
        state = JobState.KILLED
    return Reading(
        state=state,
        native_state=job.state,
        reason=job.reason or _WAITS.get(job.state, ""),
        exit_code=job.exit_code,
        signal=job.signal,
        queue=job.queue,
        host=job.host if job.started_at is not None else "",
        peak_memory_mb=job.peak_memory_mb,
        cores=job.slots if job.started_at is not None else None,
        asked_memory_mb=job.memory_limit_mb,
        asked_time_s=job.run_limit_s,
        submitted_at=_moment(job.submitted_at),
        started_at=_moment(job.started_at),
        ended_at=_moment(job.ended_at),
        tag=job.description,
    )
