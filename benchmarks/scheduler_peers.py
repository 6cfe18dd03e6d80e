"""Reading 10,000 jobs as psij-python does, and as we do; its parsers run in `peers`.

Each reads the text that it asks its scheduler for. psij's has a job's id, its state and at most a
reason; ours has the queue, the host, all times, memory, limits, exit codes and our mark, too.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.schedulers import slurm_parse
from arp_nb.schedulers.lsf_poll import PollReader
from benchmarks import peers
from benchmarks.answers import NOW, WORDS, answer
from benchmarks.figures import Figure, Missing

if TYPE_CHECKING:
    from collections.abc import Callable

JOBS = 10_000
_ROUNDS = 7
_DELIMITER = "<5f2c9a1b>"
#: run by the peers' interpreter: prints the best time of each parser, in seconds
_PEER = """
import sys, time
from psij.executors.batch.lsf import LsfJobExecutor
from psij.executors.batch.slurm import SlurmJobExecutor
for kind, path in ((LsfJobExecutor, sys.argv[1]), (SlurmJobExecutor, sys.argv[2])):
    text, executor, best = open(path).read(), kind.__new__(kind), 1e9
    for _ in range(int(sys.argv[3])):
        began = time.perf_counter()
        read = executor.parse_status_output(0, text)
        best = min(best, time.perf_counter() - began)
        assert len(read) == 10000
    print(best)
"""
_SLURM_WORDS = {"PEND": ("PD", "PENDING"), "RUN": ("R", "RUNNING"), "DONE": ("CD", "COMPLETED"),
                "EXIT": ("CA", "CANCELLED")}  # fmt: skip


def _best_s(work: Callable[[], object], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def _peers_s(rounds: int) -> tuple[float, float]:
    """Return what psij takes for LSF and for Slurm, in seconds."""
    interpreter = peers.python()
    records = [
        {
            "JOBID": str(number), "STAT": WORDS[number % len(WORDS)],
            "EXIT_REASON": "", "KILL_REASON": "", "SUSPEND_REASON": "",
        }
        for number in range(1, JOBS + 1)
    ]  # fmt: skip
    lines = (
        f"{number} {_SLURM_WORDS[WORDS[number % len(WORDS)]][0]} None\n"
        for number in range(1, JOBS + 1)
    )
    with tempfile.TemporaryDirectory(prefix="arp") as folder:
        lsf, slurm = Path(folder, "lsf"), Path(folder, "slurm")
        lsf.write_text(json.dumps({"COMMAND": "bjobs", "JOBS": JOBS, "RECORDS": records}))
        slurm.write_text("JOBID ST REASON\n" + "".join(lines))
        done = subprocess.run(
            [interpreter, "-c", _PEER, lsf, slurm, str(rounds)],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    if done.returncode:
        raise Missing(f"psij-python: {done.stderr.strip()[-300:]}")
    first, second = map(float, done.stdout.split())
    return first, second


def squeue(delimiter: str) -> str:
    """Return what ``squeue`` prints of the jobs, in the columns that we ask for."""
    since = int(NOW.timestamp()) - 200_000
    lines = []
    for number in range(1, JOBS + 1):
        word = _SLURM_WORDS[WORDS[number % len(WORDS)]][1]
        values = (
            str(number), word, "psanaq", f"psana{number % 300}", str(since + number),
            str(since + 11 * number), str(since + 12 * number), "16000M", "12:00:00", "16", "None",
            f"arp-{number}-5f2c.c1-1",
        )  # fmt: skip
        assert len(values) == len(slurm_parse.SQUEUE)
        lines.append(delimiter.join(values))
    return "\n".join(lines) + "\n"


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure the later polls of both, on which nothing has changed: nearly all there are."""
    rounds = 3 if quick else _ROUNDS
    lsf_s, slurm_s = _peers_s(rounds)
    asked = frozenset(map(str, range(1, JOBS + 1)))
    text = answer(JOBS)
    reader = PollReader()
    reader.read(0, text, "", asked, NOW)
    ours_lsf_s = _best_s(lambda: reader.read(0, text, "", asked, NOW), rounds)
    queue = slurm_parse.QueueReader()
    texts = [(squeue(one), one) for one in (_DELIMITER, "<00000000>")]
    first_s = _best_s(lambda: slurm_parse.QueueReader().read(*texts[0]), rounds)
    queue.read(*texts[0])
    ours_slurm_s = _best_s(lambda: queue.read(*texts[1]), rounds)
    return [
        _figure("LSF", ours_lsf_s, lsf_s),
        _figure("Slurm", ours_slurm_s, slurm_s),
        _figure("Slurm, all of them new", first_s, slurm_s),
    ]


def _figure(which: str, ours_s: float, theirs_s: float) -> Figure:
    return Figure(
        what=f"status of {JOBS:,} jobs read, {which}",
        baseline="psij-python's parse_status_output of its own, shorter text",
        ratio=ours_s / theirs_s,
        detail=f"{ours_s * 1e3:.0f} ms against {theirs_s * 1e3:.0f} ms",
    )
