"""Pages must load nothing from elsewhere: they are read on machines without the internet."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: what a browser fetches by itself; an address that a reader may click is none of these
_FETCHED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src",
    "audio": "src", "embed": "src", "object": "data", "link": "href",
}  # fmt: skip


class _Fetches(HTMLParser):
    """Collects what a page fetches from another host."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        address = dict(attrs).get(_FETCHED.get(tag, ""), "") or ""
        if address.startswith(("http:", "https:", "//")):
            self.found.append(f"<{tag}> {address}")


def check(app: Sphinx, exception: Exception | None) -> None:
    """Refuse a build whose pages or style sheets fetch something from another host."""
    if exception is not None or app.builder.format != "html":
        return
    found: list[str] = []
    for page in Path(app.outdir).rglob("*.html"):
        fetches = _Fetches()
        fetches.feed(page.read_text("utf-8"))
        found.extend(f"{page.name}: {one}" for one in fetches.found)
    for sheet in Path(app.outdir).rglob("*.css"):
        text = sheet.read_text("utf-8")
        if "@import" in text or "url(http" in text or "url(//" in text:
            found.append(f"{sheet.name}: a font or a sheet")
    if found:
        raise ExtensionError("Pages fetch from other hosts:\n" + "\n".join(found))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("build-finished", check)
    return {"parallel_read_safe": True}
