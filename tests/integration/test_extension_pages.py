"""The front end's files and the stand-alone page, from a real Jupyter server."""

from __future__ import annotations

import re

import pytest
import requests

from arp_nb.extension import assets
from arp_nb.widgets import front
from tests.integration.jupyters import Jupyter
from tests.missing import missing

FILES = {"page.js": "text/javascript", "board.js": "text/javascript", "board.css": "text/css"}


@pytest.fixture(autouse=True)
def _built() -> None:
    if not (assets.FOLDER / "page.js").is_file():
        missing("the front end is not built: make front")


@pytest.mark.parametrize(("name", "kind"), FILES.items())
def test_file_is_sent_as_what_it_is(jupyter: Jupyter, name: str, kind: str) -> None:
    answer = jupyter.ask("GET", f"arp/static/{name}")
    assert answer.content == (assets.FOLDER / name).read_bytes()
    assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    head = jupyter.ask("HEAD", f"arp/static/{name}")
    assert (head.status_code, head.content) == (200, b"")


def test_file_is_packed_only_for_whoever_can_unpack_it(jupyter: Jupyter) -> None:
    packed = jupyter.ask("GET", "arp/static/board.css", headers={"Accept-Encoding": "gzip, br"})
    plain = jupyter.ask("GET", "arp/static/board.css", headers={"Accept-Encoding": "identity"})
    assert packed.content == plain.content
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert packed.headers["Vary"] == "Accept-Encoding"


def test_file_is_not_sent_again_to_a_browser_that_has_it(jupyter: Jupyter) -> None:
    first = jupyter.ask("GET", "arp/static/page.js")
    assert "no-cache" in first.headers["Cache-Control"]
    again = jupyter.ask(
        "GET", "arp/static/page.js", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    other = jupyter.ask("GET", "arp/static/page.js", headers={"If-None-Match": 'W/"other"'})
    assert other.status_code == 200


def test_file_by_its_version_may_be_kept_and_without_one_may_not(jupyter: Jupyter) -> None:
    version = assets.asset("page.js").version
    kept = jupyter.ask("GET", f"arp/static/page.js?v={version}")
    assert "immutable" in kept.headers["Cache-Control"]
    assert "no-cache" in jupyter.ask("GET", "arp/static/page.js").headers["Cache-Control"]


def test_a_part_is_named_by_its_content_and_may_be_kept(jupyter: Jupyter) -> None:
    code = jupyter.ask("GET", "arp/static/page.js").text
    parts = re.findall(r'from"\./([^"]+)"', code)
    assert parts
    for name in parts:
        answer = jupyter.ask("GET", f"arp/static/{name}")
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert "immutable" in answer.headers["Cache-Control"]


def test_a_widget_never_gets_the_code_of_another_build(jupyter: Jupyter) -> None:
    answer = jupyter.ask("GET", "arp/static/board.js?v=of-last-year")
    assert answer.status_code == 404
    assert "another build" in answer.json()["message"]


def test_server_and_widgets_know_a_file_by_the_same_version(jupyter: Jupyter) -> None:
    answer = jupyter.ask("GET", f"arp/static/{front.versioned('board.js')}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "name", ["nothing.js", "chunk-ABCD2345.js", "page.map", "x/page.js", "..%2f..%2frows.py"]
)
def test_nothing_else_is_sent(jupyter: Jupyter, name: str) -> None:
    answer = jupyter.ask("GET", f"arp/static/{name}")
    assert answer.status_code in {404, 422}
    assert set(answer.json()) == {"error", "message"}


def test_stranger_gets_no_file_and_is_not_sent_to_a_page(jupyter: Jupyter) -> None:
    answer = requests.get(jupyter.url("arp/static/page.js"), allow_redirects=False)
    assert answer.status_code == 401
    assert answer.json()["error"] == "Unauthenticated"


def test_stranger_who_wants_the_page_logs_in_and_comes_back(jupyter: Jupyter) -> None:
    answer = requests.get(jupyter.url("arp/page?experiment=x"), allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/user/me/login?next=")
    assert "experiment%3Dx" in answer.headers["Location"]


def test_page_loads_its_own_files_only_and_they_are_there(jupyter: Jupyter) -> None:
    with jupyter.logged_in() as session:
        page = session.get(jupyter.url("arp/page?experiment=x"))
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert session.cookies["_xsrf"]
        loaded = re.findall(r'(?:src|href)="([^"]*)"', page.text)
        own = [one for one in loaded if not one.startswith("data:")]
        assert [one.partition("?")[0] for one in own] == [
            "/user/me/arp/static/board.css",
            "/user/me/arp/static/page.js",
        ]
        for one in own:
            answer = session.get(f"http://127.0.0.1:{jupyter.port}{one}")
            assert "immutable" in answer.headers["Cache-Control"]


def test_page_may_run_nothing_but_its_own_files(jupyter: Jupyter) -> None:
    page = jupyter.ask("GET", "arp/page?experiment=%3Cscript%3Ealert(1)%3C/script%3E")
    policy = dict(
        one.strip().partition(" ")[::2]
        for one in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "alert" not in page.text
    assert not re.search(r"<script(?![^>]*src=)", page.text)


def test_page_of_a_server_that_refuses_says_why_to_a_person(jupyter: Jupyter) -> None:
    answer = jupyter.ask("POST", "arp/page", data=b"")
    assert answer.status_code == 405
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text == "This address does not take that method."


def test_page_is_found_with_a_slash_at_its_end_and_named_where_there_is_nothing(
    jupyter: Jupyter,
) -> None:
    assert jupyter.ask("GET", "arp/page/").text == jupyter.ask("GET", "arp/page").text
    assert "/arp/page" in jupyter.ask("GET", "arp").json()["message"]
