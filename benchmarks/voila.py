"""How soon the control page shows something in Voila, against an empty notebook there.

Both are opened in turn in a new page each time. The empty notebook is ready once what its only
cell prints is seen; the control page once the first rows of a thousand jobs are.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.store import open_store
from benchmarks import notebooks
from benchmarks.browser import open_browser
from benchmarks.figures import Figure
from benchmarks.servers import TOKEN, jupyter, manager
from benchmarks.stores import filled

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_JOBS = 1000
_PAGE = Path(__file__).resolve().parents[1] / "notebooks" / "control_page.ipynb"
_WORD = "as empty as it can be"


def measure(*, quick: bool) -> list[Figure]:
    """Measure the time to the first rows, against an empty notebook and by itself."""
    with tempfile.TemporaryDirectory(prefix="arp", dir="/tmp") as name:
        folder = Path(name)
        experiment = asyncio.run(_filled(folder / "store"))
        notebooks.write(folder / "empty.ipynb", f"print({_WORD!r})")
        shutil.copyfile(_PAGE, folder / _PAGE.name)
        with manager(folder), jupyter(folder) as port, open_browser() as browser:
            base = f"http://127.0.0.1:{port}/voila/render"
            page = f"{base}/{_PAGE.name}?experiment={experiment}&token={TOKEN}"
            empty = f"{base}/empty.ipynb?token={TOKEN}"
            ours_ms, empty_ms = [], []
            for number in range(-1, 3 if quick else 7):
                took = (_shown_ms(browser, page, "smalldata"), _shown_ms(browser, empty, _WORD))
                if number >= 0:  # before that, all sides warm up
                    ours_ms.append(took[0])
                    empty_ms.append(took[1])
    ours, baseline = statistics.median(ours_ms), statistics.median(empty_ms)
    return [
        Figure(
            what=f"first rows of the control page in Voila, {_JOBS:,} jobs",
            baseline="an empty notebook in Voila",
            ratio=ours / baseline,
            side="<=",
            bar=1,
            detail=f"{ours:,.0f} ms against {baseline:,.0f} ms",
        )
    ]


async def _filled(folder: Path) -> str:
    store = open_store(folder)
    try:
        return (await filled(store, _JOBS)).name
    finally:
        store.close()


def _shown_ms(browser: Browser, address: str, word: str) -> float:
    """Open an address as somebody who was never there; ms until a word is seen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    begun = time.monotonic()
    page.goto(address, wait_until="commit")
    page.get_by_text(word).first.wait_for(timeout=60_000)
    took_ms = 1000 * (time.monotonic() - begun)
    context.close()
    return took_ms
