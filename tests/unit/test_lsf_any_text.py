"""LSF's answers as any bytes at all: never an end of a job out of nonsense."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb.errors import SchedulerError
from arp_nb.schedulers import lsf_parse
from arp_nb.schedulers.lsf_listing import output_path
from arp_nb.schedulers.lsf_poll import PollReader
from arp_nb.schedulers.lsf_records import NotApart, pieces, record_of
from arp_nb.schedulers.turns import at_once

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    [
        "JOBID",
        "STAT",
        "ERROR",
        "EXIT_CODE",
        "SUBMIT_TIME",
        "JOBINDEX",
        "MAX_MEM",
        "EXIT_REASON",
        "NALLOC_SLOT",
    ]
)
records = st.dictionaries(names, json_values | st.sampled_from(["1", "DONE", "EXIT", "-"]))


@given(st.integers(0, 255), st.binary(), st.binary())
def test_any_bytes_are_no_end(code: int, out: bytes, err: bytes) -> None:
    stdout, stderr = out.decode(errors="replace"), err.decode(errors="replace")
    try:
        poll = PollReader().read(code, stdout, stderr, ["1", "2"], NOW)
    except SchedulerError:
        return
    assert not poll.readings


@given(st.lists(records | json_values, max_size=6))
def test_a_final_state_needs_its_own_word(found: list[Any]) -> None:
    poll = PollReader().read(0, json.dumps({"RECORDS": found}), "", ["1", "2"], NOW)
    words = {
        one.get("STAT")
        for one in found
        if isinstance(one, dict) and isinstance(one.get("STAT"), str)
    }
    for one in poll.readings.values():
        assert not one.state.is_final or one.native_state in {"DONE", "EXIT"} & words


#: what ends a record, in texts of its columns too
joints = st.text(alphabet='a{}[],:"\\ \n') | st.sampled_from(["},", "},{", "}]}"])
odd_records = st.dictionaries(names, joints | st.sampled_from(["1", "2", "RUN", "DONE"]))


@given(
    st.lists(st.lists(odd_records | records, max_size=4), min_size=1, max_size=3),
    st.sampled_from([None, 0, "\t"]),
)
def test_records_read_apart_are_those_read_as_a_whole(
    polls: list[list[Any]], indent: int | str | None
) -> None:
    reader = PollReader()
    for found in polls:
        answer = {"COMMAND": "bjobs", "JOBS": len(found), "RECORDS": found}
        text = json.dumps(answer, indent=indent)
        whole = json.dumps({"RECORDS": found, "COMMAND": "bjobs"})
        asked = ["1", "2", "1[2]"]
        assert reader.read(0, text, "", asked, NOW) == PollReader().read(0, whole, "", asked, NOW)


@pytest.fixture(params=[0, 20, 100_000], ids=lambda some: f"some-{some}")
def some(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many characters are cut at a time."""
    monkeypatch.setattr("arp_nb.schedulers.lsf_records._SOME_CHARS", request.param)


@pytest.mark.usefixtures("some")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(odd_records | st.just({}), max_size=4))
def test_cut_records_are_whole_or_refused(found: list[Any]) -> None:
    try:
        apart = [record_of(piece) for piece in pieces(json.dumps({"RECORDS": found}))]
    except NotApart:
        assert any("}," in text for one in found for text in one.values())
        return
    assert apart == found


@given(st.text(), st.integers(0, 255))
def test_any_text_is_an_answer_to_a_kill_or_an_error(said: str, code: int) -> None:
    try:
        answers = lsf_parse.kill_answers(code, said, ["1", "2"])
    except SchedulerError:
        return
    assert answers.keys() == {"1", "2"}


@given(st.text(), st.text(), st.text(), st.integers(0, 255))
def test_any_text_is_a_search_or_a_path_or_an_error(
    out: str, err: str, native_id: str, code: int
) -> None:
    lsf_parse.submitted_ids(out)
    lsf_parse.memory_mb(out)
    found = output_path(out, native_id, err)
    assert found is None or found.is_absolute()
    try:
        found_jobs = at_once(lsf_parse.found(code, out, err, 20_000))
    except SchedulerError:
        return
    assert all(lsf_parse.is_id(one.native_id) for one in found_jobs)


@given(st.text(alphabet="Job<>Output File CWDSubmitedrmhs:0123456789%JI/$HOME~,; \n"))
def test_any_long_answer_names_an_absolute_path_or_none(text: str) -> None:
    line = "Sun Nov 22 18:47:57: Submitted from host <h>, CWD </x>, Output File <"
    found = output_path(f"{line}{text}", "7", "/home/x")
    assert found is None or found.is_absolute()


def test_what_looks_like_the_end_of_a_record_may_stand_before_the_first() -> None:
    text = '{"COMMAND": "bjobs },{", "RECORDS": [{"JOBID": "1", "STAT": "RUN"}]}'
    assert PollReader().read(0, text, "", ["1"], NOW).readings.keys() == {"1"}
