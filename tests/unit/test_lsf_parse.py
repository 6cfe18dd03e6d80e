"""How LSF's words are read, as a hurried cluster may print them."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from arp_nb.errors import SchedulerError, UnreadableOutput
from arp_nb.model import JobState, Reading
from arp_nb.native import LSF
from arp_nb.schedulers import lsf_parse, lsf_poll
from arp_nb.schedulers.lsf_parse import STATES
from arp_nb.schedulers.lsf_poll import PollReader
from arp_nb.schedulers.lsf_times import day_of
from arp_nb.schedulers.turns import at_once

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)


def reading(record: dict[str, Any], now: datetime) -> Reading | None:
    return lsf_parse.reading(record, day_of(now))


def answer(*records: object) -> str:
    return json.dumps({"COMMAND": "bjobs", "JOBS": len(records), "RECORDS": records})


# -- states -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("native", "state"),
    [
        pytest.param("PSUSP", JobState.SUSPENDED, id="suspended-before-start"),
        pytest.param("SSUSP", JobState.SUSPENDED, id="suspended-by-lsf"),
        pytest.param("UNKWN", JobState.RUNNING, id="silent-host-is-not-an-end"),
        pytest.param("ZOMBI", JobState.RUNNING, id="zombie-may-come-back"),
        pytest.param("NEWWORD", JobState.RUNNING, id="new-word-keeps-polling"),
    ],
)
def test_state_word_is_read(native: str, state: JobState) -> None:
    found = reading({"JOBID": "1", "STAT": native}, NOW)
    assert found is not None
    assert (found.state, found.native_state) == (state, native)


@pytest.mark.parametrize("word", LSF)
def test_each_word_of_the_table_has_its_state(word: str) -> None:
    found = reading({"JOBID": "1", "STAT": word}, NOW)
    assert found is not None
    assert (found.native_state, found.state) == (word, LSF[word].state)
    assert LSF[word].meaning, "and its row in the documentation"


def test_words_of_an_end_are_few() -> None:
    ends = {word for word, state in STATES.items() if state.is_final}
    assert ends == {"DONE", "EXIT", "POST_DONE", "POST_ERR"}


def test_the_job_s_own_state_decides_and_never_the_exit_code() -> None:
    done = reading({"JOBID": "1", "STAT": "DONE", "EXIT_CODE": "9"}, NOW)
    running = reading({"JOBID": "1", "STAT": "RUN", "EXIT_CODE": "9"}, NOW)
    failed = reading({"JOBID": "1", "STAT": "EXIT", "EXIT_CODE": "-"}, NOW)
    assert done is not None
    assert running is not None
    assert failed is not None
    assert done.state is JobState.DONE
    assert (running.state, running.exit_code) == (JobState.RUNNING, None)
    assert (failed.state, failed.exit_code) == (JobState.FAILED, None)


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("TERM_OWNER: job killed by owner", JobState.KILLED),
        ("TERM_ADMIN: job killed by root or LSF administrator", JobState.KILLED),
        ("TERM_MEMLIMIT: job killed after reaching LSF memory usage limit", JobState.FAILED),
        ("-", JobState.FAILED),
    ],
)
def test_an_end_that_somebody_asked_for_is_told(reason: str, state: JobState) -> None:
    found = reading({"JOBID": "1", "STAT": "EXIT", "EXIT_REASON": reason}, NOW)
    assert found is not None
    assert found.state is state
    assert found.reason == reason.removeprefix("-")


def test_an_estimated_end_of_a_running_job_is_no_end() -> None:
    found = reading({"JOBID": "1", "STAT": "RUN", "FINISH_TIME": "Nov 23 07:00 L"}, NOW)
    assert found is not None
    assert found.ended_at is None


@pytest.mark.parametrize(
    ("text", "mb"),
    [("5 Mbytes", 5.2), ("1.5 Gbytes", 1610.6), ("512 Kbytes", 0.5), ("-", None), ("..", None),
     ("1 Xbytes", None)],
)  # fmt: skip
def test_memory_is_in_megabytes(text: str, mb: float | None) -> None:
    assert lsf_parse.memory_mb(text) == mb


# -- answers that are not whole or not sane ---------------------------------------------


def test_one_bad_record_does_not_spoil_the_batch(caplog: pytest.LogCaptureFixture) -> None:
    bad: list[Any] = [
        None, 7, "x", [], {}, {"JOBID": None, "STAT": "DONE"}, {"JOBID": "2"},
        {"JOBID": "3", "STAT": ""}, {"JOBID": "4", "STAT": "<b>"}, {"JOBID": "5", "STAT": 5},
        {"JOBID": "77", "STAT": "DONE"}, {"JOBID": "6", "ERROR": "LIM is down; try later"},
    ]  # fmt: skip
    asked = [*map(str, range(1, 10))]
    with caplog.at_level(logging.WARNING):
        poll = PollReader().read(0, answer(*bad, {"JOBID": "1", "STAT": "RUN"}), "", asked, NOW)
    assert poll.readings.keys() == {"1"}
    assert poll.unknown == frozenset()  # nothing was said of the others
    assert len(caplog.records) == len(bad)


def test_rows_count_though_the_command_failed() -> None:
    text = answer({"JOBID": "1", "STAT": "RUN"})
    assert PollReader().read(255, text, "Job <9> is not found", ["1"], NOW).readings.keys() == {
        "1"
    }


def test_a_line_of_a_site_s_wrapper_before_the_answer_does_no_harm() -> None:
    text = "Welcome to LSF\n" + answer({"JOBID": "1", "STAT": "RUN"})
    assert PollReader().read(0, text, "", ["1"], NOW).readings.keys() == {"1"}


@pytest.mark.parametrize("cut", [1, 30, 60, 90])
def test_half_an_answer_is_none(cut: int) -> None:
    text = answer({"JOBID": "1", "STAT": "RUN"}, {"JOBID": "2", "STAT": "DONE"})[:cut]
    with pytest.raises(UnreadableOutput):
        PollReader().read(0, text, "", ["1", "2"], NOW)


@pytest.mark.parametrize("text", ["", "\0", "[]", "{}", "null", '{"RECORDS": 7}', "{" * 100_000])
def test_what_is_no_answer_is_an_error(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        PollReader().read(0, text, "", ["1"], NOW)


def test_an_empty_list_is_no_end_of_anything() -> None:
    poll = PollReader().read(0, answer(), "", ["1"], NOW)
    assert not poll.readings
    assert not poll.unknown


def test_a_job_that_has_not_changed_is_not_read_again() -> None:
    reader = PollReader()
    polls = [
        reader.read(0, answer({"JOBID": "1", "STAT": word}), "", ["1"], NOW).readings["1"]
        for word in ("RUN", "RUN", "DONE")
    ]
    assert polls[0] is polls[1]
    assert polls[2].state is JobState.DONE


def test_names_may_look_like_anything() -> None:
    name = 'a "b" <c>\nJob <7>: {"STAT": "DONE"} [3]'
    text = answer({"JOBID": "1", "STAT": "RUN", "JOB_NAME": name})
    assert PollReader().read(0, text, "", ["1", "7"], NOW).readings.keys() == {"1"}


def test_elements_of_an_array_are_told_apart() -> None:
    of_ibm = {"JOBID": "13", "JOBINDEX": "2", "STAT": "DONE", "JOB_NAME": "arr[2]"}
    of_volclava = {"JOBID": "13", "STAT": "RUN", "JOB_NAME": "arr[3]"}
    poll = PollReader().read(0, answer(of_ibm, of_volclava), "", ["13[2]", "13[3]"], NOW)
    assert poll.readings["13[2]"].state is JobState.DONE
    assert poll.readings["13[3]"].state is JobState.RUNNING


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (["DONE", "RUN", "EXIT"], JobState.RUNNING),
        (["DONE", "PEND"], JobState.PENDING),
        (["DONE", "EXIT", "DONE"], JobState.FAILED),
        (["DONE", "DONE"], JobState.DONE),
    ],
)
def test_an_array_as_a_whole_ends_with_its_last_element(words: list[str], state: JobState) -> None:
    text = answer(*({"JOBID": "13", "STAT": word} for word in words))
    assert PollReader().read(0, text, "", ["13"], NOW).readings["13"].state is state


def test_kill_answers_are_told_apart() -> None:
    said = "Job <1> is being terminated\nJob <3>: User permission denied"
    answers = lsf_parse.kill_answers(255, said, ["1", "2", "3"])
    assert [answers[one].accepted for one in "123"] == [True, False, False]


def test_a_kill_that_failed_as_a_whole_is_an_error() -> None:
    with pytest.raises(SchedulerError, match="Connection refused"):
        lsf_parse.kill_answers(255, "Connection refused by server", ["1"])


@pytest.mark.parametrize("word", ["POST_ERR", "POST_DONE"])
@pytest.mark.parametrize(
    ("code", "state"),
    [("-", JobState.DONE), ("0", JobState.DONE), ("3", JobState.FAILED), ("x", JobState.DONE)],
)
def test_post_processing_changes_no_end(word: str, code: str, state: JobState) -> None:
    found = reading({"JOBID": "1", "STAT": word, "EXIT_CODE": code}, NOW)
    assert found is not None
    assert (found.state, found.native_state) == (state, word)


def test_a_failed_post_processing_is_told() -> None:
    found = reading({"JOBID": "1", "STAT": "POST_ERR"}, NOW)
    assert found is not None
    assert found.reason == "post-processing failed"


def test_a_denial_is_one_whatever_the_site_s_exit_code() -> None:
    poll = PollReader().read(0, "", "Job <7> is not found", ["7", "8"], NOW)
    assert poll.unknown == {"7"}


# -- arrays that lose their elements ------------------------------------------------------


def elements(**words: str) -> str:
    return answer(
        *({"JOBID": "13", "JOBINDEX": one[1:], "STAT": word} for one, word in words.items())
    )


def test_an_element_that_left_the_list_is_still_counted() -> None:
    reader = PollReader()
    reader.read(0, elements(e1="EXIT", e2="RUN", e3="PEND"), "", ["13"], NOW)
    running = reader.read(0, elements(e2="RUN", e3="RUN"), "", ["13"], NOW).readings["13"]
    assert (running.state, running.elements) == (JobState.RUNNING, (("RUN", 2), ("EXIT", 1)))
    over = reader.read(0, elements(e2="DONE", e3="DONE"), "", ["13"], NOW).readings["13"]
    assert (over.state, over.elements) == (JobState.FAILED, (("EXIT", 1), ("DONE", 2)))
    last = reader.read(0, elements(e3="DONE"), "", ["13"], NOW).readings["13"]
    assert last == over


def test_an_array_is_not_over_while_the_end_of_an_element_was_not_seen() -> None:
    reader = PollReader()
    reader.read(0, elements(e1="RUN", e2="RUN"), "", ["13"], NOW)
    poll = reader.read(0, elements(e2="DONE"), "", ["13"], NOW)
    assert not poll.readings
    assert poll.unknown == {"13"}, "its history is to be asked"


def test_elements_without_a_number_are_all_counted() -> None:
    text = answer(*[{"JOBID": "13", "STAT": "RUN"}] * 3)
    for _ in range(2):
        assert PollReader().read(0, text, "", ["13"], NOW).readings["13"].elements == (("RUN", 3),)


def test_a_marked_array_stands_where_its_weightiest_element_does() -> None:
    mark = {"JOBID": "13", "JOB_DESCRIPTION": "arp-7-abc.c1-1"}
    text = answer(*({**mark, "STAT": word} for word in ("PEND", "RUN", "DONE")))
    [found] = at_once(lsf_parse.found(0, text, "", day_of(NOW)))
    assert found.native_state == "RUN"


def test_a_long_list_is_searched_in_steps_and_as_if_at_once() -> None:
    marked = {"JOB_DESCRIPTION": "arp-7-abc.c1-1", "STAT": "RUN"}
    rows = [{"JOBID": str(number), **marked, "JOBINDEX": "0"} for number in range(1, 2001)]
    odd = [*rows, {"JOBID": "3000", **marked, "JOB_NAME": "a },{ b"}]
    for text, number in ((answer(*rows), 2000), (answer(*odd), 2001)):
        assert len(list(lsf_parse.found(0, text, "", day_of(NOW)))) >= 4
        found = at_once(lsf_parse.found(0, text, "", day_of(NOW)))
        assert len({one.native_id for one in found}) == len(found) == number


def test_a_long_array_is_read_in_steps_and_as_if_at_once() -> None:
    rows = [{"JOBID": "13", "JOBINDEX": str(one), "STAT": "RUN"} for one in range(1, 2001)]
    odd = [*rows, {"JOBID": "13", "JOBINDEX": "2001", "STAT": "RUN", "JOB_NAME": "a },{ b"}]
    for text, number in ((answer(*rows), 2000), (answer(*odd), 2001)):
        assert len(list(lsf_poll.elements("13", text, day_of(NOW)))) >= 4
        read = at_once(lsf_poll.elements("13", text, day_of(NOW)))
        assert [one.index for one in read] == list(range(1, number + 1))
