"""How long nobody has looked: requests and open sockets, counted around an app."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Activity:
    """An app around another one, that knows when somebody last wanted something."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = 0
        self._last = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request while it lasts; a socket lasts as long as its reader looks."""
        self._open += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open -= 1
            self._last = time.monotonic()

    def quiet_s(self) -> float:
        """Return for how long there has been no request and no socket."""
        return 0.0 if self._open else time.monotonic() - self._last
