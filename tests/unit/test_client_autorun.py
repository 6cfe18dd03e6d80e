"""The board's autorun: what is asked, and how the answers show themselves."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.client import frames, live
from arp_nb.client.autorun_words import Consent, Status, Switch
from arp_nb.client.backtest import Backtest, Check
from arp_nb.client.board import Board
from arp_nb.client.definitions import Definition
from arp_nb.client.ledger import Ledger
from arp_nb.client.selection import entry_ids
from arp_nb.errors import InvalidValue, NotFound
from tests.unit.hostile import EVIL, check
from tests.unit.standin_manager import NOW, StandIn, entry_row, run_row, within

ROOT = "/experiments/xppi0915"
STOPPED = {"by": "ana", "at": NOW.isoformat(), "said": "detector trip"}
SOURCE = {
    "name": "ffb", "kind": "folder", "ok": False, "since": NOW.isoformat(),
    "said": "not mounted", "gives": ["END_OF_RUN"], "experiments": [],
}  # fmt: skip
DEFINITION = {
    "id": 1, "name": "peaks", "autorun": True, "autorun_by": "ana", "autorun_at": NOW.isoformat(),
    "paused_why": "", "paused_said": "", "trigger": "END_OF_RUN", "problem": "", "waiting": 2,
    "held": 0, "active": 1, "fired": 12, "last_fired_at": NOW.isoformat(),
}  # fmt: skip
STATUS = {
    "acts": False, "cannot": ["ana stopped all autorun."], "caveats": ["While it is awake."],
    "stopped": STOPPED, "sources": [SOURCE], "waiting": 3, "held": 0, "definitions": [DEFINITION],
}  # fmt: skip
TRIED = {"run": 12, "fires": True, "why": "", "said": "It ended.", "seen": {"beam": 0.7},
         "event_at": NOW.isoformat()}  # fmt: skip
BACKTEST = {
    "runs": [TRIED, {**TRIED, "run": 11, "fires": False, "why": "predicate",
                     "said": "predicate false: beam = 0.2", "seen": {"beam": 0.2}}],
    "fires": 1, "jobs": 1, "core_hours": 0.5, "core_hours_per_job": 0.5, "based_on": 3,
    "said": "Of 2 runs it would have fired on 1.",
}  # fmt: skip
CONSENT = {
    "autorun": True, "by": "ana", "at": NOW.isoformat(), "version": 3, "paused_why": "script",
    "now_version": 4, "script_sha256": "ab" * 32,
    "paused_said": "The script changed.", "script_missing": "",
    "changes": [{"field": "parameters", "was": "--slow", "now": "--fast"}],
    "script_diff": "--- then\n+++ now\n-sleep 1\n+sleep 2\n",
}  # fmt: skip
CHECKED = {"ok": True, "problem": "", "at": None, "names": ["beam"], "reads": ["beam"],
           "holds": True, "seen": {"beam": 0.7}}  # fmt: skip


def sent(standin: StandIn, path: str) -> Any:
    """The body of the last request to a path."""
    return [body for _, seen, body in standin.seen if seen == path][-1]


def test_ledger_is_read_page_by_page_and_only_when_asked(board: Board, standin: StandIn) -> None:
    for run in range(1, 251):
        standin.put_entry(run)
    repr(board), board.runs.df
    assert not [path for _, path, _ in standin.seen if path.endswith("/ledger")]
    df = board.autorun.ledger.df
    assert list(df["run"]) == list(range(250, 0, -1))
    asked = [path for _, path, _ in standin.seen if path.endswith("/ledger")]
    assert len(asked) == 3


def test_empty_ledger_has_all_columns(board: Board) -> None:
    df = board.autorun.ledger.df
    assert {name: str(kind) for name, kind in df.dtypes.items()} == frames.LEDGER_COLUMNS
    assert not df.attrs["stale"]
    assert set(df.attrs) == {"revision", "as_of", "stale"}


def test_part_of_the_ledger_is_asked_of_the_manager(board: Board, standin: StandIn) -> None:
    for run in (1, 2, 1):
        standin.put_entry(run)
    assert list(board.autorun.ledger(run=1)["id"]) == [3, 1]
    assert list(board.autorun.ledger(limit=2)["id"]) == [3, 2]


class Pages:
    """A way to a manager whose ledger has so many entries, and answers so many at most."""

    def __init__(self, entries: int, at_most: int) -> None:
        self.ids = list(range(entries, 0, -1))
        self.at_most = at_most
        self.asked = 0

    def call(self, _method: str, _path: str, *, params: dict[str, int]) -> dict[str, Any]:
        self.asked += 1
        found = [one for one in self.ids if one < params.get("before_id", 1 << 60)]
        limit = min(params["limit"], self.at_most)
        rows = [entry_row(one, one) for one in found[:limit]]
        return {"entries": rows, "more": len(found) > limit}


@given(st.integers(0, 60), st.integers(1, 20), st.none() | st.integers(1, 70))
def test_each_entry_comes_once_and_in_order_however_it_is_paged(
    entries: int, at_most: int, limit: int | None
) -> None:
    way = Pages(entries, at_most)
    read = Ledger(way, None, "").rows({}, limit)  # type: ignore[arg-type] # as far as it is asked
    expected = way.ids if limit is None else way.ids[:limit]
    assert [one["id"] for one in read] == expected
    assert way.asked <= len(expected) // at_most + 1


def test_ledger_of_no_batch_def_is_told(board: Board, standin: StandIn) -> None:
    standin.put_definition(1, "sums")
    assert board.autorun.ledger(hash="sums").empty
    with pytest.raises(NotFound, match="there are: sums"):
        board.autorun.ledger(hash="nobody")
    standin.put_entry(1, hash="deleted since")
    assert len(board.autorun.ledger(hash="deleted since")) == 1


@pytest.mark.parametrize(
    ("asked", "complete"),
    [({}, None), ({"run": 1}, "true"), ({"hash": "peaks"}, "true"), ({"run": 1, "why": "limit"},
     None), ({"run": 1, "complete": False}, None), ({"run": 1, "outcome": "fired"}, None)],
)  # fmt: skip
def test_pair_without_an_entry_is_told_where_one_run_or_hash_is_asked(
    board: Board, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], complete: str | None
) -> None:
    params: list[dict[str, Any]] = []

    def rows(given: dict[str, Any], _limit: int | None) -> list[dict[str, Any]]:
        params.append(given)
        return []

    monkeypatch.setattr(board.autorun.ledger, "rows", rows)
    board.autorun.ledger(**asked)
    assert params[0]["complete"] == complete


def test_derived_rows_end_a_page_without_an_id(board: Board, standin: StandIn) -> None:
    rows = [entry_row(None, 1, outcome="none", said="Run 1 has not ended.")]
    standin.answers["GET", f"{ROOT}/autorun/ledger"] = (200, {"entries": rows, "more": True})
    df = board.autorun.ledger(run=1)
    assert df["id"].to_list() == [pd.NA]
    assert df["said"][0] == "Run 1 has not ended."


def test_frame_that_leaves_runs_out_says_so(board: Board, standin: StandIn) -> None:
    standin.put_definition(1, "peaks")
    for run in (1, 2, 3):
        standin.put_run(run)
    standin.put_entry(3)
    with pytest.warns(UserWarning, match=r"2 runs have no row here.*ledger\(run=2\)"):
        board.autorun.ledger(hash="peaks")
    for asked in ({"outcome": "fired"}, {"limit": 1}, {"complete": False}):
        board.autorun.ledger(hash="peaks", **asked)
    standin.put_entry(1, hash="deleted since")
    board.autorun.ledger(hash="deleted since")


def test_ledger_shows_its_newest_entries_with_their_reasons(
    board: Board, standin: StandIn
) -> None:
    standin.put_entry(1, job_id=7, said="Started job 7.")
    standin.put_entry(2, outcome="skipped", why="predicate", said="predicate false: beam = 0.2")
    text = repr(board.autorun.ledger)
    assert "run 1, peaks: fired. Started job 7." in text
    assert "run 2, peaks: skipped. predicate false: beam = 0.2" in text
    assert "predicate false" in board.autorun.ledger._repr_html_()


def test_watched_ledger_is_asked_again_only_when_it_has_changed(
    board: Board, standin: StandIn
) -> None:
    def asked() -> int:
        return len([path for _, path, _ in standin.seen if path.endswith("/ledger")])

    ledger = board.autorun.ledger
    standin.put_entry(1, said="Started job 7.")
    repr(board)
    assert "Started job 7." in ledger._draw()
    before = asked()
    standin.put_job(1)
    within(30, lambda: len(board.jobs) == 1)
    ledger._draw()
    assert asked() == before
    standin.put_entry(2, outcome="skipped", said="predicate false: beam = 0.2")
    within(30, lambda: "beam = 0.2" in ledger._draw())
    assert asked() == before + 1


def test_watched_ledger_stays_while_the_manager_is_away(
    board: Board, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    standin.put_entry(1, said="Started job 7.")
    repr(board)
    board.autorun.ledger._draw()
    standin.stop()
    within(30, lambda: board.stale)
    assert "Started job 7." in board.autorun.ledger._draw()
    assert "may be old" in board.autorun.ledger._draw()


def test_backtest_says_what_would_have_been(board: Board, standin: StandIn) -> None:
    path = f"{ROOT}/autorun:backtest"
    standin.answers["POST", path] = (200, BACKTEST)
    tried = board.autorun.backtest("peaks", last=2, predicate="beam > 0.5")
    assert sent(standin, path) == {
        "hash": "peaks", "last": 2, "definition": {"predicate": "beam > 0.5"},
    }  # fmt: skip
    assert (tried.fires, tried.jobs, tried.core_hours, tried.based_on) == (1, 1, 0.5, 3)
    assert list(tried.df.query("fires")["run"]) == [12]
    assert "Of 2 runs it would have fired on 1." in repr(tried)
    assert "run 11: no. predicate false: beam = 0.2" in repr(tried)


def test_backtest_of_what_is_not_there_yet_sends_all_of_it(board: Board, standin: StandIn) -> None:
    path = f"{ROOT}/autorun:backtest"
    standin.answers["POST", path] = (200, BACKTEST)
    board.autorun.backtest(executable="/s.sh", trigger="START_OF_RUN")
    assert sent(standin, path) == {
        "last": 50, "definition": {"executable": "/s.sh", "trigger": "START_OF_RUN"},
    }  # fmt: skip


def test_predicate_is_checked_with_what_it_saw(board: Board, standin: StandIn) -> None:
    path = f"{ROOT}/autorun:check"
    standin.answers["POST", path] = (200, CHECKED)
    found = board.autorun.check("beam > 0.5", run=12)
    assert found
    assert sent(standin, path) == {"predicate": "beam > 0.5", "run": 12}
    assert "It holds, with beam = 0.7." in repr(found)


def test_mistake_in_a_predicate_is_pointed_at() -> None:
    wrong = {**CHECKED, "ok": False, "problem": "There is no 'beem'.", "at": 4, "holds": None}
    found = Check("5 < beem", wrong)
    assert not found
    assert repr(found) == "5 < beem\n    ^\nThere is no 'beem'."


@pytest.mark.parametrize(
    ("answer", "words"),
    [({"holds": None, "seen": {}}, "no run to judge"), ({"holds": False}, "does not hold, with"),
     ({"holds": False, "problem": "It divides by zero."}, "It divides by zero.")],
)  # fmt: skip
def test_verdict_is_said_whole(answer: dict[str, Any], words: str) -> None:
    assert words in repr(Check("beam > 0.5", {**CHECKED, **answer}))


def test_stop_is_seen_on_the_board_at_once(board: Board, standin: StandIn) -> None:
    repr(board)
    standin.answers["POST", "/autorun:stop"] = (200, {"stopped": STOPPED, "waiting": 0, "held": 0})
    assert "ana stopped all autorun" in repr(board.autorun.stop("detector trip"))
    assert sent(standin, "/autorun:stop") == {"said": "detector trip"}
    assert "detector trip" in repr(board)
    assert "detector trip" in board._repr_html_()
    standin.answers["GET", "/autorun"] = (200, {"stopped": STOPPED, "waiting": 6, "held": 0})
    standin.answers["POST", "/autorun:resume"] = (200, {"stopped": None, "waiting": 1, "held": 0})
    assert repr(board.autorun.resume("run")) == "Autorun acts. 1 line of the ledger waits."
    assert "stopped" not in repr(board)


def test_skipping_says_how_many_and_that_all_experiments_are_meant(
    board: Board, standin: StandIn
) -> None:
    standin.answers["GET", "/autorun"] = (200, {"stopped": STOPPED, "waiting": 6, "held": 3})
    standin.answers["POST", "/autorun:resume"] = (200, {"stopped": None, "waiting": 4, "held": 2})
    assert repr(board.autorun.resume("skip")) == (
        "Autorun acts. 2 lines of the ledger that waited, in all experiments: skipped."
        " 1 job that had not been submitted: withdrawn. 4 lines of the ledger wait."
        " 2 jobs are made and not submitted."
    )


def test_stop_by_somebody_else_arrives_by_itself(board: Board, standin: StandIn) -> None:
    assert "stopped" not in repr(board)
    standin.tell({"autorun": {"stopped": STOPPED, "sources": []}}, word="system")
    within(30, lambda: "ana stopped all autorun" in repr(board))


def test_stop_from_before_is_known_from_the_start(board: Board, standin: StandIn) -> None:
    standin.autorun = {"stopped": STOPPED, "sources": []}
    assert "ana stopped all autorun" in repr(board)


def test_changes_of_kinds_that_are_not_kept_do_no_harm(board: Board, standin: StandIn) -> None:
    repr(board)
    standin.put_entry(1)
    standin.revision += 1
    standin.tell({"ledger": [entry_row(9, 1)], "something new": [{"a": 1}]})
    standin.put_job(1)
    within(30, lambda: len(board.jobs) == 1)
    assert not board.stale


def test_status_says_what_acts_and_what_is_down(board: Board, standin: StandIn) -> None:
    standin.answers["GET", f"{ROOT}/autorun"] = (200, STATUS)
    text = repr(board.autorun)
    assert text.splitlines()[:2] == ["Autorun does not act.", "ana stopped all autorun."]
    assert "peaks: END_OF_RUN, as ana; 12 fired; 1 active; 2 waiting" in text
    assert "run source ffb: DOWN since 2026-11-22 14:02:00 UTC: not mounted" in text
    assert "While it is awake." in text


LONG = f"There is no experiment {', '.join(f'mfx{number}' for number in range(60))} here."


def test_status_says_what_a_working_source_could_not_read() -> None:
    up = {**SOURCE, "ok": True, "said": "mfx: did not answer"}
    now = Status({**STATUS, "sources": [up, {**up, "name": "amo", "said": ""}]})
    assert "run source ffb: tells END_OF_RUN; mfx: did not answer\n" in repr(now)
    assert "run source amo: tells END_OF_RUN\n" in repr(now)
    assert "tells END_OF_RUN; mfx: did not answer" in now._repr_html_()


@pytest.mark.parametrize("ok", [True, False])
def test_long_words_of_a_source_are_shortened_in_its_row_and_stand_whole_below(ok: bool) -> None:
    now = Status({**STATUS, "sources": [{**SOURCE, "ok": ok, "said": LONG}]})
    assert LONG in repr(now)
    row, _, below = now._repr_html_().partition("</table>")[2].partition("</table>")
    assert "mfx0" in row
    assert "mfx59" not in row
    assert LONG in below


def test_what_stands_beside_a_source_is_no_caveat_too() -> None:
    sources = [SOURCE, {**SOURCE, "name": "amo", "ok": True, "said": "2 folders"}]
    told = ["The run source ffb is down since 14:02: not mounted", "The run source amo: 2 folders",
            "The run source cxi is down: not mounted", "While 2 folders are there."]  # fmt: skip
    assert Status({**STATUS, "sources": sources, "caveats": told}).caveats == told[2:]


def test_what_waits_is_run_or_skipped_by_its_entries(board: Board, standin: StandIn) -> None:
    standin.put_entry(1, outcome="waiting", why="stopped")
    path = f"{ROOT}/autorun:missed"
    standin.answers["POST", path] = (200, {"entries": [entry_row(1, 1, job_id=4)]})
    done = board.autorun.missed(board.autorun.ledger.df.query("outcome == 'waiting'"), "run")
    assert sent(standin, path) == {"ids": [1], "do": "run"}
    assert list(done["job"]) == [4]


@pytest.mark.parametrize("what", ["x", [None, "x"], pd.DataFrame({"id": [1]}), 1.5])
def test_what_is_no_entry_is_refused(what: Any) -> None:
    with pytest.raises(InvalidValue, match="ledger"):
        entry_ids(what)


def test_run_is_excluded_with_a_reason_and_included_again(board: Board, standin: StandIn) -> None:
    out = {**run_row(12), "excluded_at": NOW.isoformat(), "excluded_by": "ana",
           "excluded_why": "shutter"}  # fmt: skip
    standin.answers["POST", f"{ROOT}/runs/12:exclude"] = (200, out)
    standin.answers["POST", f"{ROOT}/runs/12:include"] = (200, run_row(12, revision=2))
    assert len(board.runs) == 0
    board.runs.exclude(12, "shutter")
    assert sent(standin, f"{ROOT}/runs/12:exclude") == {"why": "shutter"}
    assert "excluded by ana: shutter" in board.runs._repr_html_()
    assert list(board.runs.df["excluded_why"]) == ["shutter"]
    board.runs.include(12)
    assert board.runs.df["excluded_at"].isna().all()


def test_only_what_was_said_of_a_run_is_sent(board: Board, standin: StandIn) -> None:
    for method, what in (("POST", ":start"), ("POST", ":end"), ("PUT", "")):
        standin.answers[method, f"{ROOT}/runs/12{what}"] = (200, run_row(12))
    board.runs.start(12)
    assert sent(standin, f"{ROOT}/runs/12:start") == {}
    board.runs.end(12, {"beam": 0.5}, type="DATA")
    assert sent(standin, f"{ROOT}/runs/12:end") == {"parameters": {"beam": 0.5}, "type": "DATA"}
    board.runs.put(12, all_files_at=NOW, type="DARK")
    assert sent(standin, f"{ROOT}/runs/12") == {"all_files_at": NOW.isoformat(), "type": "DARK"}


def test_hostile_text_stays_text(board: Board, standin: StandIn) -> None:
    standin.put_entry(1, hash=EVIL, said=EVIL, outcome=EVIL)
    stop = {**STOPPED, "by": EVIL, "said": EVIL}
    definition = {**DEFINITION, "name": EVIL, "problem": EVIL, "autorun_by": EVIL}
    source = {**SOURCE, "name": EVIL, "said": EVIL, "kind": EVIL}
    consent = {**CONSENT, "by": EVIL, "script_diff": EVIL, "script_missing": EVIL,
               "changes": [{"field": EVIL, "was": EVIL, "now": EVIL}]}  # fmt: skip
    for one in (
        board.autorun.ledger,
        Backtest({**BACKTEST, "said": EVIL, "runs": [{**TRIED, "said": EVIL}]}, board.snapshot()),
        Check(EVIL, {**CHECKED, "ok": False, "problem": EVIL, "at": 3}),
        Check(EVIL, {**CHECKED, "seen": {EVIL: EVIL}}),
        Switch({"stopped": stop, "waiting": 2, "held": 0}),
        Status({**STATUS, "cannot": [EVIL], "caveats": [EVIL], "definitions": [definition],
                "sources": [source]}),
        Consent(EVIL, consent),
        Definition({**standin.put_definition(1, "x"), "trigger": EVIL, "predicate": EVIL}, [EVIL]),
    ):  # fmt: skip
        check(one._repr_html_())
        assert "\x1b" not in repr(one)
        assert "\u202e" not in repr(one)
