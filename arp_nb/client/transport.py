"""Requests to one batch manager: over its Unix socket, or through a Jupyter server.

Every error of the manager is raised here again as the class it had there. A request that
may be repeated without harm is repeated while the manager restarts; any other is repeated
only if it was surely never sent.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
import urllib3
import websocket
from requests.auth import AuthBase

from arp_nb import discovery, errors
from arp_nb.client.pasted import server_path
from arp_nb.client.unix_http import UnixAdapter, connect
from arp_nb.settings import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

#: how long a request is repeated while the manager is away
RETRY_S = 20.0
CONNECT_S = 5.0
_KIND = {"Content-Type": "application/json"}
ANSWER_S = 120.0

#: the host is a placeholder: behind it is the Unix socket
_LOCAL = "http://manager"
_BY_STATUS = {
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    422: errors.InvalidValue,
    429: errors.TooManyRequests,
}


class Transport:
    """A way to one manager.

    Parameters
    ----------
    base
        Address in front of ``/arp/api``, without a slash at the end.
    place
        What to call the other end in messages.
    session
        Carries the token, or the way through the Unix socket.
    dial
        Opens the change feed's socket.
    revive
        Finds the manager again, or starts it; raises `ManagerError` with the reason.
    """

    def __init__(
        self,
        base: str,
        place: str,
        session: requests.Session,
        dial: Callable[[], websocket.WebSocket],
        revive: Callable[[], None],
    ) -> None:
        self.place = place
        self._api = f"{base}/arp/api"
        self._session = session
        self._dial = dial
        self._revive = revive

    def close(self) -> None:
        """Close the connections that are kept open between requests."""
        self._session.close()

    def check_version(self) -> dict[str, Any]:
        """Return the manager's ``status``; refuse a manager of another API version."""
        status: dict[str, Any] = self.call("GET", "/status")
        theirs = status.get("api_version")
        if theirs == API_VERSION:
            return status
        side = (
            "this Python environment: pip install --upgrade arp-nb"
            if isinstance(theirs, int) and theirs > API_VERSION
            else "the manager's side: pip install --upgrade 'arp-nb[server]' there, then"
            " `jupyter arp manager stop`"
        )
        raise errors.VersionSkew(
            f"{self.place} speaks version {theirs} of the API, this client version"
            f" {API_VERSION}. Upgrade {side}."
        )

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Any:
        """Send a request; return the answer's JSON.

        Parameters
        ----------
        repeatable
            Whether sending it twice is the same as once; by default true for all but POST
            and PATCH. True for a POST that carries an idempotency key.

        Raises
        ------
        ArpError
            As the manager raised it; `ManagerError` if it cannot be reached.
        """
        if repeatable is None:
            repeatable = method not in {"POST", "PATCH"}
        data = None if body is None else _json(body)
        deadline = time.monotonic() + RETRY_S
        pause_s = 0.05
        while True:
            try:
                response = self._session.request(
                    method,
                    self._api + path,
                    data=data,
                    params={} if params is None else dict(params),
                    headers={**_KIND, **(headers or {})},
                    timeout=(CONNECT_S, ANSWER_S),
                    allow_redirects=False,
                )
            except requests.ReadTimeout as error:
                raise errors.ManagerError(
                    f"{self.place} did not answer within {ANSWER_S:.0f} s."
                ) from error
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
                self._check_may_repeat(error, repeatable=repeatable, deadline=deadline)
            else:
                return _read(response, self.place)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 1.0)
            self._revive()

    def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Pass a request on as it is; return the answer's status and body, whatever they are.

        Parameters
        ----------
        method
            As ``GET``.
        path
            Below ``/arp/api``, with its query; a step ``..`` is refused.
        body
            JSON text.
        headers
            As ``If-Match``.

        Raises
        ------
        InvalidValue
            The path leads elsewhere.
        ManagerError
            Nobody answered. It is sent again only if it surely never arrived, and once.
        """
        _check_path(path)
        sent = {**_KIND, **(headers or {})}
        for last in (False, True):
            try:
                response = self._session.request(
                    method,
                    self._api + path,
                    data=body,
                    headers=sent,
                    timeout=(CONNECT_S, ANSWER_S),
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                if last or not _never_sent(error):
                    raise errors.ManagerError(f"{self.place} cannot be reached.") from error
                self._revive()
            else:
                break
        if response.is_redirect:
            raise _not_ours(response, self.place)
        return response.status_code, response.content

    def _check_may_repeat(
        self, error: requests.RequestException, *, repeatable: bool, deadline: float
    ) -> None:
        if time.monotonic() > deadline:
            raise errors.ManagerError(
                f"{self.place} cannot be reached. `jupyter arp doctor` says why."
            ) from error
        if not repeatable and not _never_sent(error):
            raise errors.ManagerError(
                f"{self.place} went away during the request; it may have been carried out."
                " Look before you send it again."
            ) from error

    def open_feed(self) -> websocket.WebSocket:
        """Open the socket of the change feed. `OSError` or `WebSocketException` if it fails."""
        return self._dial()


def _check_path(path: str) -> None:
    # the query is split off first: an encoded question mark does not begin one
    steps = unquote(path.partition("?")[0]).replace("\\", "/").split("/")
    if not path.startswith("/") or ".." in steps:
        raise errors.InvalidValue(f"{path!r} is no path of the API.")


def over_socket(store: Path | None = None) -> Transport:
    """Find or start this user's manager, and speak to it over its Unix socket.

    Raises
    ------
    ManagerError, StoreError
        It cannot be started, and why.
    """
    path = str(discovery.find_or_start(store).socket)
    session = requests.Session()
    session.trust_env = False  # neither proxies nor .netrc belong between us and a local socket
    session.mount(_LOCAL, UnixAdapter(path))

    def dial() -> websocket.WebSocket:
        connected = connect(path, CONNECT_S)
        try:
            return websocket.create_connection(
                "ws://manager/arp/api/changes", socket=connected, timeout=CONNECT_S
            )
        except BaseException:
            connected.close()
            raise

    def revive() -> None:
        discovery.find_or_start(store)

    return Transport(_LOCAL, "The batch manager", session, dial, revive)


def over_url(url: str, token: str | None = None) -> Transport:
    """Speak to the manager behind a Jupyter server.

    Parameters
    ----------
    url
        Its address, as the browser shows it; a token in it is used.
    token
        The Jupyter server's token.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise errors.InvalidValue(
            f"{url!r} is not the address of a Jupyter server, such as http://localhost:8888."
        )
    token = token or next(iter(parse_qs(parts.query).get("token", [])), None)
    base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{server_path(parts.path)}"
    session = requests.Session()
    session.auth = _Token(token)
    header = [f"Authorization: token {token}"] if token else []

    def dial() -> websocket.WebSocket:
        address = f"ws{base.removeprefix('http')}/arp/api/changes"
        return websocket.create_connection(address, timeout=CONNECT_S, header=header)

    return Transport(base, f"The Jupyter server at {base}", session, dial, lambda: None)


