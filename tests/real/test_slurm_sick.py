"""A Slurm that is down, hangs, forgets, or keeps no accounting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.testing import until
from tests.contract.labs_slurm import RealSlurm, over, running, told
from tests.missing import missing
from tests.slurm_cluster import ALICE, ClusterFailed, SlurmCluster, lacking

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _here() -> None:
    if why := lacking():
        missing(why)


@pytest.fixture
def own() -> Iterator[Callable[..., SlurmCluster]]:
    """A cluster of one's own, to be broken."""
    made: list[SlurmCluster] = []

    def make(**options: bool | int) -> SlurmCluster:
        made.append(SlurmCluster(**options))  # type: ignore[arg-type]
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.close()


async def test_a_controller_that_is_down_ends_no_job_and_refuses_no_kill(
    short_tmp: Path, own: Callable[..., SlurmCluster]
) -> None:
    lab = RealSlurm(short_tmp, own())
    native_id = lab.running()
    lab.cluster.stop_controller()
    with pytest.raises(SchedulerError, match="Unable to contact slurm controller"):
        await lab.scheduler.poll([native_id])
    with pytest.raises(SchedulerError, match="Unable to contact slurm controller"):
        await lab.scheduler.kill([native_id])
    with pytest.raises(SchedulerError, match="does not answer"):
        await lab.scheduler.probe()
    lab.cluster.start_controller()
    await told(lab, native_id, running)
    assert (await lab.scheduler.kill([native_id]))[native_id].accepted
    assert (await told(lab, native_id, over)).state is JobState.KILLED


async def test_a_hanging_controller_is_given_up_in_time(
    short_tmp: Path, own: Callable[..., SlurmCluster]
) -> None:
    lab = RealSlurm(short_tmp, own())
    native_id = lab.running()
    lab.cluster.hang_controller()
    with pytest.raises(SchedulerError, match="no answer in 2 s"):
        await lab.as_user(ALICE, timeout_s=2.0).poll([native_id])
    lab.cluster.wake_controller()
    await told(lab, native_id, running)


async def test_what_the_controller_forgot_the_accounting_tells(
    short_tmp: Path, own: Callable[..., SlurmCluster]
) -> None:
    lab = RealSlurm(short_tmp, own(min_job_age_s=2))
    native_id = lab.ended(3, tag="arp-7-abc")
    until(lambda: not lab.word(native_id), "the controller forgets", deadline_s=60.0)
    reading = (await lab.scheduler.poll([native_id])).readings[native_id]
    assert (reading.state, reading.exit_code) == (JobState.FAILED, 3)
    past = (await lab.scheduler.history([native_id, "99999"])).readings[native_id].past
    assert [one.state for one in past] == [JobState.RUNNING, JobState.FAILED]
    assert past[-1].at == reading.ended_at
    assert (await lab.scheduler.history(["99999"])).unknown == {"99999"}
    assert [one.native_id for one in await lab.scheduler.find_tagged("arp-7-abc")] == [native_id]
    assert f"JobId={native_id}" in await lab.scheduler.details(native_id)
    with pytest.raises(SchedulerError, match="forgotten"):
        await lab.scheduler.log_path(native_id)


async def test_without_accounting_the_list_is_all_there_is(
    short_tmp: Path, own: Callable[..., SlurmCluster]
) -> None:
    lab = RealSlurm(short_tmp, own(accounting=False))
    native_id = lab.sbatch(line="exit 3", tag="arp-7-abc")
    reading = await told(lab, native_id, over)
    assert (reading.state, reading.exit_code) == (JobState.FAILED, None)
    assert reading.reason == "NonZeroExitCode"
    fresh = lab.as_user(ALICE)  # each is its first question
    assert [one.native_id for one in await fresh.find_tagged("arp-7-abc")] == [native_id]
    assert (await lab.as_user(ALICE).poll(["99999"])).unknown == {"99999"}
    assert (await lab.as_user(ALICE).history(["99999"])).unknown == {"99999"}
    with pytest.raises(SchedulerError, match="knows no job 99999"):
        await lab.as_user(ALICE).details("99999")


async def test_while_the_accounting_is_down_no_job_is_denied(
    short_tmp: Path, own: Callable[..., SlurmCluster]
) -> None:
    lab = RealSlurm(short_tmp, own())
    native_id = lab.running()
    lab.cluster.stop_accounting()
    poll = await lab.scheduler.poll([native_id, "99999"])
    assert poll.readings[native_id].state is JobState.RUNNING
    assert poll.unknown == frozenset()
    lab.cluster.start_accounting()
    assert (await lab.scheduler.poll(["99999"])).unknown == {"99999"}


def test_two_clusters_at_once_and_nothing_left_of_them() -> None:
    first, second = SlurmCluster(), SlurmCluster()
    try:
        first.start()
        second.start()
        done = [one.run("sbatch", "--parsable", "--wrap=sleep 100") for one in (first, second)]
        assert [one.stdout.strip() for one in done] == ["1", "1"]
    finally:
        first.close()
        second.close()
    for one in (first, second):
        assert not one.folder.exists()
        assert not one.processes()


def test_a_cluster_that_does_not_start_says_why_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.slurm_cluster._SLURM_CONF", "NoSuchSetting=1\n{accounting}")
    cluster = SlurmCluster()
    with pytest.raises(ClusterFailed, match="NoSuchSetting"):
        cluster.start()
    assert not cluster.folder.exists()
    assert not cluster.processes()
