"""One JupyterLab page with a notebook of one cell, in which every grid is shown in turn."""

from __future__ import annotations

import itertools
import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import notebooks
from benchmarks.browser import open_browser
from benchmarks.grid.kinds import FRAME
from benchmarks.servers import TOKEN, jupyter, manager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from benchmarks.grid.kinds import Kind

_INSTRUMENTS = Path(__file__).with_name("instruments.js")
_WAIT_S = 120
_marks = itertools.count()


@dataclass(frozen=True, slots=True)
class Change:
    """How long a change took to the screen."""

    #: ms from the kernel's call
    from_call_ms: float
    #: ms from the arrival of the message in the page; only of ours
    from_message_ms: float | None
    #: pictures from the arrival to the one that shows it, that one included; only of ours
    frames: int | None


class Laboratory:
    """What can be done with the page. The kernel's ``df`` is what the cell shows."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._context = browser.new_context(viewport={"width": 1440, "height": 900})
        self._address = address
        self._page = self._open()

    def fresh(self) -> None:
        """Open the notebook in a new page, which has no code of any grid; the kernel stays."""
        self._page.close()
        self._page = self._open()

    def _open(self) -> Page:
        page = self._context.new_page()
        page.set_default_timeout(_WAIT_S * 1000)
        page.add_init_script(path=_INSTRUMENTS)
        page.goto(self._address)
        page.wait_for_function("bench.ready()")
        return page

    def run(self, code: str) -> None:
        """Run code in the kernel, beside the notebook's cell."""
        self._page.evaluate("(code) => bench.run(code)", code)

    def rows(self, rows: int) -> None:
        """Give ``df`` so many rows."""
        self.run(f"df = frame({rows})")

    def show(self, kind: Kind, *, live: bool = False, limit_s: float = 60) -> float | None:
        """Show ``df``; ms from running the cell to its first rows, None beyond the limit."""
        code = kind.live if live else kind.show
        call = "([kind, code, limit]) => bench.show(kind, code, limit)"
        found: float | None = self._page.evaluate(call, [kind.name, code, limit_s * 1000])
        return found

    def clear(self) -> None:
        """Take away what is shown, in the page and in the kernel."""
        self._page.evaluate("bench.clear()")
        self.run("g.close(); del g")

    def change(self, kind: Kind, rows: int, limit_s: float = 30) -> Change | None:
        """Change the status of the first rows; None if that is not seen within the limit."""
        mark = f"Q{next(_marks)}Z"  # short, or a narrow column cuts it off
        word = f"{mark[0]!r} + {mark[1:]!r}"
        code = f"begun = time.time()\n({kind.change})(range({rows}), {word});"
        call = "([kind, code, mark, limit]) => bench.change(kind, code, mark, 'begun', limit)"
        found = self._page.evaluate(call, [kind.name, code, mark, limit_s * 1000])
        return found and Change(found["fromCall"], found["fromMessage"], found["frames"])

    def frames_ms(self, code: str | None, seconds: float) -> list[float]:
        """Return times between frames, while the kernel runs code or for so long."""
        if code is None:
            self._page.evaluate("bench.watch()")
            self._page.wait_for_timeout(seconds * 1000)
        else:
            self._page.evaluate("(code) => { bench.watch(); return bench.run(code); }", code)
        return self._watched()

    def scrolled_ms(self, seconds: float) -> list[float]:
        """Return times between frames while the wheel is turned 60 times a second."""
        self._page.mouse.move(*self._page.evaluate("bench.middle()"))
        self._page.evaluate("bench.watch()")
        begun = time.monotonic()
        for turn in range(round(60 * seconds)):
            self._page.mouse.wheel(0, 400)
            time.sleep(max(0.0, begun + turn / 60 - time.monotonic()))
        return self._watched()

    def wire_bytes(self) -> int:
        """Wait until no message comes; bytes of all that came through the page's sockets."""
        self._page.evaluate("bench.quiet()")
        return int(self._page.evaluate("bench.bytes()"))

    def memory_bytes(self) -> int:
        """Return what the page's scripts hold: objects, and what typed arrays stand on."""
        session = self._context.new_cdp_session(self._page)
        session.send("HeapProfiler.collectGarbage")
        used = session.send("Runtime.getHeapUsage")
        session.detach()
        return int(used["usedSize"] + used["backingStorageSize"])

    def _watched(self) -> list[float]:
        return [float(one) for one in self._page.evaluate("bench.watched()")]


@contextmanager
def laboratory(python: Path, folder: Path, imports: list[str]) -> Iterator[Laboratory]:
    """Open a notebook in JupyterLab, served by the interpreter of `peers`."""
    notebooks.write(folder / "grids.ipynb", "")
    server = jupyter(
        folder,
        python=python,
        module="jupyterlab",
        options=["--LabApp.expose_app_in_browser=True"],
        variables=_variables(folder),
    )
    # the side panel would start a manager, and nobody would stop it
    with manager(folder), server as port, open_browser() as browser:
        address = f"http://127.0.0.1:{port}/lab/tree/grids.ipynb?reset&token={TOKEN}"
        found = Laboratory(browser, address)
        found.run("\n".join([FRAME, *imports]))
        yield found


def _variables(folder: Path) -> dict[str, str]:
    """Return variables with which the peers' server finds what is installed beside us."""
    settings = folder / "lab-settings"
    quiet = settings / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False}), "utf-8"
    )
    ours = Path(sys.prefix)
    return {
        "HOME": str(folder),
        "ARP_STORE": str(folder / "store"),
        "JUPYTER_PATH": str(ours / "share" / "jupyter"),
        "JUPYTER_CONFIG_PATH": str(ours / "etc" / "jupyter"),
        "JUPYTERLAB_DIR": str(ours / "share" / "jupyter" / "lab"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
