"""Patterns of file names: what they match, and that they never take long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.errors import InvalidValue
from arp_nb.run_sources.folder.pattern import Bound, Pattern
from arp_nb.run_sources.folder.scan import is_finished


def match(text: str, path: str) -> Bound | None:
    """Match a whole path."""
    pattern = Pattern(text, "pattern")
    names = path.split("/")
    bound: Bound | None = Bound()
    for index, name in enumerate(names):
        if bound is None or index >= len(pattern):
            return None
        bound = pattern.match(index, name, bound)
    return bound if len(names) == len(pattern) else None


@pytest.mark.parametrize(
    ("pattern", "path", "run"),
    [
        ("run{run}/*.h5", "run12/a.h5", 12),
        ("run{run}/*.h5", "run0012/a.h5", 12),
        ("run{run:04d}/*.h5", "run0012/a.h5", 12),
        ("run{run:04d}/*.h5", "run12345/a.h5", 12345),
        ("run{run:04d}/*.h5", "run12/a.h5", None),
        ("run{run:04d}/*.h5", "run00012/a.h5", None),
        ("run{run}/*.h5", "run12/a.h5.part", None),
        ("run{run}/*.h5", "run12/sub/a.h5", None),
        ("run{run}/*.h5", "run12", None),
        ("run{run}", "run\u0661\u0662", None),
        ("run{run}", "run12345678901", None),
        ("run{run}", "run1000000001", None),
        ("*{run}.xtc", "e-r1-s12.xtc", 12),
        ("*-r{run}-*.xtc", "exp-r12-s01.xtc", 12),
        ("r{run}/r{run}-s??.xtc", "r12/r0012-s01.xtc", 12),
        ("r{run}/r{run}-s??.xtc", "r12/r13-s01.xtc", None),
        ("r{run}.[h5]", "r7.[h5]", 7),
        ("r{run}.[h5]", "r7.h", None),
        ("r{run}.h5", "r7xh5", None),
        ("r{run}.*", "r7.a\nb", 7),
    ],
)
def test_a_pattern_finds_the_run_or_does_not_match(
    pattern: str, path: str, run: int | None
) -> None:
    found = match(pattern, path)
    assert (found and found.run) == run


def test_the_experiment_may_stand_in_the_path_and_must_be_one() -> None:
    pattern = "{experiment}/e{experiment}-r{run}.xtc"
    assert match(pattern, "xppi0915/exppi0915-r7.xtc") == Bound(7, "xppi0915")
    assert match(pattern, "xppi0915/exppi0916-r7.xtc") is None


@pytest.mark.parametrize(
    "pattern", ["*a*a*a*a*a*a*{run}", "{experiment}-*-{run}-*-*.x", "*{run}*x"]
)
@pytest.mark.parametrize("name", ["a" * 255, "1" * 255, "a-1-" * 63, "-" * 255])
def test_no_name_takes_long(pattern: str, name: str) -> None:
    made = Pattern(pattern, "pattern")
    begin_s = time.process_time()
    for _ in range(20):
        made.match(0, name, Bound())
    assert time.process_time() - begin_s < 0.5


@given(st.integers(0, 10**9), st.integers(1, 9))
def test_what_a_format_writes_is_what_it_reads(run: int, digits: int) -> None:
    found = match(f"r{{run:0{digits}d}}.h5", f"r{run:0{digits}d}.h5")
    assert found == Bound(run, None)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_a_pattern_or_refused_in_words(text: str, name: str) -> None:
    try:
        made = Pattern(text, "pattern")
    except InvalidValue:
        return
    found = made.match(0, name, Bound())
    assert found is None or found.run is None or str(found.run) in name


@pytest.mark.parametrize(
    ("name", "finished"),
    [("a.h5", True), (".a.h5.Xy12Zq", False), ("a.h5.part", False), ("a.tmp", False),
     ("a.h5~", False), ("#a#", False), ("part", True)],
)  # fmt: skip
def test_names_that_programs_give_to_unfinished_files_do_not_count(
    name: str, *, finished: bool
) -> None:
    assert is_finished(name) is finished
