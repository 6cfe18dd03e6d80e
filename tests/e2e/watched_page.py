"""Pages of a real browser whose every request and complaint is noted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
Theme = Literal["light", "dark"]


class Pages:
    """Browser contexts of one test, watched together."""

    def __init__(self, browser: Browser, url: str, shots: Path, name: str) -> None:
        self._browser = browser
        self._host = urlsplit(url).netloc
        self._shots = shots
        self._name = name
        self._contexts: list[BrowserContext] = []
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        #: texts of complaints that this test brings about itself
        self.expected: list[str] = []

    def open(
        self,
        address: str,
        *,
        theme: Theme = "light",
        width: int = 1440,
        height: int = 900,
        wait: Literal["commit", "load"] = "load",
    ) -> Page:
        """Open an address in a context of its own: cookies and storage are not shared."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", self._note_request)
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self._complain(f"uncaught: {error}"))
        page.goto(address, wait_until=wait)
        return page

    def shoot(self, page: Page, name: str) -> Path:
        """Keep a picture of a page."""
        self._shots.mkdir(parents=True, exist_ok=True)
        path = self._shots / f"{name}.png"
        page.screenshot(path=str(path))
        return path

    def close(self, *, keep_picture: bool) -> None:
        """Close everything; keep pictures of what a failed test saw."""
        for number, context in enumerate(self._contexts):
            if keep_picture:
                for page in context.pages:
                    self.shoot(page, f"failed-{self._name}-{number}")
            context.close()

    def _note_request(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme not in {"data", "blob", "about"} and where.netloc != self._host:
            self.foreign.append(request.url)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complain(f"{message.text} ({message.location.get('url', '')})")

    def _complain(self, text: str) -> None:
        if not any(one in text for one in self.expected):
            self.complaints.append(text)


def serious_findings(page: Page, within: str) -> list[str]:
    """Return what axe-core calls serious or critical below an element, one line each."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """async (within) => {
          const {violations} = await axe.run(within, {resultTypes: ["violations"]});
          return violations.map(({id, impact, help, nodes}) =>
            ({id, impact, help, where: nodes.map(({target}) => target.join(" "))}));
        }""",
        within,
    )
    return [
        f"{one['impact']}: {one['id']}: {one['help']}: {one['where'][:5]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
