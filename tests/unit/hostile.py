"""Text that wants to be more than text, and a check that it is not."""

from __future__ import annotations

import re
from html.parser import HTMLParser

EVIL = "<img src=x onerror=alert(1)>\"'&\u202e\u2066\x1b[2J\x07\u200b"
OURS = {"table", "thead", "tbody", "tr", "th", "td", "b", "a", "p", "i", "pre", "code", "h4"} | {
    "progress", "details", "summary",
}  # fmt: skip


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs


def check(text: str) -> None:
    """Only our tags, no handler, no script address, no hidden character."""
    found = _Tags(text)
    assert found.tags <= OURS
    for name, value in found.attributes:
        assert not name.startswith("on")
        if name == "href":
            assert re.match("https?://", value or "")
    assert not re.search("[\x00-\x08\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