class _Token(AuthBase):
    """Jupyter's token header; given as `auth` so that a ~/.netrc cannot replace it."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"token {self._token}"
        return request


def _json(body: Any) -> bytes:
    """Write JSON; numbers of numpy and pandas, arrays and times become what they look like."""
    try:
        return json.dumps(body, default=_plain, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise errors.InvalidValue(f"This cannot be sent as JSON: {error}.") from error


def _plain(value: Any) -> Any:
    for convert in ("tolist", "isoformat", "__fspath__"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    raise TypeError(f"{value!r} is a {type(value).__name__}")


def _never_sent(error: requests.RequestException) -> bool:
    """Whether not one byte of the request can have reached the other side."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _read(response: requests.Response, place: str) -> Any:
    if response.is_redirect or "text/html" in response.headers.get("Content-Type", ""):
        raise _not_ours(response, place)
    if response.status_code == 204 or not response.content:
        answer: Any = {}
    else:
        try:
            answer = response.json()
        except ValueError as error:
            raise errors.ManagerError(
                f"{place} answered {response.status_code} with something that is not JSON."
            ) from error
    if response.ok:
        return answer
    if not isinstance(answer, dict):
        answer = {}
    kind = errors.BY_NAME.get(str(answer.get("error")))
    if kind is errors.Unauthenticated and not response.url.startswith(_LOCAL):
        raise _not_ours(response, place)  # the extension speaks to people with a browser
    if kind is None:  # Jupyter's own refusal, in front of the manager
        if response.status_code in {401, 403}:
            raise _not_ours(response, place)
        kind = _BY_STATUS.get(response.status_code, errors.ManagerError)
    text = str(answer.get("message") or f"{place} answered {response.status_code}.")
    if kind is errors.EditConflict:
        raise errors.EditConflict(text, theirs=answer.get("theirs"))
    raise kind(text)


def _not_ours(response: requests.Response, place: str) -> errors.ArpError:
    if response.status_code == 404:
        return errors.ManagerError(
            f"{place} does not know /arp: arp-nb is not enabled there."
            " `jupyter server extension list` shows it."
        )
    if response.status_code >= 500:
        return errors.ManagerError(f"{place} answered {response.status_code}.")
    return errors.Unauthenticated(
        f"{place} did not accept the token. `jupyter server list` shows the right one;"
        " give it as token=…"
    )
