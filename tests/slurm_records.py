"""Slurm's answers for tests: recorded ones, and single records made to order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from arp_nb.model import Reading
from arp_nb.schedulers import slurm_parse
from arp_nb.schedulers.slurm_parse import SACCT, SQUEUE, Listed

SAMPLES: dict[str, Any] = {
    sample["name"]: sample
    for sample in map(
        json.loads,
        (Path(__file__).parent / "samples" / "slurm.jsonl").read_text("utf-8").splitlines(),
    )
}


def squeue(native_id: str, word: str, **others: str) -> list[Listed]:
    """Read one record of the list."""
    values = (
        dict.fromkeys(SQUEUE, "")
        | {"%i": native_id, "%T": word}
        | {f"%{name}": value for name, value in others.items()}
    )
    return slurm_parse.QueueReader().read("|".join(values.values()) + "\n", "|")


def sacct(native_id: str, word: str, *steps: dict[str, str], **others: str) -> list[Listed]:
    """Read one job of the accounting, with its steps."""
    rows = [{"JobID": native_id, "State": word, **others}, *steps]
    text = "".join(f"{'|'.join((dict.fromkeys(SACCT, '') | row).values())}\n" for row in rows)
    return list(slurm_parse.accounted(text, "|"))


def only(listed: list[Listed]) -> Reading:
    """Return the reading of the only record."""
    [one] = listed
    return one.reading
