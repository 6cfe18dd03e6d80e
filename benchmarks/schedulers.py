"""Reading 10,000 jobs of LSF, against the parse of the same text by ``json.loads``.

The bar of the whole poll, reading and storing, is 1.5 times that parse and one bulk insert:
see `benchmarks.polls`. Before it comes the share of the reading.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import tempfile
import time
from typing import TYPE_CHECKING

from arp_nb.schedulers.lsf_poll import PollReader
from benchmarks import polls, scheduler_commands, scheduler_peers
from benchmarks.answers import NOW, answer
from benchmarks.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

JOBS = 10_000
ROUNDS = 7


def _insert_all(database: sqlite3.Connection, records: list[dict[str, str]]) -> None:
    database.execute("DELETE FROM jobs")
    database.executemany(
        "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (one["JOBID"], one["STAT"], one["QUEUE"], one["EXEC_HOST"], one["SUBMIT_TIME"],
             one["START_TIME"], one["FINISH_TIME"])
            for one in records
        ],
    )  # fmt: skip
    database.commit()


def _seconds(*works: Callable[[], object], rounds: int) -> list[float]:
    """Return the best time of each, taken in turns so that a noisy moment meets all."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for number, work in enumerate(works):
            began = time.perf_counter()
            work()
            best[number] = min(best[number], time.perf_counter() - began)
    return best


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure the reading of a poll's answer, whole polls, and what others do."""
    logging.getLogger("arp_nb").setLevel(logging.ERROR)
    rounds = 3 if quick else ROUNDS
    asked = frozenset(map(str, range(1, JOBS + 1)))
    text = answer(JOBS)
    # every text is new to the reader, as that of the first poll is
    fresh = iter([answer(JOBS, minutes=3 * number) for number in range(1, rounds + 1)])
    reader = PollReader()
    reader.read(0, text, "", asked, NOW)
    with tempfile.TemporaryDirectory(prefix="arp") as folder:
        database = sqlite3.connect(f"{folder}/jobs.sqlite")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE jobs (id PRIMARY KEY, a, b, c, d, e, f) WITHOUT ROWID")
        bare, first, later = _seconds(
            lambda: _insert_all(database, json.loads(text)["RECORDS"]),
            lambda: PollReader().read(0, next(fresh), "", asked, NOW),
            lambda: reader.read(0, text, "", asked, NOW),
            rounds=rounds,
        )
        database.close()
    return [
        Figure(
            what=f"poll: {JOBS:,} jobs read, {which}",
            baseline="json.loads of the same text + one bulk insert",
            ratio=value / bare,
            side=side,
            bar=1.5,
            detail=f"{value * 1000:.0f} ms against {bare * 1000:.0f} ms",
        )
        for which, value, side in (
            # once after a start; every poll after that meets few that have changed
            ("all of them new", first, ""),
            ("as they were before", later, "<="),
        )
    ] + [
        *polls.measure(quick=quick),
        *scheduler_peers.measure(quick=quick),
        *scheduler_commands.measure(),
    ]
