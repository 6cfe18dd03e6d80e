"""``/arp/api/changes``: one WebSocket, many subscriptions.

A subscription is a task that takes the next message from the manager's feed only once the
last one has left: while a reader is slow its messages are not made, and when it comes back
it is told the latest rows only.
"""

# ruff: noqa: TC001 - FastAPI reads annotations at run time
from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, WebSocket
from pydantic import Field, ValidationError
from starlette.websockets import WebSocketDisconnect

from arp_nb.errors import ArpError, InvalidValue
from arp_nb.manager import Subscription
from arp_nb.web.bodies import Body
from arp_nb.web.caller import Managed

if TYPE_CHECKING:
    from collections.abc import Collection

router = APIRouter()
_log = logging.getLogger(__name__)
_MAX_SUBSCRIPTIONS = 64


class Subscribe(Body):
    """A subscription: an experiment's name, ``system`` or ``mine``, and what is known."""

    subscribe: str = Field(min_length=1, max_length=64)
    since: int | None = Field(default=None, ge=0, lt=2**63)
    epoch: str | None = None


@router.websocket("/changes")
async def changes(socket: WebSocket, manager: Managed) -> None:
    """Send each change of what is subscribed, until the reader leaves."""
    await socket.accept()
    tasks: dict[str, asyncio.Task[None]] = {}
    sending = asyncio.Lock()
    try:
        while True:
            text = await _next_text(socket)
            try:
                asked = _read(text, tasks)
            except InvalidValue as error:
                await _send(socket, sending, _failure(None, error))
                continue
            await _cancel(tasks.pop(asked.subscribe, None))
            tasks[asked.subscribe] = asyncio.create_task(_feed(socket, sending, manager, asked))
    except WebSocketDisconnect:
        pass
    finally:
        for task in tasks.values():
            await _cancel(task)


async def _feed(
    socket: WebSocket, sending: asyncio.Lock, manager: Managed, asked: Subscribe
) -> None:
    """Send one subscription's messages until it fails or is cancelled."""
    wanted = Subscription(asked.subscribe, asked.since, asked.epoch)
    try:
        async for message in manager.feed.subscribe(wanted):
            await _send(socket, sending, message)
    except ArpError as error:
        await _send(socket, sending, _failure(asked.subscribe, error))
    except WebSocketDisconnect:
        pass
    except Exception as error:  # noqa: BLE001 - top of a task: its reader must hear of it
        _log.exception("The change feed failed")
        bug = ArpError(f"The change feed failed ({type(error).__name__}); subscribe again.")
        with contextlib.suppress(WebSocketDisconnect):
            await _send(socket, sending, _failure(asked.subscribe, bug))


async def _next_text(socket: WebSocket) -> str | bytes:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text: str | bytes = message.get("text") or message.get("bytes") or ""
    return text


def _read(text: str | bytes, held: Collection[str]) -> Subscribe:
    try:
        asked = Subscribe.model_validate(orjson.loads(text))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise InvalidValue(
            'A message here is {"subscribe": "<experiment>" | "system" | "mine", '
            f'"since": revision, "epoch": epoch}}. {_first_reason(error)}'
        ) from error
    if asked.subscribe not in held and len(held) >= _MAX_SUBSCRIPTIONS:
        raise InvalidValue(f"At most {_MAX_SUBSCRIPTIONS} subscriptions at once.")
    return asked


def _first_reason(error: orjson.JSONDecodeError | ValidationError) -> str:
    return str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else str(error)


async def _send(socket: WebSocket, sending: asyncio.Lock, message: Any) -> None:
    # waits while the reader is slow; the lock keeps subscriptions in turn
    async with sending:
        try:
            await socket.send_text(orjson.dumps(message).decode())
        except RuntimeError as error:  # closed meanwhile, by either side
            raise WebSocketDisconnect from error


def _failure(subscription: str | None, error: ArpError) -> dict[str, Any]:
    return {
        "subscription": subscription,
        "error": type(error).__name__,
        "message": str(error),
    }


async def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
