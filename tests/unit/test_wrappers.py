"""The wrapper before ``bsub``: it notes, it changes nothing else, and it fails open."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from arp_nb.batch_client.environment import WRAPPERS
from arp_nb.batch_client.spool import Call, read

ECHO = """#!/bin/sh
printf '%s\\n' "$@" > {folder}/args
env > {folder}/env
ls -l /proc/$$/fd > {folder}/fds
"""


class Bench:
    """A folder for events, and a real command that a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.bin = folder / "bin"
        self.spool.mkdir()
        self.bin.mkdir()
        self.environment = {
            "PATH": f"{WRAPPERS}:{self.bin}:/usr/bin:/bin",
            "ARP_SPOOL": str(self.spool),
            "ARP_TAG_OPTION": "-Jd arp-12-5f0c",
            "ARP_LOCK_FD": "7",
        }

    def real(self, text: str, folder: Path | None = None) -> None:
        path = (folder or self.bin) / "bsub"
        path.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def start(
        self, *args: str, stdin: int, before: tuple[str, ...] = ()
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*before, f"{WRAPPERS}/bsub", *args],
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *args: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
        with self.start(*args, stdin=subprocess.PIPE) as process:
            out, err = process.communicate(stdin, timeout=20)
        return process.returncode, out, err

    @property
    def call(self) -> Call:
        (call,) = read(self.spool).calls
        return call

    @property
    def args(self) -> list[str]:
        return (self.folder / "args").read_text().splitlines()


@pytest.fixture
def bench(short_tmp: Path) -> Bench:
    return Bench(short_tmp)


def test_wrapper_can_be_executed() -> None:
    assert os.access(WRAPPERS / "bsub", os.X_OK)


def test_arguments_pass_as_they_are_behind_the_tag(bench: Bench) -> None:
    bench.real(ECHO.format(folder=bench.folder))
    odd = ["-q", "a b", "*", "$HOME", "'", '"', "\\n", ""]
    assert bench.run(*odd) == (0, b"", b"")
    assert bench.args == ["-Jd", "arp-12-5f0c", *odd]
    assert (bench.call.exit_code, bench.call.said) == (0, "")


def test_tag_of_the_script_itself_is_left_alone(bench: Bench) -> None:
    bench.real(ECHO.format(folder=bench.folder))
    bench.run("-Jd", "my own", "x")
    assert bench.args == ["-Jd", "my own", "x"]


def test_input_output_and_exit_code_are_those_of_the_real_command(bench: Bench) -> None:
    bench.real("cat; echo wrong >&2; exit 255")
    assert bench.run("x", stdin=b"#BSUB -q q\n\xff\x00") == (
        255,
        b"#BSUB -q q\n\xff\x00",
        b"wrong\n",
    )
    assert bench.call.exit_code == 255


def test_output_streams_and_is_noted_while_the_command_waits(bench: Bench) -> None:
    bench.real(f"echo 'Job <7> is submitted'; while [ ! -e {bench.folder}/go ]; do :; done")
    with bench.start("-K", "x", stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"Job <7> is submitted\n"
        deadline_s = time.monotonic() + 10
        while not bench.call.said and time.monotonic() < deadline_s:
            pass
        assert (bench.call.said, bench.call.alive) == ("Job <7> is submitted\n", True)
        (bench.folder / "go").touch()
        process.communicate(timeout=20)
    assert (bench.call.exit_code, bench.call.alive) == (0, False)


def test_real_command_gets_neither_our_variables_nor_the_lock(bench: Bench) -> None:
    bench.real(ECHO.format(folder=bench.folder))
    holder = ("/bin/sh", "-c", 'exec 7>"$0"; exec "$@"', f"{bench.folder}/lock")
    with bench.start("x", stdin=subprocess.DEVNULL, before=holder) as process:
        process.communicate(timeout=20)
    assert "ARP_" not in (bench.folder / "env").read_text()
    fds = (bench.folder / "fds").read_text()
    assert "/lock" not in fds
    assert "/spool" not in fds


@pytest.mark.parametrize(
    "breakage",
    [
        pytest.param({"ARP_SPOOL": ""}, id="no-spool"),
        pytest.param({"ARP_SPOOL": "/nowhere"}, id="spool-is-gone"),
        pytest.param({"ARP_SPOOL": "/dev/null"}, id="spool-is-no-folder"),
        pytest.param({"ARP_SPOOL": "/proc"}, id="spool-takes-no-files"),
    ],
)
def test_anything_wrong_of_ours_runs_the_real_command_untouched(
    bench: Bench, breakage: dict[str, str]
) -> None:
    bench.real(ECHO.format(folder=bench.folder))
    bench.environment |= breakage
    assert bench.run("-q", "x") == (0, b"", b"")
    assert bench.args == ["-q", "x"]


def test_tools_that_are_missing_run_the_real_command_untouched(bench: Bench) -> None:
    bench.real(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {bench.folder}/args")
    bench.environment["PATH"] = f"{WRAPPERS}:{bench.bin}"
    assert bench.run("-q", "x") == (0, b"", b"")
    assert bench.args == ["-q", "x"]


def test_next_command_after_the_wrapper_is_taken_not_one_before(bench: Bench) -> None:
    site = bench.folder / "site"
    site.mkdir()
    bench.real('exec bsub "$@" # a site\'s own wrapper, which would call us again', site)
    bench.real("echo real")
    bench.environment["PATH"] = f"{site}:{bench.environment['PATH']}"
    assert bench.run("x") == (0, b"real\n", b"")


def test_missing_command_is_told_like_the_shell_does(bench: Bench) -> None:
    code, out, err = bench.run("x")
    assert (code, out, err) == (127, b"", b"bsub: command not found\n")
