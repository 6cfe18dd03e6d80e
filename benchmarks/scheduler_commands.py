"""How many scheduler commands many jobs cost: as many as one job does."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.schedulers.lsf import LsfScheduler
from benchmarks.answers import answer
from benchmarks.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

JOBS = 10_000
KILLS = 1_000


def measure() -> list[Figure]:
    """Count commands of polls and kills, against those for one job."""
    made = [
        ("poll", JOBS, _poll),
        ("kill", KILLS, _kill),
    ]
    figures = []
    for what, jobs, act in made:
        one, many = _commands(1, act), _commands(jobs, act)
        figures.append(
            Figure(
                what=f"{what}: commands for {jobs:,} jobs",
                baseline="commands for one job",
                ratio=many / one,
                side="<=",
                bar=1.0,
                detail=f"{many} against {one}",
            )
        )
    return figures


async def _poll(scheduler: LsfScheduler, ids: list[str]) -> None:
    assert len((await scheduler.poll(ids)).readings) == len(ids)


async def _kill(scheduler: LsfScheduler, ids: list[str]) -> None:
    assert len(await scheduler.kill(ids)) == len(ids)


def _commands(jobs: int, act: Callable[[LsfScheduler, list[str]], Awaitable[None]]) -> int:
    """Return how many commands were run; each prints a file and leaves a line."""
    with tempfile.TemporaryDirectory(prefix="arp") as folder:
        (Path(folder) / "bjobs.txt").write_text(answer(jobs))
        lines = (f"Job <{number}> is being terminated\n" for number in range(1, jobs + 1))
        (Path(folder) / "bkill.txt").write_text("".join(lines))
        for name in ("bjobs", "bkill"):
            command = Path(folder) / name
            command.write_text(
                f"#!/bin/sh\necho >> {folder}/calls\nexec cat {folder}/{name}.txt\n"
            )
            command.chmod(0o755)
        scheduler = LsfScheduler({"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"})
        ids = [str(number) for number in range(1, jobs + 1)]

        async def run() -> None:
            await act(scheduler, ids)

        asyncio.run(run())
        return len((Path(folder) / "calls").read_text().splitlines())
