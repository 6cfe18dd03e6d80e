"""What is asked of LSFs that know less than IBM's newest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.schedulers.lsf import LsfScheduler
from arp_nb.schedulers.lsf_dialect import Dialect
from arp_nb.schedulers.lsf_poll import PollReader
from tests.contract.labs import FakeLsf

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 19, tzinfo=UTC)
PLAIN = Dialect(is_json=False)


def test_one_unknown_field_is_left_out_and_no_other() -> None:
    said = "<MEMLIMIT> in the format string is not a valid field name."
    other = Dialect().after(99, "", said)
    assert other is not None
    assert set(Dialect().fields) - set(other.fields) == {"memlimit"}


def test_many_unknown_fields_cost_few_commands() -> None:
    dialect: Dialect | None = Dialect()
    tries = 0
    while dialect is not None:
        known = {"jobid", "stat", "queue", "job_name"}
        bad = next((one for one in dialect.fields if one not in known), None)
        said = f"<{str(bad).upper()}> in the format string is not a valid field name."
        dialect = dialect.after(99, "", said) if bad else None
        tries += 1
    assert tries <= 12


def test_without_the_job_s_state_there_is_nothing_to_ask() -> None:
    assert (
        Dialect().after(99, "", "<STAT> in the format string is not a valid field name.") is None
    )


@pytest.mark.parametrize("said", ["", "LSF is down. Please wait ...", "Job <7> is not found"])
def test_other_complaints_change_no_dialect(said: str) -> None:
    assert Dialect().after(255, "", said) is None


def test_the_one_free_text_stands_last_where_a_delimiter_cuts() -> None:
    form = PLAIN.options[-1]
    columns, _, delimiter = form.partition(" delimiter=")
    assert delimiter == "'|'"
    assert columns.split()[-1] == "job_description"
    assert not {"pend_reason", "exit_reason"} & set(columns.split())


def columns(**values: str) -> str:
    names = PLAIN.options[-1].partition(" delimiter=")[0].split()
    return "|".join(values.get(name, "-") for name in names) + "\n"


def test_a_description_may_hold_the_delimiter_and_break_lines() -> None:
    text = columns(jobid="7", stat="RUN", job_description="a|b\nDONE|x") + columns(
        jobid="8", stat="DONE"
    )
    poll = PollReader().read(0, PLAIN.as_json(text, ""), "", ["7", "8"], NOW)
    assert {key: one.native_state for key, one in poll.readings.items()} == {
        "7": "RUN",
        "8": "DONE",
    }
    assert poll.readings["7"].tag == "a|b"


@given(st.text(), st.text())
def test_any_text_becomes_json_and_ends_no_job(stdout: str, stderr: str) -> None:
    text = PLAIN.as_json(stdout, stderr)
    assert isinstance(json.loads(text)["RECORDS"], list)
    readings = PollReader().read(0, text, "", ["1"], NOW).readings
    assert not any(one.state.is_final for one in readings.values())


async def test_an_lsf_before_json_is_asked_for_columns_and_not_twice_for_json(
    tmp_path: Path,
) -> None:
    lsf = FakeLsf(tmp_path, product="old")
    done, running = lsf.ended(0), lsf.running()
    poll = await lsf.scheduler.poll([done, running, "99"])
    assert {key: one.state for key, one in poll.readings.items()} == {
        done: JobState.DONE,
        running: JobState.RUNNING,
    }
    assert poll.unknown == {"99"}
    before = len(lsf.commands())
    await lsf.scheduler.poll([done])
    [command] = lsf.commands()[before:]
    assert "-json" not in command


async def test_an_lsf_without_custom_columns_is_told_in_words(tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path)
    done = lsf.ended(0)
    lsf.fault("bjobs", "say:255:bjobs: illegal option -- o")
    with pytest.raises(SchedulerError, match="illegal option"):
        await lsf.scheduler.poll([done])


async def test_what_a_broken_wrapper_hid_for_a_while_is_asked_for_again(tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path)
    failed = lsf.ended(1)
    lsf.change(failed, EXIT_REASON="TERM_RUNLIMIT: job killed")
    lsf.fault("bjobs", "say:255:bjobs: illegal option -- json")
    with pytest.raises(SchedulerError):
        await lsf.scheduler.poll([failed])
    lsf.fault("bjobs", "")
    reading = (await lsf.scheduler.poll([failed])).readings[failed]
    assert reading.reason.startswith("TERM_RUNLIMIT")


async def test_a_search_that_is_refused_leaves_the_polls_as_they_were(tmp_path: Path) -> None:
    scheduler = LsfScheduler(FakeLsf(tmp_path, product="volclava").environment)
    lsf = FakeLsf(tmp_path, product="volclava")
    done = lsf.ended(0)
    await scheduler.poll([done])
    with pytest.raises(SchedulerError):
        await scheduler.find_tagged("arp-7-abc")
    before = len(lsf.commands())
    assert (await scheduler.poll([done])).readings[done].state is JobState.DONE
    [command] = lsf.commands()[before:]
    assert "-json" in command


async def test_an_empty_list_does_not_make_an_old_lsf_be_asked_anew(tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path, product="old")
    for _ in range(2):
        before = len(lsf.commands())
        assert await lsf.scheduler.marked() == ()
    assert len(lsf.commands()) == before + 1
