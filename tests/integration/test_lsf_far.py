"""LSF's commands on another host, and in another zone than ours."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arp_nb.batch_client.identity import is_another
from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.schedulers.lsf import LsfScheduler
from tests.contract.labs import FakeLsf

pytestmark = pytest.mark.anyio


@pytest.fixture
def lsf(tmp_path: Path) -> FakeLsf:
    return FakeLsf(tmp_path)


def far_side(folder: Path, environment: dict[str, str]) -> Path:
    """Return an ``ssh``: the other side has an environment of its own, and takes one line."""
    told = shlex.join(
        f"{name}={environment[name]}"
        for name in ("PATH", "FAKE_LSF", "FAKE_LSF_PRODUCT", "TZ")
        if name in environment
    )
    ssh = folder / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec env -i {told} sh -c "$*"\n')
    ssh.chmod(0o755)
    return ssh


async def test_how_long_jobs_are_listed_is_asked_on_the_other_side(lsf: FakeLsf) -> None:
    far_only = lsf.folder / "far"
    far_only.mkdir()
    bparams = far_only / "bparams"
    bparams.write_text("#!/bin/sh\necho 'CLEAN_PERIOD = 600'\n")
    bparams.chmod(0o755)
    there = lsf.environment | {"PATH": f"{far_only}:{lsf.environment['PATH']}"}
    far = LsfScheduler(
        {"PATH": "/usr/bin:/bin"}, command_prefix=(str(far_side(lsf.folder, there)),)
    )
    said = [one.said for one in await far.advise()]
    assert any(one.startswith("bjobs lists a job for 600 s after its end") for one in said)


async def test_where_the_other_side_has_no_history_the_list_s_word_is_the_last(
    lsf: FakeLsf,
) -> None:
    array = lsf.submit("-J", "scan[1-2]")
    path = lsf.folder / f"{array}.json"
    record = json.loads(path.read_text())
    record["ELEMENTS"] = {one: {"STAT": "DONE"} for one in ("1", "2")}
    path.write_text(json.dumps(record))
    lsf.fault("bhist", "exit:127:env: 'bhist': No such file or directory")
    far = LsfScheduler(
        lsf.environment, command_prefix=(str(far_side(lsf.folder, lsf.environment)),)
    )
    assert (await far.poll([array])).readings[array].state is JobState.DONE


async def test_more_jobs_than_one_line_holds_are_polled_over_ssh(lsf: FakeLsf) -> None:
    ssh = far_side(lsf.folder, lsf.environment)
    far = LsfScheduler(lsf.environment, command_prefix=(str(ssh),))
    first, last = lsf.running(), lsf.ended(3)
    nobody = [str(number) for number in range(1_000_000, 1_020_000)]
    for _ in range(2):
        before = len(lsf.commands())
        poll = await far.poll([first, *nobody, last])
        assert {one.state for one in poll.readings.values()} == {JobState.RUNNING, JobState.FAILED}
        assert poll.unknown == set(nobody)
        assert len(lsf.commands()) - before == 3
    lsf.fault("bjobs", "say:255:LSF is down")
    with pytest.raises(SchedulerError, match="LSF is down"):
        await far.poll([first, last])


ZONES = ["Asia/Tokyo", "America/Los_Angeles", "UTC", "XYZ+5:30"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("is_far", [False, True], ids=["here", "over-ssh"])
async def test_moments_are_true_whatever_zone_the_commands_run_in(
    tmp_path: Path, zone: str, *, is_far: bool
) -> None:
    lsf = FakeLsf(tmp_path)
    environment = {**lsf.environment, "TZ": zone}
    lsf.environment["TZ"] = zone
    ssh = far_side(tmp_path, lsf.environment)
    scheduler = LsfScheduler(environment, command_prefix=(str(ssh),) if is_far else ())
    began = datetime.now(UTC).replace(second=0, microsecond=0)
    native_id = lsf.ended(0)
    lsf.change(native_id, FINISH_TIME=json.loads((tmp_path / "101.json").read_text())["ENDED"])
    listed = (await scheduler.poll([native_id])).readings[native_id]
    lsf.forget(native_id)
    past = (await scheduler.history([native_id])).readings[native_id]
    now = datetime.now(UTC)
    for reading in (listed, past):
        assert reading.submitted_at is not None
        assert reading.ended_at is not None
        assert began <= reading.submitted_at <= reading.ended_at <= now
    assert not is_another(1, began, listed)


async def test_a_person_reads_details_in_the_zone_of_the_login(tmp_path: Path) -> None:
    command = tmp_path / "bjobs"
    command.write_text("#!/bin/sh\necho in $TZ\n")
    command.chmod(0o755)
    scheduler = LsfScheduler({"PATH": f"{tmp_path}:/usr/bin:/bin", "TZ": "Asia/Tokyo"})
    assert await scheduler.details("7") == "in Asia/Tokyo\n"
