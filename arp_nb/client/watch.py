"""A table in a notebook that changes by itself, without a busy cell and without widgets."""

from __future__ import annotations

import importlib
import logging
import math
import threading
import time
import weakref
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from arp_nb.client.live import Live

_log = logging.getLogger(__name__)

#: redrawing more often than this helps nobody
REDRAW_S = 0.25

#: what each cell shows, and by which of its executions
_SHOWN: dict[str, tuple[str, weakref.WeakSet[Watch]]] = {}


class Watched(ABC):
    """What a notebook can show so that it changes by itself: a board, its jobs, its ledger."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._watch: Watch | None = None

    def watch(self, seconds: float | None = None) -> Watch:
        """Show it here and let it change by itself; returns at once.

        What was shown of it before stops changing.

        Parameters
        ----------
        seconds
            Stop by itself after so long; by default with ``.stop()`` or the next ``watch``.
        """
        self._stop_watch()
        self._live.start()
        self._watch = Watch(self._live, self._draw)
        self._watch.show(seconds=seconds)
        return self._watch

    def _draw(self) -> str:
        """Return what it shows while it is watched."""
        return self._repr_html_()

    def _stop_watch(self) -> None:
        if self._watch is not None:
            self._watch.stop()

    @abstractmethod
    def _repr_html_(self) -> str:
        """Return what it shows."""


class Watch:
    """Shows HTML in the present cell, and draws it again whenever the live tables change.

    Returns at once; ends with `stop`, with the board, when the same thing is shown anew, or
    when its cell is executed again.
    """

    def __init__(self, live: Live, draw: Callable[[], str]) -> None:
        self._live = live
        self._draw = draw
        self._stop = threading.Event()
        self._drawn = ""
        self._took_s = 0.0
        self._handle: Any = None
        self._thread: threading.Thread | None = None

    def show(self, *, seconds: float | None = None) -> None:
        """Show it in the present cell; stop by itself after some seconds, if given."""
        display = _display()
        self._drawn = self._draw()
        self._handle = display.display(display.HTML(self._drawn), display_id=True)
        if self._handle is None:  # no notebook to update
            return
        self._thread = threading.Thread(
            target=self._run, args=(seconds,), name="arp watch", daemon=True
        )
        self._thread.start()
        _take_the_place(self)

    @property
    def is_running(self) -> bool:
        """Whether it is drawn again when something changes."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Leave the table as it is."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=2)

    def _run(self, seconds: float | None) -> None:
        until = math.inf if seconds is None else time.monotonic() + seconds
        seen = -1
        while not self._stop.is_set() and not self._live.is_closed:
            left_s = until - time.monotonic()
            if left_s <= 0:
                return
            now = self._live.wait_change(seen, timeout_s=min(1.0, left_s))
            if now == seen:
                continue
            seen = now
            try:
                self._redraw()
            except Exception:  # noqa: BLE001 - the next change is drawn again
                _log.warning("The table could not be drawn again.", exc_info=True)
            # a long table takes its time: the kernel's work comes first
            self._stop.wait(max(REDRAW_S, 10 * self._took_s))

    def _redraw(self) -> None:
        began = time.monotonic()
        text = self._draw()
        self._took_s = time.monotonic() - began
        if text != self._drawn:
            self._drawn = text
            self._handle.update(_display().HTML(text))


def _take_the_place(new: Watch) -> None:
    """Stop what an earlier execution of this cell showed: the page no longer has it."""
    cell, execution = _cell()
    if not cell:
        return
    before, watches = _SHOWN.get(cell, ("", weakref.WeakSet()))
    if before != execution:
        for old in list(watches):
            old.stop()
        watches = weakref.WeakSet()
    watches.add(new)
    _SHOWN[cell] = (execution, watches)


def _cell() -> tuple[str, str]:
    """Name the cell that is being executed, and this execution; empty where that is unknown."""
    shell = importlib.import_module("IPython").get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else None
    parent = parent or {}
    cell = parent.get("metadata", {}).get("cellId") or ""
    return str(cell), str(parent.get("header", {}).get("msg_id") or "")


def _display() -> Any:
    """IPython's display functions, untyped; only where there is a notebook."""
    return importlib.import_module("IPython.display")
