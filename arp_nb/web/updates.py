"""The update listener: the one address that jobs post to, and nothing else.

Plain ASGI with Starlette's request and response, because FastAPI costs four times as much
for each post. The address itself is the credential, so that it is never logged.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from arp_nb.errors import ArpError, NotFound, TooLarge
from arp_nb.reports import MAX_BYTES
from arp_nb.web.answers import Json

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from arp_nb.manager import Manager

_log = logging.getLogger(__name__)
#: a node that hangs in the middle of a post must not hold a connection for ever
_BODY_S = 60.0
_ADDRESS = re.compile(r"/+ws/+logbook/+client_status/+([^/]+)/*")


_TOO_SLOW = {
    "success": False,
    "error": "ArpError",
    "message": f"The post did not arrive whole within {_BODY_S:g} s. Post it again.",
}


def update_app(manager: Manager) -> ASGIApp:
    """Make the app of the update listener."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            answer = await _post(manager, request)
        except ClientDisconnect:
            return
        except TimeoutError:
            answer = Json(_TOO_SLOW, 408, {"Connection": "close"})
        except ArpError as error:
            answer = _failure(error)
        except Exception:  # noqa: BLE001 - top of the app: the job must get an answer
            _log.exception("A post could not be taken")
            answer = Json({"error": "ArpError", "message": "The batch manager failed."}, 500)
        await answer(scope, receive, send)

    return app


async def _post(manager: Manager, request: Request) -> Json:
    address = _ADDRESS.fullmatch(request.scope["path"])
    if address is None or request.method != "POST":
        raise NotFound("Only jobs' updates are taken here.")
    body = await _bounded_body(request)
    await manager.updates.post(address[1], body)
    return Json({"success": True})


async def _bounded_body(request: Request) -> bytes:
    """Read the body, giving up as soon as it is too long; the server drops the rest."""
    announced = request.headers.get("content-length", "")
    body = b""
    if not (announced.isdigit() and int(announced) > MAX_BYTES):
        async with asyncio.timeout(_BODY_S):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BYTES:
                    break
            else:
                return body
    raise TooLarge(
        f"A report may have {MAX_BYTES:,} bytes. Post numbers and short texts, and keep "
        "data in files."
    )


def _failure(error: ArpError) -> Json:
    if error.status >= 500:
        _log.warning("A post was refused. %s: %s", type(error).__name__, error)
    return Json(
        {"success": False, "error": type(error).__name__, "message": str(error)}, error.status
    )
