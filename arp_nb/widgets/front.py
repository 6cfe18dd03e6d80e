"""What all widgets here share: the built page code, and refusal of unknown words."""

from __future__ import annotations

import difflib
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


class Front(anywidget.AnyWidget):
    """A widget whose page code is one of the built files."""

    #: of its JavaScript, without ``.js``
    _module = ""

    _esm = traitlets.Unicode(help="JavaScript of the widget.").tag(sync=True)
    _css = traitlets.Unicode(help="Its style sheet.").tag(sync=True)

    @traitlets.default("_esm")
    def _built_esm(self) -> str:
        return built(f"{self._module}.js")

    @traitlets.default("_css")
    def _built_css(self) -> str:
        return built("board.css")

    @classmethod
    def _check_words(cls, given: Iterable[str], own: Iterable[str]) -> None:
        """Refuse keywords that are neither ours, nor traits that every widget has."""
        traits = (name for name in cls.class_traits() if not name.startswith("_"))
        check_words(cls.__name__, given, {*own, *traits} - {"comm", "keys", "log"})

    def tell(self, content: dict[str, Any], buffers: list[Any] | None = None) -> None:
        """Send a message to every view; none goes out once the widget is closed."""
        if self.comm is not None:
            self.send(content, buffers)
