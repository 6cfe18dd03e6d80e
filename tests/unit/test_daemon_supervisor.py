"""The supervisor's end: whenever it is told, its manager is told, too."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from arp_nb.daemon import child
from arp_nb.daemon.host import this_host
from arp_nb.daemon.listeners import bind
from arp_nb.daemon.supervisor import Supervisor
from arp_nb.settings import Settings

MANAGER_S = 60


def test_a_stop_that_comes_while_a_manager_is_being_started_ends_it(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep = shutil.which("sleep")
    assert sleep is not None

    def start(_store: Path, _lock: int, _listeners: Any, now: float) -> child.Child:
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        pid = os.posix_spawn(sleep, ["sleep", str(MANAGER_S)], os.environ)
        os.close(write_end)
        os.kill(os.getpid(), signal.SIGTERM)
        return child.Child(pid, read_end, now)

    monkeypatch.setattr(child, "start", start)
    before_s = time.monotonic()
    with closing(bind(short_tmp, Settings())) as listeners:
        assert Supervisor(short_tmp, this_host(), -1, listeners, 30.0).run() == 0
    assert time.monotonic() - before_s < MANAGER_S / 2
