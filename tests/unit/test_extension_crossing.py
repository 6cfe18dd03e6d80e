"""What may cross from a browser to the manager and back."""

from __future__ import annotations

import contextlib
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.httputil import HTTPHeaders

from arp_nb.errors import InvalidValue, NotFound
from arp_nb.extension import crossing


@pytest.mark.parametrize(
    "name",
    [
        "Cookie",
        "Authorization",
        "Proxy-Authorization",
        "X-XSRFToken",
        "X-Forwarded-For",
        "X-Forwarded-User",
        "Forwarded",
        "Remote-User",
        "X-Remote-User",
        "X-Real-IP",
        "X-Arp-User",
        "Origin",
        "Referer",
        "Host",
        "Connection",
        "Upgrade",
        "Transfer-Encoding",
        "Content-Length",
        "Expect",
    ],
)
def test_header_that_says_who_or_how_does_not_go_in(name: str) -> None:
    passed = crossing.inward(HTTPHeaders({name: "told by the browser"}))
    assert "told by the browser" not in dict(passed.get_all()).values()


def test_header_that_means_something_to_the_manager_goes_in() -> None:
    passed = crossing.inward(HTTPHeaders({"if-match": '"3"', "content-type": "application/json"}))
    assert passed["If-Match"] == '"3"'
    assert passed["Content-Type"] == "application/json"


def test_header_named_by_the_connection_stays_with_it() -> None:
    headers = HTTPHeaders({"Connection": "close, X-Hop", "X-Hop": "1", "ETag": '"3"'})
    assert list(crossing.outward(headers)) == [("Etag", '"3"')]


@pytest.mark.parametrize("path", ["/arp/api/x", "/arp/batch_manager/ws/x", "/arp/ws-kerb/x"])
def test_open_address_passes(path: str) -> None:
    assert crossing.target(path, "") == path


@pytest.mark.parametrize(
    "path", ["/arp", "/arp/", "/arp/api", "/arpx/api/", "/api/x", "//arp/api/x", "/arp//api/x"]
)
def test_other_address_is_not_there(path: str) -> None:
    with pytest.raises(NotFound):
        crossing.target(path, "")


@pytest.mark.parametrize(
    ("query", "passed"),
    [
        ("token=secret", ""),
        ("a=1&token=secret&b=2", "?a=1&b=2"),
        ("%74oken=secret&a=%2B+%20", "?a=%2B+%20"),
        ("_xsrf=secret", ""),
        ("mytoken=1&token2=2&tokens", "?mytoken=1&token2=2&tokens"),
    ],
)
def test_credentials_are_taken_out_of_a_query_and_the_rest_stays(query: str, passed: str) -> None:
    assert crossing.target("/arp/api/x", query) == f"/arp/api/x{passed}"


PIECES = st.sampled_from(
    ["/", ".", "..", "%2e", "%2E", "%2f", "%5c", "\\", "a", "arp", "api", ";"]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_path_steps_up_or_out(rest: str) -> None:
    path = f"/arp/api/{rest}"
    try:
        target = crossing.target(path, "")
    except InvalidValue:
        return
    assert target == path
    assert ".." not in unquote(target).replace("\\", "/").split("/")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_passed_on_or_refused(path: str, query: str) -> None:
    with contextlib.suppress(InvalidValue, NotFound):
        assert crossing.target(path, query).startswith(crossing.OPEN_PREFIXES)
