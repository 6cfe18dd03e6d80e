"""How Slurm's words are read, each by itself and as recorded."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from arp_nb.model import JobState, Reading
from arp_nb.native import SLURM
from arp_nb.schedulers import slurm_parse
from arp_nb.schedulers.slurm import SlurmScheduler
from arp_nb.schedulers.slurm_books import by_job
from arp_nb.schedulers.slurm_parse import Listed
from arp_nb.schedulers.slurm_values import (
    duration_s,
    exit_of,
    indices,
    memory_mb,
    minutes_s,
    moment,
)
from tests.slurm_records import SAMPLES, only, sacct, squeue

AT_S = 1_795_374_881
AT = datetime.fromtimestamp(AT_S, UTC)


# -- states -----------------------------------------------------------------------------

P, R, S, D, F, K = (
    JobState.PENDING, JobState.RUNNING, JobState.SUSPENDED,
    JobState.DONE, JobState.FAILED, JobState.KILLED,
)  # fmt: skip
#: squeue(1) "JOB STATE CODES" and sacct(1) "JOB STATE CODES", written out here by hand
STATES = {
    "PENDING": P, "CONFIGURING": P, "POWER_UP_NODE": P, "EXPEDITING": P, "REQUEUED": P,
    "REQUEUE_FED": P, "REQUEUE_HOLD": S, "SPECIAL_EXIT": S, "RESV_DEL_HOLD": S, "RUNNING": R,
    "COMPLETING": R, "STAGE_OUT": R, "SIGNALING": R, "RESIZING": R, "UPDATE_DB": R,
    "SUSPENDED": S, "STOPPED": S, "COMPLETED": D, "FAILED": F, "CANCELLED": K, "TIMEOUT": F,
    "OUT_OF_MEMORY": F, "NODE_FAIL": F, "PREEMPTED": F, "DEADLINE": F, "BOOT_FAIL": F,
    "LAUNCH_FAILED": F, "RECONFIG_FAIL": F, "REVOKED": R,
}  # fmt: skip


@pytest.mark.parametrize(("word", "state"), STATES.items())
def test_each_word_has_its_state_in_both_books(word: str, state: JobState) -> None:
    for reading in (only(squeue("7", word)), only(sacct("7", word))):
        assert (reading.state, reading.native_state) == (state, word)


def test_each_word_of_the_table_is_tested() -> None:
    assert STATES.keys() == SLURM.keys()


@pytest.mark.parametrize("book", [squeue, sacct])
def test_an_unknown_word_is_no_end_and_is_warned_of(
    book: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert only(book("7", "BRAND_NEW")).state is JobState.RUNNING
    assert "BRAND_NEW" in caplog.text


@pytest.mark.parametrize("word", ["", "completed", "COMPLETED?", "CANCELLED by", "CD", "0", "é"])
def test_what_is_no_word_is_no_record(word: str) -> None:
    assert squeue("7", word) == []
    assert sacct("7", word) == []


def test_who_cancelled_is_named_or_numbered() -> None:
    assert only(sacct("7", "CANCELLED by 0")).reason == "cancelled by root"
    unknown = only(sacct("7", "CANCELLED by 4294967294"))
    assert unknown.reason == "cancelled by user 4294967294"
    assert (unknown.state, unknown.native_state) == (JobState.KILLED, "CANCELLED")


@pytest.mark.parametrize("why", ["JobHeldUser", "JobHeldAdmin", "BadConstraints", "Dependency"])
def test_a_waiting_job_says_why(why: str) -> None:
    assert only(squeue("7", "PENDING", r=why)).reason == why


@pytest.mark.parametrize("why", ["None", "(null)", "", "N/A"])
def test_no_reason_is_no_text(why: str) -> None:
    assert only(squeue("7", "PENDING", r=why)).reason == ""


def test_the_reason_of_a_bad_end_is_the_lists_alone() -> None:
    assert only(squeue("7", "FAILED", r="JobLaunchFailure")).reason == "JobLaunchFailure"
    # there it is the last one for which the job waited
    assert only(sacct("7", "FAILED", Reason="ReqNodeNotAvail")).reason == ""
    assert only(squeue("7", "CANCELLED", r="Resources")).reason == ""


# -- single values ----------------------------------------------------------------------


def test_times_are_of_utc_and_an_estimate_is_none() -> None:
    times = {"V": str(AT_S), "S": str(AT_S + 60), "e": str(AT_S + 120)}
    waits, runs, ended = (
        only(squeue("7", word, **times)) for word in ("PENDING", "RUNNING", "COMPLETED")
    )
    assert (waits.submitted_at, waits.started_at, waits.ended_at) == (AT, None, None)
    assert runs.started_at == datetime.fromtimestamp(AT_S + 60, UTC)
    assert runs.ended_at is None
    assert ended.ended_at == datetime.fromtimestamp(AT_S + 120, UTC)


@pytest.mark.parametrize(
    "text", ["", "N/A", "None", "Unknown", "NONE", "0", "-5", "2026-11-22T19:14:45", "9" * 11, "٣"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5:00", 300.0), ("1:02:03", 3723.0), ("2-00:00:00", 172_800.0), ("1-06", 108_000.0),
        ("UNLIMITED", None), ("365-00:00:00", None), ("INVALID", None), ("", None), ("1:2", None),
    ],
)  # fmt: skip
def test_limits(text: str, seconds: float | None) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 5400.0), ("525600", None), ("UNLIMITED", None), ("", None)]
)
def test_limits_of_the_accounting(text: str, seconds: float | None) -> None:
    assert minutes_s(text) == seconds


@pytest.mark.parametrize(
    ("text", "cores", "nodes", "mb"),
    [
        ("16000M", "", "", 16_777.2), ("1.50G", "", "", 1610.6), ("1396K", "", "", 1.4),
        ("2000000", "", "", 2.0), ("4000Mc", "4", "2", 16_777.2), ("4000Mn", "4", "2", 8388.6),
        ("4000Mc", "", "", None), ("0", "", "", None), ("16?", "", "", None), ("", "", "", None),
    ],
)  # fmt: skip
def test_sizes(text: str, cores: str, nodes: str, mb: float | None) -> None:
    assert memory_mb(text, cores, nodes) == mb


@pytest.mark.parametrize(
    ("text", "code", "signal"),
    [
        ("0:0", 0, None), ("3:0", 3, None), ("0:9", 0, 9), ("1792:0", 7, None), ("", None, None),
        ("x:0", None, None), ("1", None, None), ("9999999:0", None, None), ("٣:0", None, None),
    ],
)  # fmt: skip
def test_exit_codes(text: str, code: int | None, signal: int | None) -> None:
    assert exit_of(text) == (code, signal)


@pytest.mark.parametrize(
    ("text", "number"),
    [("4-100%2", 97), ("1,3,5-9:2", 5), ("7", 1), ("0-9999", 10_000), ("x", None), ("", None),
     ("0-999999999", None), ("5-1", 0)],
)  # fmt: skip
def test_indices(text: str, number: int | None) -> None:
    found = indices(text)
    assert (None if found is None else len(found)) == number


def test_a_code_is_told_of_an_end_only() -> None:
    assert only(sacct("7", "RUNNING", ExitCode="0:0")).exit_code is None
    assert only(sacct("7", "FAILED", ExitCode="0:9")).signal == 9


def test_the_peak_is_the_highest_of_its_steps() -> None:
    steps = [
        {"JobID": f"7.{name}", "State": "COMPLETED", "MaxRSS": size}
        for name, size in (("batch", "1000K"), ("extern", ""), ("0", "3000K"))
    ]
    assert only(sacct("7", "COMPLETED", *steps)).peak_memory_mb == 3.1


@pytest.mark.parametrize(
    ("word", "text", "number"),
    [("RUNNING", "4", 4), ("SUSPENDED", "4", 4), ("COMPLETED", "4", 4), ("PENDING", "4", None),
     ("RUNNING", "0", None), ("RUNNING", "x", None), ("RUNNING", "4.5", None)],
)  # fmt: skip
def test_cores_are_those_that_it_was_given(word: str, text: str, number: int | None) -> None:
    assert only(squeue("7", word, C=text, N="" if word == "PENDING" else "n1")).cores == number
    if word != "PENDING":
        assert only(sacct("7", word, AllocCPUS=text, ReqCPUS="2")).cores == number


def test_what_was_cancelled_while_it_waited_was_given_no_cores() -> None:
    assert only(squeue("7", "CANCELLED", C="4")).cores is None
    assert only(squeue("7", "CANCELLED", C="4", N="(null)")).cores is None
    assert only(squeue("7", "CANCELLED", C="4", N="n1")).cores == 4


def test_parts_that_run_together_have_the_cores_of_all_and_elements_have_none_together() -> None:
    parts = [*squeue("7+0", "RUNNING", C="4", N="n1"), *squeue("7+1", "RUNNING", C="2", N="n2")]
    assert cores_of("7", parts) == 6
    assert cores_of("7", [*parts, *squeue("7+2", "PENDING", C="8")]) is None
    elements = [*squeue("8_1", "RUNNING", C="4", N="n1"), *squeue("8_2", "RUNNING", C="2", N="n1")]
    assert cores_of("8", elements) is None
    assert cores_of("8_1", elements) == 4


def cores_of(native_id: str, listed: list[Listed]) -> int | None:
    reading = slurm_parse.reading_of(native_id, listed)
    assert reading is not None
    return reading.cores


# -- ids --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ids"),
    [("sbatch", ("1",)), ("sbatch_array", ("3",)), ("sbatch_bad_part", ()),
     ("sbatch_bad_script", ()), ("sbatch_forbidden", ()), ("sbatch_parsable", ())],
)  # fmt: skip
def test_recorded_submissions_are_read(name: str, ids: tuple[str, ...]) -> None:
    said = SAMPLES[name]["stdout"] + SAMPLES[name]["stderr"]
    assert slurm_parse.submitted_ids(said, alone=False) == ids


@pytest.mark.parametrize("name", [one for one in SAMPLES if not one.startswith("sbatch")])
def test_jobs_that_other_commands_name_were_not_submitted(name: str) -> None:
    said = SAMPLES[name]["stdout"] + SAMPLES[name]["stderr"]
    assert slurm_parse.submitted_ids(said, alone=False) == ()


def test_a_bare_number_is_an_id_only_where_sbatch_alone_printed_it() -> None:
    submitted = SlurmScheduler({}).submitted_ids
    assert submitted("12\n", alone=True) == ("12",)
    assert submitted("12;cluster-a\n", alone=True) == ("12",)
    assert submitted("12\n") == ()
    assert submitted("Submitted batch job 12 on cluster a\n") == ("12",)
    assert submitted("took 12 s\n0\n", alone=True) == ()


@pytest.mark.parametrize("native_id", ["12", "12_4", "12_0", "12+1"])
def test_ids(native_id: str) -> None:
    assert slurm_parse.is_id(native_id)
    assert slurm_parse.whole_id(native_id) == "12"


@pytest.mark.parametrize(
    "text", ["", "0", "-u", "12_", "12_[1-3]", "12.batch", "1 2", "12\n", "٣"]
)
def test_what_is_no_id(text: str) -> None:
    assert not slurm_parse.is_id(text)


# -- options ----------------------------------------------------------------------------


def test_more_is_asked_for_in_slurms_units_rounded_up() -> None:
    asked = SlurmScheduler({}).ask_options
    assert asked(16_000.0, 7200.0) == ("--mem=15259M", "--time=120")  # of 2^20 bytes each
    assert asked(None, 61.0) == ("--time=2",)
    assert asked(None, None) == ()


# -- several in one ---------------------------------------------------------------------


def read(asked: str, *records: list[Listed]) -> Reading | None:
    return slurm_parse.reading_of(asked, [one for some in records for one in some])


def test_waiting_elements_are_counted_and_not_unfolded() -> None:
    [waiting] = squeue("3_[4-9999%2]", "PENDING")
    assert waiting.waiting == range(4, 10_000)
    whole = read("3", [waiting], squeue("3_2", "RUNNING"), squeue("3_3", "FAILED"))
    assert whole is not None
    assert whole.state is JobState.RUNNING
    assert whole.elements == (("RUNNING", 1), ("PENDING", 9996), ("FAILED", 1))


@pytest.mark.parametrize(
    ("asked", "word"), [("3_2", "RUNNING"), ("3_7", "PENDING"), ("3_10", None), ("4", None)]
)
def test_an_element_is_found_alone_or_among_the_waiting(asked: str, word: str | None) -> None:
    records = [*squeue("3_[4-9%2]", "PENDING"), *squeue("3_2", "RUNNING")]
    found = by_job(records, [asked]).get(slurm_parse.whole_id(asked), ())
    reading = slurm_parse.reading_of(asked, found)
    assert (reading and reading.native_state) == word


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("RUNNING", "FAILED"), JobState.RUNNING),
        (("COMPLETED", "FAILED"), JobState.FAILED),
        (("COMPLETED", "COMPLETED"), JobState.DONE),
        (("CANCELLED", "COMPLETING"), JobState.RUNNING),
    ],
)
def test_the_worst_part_of_a_heterogeneous_job_decides(
    words: tuple[str, str], state: JobState
) -> None:
    whole = read("12", squeue("12+0", words[0]), squeue("12+1", words[1]))
    assert whole is not None
    assert whole.state is state
    assert dict(whole.elements) == Counter(words)


def test_the_parts_of_a_heterogeneous_job_are_told_one_by_one() -> None:
    listed = [
        *squeue("12+1", "FAILED"), *squeue("12+0", "RUNNING"), *sacct("12+1", "RUNNING"),
        *squeue("13+0", "RUNNING"),
    ]  # fmt: skip
    found = slurm_parse.elements("12", listed)
    assert [(one.index, one.native_id) for one in found] == [(0, "12+0"), (1, "12+1")]
    assert [one.reading.native_state for one in found] == ["RUNNING", "FAILED"]
    part = read("12+1", *([one] for one in listed if one.job_id == "12"))
    assert part is not None
    assert part.native_state == "FAILED"


# -- marks ------------------------------------------------------------------------------


def test_only_our_marks_are_found_and_an_array_is_one() -> None:
    listed = [
        *squeue("3_[4-9]", "PENDING", k="arp-7-abc"), *squeue("3_1", "RUNNING", k="arp-7-abc"),
        *squeue("9", "RUNNING", k="mine"), *squeue("8", "RUNNING", k="arp-7-abc.c1-2"),
    ]  # fmt: skip
    found = slurm_parse.marked(listed)
    assert found.keys() == {"3", "8"}
    assert found["3"].state is JobState.RUNNING


def test_a_record_that_is_as_it_was_is_the_same_object_and_another_is_read_anew() -> None:
    reader = slurm_parse.QueueReader()
    columns = ["7", "RUNNING", "q", "n1", "1", "2", "N/A", "1M", "1:00", "4", "None", "arp-7-ab"]
    (first,) = reader.read("<a>".join(columns), "<a>")
    (second,) = reader.read("<b>".join(columns), "<b>")
    assert second is first
    (third,) = reader.read("<c>".join([*columns[:-1], "arp-8-ab"]), "<c>")
    assert third.reading.tag == "arp-8-ab"
    assert reader.read("\x1f".join(columns), "<d>") == [], "what lacks the delimiter is no record"
