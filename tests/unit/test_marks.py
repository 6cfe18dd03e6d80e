"""The marks on scheduler jobs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb import marks
from arp_nb.marks import Mark


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("arp-17-5f0c", Mark("arp-17-5f0c", 17)),
        ("arp-17-5f0c.c42-1764", Mark("arp-17-5f0c", 17, "42-1764")),
        ("arp-17-5f0c.j7-1764", Mark("arp-17-5f0c", 17, "7-1764", inside=True)),
    ],
)
def test_a_mark_says_whose_it_is_and_which_command_made_it(text: str, said: Mark) -> None:
    assert marks.parse(text) == said


@pytest.mark.parametrize(
    "text",
    ["", "arp-17", "arp-0-5f0c", "arp-17-5F0C", "arp-17-5f0c.x1", "arp-17-5f0c.c", "my arp-17-5f"],
)
def test_what_is_no_mark_of_ours_is_none(text: str) -> None:
    assert marks.parse(text) is None


def test_all_commands_of_a_submission_are_its_own_and_no_other_s() -> None:
    assert marks.is_of("arp-17-5f0c", "arp-17-5f0c")
    assert marks.is_of("arp-17-5f0c.j7-1764", "arp-17-5f0c")
    assert not marks.is_of("arp-17-5f0c1", "arp-17-5f0c")


@given(st.text())
def test_any_text_is_a_mark_or_none(text: str) -> None:
    mark = marks.parse(text)
    assert mark is None or marks.is_of(text, mark.tag)
