"""When a batch def runs by itself, who consented to that, and what keeps it from starting."""

from __future__ import annotations

from typing import Any

import pytest

from arp_nb.client.autorun_words import Consent
from arp_nb.client.board import Board
from arp_nb.client.definitions import Definition
from arp_nb.errors import InvalidValue, NotFound
from tests.unit.standin_manager import StandIn, within
from tests.unit.test_client_autorun import CONSENT, DEFINITION, ROOT, STATUS, sent


def test_pause_and_unpause_name_the_batch_def(board: Board, standin: StandIn) -> None:
    row = standin.put_definition(1, "peaks")
    paused = {**row, "autorun": True, "autorun_by": "ana", "trigger": "END_OF_RUN",
              "paused_why": "user", "paused_by": "ben", "paused_said": "calibrating"}  # fmt: skip
    path = f"{ROOT}/definitions/1"
    standin.answers["POST", f"{path}:pause"] = (200, paused)
    shown = board.autorun.pause("peaks", "calibrating")
    assert shown.autorun == "as ana; paused by ben: calibrating"
    assert "autorun: as ana; paused by ben" in repr(shown)
    for more, words in (
        ({"paused_said": ""}, "as ana; paused by ben"),
        ({"paused_why": "edit", "paused_said": "ben changed parameters."},
         "as ana; paused: ben changed parameters."),
        ({"autorun": False}, ""),
    ):  # fmt: skip
        assert Definition({**paused, **more}).autorun == words
    standin.answers["POST", f"{path}:resume"] = (200, row)
    board.autorun.unpause("peaks", missed="run")
    assert sent(standin, f"{path}:resume") == {"missed": "run"}
    with pytest.raises(NotFound, match="there are: peaks"):
        board.autorun.pause("peak")


def test_checking_the_box_says_what_becomes_of_what_waited(board: Board, standin: StandIn) -> None:
    row = standin.put_definition(1, "peaks")
    path = f"{ROOT}/definitions/1:autorun"
    standin.answers["POST", path] = (200, row)
    board.definitions.autorun("peaks", on=True, missed="run")
    assert sent(standin, path) == {"on": True, "missed": "run"}
    board.definitions.autorun("peaks", on=False)
    assert sent(standin, path) == {"on": False}


def test_checked_box_that_starts_nothing_says_why(board: Board, standin: StandIn) -> None:
    row = standin.put_definition(1, "peaks")
    standin.answers["POST", f"{ROOT}/definitions/1:autorun"] = (200, row)
    assert board.definitions.autorun("peaks", on=True).notes == []  # cannot be asked: no harm
    standin.answers["GET", f"{ROOT}/autorun"] = (
        200, {**STATUS, "definitions": [{**DEFINITION, "problem": "No run source tells it."}]},
    )  # fmt: skip
    made = board.definitions.autorun("peaks", on=True)
    assert made.notes == ["No run source tells it.", "ana stopped all autorun."]
    assert "note: ana stopped all autorun." in repr(made)
    assert "ana stopped all autorun." in made._repr_html_()
    assert board.definitions.autorun("peaks", on=False).notes == []


def test_consent_to_what_was_looked_at_is_to_nothing_else(board: Board, standin: StandIn) -> None:
    row = standin.put_definition(1, "peaks", version=4)
    standin.answers["GET", f"{ROOT}/definitions/1/consent"] = (200, CONSENT)
    seen = board.autorun.consent("peaks")
    standin.put_definition(1, "peaks", version=5)
    standin.answers["POST", f"{ROOT}/definitions/1:autorun"] = (200, row)
    board.definitions.autorun("peaks", on=True, seen=seen)
    assert standin.if_match[-1] == '"4"'
    path = f"{ROOT}/definitions/1:autorun"
    assert sent(standin, path) == {"on": True, "missed": "skip", "script_sha256": "ab" * 32}
    board.definitions.autorun("peaks", on=True, seen="4")
    assert "script_sha256" not in sent(standin, path)
    with pytest.raises(InvalidValue, match="is not what `consent` shows"):
        board.definitions.autorun("peaks", on=True, seen="the newest")
    board.definitions.autorun("peaks", on=True)
    assert standin.if_match[-1] == '"5"'


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"trigger": "END_OF_RUN"}, "END_OF_RUN"),
        ({"trigger": "END_OF_RUN", "predicate": "beam > 1", "run_types": "DATA",
          "most_at_once": 5, "most_per_hour": 9},
         "END_OF_RUN if beam > 1; on runs of type DATA; at most 5 at once; at most 9 an hour"),
        ({"trigger": "AFTER", "after": "sums"}, "AFTER sums"),
        ({"trigger": "AFTER"}, "AFTER (no batch def is named)"),
        ({"trigger": "RUN_PARAM_IS_VALUE", "run_param": "beam", "run_value": "on"}, "beam = on"),
        ({"trigger": "RUN_PARAM_IS_VALUE"}, "(no parameter is named) = "),
    ],
)  # fmt: skip
def test_when_a_batch_def_runs_is_said_whole(
    standin: StandIn, fields: dict[str, Any], words: str
) -> None:
    made = Definition({**standin.put_definition(1, "peaks"), **fields})
    assert made.when == words
    assert (f"when: {words}".rstrip() in repr(made)) is bool(words)


def test_consent_shows_what_has_changed(board: Board, standin: StandIn) -> None:
    standin.put_definition(1, "peaks")
    standin.answers["GET", f"{ROOT}/definitions/1/consent"] = (200, CONSENT)
    shown = board.autorun.consent("peaks")
    assert not shown.is_same
    assert "ana consented to version 3 of peaks" in repr(shown)
    assert "parameters: '--slow' → '--fast'" in repr(shown)
    assert "+sleep 2" in repr(shown)
    same = Consent("peaks", {**CONSENT, "changes": [], "script_diff": "", "paused_why": ""})
    assert "Nothing has changed since." in repr(same)
    nobody = Consent("peaks", {**CONSENT, "autorun": False, "changes": [], "script_diff": ""})
    assert "Nobody has checked" in repr(nobody)


def test_edited_predicate_is_saved(board: Board, standin: StandIn) -> None:
    row = standin.put_definition(1, "peaks")
    within(30, lambda: len(board.definitions) == 1)
    df = board.definitions.df
    df.loc[0, ["predicate", "most_at_once"]] = ["beam > 0.5", 3]
    path = f"{ROOT}/definitions/1"
    standin.answers["PATCH", path] = (200, {**row, "version": 2})
    assert board.definitions.save(df).ok
    assert sent(standin, path) == {"predicate": "beam > 0.5", "most_at_once": 3}


def test_box_in_an_edited_frame_is_no_consent(board: Board, standin: StandIn) -> None:
    row = standin.put_definition(1, "peaks")
    standin.put_definition(2, "sums")
    within(30, lambda: len(board.definitions) == 2)
    df = board.definitions.df
    df.loc[0, ["autorun", "parameters"]] = [True, "--fast"]
    standin.answers["PATCH", f"{ROOT}/definitions/1"] = (200, {**row, "version": 2})
    saved = board.definitions.save(df)
    assert [one.name for one in saved.conflicts] == ["peaks"]
    assert "board.definitions.autorun('peaks', True)" in repr(saved)
    assert sent(standin, f"{ROOT}/definitions/1") == {"parameters": "--fast"}
    assert not [path for _, path, _ in standin.seen if path.endswith(":autorun")]
