"""Jobs of the local scheduler that are held, stopped, let go on, and killed meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from arp_nb.model import JobState, Reading
from arp_nb.schedulers.local.engine.book import Book
from arp_nb.schedulers.local.engine.family import Family
from arp_nb.testing import until
from tests.contract.labs import RealLocal


def reading(local: RealLocal, native_id: str) -> Reading:
    return asyncio.run(local.scheduler.poll([native_id])).readings[native_id]


def letter(pid: int) -> str:
    """Return the kernel's letter for how a process stands; "" once it has ended."""
    try:
        found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
    return "" if found in "ZX" else found


def with_child(local: RealLocal) -> tuple[str, list[int]]:
    """Return a running job, and its processes: one is in a group of its own."""
    native_id = local.bsub("echo $$ > a; timeout 60 sleep 62 & echo $! > b; wait")
    files = [local.folder / name for name in "ab"]
    until(lambda: all(one.exists() and one.read_text() for one in files), "both are there")
    return native_id, [int(one.read_text()) for one in files]


def test_a_stopped_job_stands_still_with_all_its_processes(local: RealLocal) -> None:
    native_id, pids = with_child(local)
    done = local.command("bstop", native_id)
    assert (done.returncode, done.stdout) == (0, f"Job <{native_id}> is being stopped\n")
    assert local.word(native_id) == "USUSP"
    assert reading(local, native_id).state is JobState.SUSPENDED
    until(lambda: [letter(pid) for pid in pids] == ["T", "T"], "both are stopped")
    done = local.command("bresume", native_id)
    assert (done.returncode, done.stdout) == (0, f"Job <{native_id}> is being resumed\n")
    until(lambda: "T" not in {letter(pid) for pid in pids}, "both go on")
    assert local.word(native_id) == "RUN"


def test_a_child_in_a_session_of_its_own_is_stopped_and_ended_with_its_job(
    local: RealLocal,
) -> None:
    native_id = local.bsub("setsid sh -c 'echo $$ > own; exec sleep 60' & wait")
    own = local.folder / "own"
    until(lambda: own.exists() and bool(own.read_text()), "it has its session")
    pid = int(own.read_text())
    local.command("bstop", native_id)
    until(lambda: letter(pid) == "T", "it is stopped")
    local.command("bresume", native_id)
    until(lambda: letter(pid) == "S", "it goes on")
    local.command("bkill", native_id)
    local.until(native_id, "EXIT")
    assert not letter(pid)


def test_a_process_is_stopped_before_it_has_made_its_session(
    request: pytest.FixtureRequest,
) -> None:
    first = subprocess.Popen(["/bin/sleep", "60"])
    request.addfinalizer(first.wait)
    request.addfinalizer(first.kill)
    Family(first.pid).stop()
    assert letter(first.pid) == "T"


def test_a_deaf_child_in_a_session_of_its_own_does_not_outlive_a_kill(short_tmp: Path) -> None:
    local = RealLocal(short_tmp, ARP_LOCAL_GRACE_S="0.5")
    deaf = 'trap "" TERM; echo $$ > own; while :; do sleep 0.1; done'
    native_id = local.bsub(f"setsid sh -c '{deaf}' & wait")
    own = local.folder / "own"
    until(lambda: own.exists() and bool(own.read_text()), "it does not listen")
    local.command("bkill", native_id)  # the parent is gone at once, and its child is nobody's
    local.until(native_id, "EXIT")
    assert not letter(int(own.read_text()))


def test_a_job_that_a_job_submitted_is_not_ended_with_it(short_tmp: Path) -> None:
    local = RealLocal(short_tmp, slots=2)
    outer = local.bsub("bsub sleep 60 > inner; sleep 60")
    until(lambda: local.command("bjobs", "-noheader", "-r").stdout.count("\n") == 2, "both run")
    local.command("bkill", outer)
    local.until(outer, "EXIT")
    assert local.command("bjobs", "-noheader", "-o", "jobid stat").stdout == "2 RUN\n"


def test_a_stopped_job_keeps_its_slot(local: RealLocal) -> None:
    stopped = local.running()
    local.command("bstop", stopped)
    waiting = local.bsub("true")
    assert local.word(waiting) == "PEND"
    local.command("bkill", stopped)
    local.until(waiting, "DONE")


@pytest.mark.parametrize("force", [False, True])
def test_a_stopped_job_can_be_killed(local: RealLocal, *, force: bool) -> None:
    native_id, pids = with_child(local)
    local.command("bstop", native_id)
    until(lambda: letter(pids[0]) == "T", "it is stopped")
    answers = asyncio.run(local.scheduler.kill([native_id], force=force))
    assert answers[native_id].accepted
    local.until(native_id, "EXIT")
    assert not any(letter(pid) for pid in pids)
    told = reading(local, native_id)
    assert told.state is JobState.KILLED
    assert told.signal == (signal.SIGKILL if force else signal.SIGTERM)


