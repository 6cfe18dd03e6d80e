"""A facility, a browser, and pages that must be clean: no foreign request, no console error."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.chromium import NoChromium, open_browser
from tests.e2e.facility import Facility
from tests.e2e.watched_page import Pages
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from arp_nb.client.board import Board

SHOTS = Path(__file__).parents[2] / "build" / "shots"

# a page, the server and the manager share a machine that may be busy
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with open_browser() as browser:
            yield browser
    except NoChromium as error:
        missing(str(error))


@pytest.fixture(scope="module")
def facility() -> Iterator[Facility]:
    """One manager and one Jupyter server for the tests of a file."""
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        facility = Facility(folder)
        for name, value in facility.variables.items():
            patch.setenv(name, value)
        facility.start()
        yield facility
        facility.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def board(facility: Facility) -> Iterator[Board]:
    """Connect from Python too, to an experiment with ten runs."""
    with facility.board() as board:
        for number in range(1, 11):
            board.runs.start(number)
            board.runs.end(number)
        yield board


@pytest.fixture(autouse=True)
def own_home(facility: Facility, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In place of the home of every other test: the facility's, which its processes share."""
    for name, value in facility.variables.items():
        monkeypatch.setenv(name, value)
    return facility.folder


@pytest.fixture
def pages(browser: Browser, facility: Facility, request: pytest.FixtureRequest) -> Iterator[Pages]:
    """Open pages; at the end none may have asked another host, or complained."""
    pages = Pages(browser, facility.url, SHOTS, request.node.name)
    yield pages
    failed = getattr(request.node, "failed_in_call", False)
    pages.close(keep_picture=failed)
    assert not pages.foreign, f"requests to other hosts: {pages.foreign}"
    assert not pages.complaints, f"in the browser's console: {pages.complaints}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember that a test failed, so that its pages are kept as pictures."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call" and report.failed:
        item.failed_in_call = True  # type: ignore[attr-defined]
