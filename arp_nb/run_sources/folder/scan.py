"""One look at a folder: which files there are of which run. Blocks, so it is done in a thread."""

from __future__ import annotations

import enum
import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from arp_nb.errors import SourceDown
from arp_nb.run_sources.folder.pattern import Bound, Pattern
from arp_nb.run_sources.parameters import MOST_BYTES, bounded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

#: what programs call files that they have not finished
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".incomplete", ".swp", "~")

Key = tuple[str, int]


class Role(enum.Enum):
    """What a file is to its run."""

    DATA = "data"
    NONREC = "nonrec"
    SENTINEL = "sentinel"
    PARAMETERS = "parameters"


@dataclass(frozen=True, slots=True)
class Look:
    """What a scan looks for."""

    patterns: Mapping[Role, Pattern]
    #: whose runs these are, where no name tells
    experiment: str | None
    #: more files and folders than that are not looked at
    most: int


@dataclass(slots=True)
class Files:
    """Some files of a run."""

    #: of each: its identity, size and time, in one number
    signatures: set[int] = field(default_factory=set)
    #: earliest and latest time that they carry
    first_s: float = float("inf")
    last_s: float = float("-inf")
    #: … and when one was last made, written, renamed or given a time, by the file system's clock
    touched_s: float = float("-inf")

    def add(self, about: os.stat_result) -> None:
        """Count a file."""
        self.signatures.add(signature(about))
        self.first_s = min(self.first_s, about.st_mtime)
        self.last_s = max(self.last_s, about.st_mtime)
        self.touched_s = max(self.touched_s, about.st_mtime, about.st_ctime)


@dataclass(slots=True)
class Seen:
    """What there is of one run."""

    all: Files = field(default_factory=Files)
    nonrec: Files = field(default_factory=Files)
    sentinel: Files = field(default_factory=Files)
    #: signature of the file with parameters
    sidecar: int | None = None
    #: what it says, where that was not known; None: it cannot be read
    parameters: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Scan:
    """What there is in the folder."""

    runs: dict[Key, Seen] = field(default_factory=dict)
    #: which folder it is: another one may lie there next time
    identity: tuple[int, int] = (0, 0)
    #: files and folders looked at
    entries: int = 0
    unreadable: int = 0
    outside: int = 0
    bad_parameters: int = 0


def signature(about: os.stat_result) -> int:
    """Tell a file as it is now from all others, and from itself after a change."""
    return hash((about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns))


def is_finished(name: str) -> bool:
    """Whether a file may count; hidden ones are what rsync and others have not finished."""
    return not name.startswith((".", "#")) and not name.endswith(_UNFINISHED)


def scan(
    root: Path, look: Look, experiments: Collection[str], sidecars: Mapping[Key, int]
) -> Scan:
    """Look at a folder.

    Parameters
    ----------
    experiments
        Runs of others are not looked at.
    sidecars
        Signatures of the files with parameters that were read already.

    Raises
    ------
    SourceDown
        The folder is not there, cannot be read, or holds too much.
    """
    scanner = _Scanner(root, look, frozenset(experiments), sidecars)
    try:
        return scanner.run()
    except FileNotFoundError as error:
        raise SourceDown(f"The folder {root} is not there.") from error
    except NotADirectoryError as error:
        raise SourceDown(f"{root} is not a folder.") from error
    except PermissionError as error:
        raise SourceDown(f"The folder {root} may not be read by this account.") from error
    except OSError as error:
        raise SourceDown(f"The folder {root} cannot be read: {error.strerror}.") from error


_Active = tuple[Role, Pattern, Bound]


class _Scanner:
    def __init__(
        self, root: Path, look: Look, experiments: frozenset[str], sidecars: Mapping[Key, int]
    ) -> None:
        self._root = root
        self._look = look
        self._experiments = experiments
        self._sidecars = sidecars
        self._real_root = ""
        self._scan = Scan()

    def run(self) -> Scan:
        about = self._root.stat()
        if not stat.S_ISDIR(about.st_mode):
            raise NotADirectoryError
        self._real_root = os.path.realpath(self._root)
        self._scan.identity = (about.st_dev, about.st_ino)
        bound = Bound(experiment=self._look.experiment)
        active = [(role, pattern, bound) for role, pattern in self._look.patterns.items()]
        if self._look.experiment is None or self._look.experiment in self._experiments:
            self._walk(str(self._root), 0, active)
        else:
            os.scandir(self._root).close()
        return self._scan

    def _walk(self, folder: str, depth: int, active: Sequence[_Active]) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                self._scan.entries += 1
                if self._scan.entries > self._look.most:
                    raise SourceDown(
                        f"The folder {self._root} holds more than {self._look.most:,} files: "
                        "choose a narrower pattern, or a larger most_files."
                    )
                if is_finished(entry.name):
                    self._entry(entry, depth, active)

    def _entry(self, entry: os.DirEntry[str], depth: int, active: Sequence[_Active]) -> None:
        matched = [
            (role, pattern, bound)
            for role, pattern, before in active
            if (bound := pattern.match(depth, entry.name, before)) is not None
            and (bound.experiment is None or bound.experiment in self._experiments)
        ]
        if not matched or not self._is_inside(entry):
            return
        deeper = [one for one in matched if len(one[1]) > depth + 1]
        here = [one for one in matched if len(one[1]) == depth + 1]
        # what goes away while we look was not there
        with suppress(FileNotFoundError, NotADirectoryError):
            if deeper and entry.is_dir():
                try:
                    self._walk(entry.path, depth + 1, deeper)
                except PermissionError:
                    self._scan.unreadable += 1
            elif here:
                about = entry.stat()
                if stat.S_ISREG(about.st_mode):
                    for role, _, bound in here:
                        self._count(role, bound, about, entry.path)

    def _is_inside(self, entry: os.DirEntry[str]) -> bool:
        if not entry.is_symlink():
            return True
        try:
            real = os.path.realpath(entry.path, strict=True)
        except OSError:
            return False  # it leads nowhere, or to itself
        inside = real.startswith(self._real_root.rstrip("/") + "/")
        self._scan.outside += not inside
        return inside

    def _count(self, role: Role, bound: Bound, about: os.stat_result, path: str) -> None:
        assert bound.run is not None
        assert bound.experiment is not None
        key = (bound.experiment, bound.run)
        seen = self._scan.runs.setdefault(key, Seen())
        if role is Role.SENTINEL:
            seen.sentinel.add(about)
        elif role is Role.PARAMETERS:
            seen.sidecar = signature(about)
            if self._sidecars.get(key) != seen.sidecar:
                seen.parameters = _parameters(path, about)
                self._scan.bad_parameters += seen.parameters is None
        else:
            seen.all.add(about)
            if role is Role.NONREC:
                seen.nonrec.add(about)


def _parameters(path: str, about: os.stat_result) -> Mapping[str, Any] | None:
    """Read parameters of a file that was just looked at, and of no other; None: there are none."""
    if about.st_size > MOST_BYTES:
        return None
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            # another file may lie there by now, or a link to one elsewhere
            if signature(os.fstat(number)) != signature(about):
                return None
            told = json.loads(os.read(number, MOST_BYTES + 1))
        finally:
            os.close(number)
    except (OSError, ValueError, RecursionError):
        return None
    return bounded(told)[0] if isinstance(told, dict) else None
