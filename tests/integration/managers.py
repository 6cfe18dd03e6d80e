"""A real manager in a folder of its own: supervisor, manager process and local scheduler."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from arp_nb import discovery
from arp_nb.daemon import commands, record
from arp_nb.daemon.host import Process

#: makes no scheduler job, so that it ends at once and leaves its update address behind
SCRIPT = """#!/bin/sh
printf %s "$BATCH_UPDATE_URL" > {folder}/address.part
ls -l /proc/$$/fd > {folder}/descriptors
mv {folder}/address.part {folder}/address
"""


def wait_until(true: Callable[[], object], what: str, timeout_s: float = 30.0) -> None:
    """Return as soon as a condition holds; fail, naming it, if it never does."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.01)


class RealManager:
    """Starts, calls, kills and stops the manager of one store."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder = folder
        self.store = folder / "store"
        self.store.mkdir(mode=0o700)
        (self.store / "config.toml").write_text(settings)

    def start(self) -> None:
        discovery.find_or_start(self.store)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        transport = httpx.HTTPTransport(uds=str(self.store / discovery.SOCKET_NAME))
        with httpx.Client(transport=transport, timeout=30) as client:
            url = f"http://arp/arp/api{path}"
            return client.request(method, url, json=body, **more)

    def status(self) -> dict[str, Any]:
        said: dict[str, Any] = self.call("GET", "/status").raise_for_status().json()
        return said

    def record(self) -> record.Record:
        found = record.read(self.store)
        assert found is not None
        return found

    def supervisor(self) -> Process:
        return self.record().supervisor

    def manager(self) -> Process:
        """Return the manager process that runs now, or the next one that does."""
        found: list[Process] = []

        def runs() -> bool:
            told = record.read(self.store)
            found[:] = [told.manager] if told and told.manager else []
            return bool(found) and _works(found[0])

        wait_until(runs, "a manager process")
        return found[0]

    def kill(self, process: Process) -> None:
        """SIGKILL, and wait until it is gone."""
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: not _works(process), f"the end of {process.pid}")

    def update_address(self) -> str:
        """Return the update address of a job, made for this."""
        script = self.folder / "script.sh"
        script.write_text(SCRIPT.format(folder=self.folder))
        script.chmod(0o755)
        self.call("POST", "/experiments", {"name": "xpptest"})
        self.call("POST", "/experiments/xpptest/runs/1:start")
        draft = {"name": "address", "executable": str(script)}
        self.call("POST", "/experiments/xpptest/definitions", draft)
        wanted = {"definition": "address", "runs": [1]}
        made = self.call("POST", "/experiments/xpptest/jobs:apply", wanted)
        assert made.status_code == 201, made.text
        address = self.folder / "address"
        wait_until(address.exists, "the script's start")
        return address.read_text()

    def close(self) -> None:
        with contextlib.suppress(Exception):
            commands.stop(self.store)
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def processes(self) -> list[psutil.Process]:
        """All that still runs for this store."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if any(str(self.store) in word for word in process.cmdline()):
                    found.append(process)
        return found


def _works(process: Process) -> bool:
    # one that we started by a fork and nobody has waited for is a zombie: it works no more
    with contextlib.suppress(psutil.Error):
        return process.runs() and psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE
    return False
