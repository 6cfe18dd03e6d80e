"""The spool: what is known of each submission, in files that outlive every process.

One folder per submission, named by its spool id (``<job>-<nonce>``). One file per event,
written beside, fsynced, renamed, and the folder fsynced, so a file is there whole or not at
all. The reading side still takes nothing for granted: the disk may have been full, and the
script, which runs as the user, can write here too.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arp_nb.batch_client.left_behind import left_behind
from arp_nb.batch_client.shim import PLAIN_UMASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SPOOL_ID = re.compile(r"(?P<job>[0-9]{1,18})-[0-9a-f]{8,32}", re.ASCII)
#: how much of what a script or a submit command printed is looked at for ids
_LOOK_AT_BYTES = 1_000_000
_EVENT_BYTES = 1_000_000
#: events of one submission that are looked at: a script in a loop must not fill our memory
_MOST_CALLS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the shim is to run, and what must not be forgotten about it."""

    job_id: int
    location: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    #: where it may start; the first that can be entered
    folders: tuple[str, ...]
    #: shown with the job: "script changed since apply"
    notes: tuple[str, ...] = ()
    umask: int = PLAIN_UMASK
    #: the script's text may call a submit command that no wrapper sees
    may_bypass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a submit command, as the wrapper saw it."""

    nonce: str
    began_at_s: float
    #: the wrapper still runs
    alive: bool
    #: what the command has printed so far
    said: str = ""
    #: its exit code; None while it runs, and for ever if the wrapper was killed
    exit_code: int | None = None
    ended_at_s: float | None = None
    #: why its job cannot report; empty where nothing keeps it from that
    note: str = ""

    @property
    def is_cut_off(self) -> bool:
        """Whether it never came to an answer of its own: it, or the wrapper, was killed."""
        return not self.alive and (self.exit_code is None or is_of_signal(self.exit_code))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How the script ended, as the shim wrote it."""

    code: int | None = None
    signal: int | None = None
    #: why it never ran, in words; empty if it ran
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the spool says of one submission at one moment."""

    there: bool = True
    order: Order | None = None
    started_at_s: float | None = None
    #: why recovery has forbidden the start; None: it has not
    fenced: str | None = None
    lock_held: bool = False
    exit: Exit | None = None
    calls: tuple[Call, ...] = ()
    #: submit commands ran of which the wrapper could not keep more than that
    unseen: bool = False
    out: str = ""
    err: str = ""


@dataclass(frozen=True, slots=True)
class Spool:
    """The folder of all submissions of one manager."""

    root: Path

    def folder(self, spool_id: str) -> Path:
        """Return a submission's folder; `ValueError` for what was never a spool id."""
        if not _SPOOL_ID.fullmatch(spool_id):
            raise ValueError(f"{spool_id!r} is not a spool id")
        return self.root / spool_id

    def new_id(self, job_id: int) -> str:
        """Return a spool id that was never used."""
        return f"{job_id}-{secrets.token_hex(6)}"

    def create(self, spool_id: str, order: Order) -> None:
        """Make the folder with its order, durably. Nothing runs by that alone."""
        folder = self.folder(spool_id)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        content = {
            "job_id": order.job_id,
            "location": order.location,
            "argv": order.argv,
            "environment": dict(order.environment),
            "folders": order.folders,
            "notes": order.notes,
            "umask": order.umask,
            "may_bypass": order.may_bypass,
        }
        write_event(folder, "request", content)
        sync_folder(self.root)

    def discard(self, spool_id: str) -> None:
        """Remove a submission that must never start; fenced first, whoever else is about."""
        folder = self.folder(spool_id)
        with contextlib.suppress(FileNotFoundError):
            if fence(folder, "discarded"):
                shutil.rmtree(folder, ignore_errors=True)

    def close(self, spool_id: str, *, keep: bool) -> None:
        """Mark that nothing more can come of it, and that the manager knows all.

        ``keep``: what the script printed is all that its job will ever have as a log.
        """
        with contextlib.suppress(FileNotFoundError):
            write_event(self.folder(spool_id), "closed", {"keep": keep})

    def open_ids(self) -> tuple[str, ...]:
        """Submissions that have started and are not closed, oldest first."""
        found = [
            (folder.stat().st_mtime_ns, folder.name)
            for folder in self._folders()
            if (folder / "start").exists() and not (folder / "closed").exists()
        ]
        return tuple(name for _, name in sorted(found))

    def sweep(self, keep_s: float, keep_others_s: float) -> int:
        """Remove what was closed, or never started, long ago; return how many.

        Parameters
        ----------
        keep_s
            How long to keep submissions that were closed as worth keeping.
        keep_others_s
            How long to keep all others, for somebody who looks into a problem.
        """
        swept = 0
        for folder in self._folders():
            with contextlib.suppress(FileNotFoundError):
                age_s = time.time() - folder.stat().st_mtime
                if age_s > min(keep_s, keep_others_s) and _may_go(
                    folder, is_very_old=age_s > keep_s
                ):
                    fence(folder, "discarded")
                    shutil.rmtree(folder, ignore_errors=True)
                    swept += 1
        return swept

    def _folders(self) -> Iterator[Path]:
        with contextlib.suppress(FileNotFoundError):
            for folder in self.root.iterdir():
                if _SPOOL_ID.fullmatch(folder.name) and folder.is_dir():
                    yield folder


