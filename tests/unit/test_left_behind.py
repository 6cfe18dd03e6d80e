"""What is said of submit commands whose jobs cannot report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.batch_client.left_behind import left_behind


@pytest.mark.parametrize(
    ("words", "asked", "better"),
    [
        ("-env none ./x", "bsub -env none", '-env "BATCH_UPDATE_URL"'),
        ("-q q -K -n4 -M 1 -env HOME ./x", "bsub -env HOME", '-env "HOME,BATCH_UPDATE_URL"'),
        ("-env all -env none ./x", "bsub -env none", '-env "BATCH_UPDATE_URL"'),
        ("-env all,~BATCH_UPDATE_URL x", "bsub -env all,~BATCH_UPDATE_URL", '-env "all"'),
        ("--export=NONE j.sh", "sbatch --export=NONE", "--export=BATCH_UPDATE_URL"),
        ("-N 2 --export NIL j.sh", "sbatch --export=NIL", "--export=BATCH_UPDATE_URL"),
        ("--hold --export=A=1,B j.sh", "sbatch --export=A,B", "--export=A,B,BATCH_UPDATE_URL"),
    ],
)
def test_what_keeps_a_job_from_reporting_is_said_with_what_to_write(
    words: str, asked: str, better: str
) -> None:
    said = f"cannot report: {asked} leaves BATCH_UPDATE_URL behind; write {better}"
    assert left_behind(words.split()) == said


@pytest.mark.parametrize(
    "words",
    [
        "", "./x", "-env all ./x", "-env BATCH_UPDATE_URL,HOME ./x", "-K ./x -env none",
        "-q q ./x -env none", "-- -env none", "--export=ALL,X=1 j.sh", "-env", "-env none,all x",
        "--parsable j.sh --export=NONE", "--export=BATCH_UPDATE_URL j.sh", "-env all,~HOME x",
        "-J --export=NONE j.sh", "--export-file=NONE j.sh",
    ],
)  # fmt: skip
def test_what_loses_nothing_is_not_noted(words: str) -> None:
    assert left_behind(words.split()) == ""


def test_values_of_variables_are_not_repeated() -> None:
    assert "s3cret" not in left_behind(["-env", "TOKEN=s3cret, HOME", "./x"])


@given(st.lists(st.sampled_from(["-env", "--export=", "none", "~", ",", "=", "-"]) | st.text()))
def test_any_words_make_a_short_note_or_none(words: list[str]) -> None:
    assert len(left_behind(words)) < 250
