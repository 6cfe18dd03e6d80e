"""Every example of ``docs/predicates.md`` is what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from arp_nb.predicate_names import FUNCTIONS
from arp_nb.predicates import JobValues, Values, parse

PAGE = (Path(__file__).parents[2] / "docs" / "predicates.md").read_text("utf-8")
BLOCK = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
#: the first column of the table
WRITTEN = [
    one
    for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    for one in re.findall(r"`([^`]+)`", row)
]
#: the rest of the page, of those that can only be predicates
INLINE = [
    one
    for one in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    if re.search(" [<>] ", one) and "board." not in one
]

RUN = Values(
    run=11,
    type="DATA",
    duration_s=61.0,
    parameters={
        "beam": 6, "mode": "scan", "x-ray energy": 9.5, "delay": 1, "delay (ps)": -2.4,
        "shutter_open": True, "a": 1, "b": 2, "c": 3,
    },
    jobs={
        "smalldata": JobValues(status="RUN", counters={"Events": 1000}),
        "small-data": JobValues(status="RUN", counters={"Hit rate": 3.1}),
        "calib": JobValues(status="DONE"),
    },
)  # fmt: skip


def test_the_page_has_examples() -> None:
    assert BLOCK is not None
    assert len(BLOCK[1].splitlines()) >= 5
    assert len(WRITTEN) > 30
    assert INLINE


@pytest.mark.parametrize("text", BLOCK[1].splitlines() if BLOCK else [])
def test_an_example_holds_for_a_run_that_it_is_about(text: str) -> None:
    found = parse(text).judge(RUN)
    assert (found.holds, found.problem) == (True, "")


@pytest.mark.parametrize("text", WRITTEN)
def test_what_the_table_lists_can_be_written(text: str) -> None:
    if text in FUNCTIONS:
        whole = f"{text}(beam) == 6" if text not in {"len", "lower"} else f"{text}(mode) != 0"
        whole = whole.replace("!= 0", "!= ''") if text == "lower" else whole
    elif text in {"and", "or", "in", "not in"}:
        whole = f"shutter_open {text} {'[1]' if 'in' in text else 'shutter_open'}"
    elif text == "not":
        whole = "not shutter_open"
    elif text == "is None":
        whole = "beam is None"
    elif text.strip("=!<>+-*/%") == "":
        whole = f"(beam {text} 2) != 77"
    else:
        whole = f"({text}) in [1, 'a', {text}]"
    assert parse(whole).judge(RUN).problem == ""


@pytest.mark.parametrize("text", INLINE)
def test_a_predicate_within_a_sentence_holds(text: str) -> None:
    found = parse(text).judge(RUN)
    assert (found.holds, found.problem) == (True, "")
