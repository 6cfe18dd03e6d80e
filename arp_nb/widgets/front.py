"""What all widgets here share: the built page code, and refusal of unknown words."""

from __future__ import annotations

import difflib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

if TYPE_CHECKING:
    from collections.abc import Iterable

#: where `make front` puts what it builds
STATIC = Path(__file__).parent / "static"

_NOT_BUILT = "The front end is not built: run `make front`"


class FrontNotBuilt(ImportError):
    """The JavaScript of the widgets is missing: this is a checkout in which it was not built."""


def built(name: str) -> str:
    """Return a built file. `FrontNotBuilt` if it is not there."""
    try:
        return (STATIC / name).read_text("utf-8")
    except FileNotFoundError:
        raise FrontNotBuilt(f"{_NOT_BUILT} ({name} is missing in {STATIC}).") from None


def versioned(name: str) -> str:
    """Return the address of a built file below ``<base>/arp/static/``.

    Its version is the one that `arp_nb.extension.assets` knows it by.
    """
    return f"{name}?v={hashlib.sha256(built(name).encode()).hexdigest()[:16]}"


def check_words(widget: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse keywords that are unknown, with those that are near. `TypeError`."""
    known = sorted(known)
    for word in given:
        if word in known:
            continue
        near = difflib.get_close_matches(word, known, n=3)
        advice = (
            f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known)}."
        )
        raise TypeError(f"{widget} has no keyword {word!r}. {advice}")


def _hear_in_subshells(comm: Any) -> None:
    """Let a page's messages be heard in the subshell that the page names, while cells run.

    ipykernel 7.4 would send them to whichever shell spoke last on the comm: to the main one,
    which is busy with the cell, since it opened the comm.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, asked: asked  # noqa: SLF001 - no other way in


class Front(anywidget.AnyWidget):
    """A widget whose page code is one of the built files.

    What travels with each widget, and is kept in saved notebooks, is a loader of two kilobytes.
    A page then has the code once: from its own server in parts, as they are needed, or asked of
    the kernel in one.
    """

    #: of its JavaScript, without ``.js``
    _name = ""

    _esm = traitlets.Unicode(help="JavaScript that loads the widget's code.").tag(sync=True)
    _css = traitlets.Unicode(help="Nothing: the loader brings the style sheet.").tag(sync=True)
    _files: Any = traitlets.List(help="Code and style sheet, with their versions.").tag(sync=True)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.on_msg(self._send_code)
        _hear_in_subshells(self.comm)

    @traitlets.default("_esm")
    def _built_esm(self) -> str:
        return built("loader.js")

    @traitlets.default("_files")
    def _built_files(self) -> list[str]:
        return [versioned(f"{self._name}.js"), versioned("board.css")]

    def _send_code(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Give the code, all of it, to a page whose server has none, or has another build."""
        if isinstance(content, dict) and content.get("type") == "code":
            code = [built(name).encode() for name in (f"{self._name}.whole.js", "board.css")]
            self.tell({"type": "code"}, code)

    @classmethod
    def _check_words(cls, given: Iterable[str], own: Iterable[str]) -> None:
        """Refuse keywords that are neither ours, nor traits that every widget has."""
        traits = (name for name in cls.class_traits() if not name.startswith("_"))
        check_words(cls.__name__, given, {*own, *traits} - {"comm", "keys", "log"})

    def tell(self, content: dict[str, Any], buffers: list[Any] | None = None) -> None:
        """Send a message to every view; none goes out once the widget is closed."""
        if self.comm is not None:
            self.send(content, buffers)
