"""The LSF adapter over pretended commands: which it runs, and what faults do to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arp_nb.errors import SchedulerError, SchedulerTimeout, UnreadableOutput
from arp_nb.model import JobState
from arp_nb.schedulers.base import NotHere, Site
from arp_nb.schedulers.local import LocalScheduler
from arp_nb.schedulers.lsf import LsfScheduler
from arp_nb.settings import Settings
from tests.contract.labs import FAKEBIN, FakeLsf

pytestmark = pytest.mark.anyio


@pytest.fixture
def lsf(tmp_path: Path) -> FakeLsf:
    return FakeLsf(tmp_path)


async def test_one_poll_is_one_command(lsf: FakeLsf) -> None:
    ids = [lsf.ended(0) for _ in range(3)]
    before = len(lsf.commands())
    await lsf.scheduler.poll(ids)
    [command] = lsf.commands()[before:]
    assert command[:3] == ["bjobs", "-a", "-json"]
    assert command[-3:] == ids


async def test_fields_that_a_product_lacks_are_tried_once(tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path, product="volclava")
    done = lsf.ended(0)
    before = len(lsf.commands())
    await lsf.scheduler.poll([done])
    await lsf.scheduler.poll([done])
    assert len(lsf.commands()) == before + 3


async def test_a_wider_product_tells_the_reason_and_the_memory(lsf: FakeLsf) -> None:
    native_id = lsf.ended(1)
    lsf.change(native_id, EXIT_REASON="TERM_MEMLIMIT: job killed", MAX_MEM="2 Gbytes")
    found = (await lsf.scheduler.poll([native_id])).readings[native_id]
    assert (found.reason, found.peak_memory_mb) == ("TERM_MEMLIMIT: job killed", 2147.5)


@pytest.mark.parametrize("product", ["ibm", "old", "volclava"])
@pytest.mark.parametrize(("told", "number"), [("16", 16), ("-", None), ("0", None), ("x", None)])
async def test_slots_that_a_job_was_given_are_its_cores(
    tmp_path: Path, product: str, told: str, number: int | None
) -> None:
    lsf = FakeLsf(tmp_path, product=product)
    native_id = lsf.running()
    lsf.change(native_id, NALLOC_SLOT=told)
    found = (await lsf.scheduler.poll([native_id])).readings[native_id]
    assert found.cores == (None if product == "volclava" else number)  # it lacks the column


@pytest.mark.parametrize("fault", ["garbage", "half", "exit:0:"])
async def test_an_answer_that_cannot_be_read_says_nothing_of_any_job(
    lsf: FakeLsf, fault: str
) -> None:
    done = lsf.ended(0)
    lsf.fault("bjobs", fault)
    with pytest.raises(UnreadableOutput):
        await lsf.scheduler.poll([done])


@pytest.mark.parametrize("sample", ["down_ntries_12", "hung_ntries_12", "no_envdir"])
async def test_a_cluster_that_is_down_is_an_error_in_its_own_words(
    lsf: FakeLsf, sample: str
) -> None:
    done = lsf.ended(0)
    lsf.fault("bjobs", f"sample:{sample}")
    for question in (lsf.scheduler.poll([done]), lsf.scheduler.probe()):
        with pytest.raises(SchedulerError, match=r"refused by server|time out|lsf\.conf"):
            await question


async def test_a_cluster_that_hangs_is_given_up(tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path, timeout_s=0.5)
    done = lsf.ended(0)
    lsf.fault("bjobs", "hang")
    with pytest.raises(SchedulerTimeout, match=r"no answer in 0\.5 s"):
        await lsf.scheduler.poll([done])


async def test_an_empty_answer_is_no_loss(lsf: FakeLsf) -> None:
    done = lsf.ended(0)
    lsf.fault("bjobs", "exit:255:No job found")
    with pytest.raises(SchedulerError, match="No job found"):
        await lsf.scheduler.poll([done])


async def test_a_refused_kill_says_why(lsf: FakeLsf) -> None:
    running = lsf.running()
    lsf.change(running, USER="somebody_else")
    answers = await lsf.scheduler.kill([running])
    assert not answers[running].accepted
    assert answers[running].said == f"Job <{running}>: User permission denied"


async def test_a_kill_without_an_answer_is_an_error(lsf: FakeLsf) -> None:
    running = lsf.running()
    lsf.fault("bkill", "exit:255:Connection refused by server")
    with pytest.raises(SchedulerError, match="Connection refused"):
        await lsf.scheduler.kill([running])


async def test_only_queries_fail_fast(lsf: FakeLsf, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bjobs", "bkill"):
        command = folder / name
        command.write_text(
            f"#!/bin/sh\nenv | grep -E '^(LSB_|TZ=)' > {folder}/{name}.env\nexit 1\n"
        )
        command.chmod(0o755)
    scheduler = LsfScheduler({"PATH": f"{folder}:/usr/bin:/bin"})
    for question in (scheduler.poll(["1"]), scheduler.kill(["1"])):
        with pytest.raises(SchedulerError):
            await question
    told = (folder / "bjobs.env").read_text().split()
    fast = ["LSB_API_CONNTIMEOUT=2", "LSB_API_RECVTIMEOUT=2", "LSB_NTRIES=1"]
    assert sorted(told) == [*fast, "TZ=UTC0"]
    assert (folder / "bkill.env").read_text() == ""


async def test_a_busy_cluster_is_given_more_time_the_next_time(tmp_path: Path) -> None:
    command = tmp_path / "bjobs"
    command.write_text(
        f"#!/bin/sh\necho $LSB_API_RECVTIMEOUT >> {tmp_path}/waits\n"
        "echo 'Failed in an LSF library call: Communication time out' >&2\nexit 255\n"
    )
    command.chmod(0o755)
    scheduler = LsfScheduler({"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout_s=10)
    for _ in range(4):
        with pytest.raises(SchedulerError):
            await scheduler.poll(["1"])
    assert (tmp_path / "waits").read_text().split() == ["2", "4", "8", "9"]


async def test_a_tag_that_cannot_be_searched_is_an_error_in_words(tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path, product="volclava")
    by_description = LsfScheduler(lsf.environment)
    with pytest.raises(SchedulerError, match="cannot search for our mark"):
        await by_description.find_tagged("arp-7-abc")


def site_of(folder: Path, environment: dict[str, str]) -> Site:
    return Site(settings=Settings(), store_folder=folder, environment=environment, location="lsf")


async def test_without_its_commands_there_is_no_lsf(tmp_path: Path) -> None:
    environment = {"PATH": "/nonexistent"}
    not_here = LsfScheduler.create(site_of(tmp_path, environment))
    assert not_here == NotHere("bsub is not on the PATH of the login environment")
    with pytest.raises(SchedulerError, match="'bjobs' is not on the PATH"):
        await LsfScheduler(environment).poll(["7"])


def test_the_local_scheduler_s_commands_are_not_lsf(tmp_path: Path) -> None:
    [ours] = LocalScheduler(tmp_path / "of another store").path_prepend
    not_here = LsfScheduler.create(site_of(tmp_path, {"PATH": f"{ours}:{FAKEBIN}"}))
    assert not_here == NotHere(f"{ours}/bsub is the local scheduler's, not LSF's")
    here = LsfScheduler.create(site_of(tmp_path, {"PATH": str(FAKEBIN)}))
    assert isinstance(here, LsfScheduler)
    assert str(FAKEBIN) in here.found


async def test_peek_of_a_silent_cluster_is_an_error(lsf: FakeLsf) -> None:
    running = lsf.running()
    lsf.fault("bpeek", "exit:255:Connection refused by server")
    with pytest.raises(SchedulerError, match="Connection refused"):
        await lsf.scheduler.peek(running)


async def test_details_are_the_scheduler_s_own_words(lsf: FakeLsf) -> None:
    lsf.fault("bjobs", "sample:bjobs_l_ususp")
    assert "The job was suspended by user;" in await lsf.scheduler.details("6")


def test_the_pretended_lsf_speaks_as_the_recorded_one(lsf: FakeLsf) -> None:
    path = FAKEBIN.parent / "samples" / "lsf.jsonl"
    samples = {one["name"]: one for one in map(json.loads, path.read_text("utf-8").splitlines())}
    (lsf.folder / "4.json").write_text(json.dumps({"JOBID": "4"}))
    first = lsf.submit()
    assert first == "5"
    lsf.change("5", STAT="RUN")
    for name, argv in {
        "bkill_run": ["bkill", "5"],
        "bkill_finished": ["bkill", "5"],
        "bkill_notfound": ["bkill", "99999"],
        "bjobs_json_notfound": ["bjobs", "-o", "jobid stat", "-json", "99999"],
        "bpeek_notfound": ["bpeek", "99999"],
        "bsub_no_command": ["bsub", "-q", "normal"],
        "bjobs_o_badfield": ["bjobs", "-a", "-o", "jobid nosuchfield", "-json"],
    }.items():
        done = lsf.command(*argv)
        spoken = (done.returncode, "".join(done.stdout.split()), done.stderr)
        sample = samples[name]
        assert spoken == (sample["rc"], "".join(sample["stdout"].split()), sample["stderr"]), name


# -- arrays, marks, kills, history -------------------------------------------------------


def array(lsf: FakeLsf, number: int) -> str:
    return lsf.submit("-J", f"scan[1-{number}]", "-o", "%J.%I.log")


def set_elements(lsf: FakeLsf, native_id: str, **values: dict[str, str]) -> None:
    path = lsf.folder / f"{native_id}.json"
    record = json.loads(path.read_text())
    record["ELEMENTS"] |= values
    path.write_text(json.dumps(record))


async def test_an_array_is_one_reading_with_counts(lsf: FakeLsf) -> None:
    native_id = array(lsf, 5)
    set_elements(lsf, native_id, **{"1": {"STAT": "RUN"}, "2": {"STAT": "DONE"}})
    reading = (await lsf.scheduler.poll([native_id])).readings[native_id]
    assert (reading.state, reading.native_state) == (JobState.RUNNING, "RUN")
    assert reading.elements == (("RUN", 1), ("PEND", 3), ("DONE", 1))


async def test_an_array_has_failed_once_all_have_ended_and_one_has(lsf: FakeLsf) -> None:
    native_id = array(lsf, 3)
    ends = {"1": {"STAT": "DONE"}, "2": {"STAT": "EXIT", "EXIT_CODE": "3"}, "3": {"STAT": "DONE"}}
    set_elements(lsf, native_id, **ends)
    reading = (await lsf.scheduler.poll([native_id])).readings[native_id]
    assert (reading.state, reading.exit_code) == (JobState.FAILED, 3)
    assert reading.elements == (("EXIT", 1), ("DONE", 2))


async def test_elements_are_told_one_by_one_and_polled_by_their_own_ids(lsf: FakeLsf) -> None:
    native_id = array(lsf, 12)
    set_elements(lsf, native_id, **{"10": {"STAT": "RUN"}})
    elements = await lsf.scheduler.elements(native_id)
    assert [one.index for one in elements] == list(range(1, 13))
    assert elements[9].native_id == f"{native_id}[10]"
    assert elements[9].reading.state is JobState.RUNNING
    poll = await lsf.scheduler.poll([f"{native_id}[10]", f"{native_id}[99]"])
    assert poll.readings.keys() == {f"{native_id}[10]"}
    assert poll.unknown == {f"{native_id}[99]"}
    assert await lsf.scheduler.elements(lsf.ended(0)) == ()
    assert await lsf.scheduler.elements("99") == ()


async def test_ten_thousand_elements_are_one_command(lsf: FakeLsf) -> None:
    native_id = array(lsf, 10_000)
    await lsf.scheduler.poll([native_id])  # a new one is asked of the history, once
    before = len(lsf.commands())
    reading = (await lsf.scheduler.poll([native_id])).readings[native_id]
    assert reading.elements == (("PEND", 10_000),)
    assert len(lsf.commands()) == before + 1


async def test_all_marked_jobs_are_listed_with_one_command(lsf: FakeLsf) -> None:
    first = lsf.running(tag="arp-7-abc.c1-1")
    lsf.running(tag="not ours")
    inside = lsf.ended(0, tag="arp-7-abc.j5-5")
    before = len(lsf.commands())
    found = await lsf.scheduler.marked()
    assert [(one.native_id, one.tag) for one in found] == [
        (first, "arp-7-abc.c1-1"),
        (inside, "arp-7-abc.j5-5"),
    ]
    assert len(lsf.commands()) == before + 1
    assert await lsf.scheduler.find_tagged("arp-7-abc") == found
    assert await lsf.scheduler.find_tagged("arp-7-ab") == ()


async def test_a_kill_by_force_is_a_signal_that_nothing_catches(lsf: FakeLsf) -> None:
    running = lsf.running()
    await lsf.scheduler.kill([running], force=True)
    assert lsf.commands()[-1] == ["bkill", "-s", "KILL", running]


async def test_a_thousand_kills_are_one_command(lsf: FakeLsf) -> None:
    running = lsf.running()
    ids = [running, *map(str, range(10_000, 10_999))]
    before = len(lsf.commands())
    answers = await lsf.scheduler.kill(ids)
    assert len(answers) == 1000
    assert len(lsf.commands()) == before + 1


async def test_what_bjobs_forgot_is_told_by_the_history(lsf: FakeLsf) -> None:
    native_id = lsf.ended(3)
    at = "Sun Nov 22 18:00:00"
    lsf.change(native_id, SUBMITTED=at, STARTED="Sun Nov 22 18:01:00", ENDED="Sun Nov 22 18:02:00")
    (lsf.folder / "history").mkdir()
    (lsf.folder / f"{native_id}.json").rename(lsf.folder / "history" / f"{native_id}.json")
    assert (await lsf.scheduler.poll([native_id])).unknown == {native_id}
    poll = await lsf.scheduler.history([native_id, "99999"])
    assert poll.unknown == {"99999"}
    reading = poll.readings[native_id]
    assert (reading.state, reading.exit_code) == (JobState.FAILED, 3)
    assert [one.native_state for one in reading.past] == ["PEND", "RUN", "EXIT"]


async def test_an_array_that_bjobs_forgot_is_told_by_its_one_id(lsf: FakeLsf) -> None:
    native_id = array(lsf, 3)
    at = {"STARTED": "Sun Nov 22 18:01:00", "ENDED": "Sun Nov 22 18:02:00"}
    done, failed = {"STAT": "DONE", **at}, {"STAT": "EXIT", "EXIT_CODE": "3", **at}
    set_elements(lsf, native_id, **{"1": done, "2": failed, "3": done})
    lsf.forget(native_id)
    poll = await lsf.scheduler.history([native_id, f"{native_id}[1]", "99999"])
    assert poll.unknown == {"99999"}
    assert poll.readings[native_id].elements == (("EXIT", 1), ("DONE", 2))
    assert poll.readings[native_id].exit_code == 3
    assert poll.readings[f"{native_id}[1]"].state is JobState.DONE


async def test_a_job_that_the_history_has_alive_is_not_lost(lsf: FakeLsf) -> None:
    running = lsf.running()
    poll = await lsf.scheduler.history([running])
    assert (poll.readings, poll.unknown) == ({}, frozenset())


@pytest.mark.parametrize("fault", ["say:255:LSF is down. Please wait ...", "garbage", "exit:0:"])
async def test_a_history_that_fails_denies_no_job(lsf: FakeLsf, fault: str) -> None:
    done = lsf.ended(0)
    lsf.fault("bhist", fault)
    with pytest.raises(SchedulerError):
        await lsf.scheduler.history([done])


async def test_what_was_asked_for_is_read_and_can_be_asked_for(lsf: FakeLsf) -> None:
    native_id = lsf.submit("-M", "4 G", "-W", "60.0/hostA")
    reading = (await lsf.scheduler.poll([native_id])).readings[native_id]
    assert (reading.asked_memory_mb, reading.asked_time_s) == (4295.0, 3600.0)
    assert lsf.scheduler.ask_options(16_000.0, 5430.0) == ("-M", "15259MB", "-W", "91")
    assert lsf.scheduler.ask_options(None, None) == ()


@pytest.mark.parametrize(("code", "signal"), [("137", 9), ("130", 2), ("3", None), ("255", None)])
async def test_the_signal_is_read_out_of_the_exit_code(
    lsf: FakeLsf, code: str, signal: int | None
) -> None:
    native_id = lsf.ended(int(code))
    reading = (await lsf.scheduler.poll([native_id])).readings[native_id]
    assert (reading.exit_code, reading.signal) == (int(code), signal)
