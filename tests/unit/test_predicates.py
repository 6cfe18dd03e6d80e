"""Predicates of autorun: what may be written, what it means, and that nothing gets out of hand."""

from __future__ import annotations

import ast
import json
import math
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arp_nb.errors import PredicateError
from arp_nb.predicates import (
    FUNCTIONS,
    MOST_NODES,
    JobValues,
    Values,
    Verdict,
    known_names,
    parse,
)

RUN = Values(
    run=12,
    type="DATA",
    duration_s=61.5,
    parameters={
        "beam": 6,
        "mode": "scan",
        "x-ray energy": 9.5,
        "delays": [1, 2.5],
        "on": True,
        "huge": 10**400,
        "empty": None,
    },
    jobs={"smalldata": JobValues(status="DONE", counters={"Events": 5, "Hit rate": 3.1})},
)


def judged(text: str) -> Verdict:
    return parse(text).judge(RUN)


@pytest.mark.parametrize(
    "text",
    [
        "beam > 5 and mode == 'scan'",
        "param['x-ray energy'] > 9",
        "param('x-ray energy') <= 9.5",
        "smalldata.Events >= 5",
        "counter('smalldata', 'Hit rate') > 3",
        "status('smalldata') == 'DONE'",
        "5 < beam < 7",
        "1 in delays and 'can' in mode",
        "mode not in ['off', 'idle']",
        "type == 'DATA' and run == 12 and duration_s > 60",
        "has('beam') and not has('nothing')",
        "max(delays) == 2.5 and min(beam, 7) == 6 and abs(-beam) == 6",
        "len(mode) == 4 and lower('SCAN') == mode and round(beam / 4, 1) == 1.5",
        "empty is None",
        "on",
        "(beam if on else 0) == 6",
        "beam ** 2 == 36 and beam % 4 == 2 and beam // 4 == 1",
        "huge ** 64 > 1",
        "",
        "  beam\n> 5 ",
    ],
)
def test_what_is_true_of_the_run_holds(text: str) -> None:
    assert judged(text).holds
    assert judged(text).problem == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("zzz > 1", "Run 12 has no parameter 'zzz'. It has: beam"),
        ("bean > 1", "It has: beam"),
        ("1 / 0 > 2", "divides by zero"),
        ("beam", "gives 6, not true or false"),
        ("beam > 'a'", "the number 6 cannot be compared with the text 'a'"),
        ("mode * 1000000000 == 'a'", "* is for numbers, and the text 'scan' is none"),
        ("'%s' % beam == '6'", "% is for numbers"),
        ("mode + mode == 'a'", "+ is for numbers"),
        ("9 ** 99999 > 1", "An exponent is at most 64"),
        ("other.Events > 1", "Run 12 has no job of 'other'"),
        ("smalldata.Hits > 1", "has no counter 'Hits'. It has: Hit rate, Events"),
        ("1 in beam", "Nothing can be in the number 6"),
        ("beam == '6'", "the number 6 cannot be compared with the text '6'"),
        ("'on' != on", "cannot be compared with the answer True"),
        ("beam in ['6', '7']", "the number 6 cannot be in a list of texts"),
        ("mode in [1, 2]", "the text 'scan' cannot be in a list of numbers"),
        ("1e200 * 1e200 > 10.0 ** 64 ** 64", "An exponent is at most 64"),
        ("(10.0 ** 30) ** 30 > 1", "A number becomes too large"),
        ("smalldata > 5", "smalldata.Events its counter Events"),
        ("smalldata.status == 'DONE'", "Write status('smalldata') for its status"),
        ("status('small') == 'DONE'", "Run 12 has no job of 'small'. It has: smalldata"),
    ],
)
def test_what_cannot_be_judged_does_not_hold_and_says_why(text: str, problem: str) -> None:
    found = judged(text)
    assert not found.holds
    assert problem in found.problem


