"""The LSF adapter over pretended commands: which it runs, and what faults do to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arp_nb.errors import SchedulerError, SchedulerTimeout, UnreadableOutput
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
        command.write_text(f"#!/bin/sh\nenv | grep ^LSB_ > {folder}/{name}.env\nexit 1\n")
        command.chmod(0o755)
    scheduler = LsfScheduler({"PATH": f"{folder}:/usr/bin:/bin"})
    for question in (scheduler.poll(["1"]), scheduler.kill(["1"])):
        with pytest.raises(SchedulerError):
            await question
    told = (folder / "bjobs.env").read_text().split()
    assert sorted(told) == ["LSB_API_CONNTIMEOUT=2", "LSB_API_RECVTIMEOUT=2", "LSB_NTRIES=1"]
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
