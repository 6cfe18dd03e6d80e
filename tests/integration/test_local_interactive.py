"""``bsub -I`` of the local scheduler: the job's streams and exit code are those of bsub."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
from typing import Any

import pytest

from arp_nb.model import JobState
from tests.contract.labs import RealLocal


def begun(local: RealLocal, *argv: str, **how: Any) -> subprocess.Popen[str]:
    """Start a ``bsub -I`` that is not waited for."""
    return subprocess.Popen(
        [local.scheduler.path_prepend[0] / "bsub", "-I", *argv],
        env=local.environment, cwd=local.folder, text=True, **{
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
        } | how,
    )  # fmt: skip


def test_it_answers_as_lsf_does(local: RealLocal) -> None:
    # as recorded in the sample bsub_I
    done = local.command("bsub", "-I", "-q", "psdebugq", "echo interactive; echo bad >&2; exit 3")
    assert done.stdout == "Job <1> is submitted to queue <psdebugq>.\ninteractive\n"
    host = os.uname().nodename
    assert done.stderr == f"<<Waiting for dispatch ...>>\n<<Starting on {host}>>\nbad\n"
    assert done.returncode == 3
    told = asyncio.run(local.scheduler.poll(["1"])).readings["1"]
    assert (told.state, told.exit_code) == (JobState.FAILED, 3)
    assert asyncio.run(local.scheduler.log_path("1")) is None
    assert asyncio.run(local.scheduler.peek("1")) == ""


@pytest.mark.parametrize("option", ["-I", "-Ip", "-Is"])
def test_what_comes_in_goes_to_the_job(local: RealLocal, option: str) -> None:
    text = local.folder / "text"
    text.write_text("to the job\n")
    with text.open() as file:
        done = local.command("bsub", option, "cat", stdin=file)
    assert done.stdout.splitlines()[1:] == ["to the job"]


def test_a_job_has_the_terminal_of_its_bsub(local: RealLocal) -> None:
    ours, theirs = pty.openpty()
    process = begun(local, "test -t 0 && test -t 1; exit $?", stdin=theirs, stdout=theirs)
    os.close(theirs)
    process.communicate()
    os.close(ours)
    assert process.returncode == 0


def test_named_files_are_written_as_ever(local: RealLocal) -> None:
    done = local.command("bsub", "-I", "-o", "%J.log", "echo one; echo two >&2")
    assert done.stdout.splitlines()[1:] == []
    assert (local.folder / "1.log").read_text() == "one\ntwo\n"


def test_it_waits_for_its_turn(local: RealLocal) -> None:
    blocker = local.running()
    process = begun(local, "echo mine")
    local.until("2", "PEND")
    after = local.bsub("true")
    local.command("bkill", blocker)
    output, _ = process.communicate(timeout=20)
    assert output.splitlines()[1:] == ["mine"]
    local.until(after, "DONE")


def test_one_that_is_killed_while_it_waits_says_so(local: RealLocal) -> None:
    local.running()
    process = begun(local, "echo mine")
    local.until("2", "PEND")
    local.command("bkill", "2")
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 255
    assert errors == "<<Waiting for dispatch ...>>\n<<Terminated while pending>>\n"


def test_ctrl_c_ends_the_job(local: RealLocal) -> None:
    process = begun(local, "sleep 61")
    local.until("1", "RUN")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    local.until("1", "EXIT")
    assert asyncio.run(local.scheduler.poll(["1"])).readings["1"].state is JobState.KILLED


def test_ctrl_c_before_its_turn_takes_it_out_of_the_queue(local: RealLocal) -> None:
    local.running()
    process = begun(local, "sleep 61")
    local.until("2", "PEND")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert local.word("2") == "EXIT"


def test_one_whose_bsub_is_gone_does_not_block_the_queue(local: RealLocal) -> None:
    blocker = local.running()
    process = begun(local, "sleep 61")
    local.until("2", "PEND")
    after = local.bsub("true")
    process.kill()
    process.communicate()
    local.command("bkill", blocker)
    local.until(after, "DONE")
    told = asyncio.run(local.scheduler.poll(["2"])).readings["2"]
    assert (told.state, told.reason) == (
        JobState.FAILED, "the bsub that waited to run it was ended",
    )  # fmt: skip


def test_one_whose_terminal_stopped_it_lets_others_pass(local: RealLocal) -> None:
    blocker = local.running()
    process = begun(local, "echo mine")
    local.until("2", "PEND")
    after = local.bsub("true")
    process.send_signal(signal.SIGSTOP)
    local.command("bkill", blocker)
    local.until(after, "DONE")
    assert local.word("2") == "PEND"
    process.send_signal(signal.SIGCONT)
    output, _ = process.communicate(timeout=20)
    assert output.splitlines()[1:] == ["mine"]


def test_closed_streams_are_not_the_book_s(local: RealLocal) -> None:
    line = "bsub -I 'cat; echo out; echo err >&2' <&- >&- 2>&-"
    done = subprocess.run(
        ["/bin/sh", "-c", line], env=local.environment, cwd=local.folder, check=False
    )
    assert done.returncode == 0
    assert local.word("1") == "DONE"


def test_an_array_cannot_be_interactive(local: RealLocal) -> None:
    done = local.command("bsub", "-I", "-J", "arr[1-2]", "true")
    assert (done.returncode, done.stdout) == (255, "")
    assert "cannot be interactive" in done.stderr