@pytest.mark.parametrize(
    ("text", "said", "at"),
    [
        ("beam = 5", "Write == for equal", 5),
        ("[x for x in delays]", "no loops", 0),
        ("beam > 5 and mean(beam)", "There is no function mean", 13),
        ("roun(beam) == 6", "Did you mean round?", 0),
        ("beam.real.imag", "Only hash.counter may have a dot", 0),
        ("().__class__", "Only hash.counter may have a dot", 0),
        ("delays[0] > 1", "Only param['name'] may have brackets", 0),
        ("(lambda: 1)()", "Only the functions of predicates", 0),
        ("f'{beam}' == '6'", "makes no texts", 0),
        ("beam == 1j", "Only numbers, texts", 8),
        ("(beam", "was never closed", 0),
        ("é == (1; 2)", "not how a predicate is written", 7),
        ("'é' == mean(1)", "There is no function mean", 7),
        ("has(beam)", "has takes a text", 0),
        ("beam > 5 && on", "Write and, or in place of &&", 10),
        ("beam > 5 AND on", "with small letters", 9),
        ("on and ! on", "Write not in place of !", 7),
        ("1 < beam & 3", "Write 'and' for &", 4),
        ("on == true", "Write True for true", 6),
        ("beam > 5 and max", "max is a function: use it as in max(a, b)", 13),
        ("beam >\r\n mean(1)", "There is no function mean", 9),
        ("\u3000beam == mean(1)", "There is no function mean", 9),
        ("mode == '\\ud800'", "half a character", 8),
        ("has('\\ud800')", "half a character", 0),
        ("min(*delays) > 1", "no meaning in a predicate", 4),
    ],
)
def test_what_may_not_be_written_is_refused_at_its_place(text: str, said: str, at: int) -> None:
    with pytest.raises(PredicateError) as caught:
        parse(text)
    assert said in str(caught.value)
    assert caught.value.at == at


@pytest.mark.parametrize(
    "text",
    ["on or " * 200 + "on", "x" * 2001, "(" * 300, "not " * 60 + "on", "not " * 500, "+" * 2000],
)
def test_a_text_that_is_too_long_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(PredicateError):
        parse(text)


def test_the_examples_of_the_page_hold_for_a_run_that_fits() -> None:
    page = (Path(__file__).parents[2] / "docs/predicates.md").read_text("utf-8")
    lines = page.partition("```text\n")[2].partition("```")[0].splitlines()
    values = Values(
        run=20,
        type="SCAN",
        duration_s=90,
        parameters={"beam": 6, "mode": "scan", "delay": 1, "delay (ps)": -2},
        jobs={
            "smalldata": JobValues(status="RUN", counters={"Events": 1000}),
            "calib": JobValues(status="DONE"),
        },
    )
    assert [parse(one).judge(values).holds for one in lines] == [True] * 5


def test_what_was_looked_at_is_told_as_it_was_and_no_longer_than_a_line() -> None:
    values = Values(run=1, parameters={"a": 1, "long": "x" * 10_000, "b": 2, "inf": math.inf})
    found = parse("a == 2 or long == '' or inf < 0 or (a == 3 and b == 2)").judge(values)
    assert set(found.seen) == {"a", "long", "inf"}  # what decided; b was not looked at
    assert len(json.dumps(found.seen, allow_nan=False)) < 300


def test_reads_names_everything_that_a_predicate_may_look_at() -> None:
    read = parse("beam > 5 and param['x-ray energy'] > 9 and smalldata.Events > status('b')")
    assert read.reads == {"beam", "x-ray energy", "smalldata.Events", "status('b')"}


@pytest.mark.parametrize("text", ["has('b')", "status('b') == ''", "b.c > 1", "counter('b', 'c')"])
def test_what_may_be_of_a_job_is_known_to_need_the_jobs(text: str) -> None:
    assert parse(text).jobs == {"b"}


@pytest.mark.parametrize("text", ["beam > 5", "param['a.b'] > 1", "'has(1)' == type", ""])
def test_what_is_of_the_run_alone_needs_no_jobs(text: str) -> None:
    assert not parse(text).jobs


def test_values_of_like_names_are_told_apart() -> None:
    values = Values(
        run=3,
        parameters={"run": 1, "b.c": 2, "status('b')": 4},
        jobs={"b": JobValues(status="DONE", counters={"c": 5})},
    )
    text = "run + param['run'] + param['b.c'] + b.c > 9 and status('b') != '' and "
    found = parse(text + "param[\"status('b')\"] == 4").judge(values)
    assert found.holds
    assert sorted(map(str, found.seen.values())) == ["1", "2", "3", "4", "5", "DONE"]