def test_a_kill_by_force_does_not_wait_for_a_last_word(short_tmp: Path) -> None:
    deaf = RealLocal(short_tmp, ARP_LOCAL_GRACE_S="600")
    native_id = deaf.bsub("trap '' TERM; echo up; while :; do sleep 1; done")
    until(lambda: "up" in asyncio.run(deaf.scheduler.peek(native_id)), "it does not listen")
    deaf.command("bkill", native_id)
    assert deaf.word(native_id) == "RUN"
    done = deaf.command("bkill", "-s", "KILL", native_id)
    assert done.stdout == f"Job <{native_id}> is being terminated\n"
    deaf.until(native_id, "EXIT")
    assert reading(deaf, native_id).signal == signal.SIGKILL


def test_a_job_that_is_being_ended_is_not_stopped(short_tmp: Path) -> None:
    deaf = RealLocal(short_tmp, ARP_LOCAL_GRACE_S="600")
    native_id = deaf.bsub("trap '' TERM; echo up; while :; do sleep 1; done")
    until(lambda: "up" in asyncio.run(deaf.scheduler.peek(native_id)), "it does not listen")
    deaf.command("bkill", native_id)
    done = deaf.command("bstop", native_id)
    assert done.returncode == 255
    assert done.stderr == f"Job <{native_id}>: Operation is in progress\n"
    deaf.command("bkill", "-s", "9", native_id)
    deaf.until(native_id, "EXIT")


def test_a_held_job_waits_until_it_is_let_go(local: RealLocal) -> None:
    held = local.bsub("-H", "true")
    assert local.word(held) == "PSUSP"
    later = local.bsub("true")
    local.until(later, "DONE")
    assert local.word(held) == "PSUSP"
    assert "bresume" in reading(local, held).reason
    assert local.command("bresume", held).stdout == f"Job <{held}> is being resumed\n"
    local.until(held, "DONE")


def test_a_waiting_job_that_is_stopped_lets_others_pass(local: RealLocal) -> None:
    blocker = local.running()
    first, second = local.bsub("true"), local.bsub("true")
    assert local.command("bstop", first).stdout == f"Job <{first}> is being stopped\n"
    local.command("bkill", blocker)
    local.until(second, "DONE")
    assert local.word(first) == "PSUSP"
    assert local.command("bjobs", "-s", "-noheader", "-o", "jobid").stdout.split() == [first]
    assert local.command("bkill", first).stdout == f"Job <{first}> is being terminated\n"
    assert local.word(first) == "EXIT"


def is_stopped(local: RealLocal, native_id: str) -> bool:
    """Whether a job waits on hold, or its first process stands still."""
    with Book(str(local.folder / "local")) as book:
        job = book.job(int(native_id))
    assert job is not None
    return job.state == "PSUSP" or (job.session is not None and letter(job.session) == "T")


def test_a_stop_right_after_the_submission_is_not_lost(local: RealLocal) -> None:
    for number in range(1, 6):
        assert local.bsub("sleep 60") == str(number)
        local.command("bstop", str(number))
        until(
            lambda: is_stopped(local, local.command("bjobs", "-noheader", "-o", "jobid").stdout),
            "it stands still",
        )
        local.command("bkill", "-s", "KILL", str(number))
        local.until(str(number), "EXIT")


def test_the_run_limit_does_not_count_while_a_job_is_stopped(local: RealLocal) -> None:
    blocker = local.running()
    native_id = local.bsub("echo up; sleep 60")
    with Book(str(local.folder / "local")) as book:
        book._db.execute("UPDATE submissions SET run_limit_s = 3.0 WHERE id = ?", (native_id,))
    local.command("bkill", "-s", "KILL", blocker)
    local.until(native_id, "RUN")
    local.command("bstop", native_id)
    began = time.monotonic()
    until(lambda: time.monotonic() > began + 3.3, "its limit is long over")
    assert local.word(native_id) == "USUSP"
    local.command("bresume", native_id)
    local.until(native_id, "EXIT")
    assert reading(local, native_id).reason.startswith("TERM_RUNLIMIT")


@pytest.mark.parametrize("command", ["bstop", "bresume"])
def test_what_cannot_be_stopped_is_said_in_lsf_s_words(local: RealLocal, command: str) -> None:
    ended = local.ended(0)
    done = local.command(command, ended, "99")
    assert done.returncode == 255
    assert done.stderr.splitlines() == [
        f"Job <{ended}>: Job has already finished",
        "Job <99>: No matching job found",
    ]


def test_a_supervisor_that_dies_takes_its_stopped_job_along(local: RealLocal) -> None:
    native_id, pids = with_child(local)
    local.command("bstop", native_id)
    until(lambda: letter(pids[0]) == "T", "it is stopped")
    with Book(str(local.folder / "local")) as book:
        job = book.job(int(native_id))
        assert job is not None
        os.kill(job.supervisor_pid or 0, signal.SIGKILL)
    local.until(native_id, "EXIT")
    until(lambda: not any(letter(pid) for pid in pids), "nothing is left behind")
    assert reading(local, native_id).reason == "its supervisor was killed"