def _may_go(folder: Path, *, is_very_old: bool) -> bool:
    closed = folder / "closed"
    if not closed.exists():
        return is_very_old and not (folder / "start").exists()
    return is_very_old or not _json(closed).get("keep")


def job_of(spool_id: str) -> int:
    """Return the job that a spool id was made for."""
    match = _SPOOL_ID.fullmatch(spool_id)
    if match is None:
        raise ValueError(f"{spool_id!r} is not a spool id")
    return int(match["job"])


def is_of_signal(exit_code: int | None) -> bool:
    """Whether a shell tells by this exit code that a signal ended its last command."""
    return exit_code is not None and 128 < exit_code <= 128 + 64


def tag_of(spool_id: str) -> str:
    """Return the tag that marks a submission's jobs in the scheduler."""
    return f"arp-{spool_id}"


def write_event(folder: Path, name: str, content: Mapping[str, Any]) -> None:
    """Write one event so that it is there whole and durable, or not at all."""
    part = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(content).encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / name)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fence(folder: Path, why: str) -> bool:
    """Forbid the start for ever. False: too late, a shim has claimed it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(folder / "start", flags, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(json.dumps({"fenced": why}).encode())
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)
    return True


def read(folder: Path) -> Evidence:
    """Read all that a submission's folder says. Never fails for what stands in it.

    The order matters, for the shim may run meanwhile: it takes the lock, writes ``start``,
    then ``exit``, then lets go. So a free lock counts only if it was free *after* ``start``
    was seen, and ``exit`` is looked for after that.
    """
    if not folder.is_dir():
        return Evidence(there=False)
    start = folder / "start"
    started_at_s = _mtime(start)
    held = _lock_held(folder / "lock")
    if not held and started_at_s is None:
        started_at_s = _mtime(start)  # it may have come between the two looks
        held = started_at_s is not None and _lock_held(folder / "lock")
    ended = _json(folder / "exit")
    fenced = _json(start).get("fenced") if started_at_s is not None else None
    return Evidence(
        order=_order(_json(folder / "request")),
        started_at_s=started_at_s,
        fenced=fenced if isinstance(fenced, str) else None,
        lock_held=held,
        exit=_exit(ended) if ended else None,
        calls=_calls(folder),
        unseen=any(folder.glob("unseen-*")),
        out=_text(folder / "out"),
        err=_text(folder / "err"),
    )


def _lock_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:  # no descriptor left, say: nothing is known, so nobody may be given up
        return True
    try:
        # shared, so that two who look never take each other for a shim
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _calls(folder: Path) -> tuple[Call, ...]:
    found: list[tuple[int, str]] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        found.extend(
            (entry.stat().st_mtime_ns, entry.name.removeprefix("begin-"))
            for entry in entries
            if entry.name.startswith("begin-")
        )
    return tuple(_call(folder, nonce, at_ns) for at_ns, nonce in sorted(found)[:_MOST_CALLS])


def _call(folder: Path, nonce: str, began_at_ns: int) -> Call:
    end = _text(folder / f"end-{nonce}").strip()
    ended = end.isascii() and end.isdigit() and len(end) <= 3
    pid, _, words = _text(folder / f"begin-{nonce}").partition("\n")
    said = _text(folder / f"said-{nonce}")
    if not ended:
        # a line that is still being written may show half of an id
        said = said[: said.rfind("\n") + 1]
    return Call(
        nonce=nonce,
        began_at_s=began_at_ns / 1e9,
        alive=not ended and _alive(pid),
        said=said,
        exit_code=int(end) if ended else None,
        ended_at_s=_mtime(folder / f"end-{nonce}") if ended else None,
        note=left_behind(words.split("\n")[:-1]),
    )


def _alive(pid: str) -> bool:
    if not (pid.isascii() and pid.isdigit() and 0 < int(pid[:10]) < 2**31):
        return False
    try:
        os.kill(int(pid[:10]), 0)
    except OSError:
        return False
    return True


def _order(raw: dict[str, Any]) -> Order | None:
    try:
        return Order(
            job_id=int(raw["job_id"]),
            location=str(raw["location"]),
            argv=tuple(map(str, raw["argv"])),
            environment={str(k): str(v) for k, v in raw["environment"].items()},
            folders=tuple(map(str, raw["folders"])),
            notes=tuple(map(str, raw.get("notes", ()))),
            umask=int(raw.get("umask", PLAIN_UMASK)),
            may_bypass=bool(raw.get("may_bypass")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _exit(raw: dict[str, Any]) -> Exit:
    def number(key: str) -> int | None:
        value = raw.get(key)
        return value if type(value) is int else None

    return Exit(code=number("code"), signal=number("signal"), error=str(raw.get("error") or ""))


def _json(path: Path) -> dict[str, Any]:
    """Return the object in a file; empty for anything that is not one."""
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_EVENT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _text(path: Path) -> str:
    """Return the beginning and the end of a file as text, whatever it holds."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(_LOOK_AT_BYTES)
            if size <= len(head):
                return head.decode(errors="replace")
            file.seek(max(len(head), size - 4096))
            return (
                f"{head.decode(errors='replace')}\n…\n{file.read(4096).decode(errors='replace')}"
            )
    except OSError:
        return ""


def _mtime(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
