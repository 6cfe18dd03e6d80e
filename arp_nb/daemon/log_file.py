"""The file ``manager.log``, which a supervisor and its manager write to together.

Both have it as their standard error, so that nothing that either says is lost, tracebacks of the
interpreter included. It is put aside once it is large: by the manager while it runs, else by the
supervisor, never by both. Who finds that its standard error is no longer the file of that name
opens that one. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 10_000_000
_STREAMS = (1, 2)


class LogFile:
    """Keeps standard error the log file, and that file bounded.

    Parameters
    ----------
    path
        Its name. Where standard error is something else, a terminal, it is left alone.
    most_bytes
        A file beyond this becomes ``<name>.1``, in place of the one before.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._is_ours = self._is_current()

    def follow(self) -> None:
        """Write on in the file of the name, if the other has put ours aside."""
        if self._is_ours and not self._is_current():
            self._open()

    def rotate_if_large(self) -> None:
        """Put the file aside if it is large. What fails here is no reason to fail."""
        with contextlib.suppress(OSError):
            if self._is_ours and os.fstat(2).st_size > self._most_bytes and self._is_current():
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
                self._open()

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(os.fstat(2), self._path.stat())
        except OSError:
            return False

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        with contextlib.suppress(OSError):
            new = os.open(self._path, flags, 0o600)
            ours = os.fstat(2)
            for stream in _STREAMS:
                if os.path.samestat(os.fstat(stream), ours):
                    os.dup2(new, stream)
            os.close(new)
