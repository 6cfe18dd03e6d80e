"""Scheduler commands: whatever they do, the caller gets an answer or an error in time."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from arp_nb.errors import SchedulerError, SchedulerTimeout, UnreadableOutput
from arp_nb.schedulers.command import CommandRunner
from arp_nb.testing import until

pytestmark = pytest.mark.anyio


def runner(folder: Path, *, timeout_s: float = 20.0, most: int = 1 << 20) -> CommandRunner:
    path = f"{folder}:{Path(sys.executable).parent}:/usr/bin:/bin"
    return CommandRunner(
        {"PATH": path, "SECRETLESS": "yes"}, timeout_s=timeout_s, max_output_bytes=most
    )


def program(folder: Path, text: str) -> None:
    path = folder / "bthing"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


async def test_both_streams_and_the_exit_code_are_returned(tmp_path: Path) -> None:
    program(tmp_path, "echo out; echo err >&2; exit 255")
    output = await runner(tmp_path).run(["bthing"])
    assert (output.stdout, output.stderr, output.exit_code) == ("out\n", "err\n", 255)
    assert output.said == "err\nout"


async def test_arguments_reach_the_command_untouched(tmp_path: Path) -> None:
    program(tmp_path, 'printf "%s|" "$@"')
    output = await runner(tmp_path).run(["bthing", "a b", "$HOME", "; ls", "*", ""])
    assert output.stdout == "a b|$HOME|; ls|*||"


async def test_only_the_given_environment_reaches_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "of the manager")
    program(tmp_path, "env")
    output = await runner(tmp_path).run(["bthing"], extra_environment={"LSB_NTRIES": "1"})
    names = {line.partition("=")[0] for line in output.stdout.splitlines()}
    assert {"SECRETLESS", "LSB_NTRIES"} <= names
    assert "TOKEN" not in names


async def test_words_and_variables_arrive_on_the_other_side_of_ssh(tmp_path: Path) -> None:
    # what sshd does: the words, joined by blanks, are a line for a shell with nothing of ours
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nshift\nexec env -i PATH="$PATH" sh -c "$*"\n')
    ssh.chmod(0o755)
    program(tmp_path, 'printf "%s|" "$FORM" "$@"; env >&2')
    path = f"{tmp_path}:/usr/bin:/bin"
    far = CommandRunner({"PATH": path, "HERE": "1"}, timeout_s=20.0, prefix=("ssh", "submit-host"))
    output = await far.run(
        ["bthing", "a b", "$HOME", "<x>;ls", ""], extra_environment={"FORM": "%s 1"}
    )
    assert output.stdout == "%s 1|a b|$HOME|<x>;ls||"
    assert "HERE" not in output.stderr


async def test_the_given_path_decides_which_command_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "echo right")
    other = tmp_path / "other"
    other.mkdir()
    program(other, "echo wrong")
    monkeypatch.setenv("PATH", f"{other}:{os.environ['PATH']}")
    assert (await runner(tmp_path).run(["bthing"])).stdout == "right\n"


async def test_bytes_of_any_encoding_are_text(tmp_path: Path) -> None:
    program(tmp_path, r"printf 'caf\351\n'")
    assert (await runner(tmp_path).run(["bthing"])).stdout == "caf\N{REPLACEMENT CHARACTER}\n"


async def test_the_command_cannot_wait_for_input(tmp_path: Path) -> None:
    program(tmp_path, "cat; echo end")
    assert (await runner(tmp_path).run(["bthing"])).stdout == "end\n"


async def test_a_missing_command_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(SchedulerError, match="'bthing' is not on the PATH"):
        await runner(tmp_path).run(["bthing"])


async def test_a_command_that_is_no_program_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "bthing").write_bytes(b"\x00\x01")
    (tmp_path / "bthing").chmod(0o755)
    with pytest.raises(SchedulerError, match="'bthing' cannot be run here"):
        await runner(tmp_path).run(["bthing"])


async def test_more_arguments_than_fit_are_an_error_in_words(tmp_path: Path) -> None:
    program(tmp_path, "echo")
    with pytest.raises(SchedulerError, match="cannot be run here"):
        await runner(tmp_path).run(["bthing", *["x" * 100_000] * 100])


async def test_a_hanging_command_is_killed_with_its_children(tmp_path: Path) -> None:
    # the child holds the output open, and would outlive a kill of its parent alone
    program(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; sleep 600")
    written = tmp_path / "child"
    while not (written.exists() and written.read_text()):  # or it was killed before it had one
        with pytest.raises(SchedulerTimeout, match=r"^bthing -l 7: no answer in 0.5 s$"):
            await runner(tmp_path, timeout_s=0.5).run(["bthing", "-l", "7"])
    child = int(written.read_text())
    until(lambda: not is_alive(child), "the child of the command is gone")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


async def test_output_without_end_is_cut_short(tmp_path: Path) -> None:
    program(tmp_path, "yes")
    with pytest.raises(UnreadableOutput, match="more than 1,048,576 bytes"):
        await runner(tmp_path).run(["bthing"])


async def test_an_abandoned_command_is_killed(tmp_path: Path) -> None:
    program(tmp_path, f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; sleep 600")
    running = asyncio.create_task(runner(tmp_path).run(["bthing"]))
    while not (tmp_path / "pid").exists():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not is_alive(int((tmp_path / "pid").read_text()))


async def test_a_command_that_is_abandoned_while_it_starts_is_killed(tmp_path: Path) -> None:
    program(tmp_path, f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; sleep 600")
    running = asyncio.create_task(runner(tmp_path).run(["bthing"]))
    for _ in range(3):
        await asyncio.sleep(0)
    for _ in range(2000):  # the loop stands still: it has not seen the start
        if (tmp_path / "pid").exists():
            break
        time.sleep(0.01)  # noqa: ASYNC251 - that is the point
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 60)
    assert not is_alive(int((tmp_path / "pid").read_text()))
