"""A wrapper on a bench: a spool, and a real command that a test writes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from arp_nb import marks
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

    def real(self, text: str, folder: Path | None = None, name: str = "bsub") -> None:
        path = (folder or self.bin) / name
        path.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def start(
        self, *args: str, stdin: int, before: tuple[str, ...] = (), name: str = "bsub"
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*before, f"{WRAPPERS}/{name}", *args],
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *args: str, stdin: bytes = b"", name: str = "bsub") -> tuple[int, bytes, bytes]:
        with self.start(*args, stdin=subprocess.PIPE, name=name) as process:
            out, err = process.communicate(stdin, timeout=20)
        return process.returncode, out, err

    @property
    def call(self) -> Call:
        (call,) = read(self.spool).calls
        return call

    @property
    def args(self) -> list[str]:
        return (self.folder / "args").read_text().splitlines()

    def passed(self, *args: str, name: str = "bsub") -> list[str]:
        """Return the arguments that reach the real command, behind the mark."""
        self.real(ECHO.format(folder=self.folder), name=name)
        assert self.run(*args, name=name) == (0, b"", b"")
        option, mark, *rest = self.args
        assert (option, marks.parse(mark)) != (option, None)
        return rest
