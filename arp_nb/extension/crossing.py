"""What may cross from a browser to the manager and back: headers, path and query. Pure.

Going in, headers pass by a list of those that mean something to the manager, so cookies,
``Authorization``, ``X-Forwarded-*`` and whatever names a person end here without having to
be thought of one by one. Coming out, everything passes but what belongs to one connection,
or to the Jupyter server.
"""

from __future__ import annotations

from collections.abc import Iterator  # noqa: TC003 - no cost, and read by people
from urllib.parse import unquote

from tornado.httputil import HTTPHeaders

from arp_nb.errors import InvalidValue, NotFound

#: the parts of the manager's own face that are offered here
OPEN_PREFIXES = ("/arp/api/", "/arp/batch_manager/", "/arp/ws-kerb/")

_INWARD = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Content-Encoding",
    "Content-Type",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Unmodified-Since",
    "Range",
    "User-Agent",
)
_ONE_CONNECTION_ONLY = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
#: what the Jupyter server says about itself, and never the manager for it
_JUPYTERS_OWN = frozenset({"content-security-policy", "date", "server", "set-cookie"})
#: credentials of the Jupyter server that may stand in an address
_SECRET_ARGUMENTS = frozenset({"token", "_xsrf"})


def inward(headers: HTTPHeaders) -> HTTPHeaders:
    """Pick the headers of a browser's request that the manager is given."""
    passed = HTTPHeaders({"Host": "arp"})
    for name in _INWARD:
        for value in headers.get_list(name):
            passed.add(name, value)
    return passed


def outward(headers: HTTPHeaders) -> Iterator[tuple[str, str]]:
    """Pick the headers of the manager's answer that the browser is given."""
    named = {one.strip().lower() for one in headers.get("Connection", "").split(",")}
    held_back = _ONE_CONNECTION_ONLY | _JUPYTERS_OWN | named
    for name, value in headers.get_all():
        if name.lower() not in held_back:
            yield name, value


def target(path: str, query: str) -> str:
    """Make the request target for the manager from a path (without base) and a query.

    Both stay as they were sent, percent-encoding included; only Jupyter's own credentials
    are taken out of the query.

    Raises
    ------
    NotFound
        The path is not below one of `OPEN_PREFIXES`.
    InvalidValue
        It holds ``.`` or ``..`` as a step, plain or encoded.
    """
    steps = unquote(path).replace("\\", "/").split("/")
    if "." in steps or ".." in steps:
        raise InvalidValue("An address here may not hold the steps '.' or '..'.")
    if not path.startswith(OPEN_PREFIXES):
        raise NotFound(
            f"There is nothing at {path}. The control page is at /arp/page, and the API is "
            "described at /arp/api/openapi.json."
        )
    kept = "&".join(one for one in query.split("&") if not _is_secret(one))
    return f"{path}?{kept}" if kept else path


def _is_secret(argument: str) -> bool:
    name = unquote(argument.partition("=")[0])
    return name in _SECRET_ARGUMENTS