def test_every_known_name_can_be_written_as_it_is_offered() -> None:
    names = known_names(["beam", "x-ray energy", "max", "it's"], {"smd": ["Events", "Hit rate"]})
    assert {"beam", "param['x-ray energy']", "param['max']", "smd.Events", "run"} < set(names)
    for name in set(names) - set(FUNCTIONS):
        parse(f"{name} == 1")


WORDS = st.text(min_size=1, max_size=8) | st.sampled_from(
    ["class", "true", "ﬁ", "run", "a.b", "μ"]
)


@given(WORDS, WORDS)
def test_any_name_is_offered_as_it_reads_that_very_value(one: str, other: str) -> None:
    values = Values(
        run=1, parameters={one: 7.5}, jobs={other: JobValues(status="DONE", counters={one: 8.5})}
    )
    offered = set(known_names([one], {other: [one]})) - set(FUNCTIONS) - {"run", "type"}
    found = [parse(f"{name} in [7.5, 8.5, 'DONE']").judge(values) for name in offered]
    assert [verdict.holds for verdict in found].count(True) == 3


@given(st.text(max_size=60) | st.text("abeamx ()[]'\"<>=!.,+-*/%0123456789andotri", max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    refused: list[PredicateError] = []
    try:
        assert isinstance(parse(text).judge(RUN).holds, bool)
    except PredicateError as error:
        refused.append(error)
    assert all(str(one) and 0 <= (one.at or 0) <= len(text) for one in refused)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
ASKED = [
    "a > b", "a + b == 2", "a in b", "a ** b > 1", "-a < b", "min(a, b) > max(a)", "len(a) > 1",
    "round(a, b) == 1", "lower(a) == b", "a == b or not a", "s.c > a", "a // b % a * b - a > 1",
    "a is b", "abs(a) >= 0", "(a if b else a) != b",
]  # fmt: skip


@given(st.sampled_from(ASKED), JSON, JSON)
def test_no_value_makes_a_judgement_fail(text: str, a: object, b: object) -> None:
    values = Values(
        run=1, parameters={"a": a, "b": b}, jobs={"s": JobValues(status="", counters={"c": b})}
    )
    found = parse(text).judge(values)
    assert isinstance(found.holds, bool)
    assert not (found.holds and found.problem)
    json.dumps(found.seen, allow_nan=False)


NUMBERS = st.integers(-50, 50).map(str) | st.sampled_from(["a", "b", "c", "0.5"])
#: so few leaves that no whole number reaches 2^63, from where on they are floats here
SUMS = st.recursive(
    NUMBERS,
    lambda one: (
        st.builds("({} {} {})".format, one, st.sampled_from("+-*"), one)
        | st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), one, one)
        | one.map("abs({})".format)
        | one.map("(-{})".format)
        | st.builds("({} % 7)".format, one)
        | st.builds("({} // 3)".format, one)
    ),
    max_leaves=6,
)
SIGNS = st.sampled_from(["<", "<=", "==", "!=", ">", ">="])
COMPARED = (
    st.builds("{} {} {}".format, SUMS, SIGNS, SUMS)
    | st.builds("{} {} {} {} {}".format, SUMS, SIGNS, NUMBERS, SIGNS, SUMS)
    | st.builds("{} {} [{}, {}]".format, SUMS, st.sampled_from(["in", "not in"]), SUMS, SUMS)
)
LOGIC = st.recursive(
    COMPARED.map("({})".format),
    lambda one: (
        st.builds("({} {} {})".format, one, st.sampled_from(["and", "or"]), one)
        | one.map("(not {})".format)
        | st.builds("({} if {} else {})".format, one, one, one)
    ),
    max_leaves=5,
)


@given(LOGIC, st.integers(-9, 9), st.integers(-9, 9), st.floats(-9, 9))
def test_it_means_what_python_means(text: str, a: int, b: int, c: float) -> None:
    values = {"a": a, "b": b, "c": c}
    assume(sum(isinstance(one, ast.expr) for one in ast.walk(ast.parse(text))) <= MOST_NODES)
    meant = eval(text, dict(values))  # noqa: S307 - of the text that was made just above
    found = parse(text).judge(Values(run=1, parameters=values))
    assert (found.holds, found.problem) == (meant, "")
    assert found.seen.items() <= values.items()
