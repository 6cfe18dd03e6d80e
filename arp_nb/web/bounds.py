"""Request bodies are bounded while they are read, whatever length they announce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: 10,000 job ids, or a long list of runs, are far below
MAX_BODY_BYTES = 2_000_000


class BoundedBodies:
    """Answers 413 in place of an app that would read too long a body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is received; beyond the bound the app sees no more of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size_bytes = 0

        async def counted() -> Message:
            nonlocal size_bytes
            message = await receive()
            size_bytes += len(message.get("body", b""))
            if size_bytes > MAX_BODY_BYTES:
                # FastAPI lets only this class through from the reading of a body
                raise HTTPException(413, f"A request may have {MAX_BODY_BYTES:,} bytes.")
            return message

        await self._app(scope, counted, send)
