"""The whole product in a folder of its own, to be used, killed and looked at by real tests."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

import arp_nb
from arp_nb import discovery
from arp_nb.daemon import child
from arp_nb.errors import ArpError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arp_nb.client.board import Board

#: what a user's shell would have; nothing of the test run's own environment
LOGIN_PATH = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"


def wait_until(true: Callable[[], object], what: str, timeout_s: float = 60.0) -> None:
    """Return as soon as a condition holds; fail, saying what was waited for, if it never does."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s"
        time.sleep(0.02)


class Product:
    """A manager with a store of its own below ``folder``; nothing is shared with the machine."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder = folder
        self.store = folder / "s"
        self.store.mkdir(mode=0o700)
        self.scripts = folder / "scripts"
        self.scripts.mkdir()
        (self.store / "config.toml").write_text(
            f'path_prepend = ["{Path(sys.executable).parent}"]\n{settings}'
        )

    def start(self) -> None:
        """Find or start the manager, as any caller would."""
        discovery.find_or_start(self.store)

    def board(self, experiment: str = "xpptest", *, create: bool = True) -> Board:
        """Connect as a notebook would."""
        return arp_nb.connect(experiment, create=create)

    def script(self, name: str, text: str) -> Path:
        """Write an executable script of the user's."""
        path = self.scripts / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def processes(self, mark: str) -> Iterator[psutil.Process]:
        """Yield processes of this product whose command line contains ``mark``."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                line = " ".join(process.cmdline())
                if mark in line and str(self.folder) in line:
                    yield process

    def supervisors(self) -> list[psutil.Process]:
        """Find the process that keeps the manager alive."""
        return list(self.processes("arp_nb.daemon run"))

    def managers(self) -> list[psutil.Process]:
        """Find the process that a supervisor started."""
        return list(self.processes(f"{child.MODULE} {{"))

    def close(self) -> None:
        """End every process that works for this product."""
        with contextlib.suppress(ArpError, OSError):
            for process in self.supervisors():
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 10
        while (left := list(self.processes(""))) and time.monotonic() < deadline:
            for process in left:
                if process.pid != os.getpid():
                    with contextlib.suppress(psutil.Error):
                        process.kill()
            time.sleep(0.05)
