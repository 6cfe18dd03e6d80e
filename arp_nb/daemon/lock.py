"""The store's lock: whoever holds it may bind the socket and write the store.

It is an ``flock``, so the kernel frees it with the last process that shares it, however
that process ends. Nothing that is written in a file decides.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from arp_nb.errors import StoreBusy

if TYPE_CHECKING:
    from pathlib import Path

LOCK_NAME = "manager.lock"
_PAUSE_S = 0.05


def take_lock(store: Path, wait_s: float = 0.0) -> int:
    """Take the lock and return its file descriptor, which holds it until closed.

    Raises
    ------
    StoreBusy
        Another process holds it, and still does after ``wait_s``.
    """
    path = store / LOCK_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise StoreBusy(
                    f"Another process holds {path}: a batch manager of this store runs, or is "
                    "just ending. `jupyter arp manager status` tells which."
                ) from error
            time.sleep(_PAUSE_S)
        else:
            return descriptor


def is_locked(store: Path) -> bool:
    """Whether some process holds the lock at this moment."""
    if not (store / LOCK_NAME).exists():
        return False
    try:
        os.close(take_lock(store))
    except StoreBusy:
        return True
    return False
