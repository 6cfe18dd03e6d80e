"""What a manager costs that has nothing to do: its share of one core."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from arp_nb.daemon import record
from benchmarks.figures import Figure
from benchmarks.servers import manager

#: what a start does in the background is over by then
_SETTLED_S = 5.0


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure the processor time of supervisor and manager while nothing is active."""
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    try:
        with manager(folder):
            running = record.read(folder / "store")
            assert running is not None
            assert running.manager is not None
            pids = (running.supervisor.pid, running.manager.pid)
            time.sleep(_SETTLED_S)
            before_s, began_s = _used_s(*pids), time.monotonic()
            time.sleep(10.0 if quick else 60.0)
            used_s, wall_s = _used_s(*pids) - before_s, time.monotonic() - began_s
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [
        Figure(
            what="processor time of a manager at rest",
            baseline="time",
            ratio=used_s / wall_s,
            side="<=",
            bar=0.01,
            detail=f"{used_s * 1e3:.0f} ms in {wall_s:.0f} s",
        )
    ]


def _stat(pid: int) -> list[str]:
    """Return what the kernel tells of a process, after its name."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()


def _used_s(*pids: int) -> float:
    ticks = sum(int(value) for pid in pids for value in _stat(pid)[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")
