"""The kernel's word that something changed below a folder. What changed, a scan finds out."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import watchfiles

from arp_nb.run_sources.folder.scan import is_finished

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

#: changes are gathered for so long at the most, or until none comes for `_STEP_MS`
_GATHER_MS = 200
_STEP_MS = 20
_SILENCE_MS = 500
_ENDING_S = 2.0


class Watch:
    """Watches a folder, and all below it, in a thread.

    Adding the watches of a deep tree takes a while: a thread does that too.

    Parameters
    ----------
    root
        The folder.
    changed
        Set when something changed; in its own loop.
    """

    def __init__(
        self, root: Path, changed: asyncio.Event, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._root = root
        self._changed = changed
        self._loop = loop
        self._stop = threading.Event()
        #: why the kernel does not tell, in words; "": it does
        self.problem = ""
        self._thread = threading.Thread(target=self._work, name="arp-watch", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            is_new = True
            for changes in watchfiles.watch(
                self._root,
                watch_filter=_matters,
                debounce=_GATHER_MS,
                step=_STEP_MS,
                stop_event=self._stop,
                rust_timeout=_SILENCE_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
                force_polling=False,
                ignore_permission_denied=True,
            ):
                # before the first word nothing was told of what changed
                if changes or is_new:
                    self._tell()
                is_new = False
        except Exception as error:  # noqa: BLE001 - of a Rust library; we look by ourselves then
            # most often: the system's limit of watches is reached
            self.problem = (
                f"The system does not watch the folder ({error}), so we look for changes."
            )
        self._tell()  # the folder itself may be another one

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._changed.set)

    @property
    def works(self) -> bool:
        """Whether the kernel tells of changes."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Let the thread end; `join` waits for it."""
        self._stop.set()

    def join(self) -> None:
        """Wait for the end of the thread, for a while."""
        self._thread.join(_ENDING_S)


def _matters(_change: watchfiles.Change, path: str) -> bool:
    return is_finished(path.rpartition("/")[2])
