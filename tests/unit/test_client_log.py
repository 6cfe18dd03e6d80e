"""A log is read in bounded pieces, and shown as what it is: text."""

from __future__ import annotations

from arp_nb.client.board import Board
from arp_nb.client.log import MOST_BYTES, Log
from tests.unit.hostile import check
from tests.unit.standin_manager import StandIn, within


def test_long_log_comes_in_one_piece(board: Board, standin: StandIn) -> None:
    text = "".join(f"line {number}\n" for number in range(100))
    standin.logs[1] = text
    assert board.log(1) == text
    standin.put_job(1)
    within(30, lambda: len(board.jobs) == 1)
    assert board.job(1).log(offset=7, limit=21) == text[7:28]


def test_missing_log_says_why(board: Board, standin: StandIn) -> None:
    missing = {
        "text": "",
        "offset": 0,
        "next_offset": 0,
        "size_bytes": 0,
        "missing": "No log yet.",
    }
    standin.answers["GET", "/jobs/1/log"] = (200, missing)
    log = board.log(1)
    assert log == ""
    assert log.missing == "No log yet."
    assert "No log yet." in log._repr_html_()


def test_of_a_very_long_log_comes_its_end(board: Board, standin: StandIn) -> None:
    standin.log_piece = 1_000_000
    standin.logs[1] = "b" * 500 + "e" * MOST_BYTES
    log = board.log(1)
    assert log.count("e") == len(log) == MOST_BYTES
    assert (log.offset, log.size_bytes) == (500, 500 + MOST_BYTES)
    assert "500 of 10,000,500 bytes stand before this" in log._repr_html_()


def test_piece_may_be_larger_than_one_request_allows(board: Board, standin: StandIn) -> None:
    standin.put_job(1)
    standin.log_piece = 1_000_000
    standin.logs[1] = "e" * 5_000_000
    assert len(board.job(1).log(offset=0, limit=4_500_000)) == 4_500_000
    asked = [path for _, path, _ in standin.seen if path.endswith("/log")]
    assert len(asked) == 5


def test_notebook_shows_the_last_lines_of_a_long_log() -> None:
    shown = Log("\n".join(f"line {number}" for number in range(5000)))._repr_html_()
    assert "line 4999" in shown
    assert "line 4000" in shown
    assert "line 3999" not in shown
    assert "last 1,000 lines of 5,000" in shown


def test_progress_bar_is_shown_line_by_line() -> None:
    shown = Log("10%\r20%\r\ndone\n")._repr_html_()
    assert "10%\n20%\ndone" in shown
    check(shown)
