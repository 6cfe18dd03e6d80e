"""What becomes of jobs in a real Slurm, as the adapter tells it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arp_nb.causes import cause
from arp_nb.model import JobState
from arp_nb.schedulers.slurm import SlurmScheduler
from tests.contract.labs_slurm import RealSlurm, over, running, told
from tests.slurm_cluster import ALICE, BOB

pytestmark = pytest.mark.anyio

SLEEP = "exec sleep 100"


@pytest.fixture
def slurm(short_tmp: Path) -> Iterator[RealSlurm]:
    lab = RealSlurm(short_tmp)
    yield lab
    lab.close()


# -- ends ---------------------------------------------------------------------------------


async def test_an_end_is_told_once_and_with_its_exit_code(slurm: RealSlurm) -> None:
    for code in (3, 4, 5, 6, 7):  # each is looked at before the accounting has it
        reading = await told(slurm, slurm.sbatch(line=f"exit {code}"), over)
        assert (reading.state, reading.native_state) == (JobState.FAILED, "FAILED")
        assert (reading.exit_code, reading.signal) == (code, None)
        assert reading.started_at is not None
        assert reading.ended_at is not None


async def test_a_script_that_a_signal_ended_is_told_so(slurm: RealSlurm) -> None:
    reading = await told(slurm, slurm.sbatch(line="kill -SEGV $$"), over)
    assert (reading.state, reading.signal) == (JobState.FAILED, 11)


async def test_time_limit(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch("--time=1", line=SLEEP)
    reading = await told(slurm, native_id, running)
    assert reading.asked_time_s == 60.0
    slurm.control("update", f"JobId={native_id}", "EndTime=now+1")
    reading = await told(slurm, native_id, over)
    assert (reading.state, reading.native_state) == (JobState.FAILED, "TIMEOUT")


async def test_memory_limit_is_the_cause_even_where_no_cgroup_says_so(slurm: RealSlurm) -> None:
    # OUT_OF_MEMORY itself comes from task/cgroup only: see tests/unit/test_slurm_parse.py
    eats = "exec python3 -c 'x = b\"x\" * (150 << 20); import time; time.sleep(30)'"
    reading = await told(slurm, slurm.sbatch("--mem=40M", line=eats), over)
    assert reading.state is JobState.FAILED
    assert reading.asked_memory_mb == pytest.approx(41.9)
    why = cause(
        reading.state, reading.native_state, reading.reason, signal=reading.signal,
        peak_memory_mb=reading.peak_memory_mb, asked_memory_mb=reading.asked_memory_mb,
    )  # fmt: skip
    assert why == "memory", reading


async def test_preemption(slurm: RealSlurm) -> None:
    low = slurm.sbatch("-n16", "--no-requeue", line=SLEEP)
    reading = await told(slurm, low, running)
    assert reading.cores == 16
    slurm.sbatch("-p", "urgent", "-n16", line=SLEEP)
    reading = await told(slurm, low, over)
    assert reading.cores == 16, "the accounting says so, too"
    assert (reading.state, reading.native_state) == (JobState.FAILED, "PREEMPTED")


async def test_a_node_that_fails_ends_one_job_and_requeues_the_other(slurm: RealSlurm) -> None:
    ends = slurm.sbatch("--no-requeue", line=SLEEP)
    waits = slurm.sbatch("--requeue", line=SLEEP)
    await told(slurm, ends, running)
    await told(slurm, waits, running)
    slurm.cluster.set_node("down")
    try:
        reading = await told(slurm, ends, over)
        assert (reading.state, reading.native_state) == (JobState.FAILED, "NODE_FAIL")
        await told(slurm, waits, lambda one: one.state is JobState.PENDING)
    finally:
        slurm.cluster.set_node("resume")


async def test_a_job_that_an_admin_cancelled_names_the_admin(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch(line=SLEEP)
    await told(slurm, native_id, running)
    assert slurm.cluster.run("scancel", native_id).returncode == 0
    reading = await told(slurm, native_id, over)
    assert (reading.state, reading.native_state) == (JobState.KILLED, "CANCELLED")
    assert reading.reason == "cancelled by root"


# -- not ends -----------------------------------------------------------------------------


def restart_soon(lab: RealSlurm, native_id: str) -> None:
    """Let a requeued job start in 2 s, not in 2 minutes; at once, slurmd would not take it."""
    lab.control("update", f"JobId={native_id}", "StartTime=now+2")


async def test_a_requeued_job_is_alive_again(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch("--requeue", line=SLEEP)
    await told(slurm, native_id, running)
    slurm.control("requeue", native_id)
    await told(slurm, native_id, lambda one: one.state is JobState.PENDING)
    restart_soon(slurm, native_id)
    await told(slurm, native_id, running)


async def test_an_end_that_was_told_is_forgotten_when_the_job_is_requeued(
    slurm: RealSlurm,
) -> None:
    native_id = slurm.sbatch("--requeue", line='[ "$SLURM_RESTART_COUNT" ] || exit 3')
    assert (await told(slurm, native_id, over)).exit_code == 3
    slurm.control("requeue", native_id)
    await told(slurm, native_id, lambda one: one.state is JobState.PENDING, ended=True)
    restart_soon(slurm, native_id)
    assert (
        await told(slurm, native_id, lambda one: one.state is JobState.DONE, ended=True)
    ).exit_code == 0


async def test_hold_and_release(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch("--hold", line=SLEEP)
    held = await told(slurm, native_id, lambda one: one.reason == "JobHeldUser")
    assert held.state is JobState.PENDING
    assert held.started_at is None
    slurm.control("release", native_id)
    await told(slurm, native_id, running)


async def test_suspend_and_resume(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch(line=SLEEP)
    await told(slurm, native_id, running)
    slurm.control("suspend", native_id)
    await told(slurm, native_id, lambda one: one.state is JobState.SUSPENDED)
    slurm.control("resume", native_id)
    await told(slurm, native_id, running)


async def test_back_in_the_queue_and_held_is_no_end(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch(line=SLEEP)
    await told(slurm, native_id, running)
    slurm.control("requeuehold", "State=SpecialExit", native_id)
    reading = await told(slurm, native_id, lambda one: one.state is JobState.SUSPENDED)
    assert reading.native_state == "SPECIAL_EXIT"


# -- several in one -----------------------------------------------------------------------


async def test_an_array_is_one_reading_with_counts(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch("--array=1-1000%3", line=SLEEP)
    reading = await told(slurm, native_id, lambda one: dict(one.elements).get("RUNNING") == 3)
    assert reading.elements == (("RUNNING", 3), ("PENDING", 997))
    assert len((await slurm.scheduler.poll([native_id])).readings) == 1
    elements = await slurm.scheduler.elements(native_id)
    assert [one.index for one in elements] == list(range(1, 1001))
    assert {one.native_id for one in elements} >= {f"{native_id}_1", f"{native_id}_1000"}
    one = f"{native_id}_1000"
    assert (await slurm.scheduler.poll([one])).readings[one].state is JobState.PENDING
    answers = await slurm.scheduler.kill([native_id])
    assert answers[native_id].accepted
    reading = await told(slurm, native_id, over)
    assert sum(number for _, number in reading.elements) == 1000
    assert reading.state is JobState.KILLED


async def test_ten_thousand_elements_that_wait_are_one_short_answer(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch("--hold", "--array=0-9999", line=SLEEP)
    reading = await told(slurm, native_id, lambda one: bool(one.elements))
    assert reading.elements == (("PENDING", 10_000),)


async def test_an_array_with_one_bad_element_has_failed(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch("--array=1-4", line='exit "$((SLURM_ARRAY_TASK_ID == 2))"')
    reading = await told(slurm, native_id, over)
    assert reading.state is JobState.FAILED
    assert reading.elements == (("FAILED", 1), ("COMPLETED", 3))


async def test_a_heterogeneous_job_is_one_and_a_kill_ends_all_of_it(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch("-p", "both", "-n1", ":", "-p", "both", "-n1", line=SLEEP)
    reading = await told(slurm, native_id, running)
    assert reading.elements == (("RUNNING", 2),)
    parts = await slurm.scheduler.elements(native_id)
    assert [(one.index, one.native_id) for one in parts] == [
        (0, f"{native_id}+0"), (1, f"{native_id}+1"),
    ]  # fmt: skip
    assert await slurm.scheduler.kill([native_id])
    reading = await told(slurm, native_id, over)
    assert (reading.state, reading.elements) == (JobState.KILLED, (("CANCELLED", 2),))
    ends = [one.reading for one in await slurm.scheduler.elements(native_id)]
    assert [one.state for one in ends] == [JobState.KILLED] * 2
    assert not slurm.cluster.run("squeue", "-h", "-u", ALICE).stdout.strip()


# -- kills --------------------------------------------------------------------------------


async def test_anothers_job_is_refused_in_slurms_words(slurm: RealSlurm) -> None:
    ours, theirs = slurm.sbatch(line=SLEEP), slurm.sbatch(line=SLEEP, user=BOB)
    await told(slurm, theirs, running, user=BOB)
    answers = await slurm.scheduler.kill([theirs, ours])
    assert answers[theirs].said == "Access/permission denied"
    assert not answers[theirs].accepted
    assert answers[ours].accepted
    assert slurm.word(theirs) == "RUNNING"


async def test_a_job_that_ignores_the_end_is_ended_by_force(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch(line="trap '' TERM; while :; do sleep 1; done")
    await told(slurm, native_id, running)
    answers = await slurm.scheduler.kill([native_id], force=True)
    assert answers[native_id].accepted
    assert (await told(slurm, native_id, over)).state in {JobState.KILLED, JobState.FAILED}


def through(lab: RealSlurm, name: str, script: str) -> SlurmScheduler:
    """Return an adapter whose commands all pass through a script of that name."""
    path = lab.folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    variables = lab.cluster.environment
    variables["PATH"] = f"{lab.folder}:{variables['PATH']}"
    return SlurmScheduler(variables, command_prefix=(name, "submit-host"))


async def test_five_hundred_jobs_are_read_and_killed_with_few_commands(slurm: RealSlurm) -> None:
    log = slurm.folder / "commands"
    as_alice = f"runuser -u {ALICE} --"
    scheduler = through(slurm, "counted", f'shift; echo "$1" >>{log}; exec {as_alice} "$@"')
    ids = [slurm.sbatch("--hold", line=SLEEP) for _ in range(500)]
    poll = await scheduler.poll(ids)
    assert {one.reason for one in poll.readings.values()} == {"JobHeldUser"}
    assert log.read_text().split() == ["squeue"]
    answers = await scheduler.kill([*ids, "99999"])
    assert all(answers[one].accepted for one in [*ids, "99999"])
    assert log.read_text().split() == ["squeue", "scancel"]
    poll = await scheduler.poll(ids)
    assert {one.state for one in poll.readings.values()} <= {JobState.KILLED}
    assert log.read_text().split() == ["squeue", "scancel", "squeue", "sacct"]


async def test_all_is_read_the_same_over_ssh(slurm: RealSlurm) -> None:
    # what sshd does: a line for the user's shell, with none of our variables
    conf = slurm.cluster.environment["SLURM_CONF"]
    line = f'env -i PATH="$PATH" SLURM_CONF={conf} sh -c "$*"'
    far = through(slurm, "ssh", f"shift; exec runuser -u {ALICE} -- {line}")
    native_id = slurm.sbatch("-J", "it's; a <name>", line="exit 3", tag="arp-7-abc")
    near = await told(slurm, native_id, over)
    assert (await far.poll([native_id])).readings[native_id] == near
    assert near.ended_at is not None
    assert [one.native_id for one in await far.find_tagged("arp-7-abc")] == [native_id]
    assert (await far.kill([native_id]))[native_id].accepted


# -- logs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["%x-%u-%j.log", "%4j-%N-%n-%t.log", "%s.%J.100%%.log", "f"])
async def test_the_log_is_where_slurm_wrote_it(
    slurm: RealSlurm, short_tmp: Path, pattern: str
) -> None:
    native_id = slurm.sbatch("-J", "a name", "-o", pattern, line="echo here")
    await told(slurm, native_id, over)
    path = await slurm.scheduler.log_path(native_id)
    assert path is not None
    assert (path.parent, path.read_text()) == (short_tmp, "here\n")


async def test_the_log_of_an_element_is_its_own_and_an_array_has_none(slurm: RealSlurm) -> None:
    native_id = slurm.sbatch("--array=1-2", "-o", "%A-%3a.log", line='echo "$SLURM_ARRAY_TASK_ID"')
    await told(slurm, native_id, over)
    path = await slurm.scheduler.log_path(f"{native_id}_2")
    assert path is not None
    assert path.read_text() == "2\n"


async def test_names_cannot_make_records(slurm: RealSlurm) -> None:
    name = "x\n1|COMPLETED\n   StdOut=/etc/passwd"
    native_id = slurm.sbatch("-J", name, "--comment", "a\nb|c", line=SLEEP)
    reading = await told(slurm, native_id, running)
    assert reading.tag == "a"
    log = await slurm.scheduler.log_path(native_id)
    assert log is not None
    assert log.name == f"{native_id}.log"
