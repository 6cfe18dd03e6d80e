"""The table in a notebook changes by itself, and not more often than anybody can see."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from arp_nb.client import watch
from arp_nb.client.watch import Watch
from tests.unit.standin_manager import within


class FakeLive:
    """Changes when it is told to."""

    def __init__(self) -> None:
        self.serial = 0
        self.is_closed = False
        self._changed = threading.Condition()

    def change(self) -> None:
        with self._changed:
            self.serial += 1
            self._changed.notify_all()

    def wait_change(self, seen: int, timeout_s: float) -> int:
        with self._changed:
            if self.serial == seen:
                self._changed.wait(timeout_s)
            return self.serial


class FakeDisplay:
    """Keeps what a cell would show."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    HTML = staticmethod(str)

    def display(self, html: str, *, display_id: bool) -> Any:
        assert display_id
        self.shown.append(html)
        return SimpleNamespace(update=self.shown.append)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> FakeDisplay:
    page = FakeDisplay()
    monkeypatch.setattr(watch, "_display", lambda: page)
    return page


def test_change_is_drawn_and_the_cell_does_not_wait(page: FakeDisplay) -> None:
    live, text = FakeLive(), ["one"]
    shown = Watch(live, lambda: text[0])  # type: ignore[arg-type]
    shown.show()
    assert page.shown == ["one"]
    text[0] = "two"
    live.change()
    within(30, lambda: page.shown == ["one", "two"])
    shown.stop()


def test_change_that_shows_nothing_new_is_not_drawn(page: FakeDisplay) -> None:
    live, drawn = FakeLive(), []

    def draw() -> str:
        drawn.append(1)
        return "same"

    shown = Watch(live, draw)  # type: ignore[arg-type]
    shown.show()
    live.change()
    within(30, lambda: len(drawn) >= 3)
    shown.stop()
    assert page.shown == ["same"]


def test_many_changes_are_few_drawings_and_the_last_is_drawn(page: FakeDisplay) -> None:
    live = FakeLive()
    shown = Watch(live, lambda: str(live.serial))  # type: ignore[arg-type]
    shown.show()
    began = time.monotonic()
    for _ in range(2000):
        live.change()
    within(30, lambda: page.shown[-1] == "2000")
    assert len(page.shown) <= 3 + (time.monotonic() - began) / watch.REDRAW_S
    shown.stop()


def test_stopped_table_stays_as_it_is(page: FakeDisplay) -> None:
    live = FakeLive()
    shown = Watch(live, lambda: str(live.serial))  # type: ignore[arg-type]
    shown.show()
    shown.stop()
    live.change()
    assert page.shown == ["0"]
    assert not [one for one in threading.enumerate() if one.name == "arp watch"]


def test_table_stops_by_itself_after_some_seconds_or_with_its_board(page: FakeDisplay) -> None:
    live = FakeLive()
    for_a_moment = Watch(live, lambda: "")  # type: ignore[arg-type]
    for_a_moment.show(seconds=0.01)
    with_its_board = Watch(live, lambda: "")  # type: ignore[arg-type]
    with_its_board.show()
    live.is_closed = True
    live.change()
    within(30, lambda: not [one for one in threading.enumerate() if one.name == "arp watch"])


def test_cell_that_runs_again_stops_what_it_showed_before(
    page: FakeDisplay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def show_in(cell: str, execution: str) -> Watch:
        monkeypatch.setattr(watch, "_cell", lambda: (cell, execution))
        shown = Watch(FakeLive(), lambda: "")  # type: ignore[arg-type]
        shown.show()
        return shown

    before = [show_in("a", "1"), show_in("a", "1")]
    beside = show_in("b", "2")
    assert all(one.is_running for one in before)
    again = show_in("a", "3")
    assert not any(one.is_running for one in before)
    assert beside.is_running
    assert again.is_running
    beside.stop()
    again.stop()
