"""Our side of the local scheduler: reads its book directly, and makes its commands."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from typing_extensions import override

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState, Reading
from arp_nb.schedulers.base import Answer, Marked, Poll, Scheduler
from arp_nb.schedulers.local.engine import book as engine
from arp_nb.schedulers.local.engine import commands, show, start, supervise

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from arp_nb.schedulers.base import Site

T = TypeVar("T")

#: stands in each of its commands, so that nobody takes them for a cluster's
MARK = "one of the commands of ARP's local scheduler"
COMMANDS = ("bsub", "bjobs", "bkill", "bpeek")
_SUBMITTED = re.compile(r"Job <(\d+)> is submitted to ")
_STATES = {
    engine.PEND: JobState.PENDING,
    engine.RUN: JobState.RUNNING,
    engine.DONE: JobState.DONE,
    engine.EXIT: JobState.FAILED,
}
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
    """

    name: ClassVar[str] = "local"
    title: ClassVar[str] = "Local"
    submit_commands: ClassVar[tuple[str, ...]] = ("bsub",)
    polls_apart_s: ClassVar[float | None] = 1.0
    on_this_machine: ClassVar[bool] = True

    def __init__(self, folder: Path, *, slots: int = 0) -> None:
        self._folder = folder.absolute()
        self._slots = slots
        self._write_commands()
        self._ask_now(lambda book: book.set_slots(slots))

    @override
    @classmethod
    def create(cls, site: Site) -> Self:
        return cls(site.store_folder / "local", slots=site.settings.local_slots)

    def _book(self) -> engine.Book:
        return engine.Book(str(self._folder))

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

    async def _ask(self, question: Callable[[engine.Book], T]) -> T:
        return await asyncio.to_thread(self._ask_now, question)

    def _ask_now(self, question: Callable[[engine.Book], T]) -> T:
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
        slots = await self._ask(engine.Book.slots)
        return f"local scheduler on this machine, {slots} slot{'s' if slots != 1 else ''}"

    @override
    async def poll(self, native_ids: Collection[str]) -> Poll:
        if not native_ids:
            return Poll({})
        numbers = {_number(one): one for one in native_ids}
        known = {one for one in numbers if one is not None}
        jobs = await self._ask(lambda book: book.jobs(known))
        readings = {str(job.id): reading(job) for job in jobs}
        return Poll(readings, frozenset(native_ids) - readings.keys())

    @override
    async def find_tagged(self, tag: str) -> tuple[Marked, ...]:
        found = await self._ask(lambda book: book.described(tag))
        return tuple(
            Marked(native_id=str(job.id), tag=job.description, state=reading(job).state)
            for job in found
        )

    @override
    async def kill(
        self, native_ids: Collection[str], *, force: bool = False
    ) -> Mapping[str, Answer]:
        return await self._ask(lambda book: {one: _kill(book, one) for one in native_ids})

    async def _job(self, native_id: str) -> engine.Job:
        number = _number(native_id)
        found = await self._ask(lambda book: book.job(-1 if number is None else number))
        if found is None:
            raise SchedulerError(f"Job <{native_id}> is not found")
        return found

    @override
    async def details(self, native_id: str) -> str:
        job = await self._job(native_id)
        return await self._ask(lambda book: show.details(book, job).strip("\n") + "\n")

    @override
    async def log_path(self, native_id: str) -> Path | None:
        job = await self._job(native_id)
        path = await self._ask(lambda book: supervise.output_path(book, job))
        return Path(os.fsdecode(path))

    @override
    async def peek(self, native_id: str) -> str:
        return await self._ask(lambda book: _peek(book, _number(native_id)))


def _peek(book: engine.Book, number: int | None) -> str:
    job = None if number is None else book.job(number)
    if job is None or job.state != engine.RUN:
        return ""
    return _tail(supervise.output_path(book, job))


def _number(native_id: str) -> int | None:
    is_number = native_id.isascii() and native_id.isdigit() and len(native_id) <= 18
    return int(native_id) if is_number else None


def _kill(book: engine.Book, native_id: str) -> Answer:
    number = _number(native_id)
    if number is None:
        return Answer(accepted=False, said=f"Job <{native_id}>: Illegal job ID.")
    accepted, said = commands.kill(book, number)
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


def reading(job: engine.Job) -> Reading:
    """Read a row of the book."""
    state = _STATES[job.state]
    if state is JobState.FAILED and job.reason == engine.BY_OWNER:
        state = JobState.KILLED
    reason = job.reason
    if state is JobState.PENDING:
        reason = "waits for a free slot of this machine"
    return Reading(
        state=state,
        native_state=job.state,
        reason=reason,
        exit_code=job.exit_code,
        signal=job.signal,
        queue=job.queue,
        host=job.host if job.started_at is not None else "",
        peak_memory_mb=job.peak_memory_mb,
        submitted_at=_moment(job.submitted_at),
        started_at=_moment(job.started_at),
        ended_at=_moment(job.ended_at),
        tag=job.description,
    )
