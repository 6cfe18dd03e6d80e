"""Nothing that a job, a script or a person wrote becomes markup, and nothing hides."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb import reports
from arp_nb.client import markup
from arp_nb.client.dry_run import DryRun
from arp_nb.client.edits import Edit, Saved
from arp_nb.client.job import one_job
from arp_nb.client.log import Log
from arp_nb.client.outcomes import Outcomes
from arp_nb.client.tables import Snapshot
from arp_nb.model import JobState
from tests.unit.hostile import EVIL, check
from tests.unit.standin_manager import job_row

#: read by the tests of the front end, too
CASES = Path(__file__).parents[2] / "labextension/src/model/__tests__/plain.json"


def now(*, stale: bool = False) -> Snapshot:
    return Snapshot(
        jobs={}, definitions={}, runs={}, health=None, epoch="e", revision=1,
        as_of=datetime.now(UTC), stale=stale, why=EVIL if stale else "",
    )  # fmt: skip


def evil_row() -> dict[str, object]:
    counters = {EVIL: {"value": EVIL, "color": EVIL, "unit": EVIL, "max": 3, "url": EVIL}}
    return job_row(
        1, hash=EVIL, state=JobState.RUNNING, native_state=EVIL, reason=EVIL, notes=(EVIL,),
        native_id=EVIL, report={"counters": counters},
    )  # fmt: skip


def test_job_shows_hostile_text_as_text() -> None:
    for text in (markup.jobs([evil_row()], now()), one_job(evil_row(), now(stale=True))):
        check(text)
        assert "&lt;img" in text
        assert "\\u202e" in text


def test_log_outcome_dry_run_and_edits_show_hostile_text_as_text() -> None:
    run = {"run": 1, "argv": [EVIL, EVIL], "environment": {EVIL: EVIL}}
    edit = Edit(name=EVIL, id=1, values={"parameters": EVIL}, old={}, problem=EVIL)
    shown = (
        Log(EVIL),
        Log("", missing=EVIL),
        Outcomes("kill", [{"id": 1, "ok": False, "message": EVIL}]),
        DryRun({"dry_run": [run], "skipped": [{"run": 2, "why": EVIL}], "understood": EVIL}),
        Saved([edit]),
    )
    for one in shown:
        check(one._repr_html_())
    for one in shown[2:]:
        assert "\x1b" not in repr(one)
        assert "\u202e" not in repr(one)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "JaVaScRiPt:x",
        "//evil",
        "http://[::1",
        "\x01http://a",
    ],
)
def test_only_web_addresses_become_links(address: str) -> None:
    assert "<a" not in markup.link(address)


def test_link_is_shown_by_its_last_part() -> None:
    text = markup.link("http://h:1/files/run0001.png?x=1&y=2")
    assert ">run0001.png</a>" in text
    assert "x=1&amp;y=2" in text


@pytest.mark.parametrize(("color", "taken"), [("red", True), ("#0a0", True), ("red;x:y", False)])
def test_colour_is_taken_only_if_it_is_one(color: str, taken: bool) -> None:
    assert ("style" in markup.counter(reports.Counter("k", 1, color=color))) is taken


def test_progress_stays_between_nothing_and_all() -> None:
    text = markup.counter(reports.Counter("k", 500, max=100))
    assert 'value="1.0000"' in text


def test_each_state_has_a_shape_beside_its_colour() -> None:
    for state in JobState:
        assert re.search(r'style="color:[^"]+">\S ', markup.status_of("x", state))


@given(st.text())
def test_any_text_is_escaped(text: str) -> None:
    check(markup.escape(text, 10_000))


@given(st.text(), st.one_of(st.text(), st.floats(allow_nan=False), st.integers()), st.text())
def test_any_counter_is_escaped(key: str, value: object, url: str) -> None:
    counter = reports.Counter(key, value, color=key, unit=key, max=1.0, url=url)  # type: ignore[arg-type]
    check(markup.counter(counter))


EMOJI = ("😀", "👨", "❤\ufe0f", "👩🏽", "♂\ufe0f", "🏳\ufe0f", "💻")
HIDDEN = ("\u202e", "\u2066", "\u200f", "\u200b", "\x1b", "\U000e0067")
PIECES = st.lists(st.sampled_from([*EMOJI, *HIDDEN, "a", "1", "·", "\ufe0f", "🏽", "\u200d"]))


@pytest.mark.parametrize(("text", "shown"), json.loads(CASES.read_text("utf-8")))
def test_text_is_shown_as_in_the_browser(text: str, shown: str) -> None:
    assert markup.plain(text) == shown


@given(st.sampled_from(EMOJI), st.sampled_from(EMOJI), PIECES, PIECES)
def test_what_joins_two_emoji_is_shown_as_it_is(
    one: str, other: str, before: list[str], after: list[str]
) -> None:
    joined = f"{one}\u200d{other}"
    assert joined in markup.plain("".join([*before, " ", joined, " ", *after]))


@given(PIECES)
def test_nothing_hides_beside_letters(text: list[str]) -> None:
    shown = markup.plain("".join(text))
    assert not any(one in shown for one in HIDDEN)
    assert not re.search("[a1·]\u200d|\u200d[a1·]", shown)
