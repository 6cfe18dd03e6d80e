"""Errors as answers: one place, for HTTP and for the handshake of a socket."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocket

from arp_nb.errors import ArpError, EditConflict, InvalidValue
from arp_nb.web.answers import Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import HTTPConnection

_log = logging.getLogger(__name__)
_NAMES = {404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge"}
_TEXTS = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}


def handle_failures(app: FastAPI) -> None:
    """Let an app answer each error with its status and a text for people."""
    handlers: dict[type[Exception], Any] = {
        ArpError: _on_arp_error,
        RequestValidationError: _on_validation,
        HTTPException: _on_http,
        Exception: _on_bug,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _on_arp_error(connection: HTTPConnection, error: Exception) -> Json | None:
    assert isinstance(error, ArpError)
    if error.status >= 500:
        _log.warning("%s: %s", type(error).__name__, error)
    more = {}
    if isinstance(error, EditConflict) and error.theirs is not None:
        more = {"theirs": error.theirs}
    return await _answer(connection, error.status, type(error).__name__, str(error), **more)


async def _on_validation(connection: HTTPConnection, error: Exception) -> Json | None:
    assert isinstance(error, RequestValidationError)
    text = " ".join(_words(one) for one in error.errors())
    return await _answer(connection, InvalidValue.status, InvalidValue.__name__, text)


async def _on_http(connection: HTTPConnection, error: Exception) -> Json | None:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # what FastAPI says of a body that it could not even parse
        text = "The body cannot be read: JSON in UTF-8 is expected, not too deeply nested."
        return await _answer(connection, InvalidValue.status, InvalidValue.__name__, text)
    name = _NAMES.get(error.status_code, "ArpError")
    text = _TEXTS.get(error.status_code) or str(error.detail)
    return await _answer(connection, error.status_code, name, text)


async def _on_bug(connection: HTTPConnection, error: Exception) -> Json | None:
    # the server logs the traceback; what is not ours to tell stays there
    text = f"The batch manager failed ({type(error).__name__}); its log says more."
    return await _answer(connection, 500, "ArpError", text)


async def _answer(
    connection: HTTPConnection, status: int, name: str, message: str, **more: Any
) -> Json | None:
    answer = Json({"error": name, "message": message, **more}, status)
    if isinstance(connection, WebSocket):
        await connection.send_denial_response(answer)
        return None
    return answer


def _words(error: Mapping[str, Any]) -> str:
    """Say in a sentence what one validation error means."""
    kind = error["type"]
    place = [str(part) for part in error["loc"] if part not in {"body", "query", "path"}]
    name = ".".join(place)
    if kind == "json_invalid":
        reason = error.get("ctx", {}).get("error", "")
        return f"The body is not JSON: {reason} (character {name})."
    if kind == "missing":
        return f"{name!r} is missing." if name else "A JSON object is expected as body."
    if kind == "refused":
        return str(error["msg"])
    if not name and isinstance(error.get("input"), bytes | str):
        return "A JSON object is expected as body, with Content-Type: application/json."
    if not name and kind in {"model_attributes_type", "dict_type", "model_type"}:
        return "A JSON object is expected as body."
    message = str(error["msg"])
    return f"{name}: {message}." if name else f"{message}."
