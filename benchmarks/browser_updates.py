"""From a job's post to the changed cell: the real update address, manager, server and browser.

A thousand jobs run and report all the while; the control page shows them. One of those in view
posts a text that it never posted before, and the page notes when it has drawn it.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import statistics
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.daemon import record
from arp_nb.manager.capabilities import Capabilities
from arp_nb.model import JobState
from arp_nb.settings import Settings
from arp_nb.store import open_store
from benchmarks.browser import open_browser
from benchmarks.figures import Figure, quantile
from benchmarks.servers import TOKEN, jupyter, manager
from benchmarks.stores import filled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

_JOBS = 1000
_RATE_HZ = 100  # each job reports every ten seconds
_BAR_MS = 100
_PAUSE_S = 0.15
#: notes when a text stands in the table: ms since 1970, at the end of the frame that draws it
_WATCH = """(mark) => {
  window.drawn = new Promise((resolve) => {
    const table = document.querySelector(".grid-canvas");
    const watcher = new MutationObserver(() => {
      if (!table.textContent.includes(mark)) return;
      watcher.disconnect();
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.timeOrigin + performance.now());
      requestAnimationFrame(() => port2.postMessage(null));
    });
    watcher.observe(table, { subtree: true, childList: true, characterData: true });
  });
}"""


class _Poster:
    """Posts to the update addresses of all jobs, over one kept connection."""

    def __init__(self, port: int, paths: list[str]) -> None:
        self._paths = paths
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def post(self, job: int, counters: dict[str, object]) -> None:
        """Post the counters of the job of that number, from 0."""
        body = json.dumps({"counters": counters})
        self._connection.request("POST", self._paths[job], body)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"A post was answered with {answer.status}.")


def measure(*, quick: bool) -> list[Figure]:
    """Measure how long posts take to the screen; the middle and the slow ones."""
    with tempfile.TemporaryDirectory(prefix="arp", dir="/tmp") as name:
        folder = Path(name)
        experiment, paths = asyncio.run(_filled(folder / "store"))
        with manager(folder), jupyter(folder) as port, open_browser() as browser:
            running = record.read(folder / "store")
            assert running is not None
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"http://127.0.0.1:{port}/arp/page?experiment={experiment}&token={TOKEN}")
            page.get_by_text("Events").first.wait_for()
            with _all_report(running.update_port, paths):
                poster = _Poster(running.update_port, paths)
                times_ms = [_seen_ms(page, poster, one) for one in range(15 if quick else 60)]
    median_ms = statistics.median(times_ms)
    return [
        Figure(
            what=f"post to changed cell in the browser, {_JOBS:,} jobs running: median",
            baseline=f"{_BAR_MS} ms",
            ratio=median_ms / _BAR_MS,
            side="<=",
            bar=1,
            detail=f"{median_ms:.0f} ms, 90th percentile {quantile(times_ms, 0.9):.0f} ms",
            for_people=True,
        )
    ]


async def _filled(folder: Path) -> tuple[str, list[str]]:
    """Make a store of running jobs; the experiment's name, and each job's update path."""
    store = open_store(folder)
    try:
        experiment = await filled(store, _JOBS, state=JobState.RUNNING)
        token = Capabilities(store.epoch, store.key, Settings().capability_days).token
        paths = [f"/ws/logbook/client_status/{token(job)}" for job in range(1, _JOBS + 1)]
    finally:
        store.close()
    return experiment.name, paths


@contextmanager
def _all_report(port: int, paths: list[str]) -> Iterator[None]:
    """Let all jobs report in turn, meanwhile."""
    enough = threading.Event()

    def post() -> None:
        poster = _Poster(port, paths)
        begun, number = time.monotonic(), 0
        while not enough.wait(max(0.0, begun + number / _RATE_HZ - time.monotonic())):
            poster.post(number % len(paths), {"Events": number})
            number += 1

    thread = threading.Thread(target=post, name="all jobs report")
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def _seen_ms(page: Page, poster: _Poster, number: int) -> float:
    """Post from the newest run's job, which stands first; ms until its cell shows that."""
    mark = f"Q{number}Z"
    page.evaluate(_WATCH, mark)
    time.sleep(_PAUSE_S)  # at another moment of the page's 30 steps a second each time
    posted_s = time.time()
    poster.post(_JOBS - 1, {"Events": number, "Probe": mark})
    drawn_ms: float = page.evaluate("window.drawn")
    return drawn_ms - posted_s * 1000
