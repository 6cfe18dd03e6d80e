"""How LSF's words are read: as recorded, and as a hurried cluster may print them."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from arp_nb.errors import SchedulerError, UnreadableOutput
from arp_nb.model import JobState, Reading
from arp_nb.native import LSF
from arp_nb.schedulers import lsf_parse
from arp_nb.schedulers.base import Poll
from arp_nb.schedulers.lsf_dialect import Dialect
from arp_nb.schedulers.lsf_parse import STATES
from arp_nb.schedulers.lsf_listing import output_path
from arp_nb.schedulers.lsf_poll import PollReader
from arp_nb.schedulers.lsf_times import day_of

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
SAMPLES: dict[str, Any] = {
    sample["name"]: sample
    for sample in map(
        json.loads,
        (Path(__file__).parents[1] / "samples" / "lsf.jsonl").read_text("utf-8").splitlines(),
    )
}


def reading(record: dict[str, Any], now: datetime) -> Reading | None:
    return lsf_parse.reading(record, day_of(now))


def answer(*records: object) -> str:
    return json.dumps({"COMMAND": "bjobs", "JOBS": len(records), "RECORDS": records})


def recorded(name: str, *asked: str) -> Poll:
    sample = SAMPLES[name]
    return PollReader().read(sample["rc"], sample["stdout"], sample["stderr"], asked, NOW)


# -- recorded answers -------------------------------------------------------------------


def test_recorded_states_are_read() -> None:
    poll = recorded("bjobs_json_all", *map(str, range(40)))
    states = {native_id: one.native_state for native_id, one in poll.readings.items()}
    assert states["4"] == "DONE"
    assert states["5"] == "EXIT"
    assert poll.readings["4"].started_at is not None
    assert poll.readings["5"].queue == "psdebugq"


def test_a_recorded_silent_host_is_no_end() -> None:
    found = recorded("bjobs_json_unkwn", "41").readings["41"]
    assert (found.state, found.native_state) == (JobState.RUNNING, "UNKWN")


@pytest.mark.parametrize("name", ["bjobs_json_mixed", "bjobs_json_notfound"])
def test_a_recorded_error_record_means_unknown(name: str) -> None:
    poll = recorded(name, "18", "99999")
    assert poll.unknown == {"99999"}
    assert poll.readings.keys() <= {"18"}


@pytest.mark.parametrize(
    "name", ["down_ntries_12", "hung_ntries_12", "down_lim_ntries", "no_envdir", "bjobs_bad_user"]
)
def test_a_recorded_failure_says_nothing_of_any_job(name: str) -> None:
    words = SAMPLES[name]["stderr"].strip()
    with pytest.raises(SchedulerError) as raised:
        recorded(name, "5", "7")
    assert words in str(raised.value)


def test_a_recorded_not_found_without_rows_means_unknown() -> None:
    assert recorded("bjobs_notfound", "99999", "5").unknown == {"99999"}


@pytest.mark.parametrize("name", ["bjobs_json_fields", "bjobs_array_o_json", "bjobs_o_badfield"])
def test_a_recorded_refusal_of_a_field_is_told_from_others(name: str) -> None:
    sample = SAMPLES[name]
    field = re.findall(r"<(\w+)> in the format", sample["stderr"])[0].lower()
    asked = Dialect(fields=("jobid", "stat", field))
    other = asked.after(sample["rc"], sample["stdout"], sample["stderr"])
    assert other is not None
    assert field not in other.fields
    assert asked.after(255, "", SAMPLES["bjobs_notfound"]["stderr"]) is None


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("bsub_default_queue", ("4",)),
        ("bsub_queue", ("5",)),
        ("arp_submit_sh", ("11",)),
        ("bsub_K_fail", ("23",)),
        ("bsub_quiet", ()),
        ("bsub_no_command", ()),
        ("bsub_wrong_queue", ()),
    ],
)
def test_recorded_submissions_are_read(name: str, ids: tuple[str, ...]) -> None:
    assert lsf_parse.submitted_ids(SAMPLES[name]["stdout"]) == ids


@pytest.mark.parametrize("name", [one for one in SAMPLES if not one.startswith(("arp_", "bsub"))])
def test_jobs_that_other_commands_name_were_not_submitted(name: str) -> None:
    sample = SAMPLES[name]
    assert lsf_parse.submitted_ids(sample["stdout"] + sample["stderr"]) == ()


@pytest.mark.parametrize(
    ("name", "native_id", "accepted"),
    [
        ("bkill_run", "5", True),
        ("bkill_psusp", "8", True),
        ("bkill_finished", "5", True),
        ("bkill_notfound", "99999", True),
        ("bkill_other_user", "10", False),
        ("bkill_sbatchd_down", "40", True),
        ("bkill_array_elem", "13[4]", True),
    ],
)
def test_recorded_kills_are_answered_in_lsf_s_words(
    name: str, native_id: str, accepted: bool
) -> None:
    sample = SAMPLES[name]
    said = sample["stdout"] + sample["stderr"]
    answers = lsf_parse.kill_answers(sample["rc"], said, [native_id])
    assert answers[native_id].accepted is accepted
    assert answers[native_id].said == said.strip()


@pytest.mark.parametrize(
    ("name", "native_id", "path"),
    [
        ("bjobs_l_run", "5", "/home/rtalice/5.log"),
        ("bjobs_l_odir", "18", "/nonexistent/dir/18.log"),
        ("bjobs_l_exit3", "9", "/home/rtalice/scripted.9.log"),
        ("bjobs_UF", "5", "/home/rtalice/5.log"),
        ("bjobs_l_pend", "7", None),
        ("bjobs_l_killed_pending", "8", None),
    ],
)
def test_recorded_output_files_are_found(name: str, native_id: str, path: str | None) -> None:
    found = output_path(SAMPLES[name]["stdout"], native_id, "/home/rtalice")
    assert found == (None if path is None else PurePosixPath(path))


def test_a_recorded_search_that_the_product_cannot_do_is_an_error_in_words() -> None:
    sample = SAMPLES["bjobs_json_noo"]  # its usage text, as for any option it does not know
    with pytest.raises(SchedulerError, match="cannot search for our mark"):
        lsf_parse.found(sample["rc"], sample["stdout"], sample["stderr"], day_of(NOW))


def test_a_recorded_search_without_a_find_is_no_error() -> None:
    sample = SAMPLES["bjobs_a_none"]
    assert lsf_parse.found(sample["rc"], sample["stdout"], sample["stderr"], day_of(NOW)) == ()


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


def test_the_state_decides_and_never_the_exit_code() -> None:
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


def test_a_folded_output_file_is_joined() -> None:
    path = "/a" + "/quite_long_folder_name" * 8 + "/%J.%I.log"
    line = f"Sun Nov 22 18:47:57: Submitted from host <lsfhost>, CWD </x>, Output File <{path}>;"
    rest = [line[80:][i : i + 59] for i in range(0, len(line[80:]), 59)]
    text = "\nJob <7>, Command <x>\n" + "\n".join([line[:80], *(" " * 21 + one for one in rest)])
    expected = path.replace("%J", "7").replace("%I", "3")
    assert output_path(text, "7[3]", "/home/x") == PurePosixPath(expected)


@pytest.mark.parametrize(
    ("cwd", "output", "path"),
    [
        ("/data", "logs/%J.log", "/data/logs/7.log"),
        ("$HOME/work", "%J.log", "/home/x/work/7.log"),
        ("$HOME", "~/%J.log", "/home/x/7.log"),
        ("/data", "out/", "/data/out/7.out"),
        ("", "%J.log", None),
    ],
)
def test_relative_output_files_are_of_the_job_s_folder(
    cwd: str, output: str, path: str | None
) -> None:
    text = f"Sun Nov 22 18:47:57: Submitted from host <h>, CWD <{cwd}>, Output File <{output}>;\n"
    found = output_path(text, "7", "/home/x")
    assert found == (None if path is None else PurePosixPath(path))


def test_a_job_s_name_cannot_name_the_log() -> None:
    name = "x>, Output File </etc/shadow>, y <"
    text = (
        f"Job <7>, Job Name <{name}>, Command <{name}>\n"
        "Sun Nov 22 18:47:57: Submitted from host <h>, CWD </data>, Output File <%J.log>;\n"
    )
    assert output_path(text, "7", "/home/x") == PurePosixPath("/data/7.log")
