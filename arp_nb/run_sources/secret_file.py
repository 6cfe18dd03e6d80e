"""Passwords and tokens lie in files that only their owner can read, not in config.toml."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from arp_nb.errors import InvalidValue, SourceDown

_MOST_BYTES = 16 * 1024


def absolute(path: str, option: str, where: str) -> Path:
    """Return the path that an option names; ``~`` is the home folder. `InvalidValue`."""
    found = Path(path).expanduser()
    if not found.is_absolute() or "\0" in path:
        raise InvalidValue(f"{where}: {option} must be an absolute path, got {path!r}")
    return found


def read(path: Path) -> str:
    """Read a secret: one line of printable ASCII, in a file that nobody else can read.

    Raises
    ------
    SourceDown
        It cannot be read, or others can read it, or it is no secret.
    """
    try:
        # O_NONBLOCK: a pipe of that name must not hold us up
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            _check(path, os.fstat(number))
            content = os.read(number, _MOST_BYTES + 1)
        finally:
            os.close(number)
    except OSError as error:
        raise SourceDown(f"{path} cannot be read: {error.strerror}.") from error
    text = content.decode("ascii", "replace").strip()
    if not text or not text.isprintable() or not text.isascii() or len(content) > _MOST_BYTES:
        raise SourceDown(f"{path} must hold the secret alone, on one line, in plain ASCII.")
    return text


def _check(path: Path, about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise SourceDown(f"{path} is not a file.")
    if about.st_uid not in {os.geteuid(), 0}:
        raise SourceDown(f"{path} belongs to another account; it must be yours.")
    if about.st_mode & 0o077:
        raise SourceDown(f"{path} can be read by others. Make it yours alone: chmod 600 {path}")
