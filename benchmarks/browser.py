"""A real Chromium for the benchmarks of what people see."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.figures import Missing
from tests import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a browser; `Missing` if there is none."""
    try:
        with chromium.open_browser() as browser:
            yield browser
    except chromium.NoChromium as error:
        raise Missing(str(error)) from None
