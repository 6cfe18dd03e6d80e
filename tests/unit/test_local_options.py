"""What the local scheduler's ``bsub`` understands of a command line."""

from __future__ import annotations

import contextlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.schedulers.local.engine.options import (
    Options,
    Refused,
    command_line,
    embedded,
    parse,
)


def test_a_line_in_the_customary_shape_is_understood() -> None:
    told = parse(shlex.split("-q psdebugq -o logs/%J.log -J 'my job' -n 4,8 python submit.py x"))
    assert told == Options(
        queue="psdebugq", output="logs/%J.log", name="my job", slots=4,
        command=("python", "submit.py", "x"),
    )  # fmt: skip


def test_options_end_where_the_command_begins() -> None:
    assert parse(["-q", "a", "ls", "-q", "b"]).command == ("ls", "-q", "b")


@pytest.mark.parametrize("option", ["-R", "-m", "-G", "-app", "-u"])
def test_what_only_a_cluster_has_is_accepted(option: str) -> None:
    assert parse([option, "span[hosts=1]", "ls"]).command == ("ls",)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-Z", "ls"], "bsub: option -Z is not known to ARP's local scheduler"),
        (["-w", "done(3)", "ls"], "has no dependencies between jobs"),
        (["-M", "much", "ls"], "a memory limit is"),
        (["-env", "none", "ls"], "always passes the whole environment on"),
        (["-n", "no", "ls"], "a number of slots is needed"),
        (["-n", "0", "ls"], "a number of slots is needed"),
        (["-W", "1:2:3", "ls"], "a run limit is"),
        (["-q"], "option requires an argument -- q"),
    ],
)
def test_what_cannot_be_had_is_refused_in_words(words: list[str], said: str) -> None:
    with pytest.raises(Refused, match=said.replace("(", r"\(")):
        parse(words)


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 300.0), ("1:30", 5400.0), ("10/lsfhost", 600.0), ("0", None)]
)
def test_run_limits_are_minutes(text: str, seconds: float | None) -> None:
    assert parse(["-W", text, "ls"]).run_limit_s == seconds


@pytest.mark.parametrize(
    ("text", "megabytes"),
    [("16000", 16.4), ("16000KB", 16.4), ("100M", 104.9), ("4GB", 4295.0), ("0", None)],
)
def test_memory_limits_are_kilobytes_unless_they_say(text: str, megabytes: float | None) -> None:
    assert parse(["-M", text, "ls"]).memory_limit_mb == megabytes


@pytest.mark.parametrize("option", ["-I", "-Ip", "-Is"])
def test_interactive_is_interactive(option: str) -> None:
    assert parse([option, "-H", "ls"]) == Options(interactive=True, held=True, command=("ls",))


def test_a_script_s_own_lines_are_options() -> None:
    script = (
        "#!/bin/bash\n#BSUB -q psanaq\n#BSUB -J 'two words' -n 2   # a comment\n"
        "##BSUB -q commented\n#BSUBS\necho hi\n#BSUB -o %J.log\n"
    )
    told = embedded(script)
    assert (told.queue, told.name, told.slots, told.output) == ("psanaq", "two words", 2, "%J.log")
    assert told.command == ()


def test_the_command_line_wins_over_the_script() -> None:
    told = parse(["-q", "mine", "-oo", "new.log"]).over(embedded("#BSUB -q its -o old.log -n 3\n"))
    assert (told.queue, told.output, told.output_new, told.slots) == ("mine", "new.log", True, 3)


def test_words_are_joined_as_lsf_joins_them() -> None:
    # recorded: Command <python3 submit.py xppi0915 134261 param1 "param two" '$HOME' a;b>
    words = ("python3", "submit.py", "134261", "param two", "$HOME", "a;b", "")
    assert command_line(words) == 'python3 submit.py 134261 "param two" \'$HOME\' a;b ""'


def test_a_command_in_one_word_is_a_shell_s_line() -> None:
    assert command_line(("sleep 1; exit 4",)) == "sleep 1; exit 4"


@given(st.lists(st.text(alphabet="ab '\"$\\`\t", max_size=6), max_size=4))
def test_quoted_words_reach_the_command_as_they_were(words: list[str]) -> None:
    # backslashes within words without spaces are the shell's, as all of its other signs
    line = command_line(("prog", *words))
    assert shlex.split(line) == ["prog", *words]


@given(st.lists(st.text(max_size=8) | st.sampled_from(["-q", "-o", "-n", "-J", "-W", "-K", "--"])))
def test_any_words_are_understood_or_refused(words: list[str]) -> None:
    with contextlib.suppress(Refused):
        parse(words)


@given(st.text())
def test_any_script_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(Refused):
        embedded(f"#BSUB {text}")
