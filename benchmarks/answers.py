"""What a cluster with many jobs answers to ``bjobs``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
WORDS = ("PEND", "RUN", "RUN", "RUN", "DONE", "EXIT")


def answer(
    jobs: int,
    *,
    minutes: int = 0,
    words: Sequence[str] = WORDS,
    other: str = "",
    others: int = 0,
) -> str:
    """Return what IBM's ``bjobs -json`` prints of so many jobs, all with their own times.

    Parameters
    ----------
    jobs
        How many; their ids are 1 and up.
    minutes
        How much later all of it is.
    words
        Their states, in turns.
    other, others
        The state of so many jobs, spread evenly over all, that are in another.
    """
    every = jobs // others if others else jobs + 1
    records = []
    for number in range(1, jobs + 1):
        at = NOW - timedelta(days=2) + timedelta(seconds=11 * number, minutes=minutes)
        word = words[number % len(words)] if number % every else other
        records.append(_record(number, word, at))
    return json.dumps({"COMMAND": "bjobs", "JOBS": jobs, "RECORDS": records}, indent="\t")


def _record(number: int, word: str, at: datetime) -> dict[str, str]:
    return {
        "JOBID": str(number),
        "STAT": word,
        "QUEUE": "psanaq",
        "EXEC_HOST": f"psana{number % 300}",
        "JOB_NAME": f"python submit.py xppi0915 {number} --mem 16G",
        "PROJ_NAME": "default",
        "SUBMIT_TIME": f"{at:%b %d %H:%M}",
        "START_TIME": "-" if word == "PEND" else f"{at:%m/%d-%H:%M:%S}",
        "FINISH_TIME": f"{at:%m/%d-%H:%M:%S}" if word in {"DONE", "EXIT"} else "-",
        "JOBINDEX": "0",
        "EXIT_CODE": "1" if word == "EXIT" else "-",
        "EXIT_REASON": "-",
        "KILL_REASON": "-",
        "SUSPEND_REASON": "-",
        "PEND_REASON": "-",
        "MAX_MEM": f"{number % 4000} Mbytes",
        "MEMLIMIT": "16 G",
        "RUNTIMELIMIT": "720.0",
        "NALLOC_SLOT": "-" if word == "PEND" else f"{number % 16 + 1}",
        "JOB_DESCRIPTION": f"arp-{number}-5f2c",
    }
