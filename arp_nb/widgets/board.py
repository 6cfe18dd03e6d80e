"""The pages of a board as widgets: they paint themselves, and ask the manager themselves.

A page talks to the Jupyter server it came from, if that serves the same store: clicks and
live rows need no kernel then. Elsewhere it asks through the kernel (`relay`).
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Literal

import traitlets

from arp_nb import errors
from arp_nb.client.selection import job_id
from arp_nb.widgets.front import Front
from arp_nb.widgets.relay import Relay

if TYPE_CHECKING:
    from arp_nb.client.board import Board

Tab = Literal["log", "details", "snapshot", "history"]
_TABS = ("log", "details", "snapshot", "history")
_PAGES = ("control", "defs")


class BoardWidget(Front):
    """What the widgets of a board share; one of those below is made, not this.

    Parameters
    ----------
    board
        What `arp_nb.connect` gave.
    **more
        Any trait below, or of ipywidgets, as ``layout``.

    Raises
    ------
    TypeError
        A keyword is unknown; those that are near it are named.
    ManagerError
        The manager cannot be reached.
    """

    _name = "board"
    _shows = ""

    height_px = traitlets.Int(640, min=200, help="Height of the page, in px.")

    _experiment = traitlets.Unicode(help="Name of the experiment.").tag(sync=True)
    _epoch = traitlets.Unicode(help="Which store it is in.").tag(sync=True)
    _view = traitlets.Unicode(help="Which page: control, defs, runs or drawer.").tag(sync=True)
    _options = traitlets.Dict(help="What the page is told at its start.").tag(sync=True)
    _selected: Any = traitlets.List(help="Inclusive ranges of the ids of selected jobs.").tag(
        sync=True
    )

    def __init__(
        self, board: Board, *, _options: dict[str, Any] | None = None, **more: Any
    ) -> None:
        self._check_words(more, ("board",))
        if not hasattr(board, "transport"):
            raise errors.InvalidValue(
                f"{type(self).__name__} shows a board, as arp_nb.connect gives it, not"
                f" {type(board).__name__}."
            )
        self._board = board
        self._relay: Relay | None = None
        epoch = str(board.transport.call("GET", "/status")["epoch"])
        super().__init__(_experiment=board.experiment, _epoch=epoch, _view=self._shows, **more)
        self._options = {**(_options or {}), "height_px": self.height_px}
        self.on_msg(self._hear)

    @traitlets.observe("height_px")
    def _tell_height(self, change: Any) -> None:
        self._options = {**self._options, "height_px": change["new"]}

    @traitlets.observe("_selected")
    def _note(self, change: Any) -> None:
        try:
            ranges = [(int(first), int(last)) for first, last in change["new"]]
        except (TypeError, ValueError):
            return  # no page of ours sends that
        self._board.jobs.note_selection(self.model_id, ranges)

    def _hear(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Pass on what a page asks that does not reach the manager by itself."""
        self._relay = self._relay or Relay(self._board.transport, self.tell)
        self._relay.hear(content)

    def close(self) -> None:
        """Take it off all pages. The board and its jobs go on."""
        if board := self.__dict__.get("_board"):  # absent if it was refused when it was made
            if self._relay is not None:
                self._relay.close()
            if self.comm is not None:
                board.jobs.note_selection(self.model_id, None)
        super().close()


class ControlPage(BoardWidget):
    """The whole page of a board: batch defs, batch control, and a drawer with a job's log.

    What a notebook shows for a board. ``page`` says which tab is open first, ``control`` or
    ``defs``.
    """

    _shows = "control"

    def __init__(
        self, board: Board, *, page: Literal["control", "defs"] = "control", **more: Any
    ) -> None:
        if page not in _PAGES:
            raise errors.InvalidValue(f"page is one of {', '.join(_PAGES)}, not {page!r}.")
        self._check_words(more, ("board", "page"))
        super().__init__(board, _options={"page": page}, **more)


class BatchDefs(BoardWidget):
    """The batch defs of a board: a table in which they are edited."""

    _shows = "defs"


class RunTable(BoardWidget):
    """The runs of a board and their jobs: what the tab Batch control shows."""

    _shows = "runs"


class JobDrawer(BoardWidget):
    """One job: its log as it grows, details, snapshot and history.

    ``job`` is its id, or what `Board.job` gave; ``tab`` is what is open first: ``log``,
    ``details``, ``snapshot`` or ``history``.
    """

    _shows = "drawer"

    def __init__(self, board: Board, job: Any, *, tab: Tab = "log", **more: Any) -> None:
        if tab not in _TABS:
            raise errors.InvalidValue(f"tab is one of {', '.join(_TABS)}, not {tab!r}.")
        self._check_words(more, ("board", "job", "tab"))
        super().__init__(board, _options={"job": job_id(job), "tab": tab}, **more)


#: the control page of each board that was shown: showing it again shows the same
_PAGES_OF: weakref.WeakKeyDictionary[Board, ControlPage] = weakref.WeakKeyDictionary()


def shown(board: Board) -> dict[str, Any]:
    """Return what a notebook needs to show a board's control page."""
    page = _PAGES_OF.get(board)
    if page is None or page.comm is None:
        page = _PAGES_OF[board] = ControlPage(board)
    found: Any = page._repr_mimebundle_()
    data: dict[str, Any] = found[0] if isinstance(found, tuple) else found
    return {kind: one for kind, one in data.items() if kind != "text/plain"}
