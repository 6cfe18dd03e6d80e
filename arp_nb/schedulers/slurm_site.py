"""What a Slurm site must set, read from ``scontrol show config``. Pure."""

from __future__ import annotations

import re

from arp_nb.ports import Advice

_LINE = re.compile(r"^(\w{1,60}) *= (.*)$", re.ASCII | re.MULTILINE)
_SECONDS = re.compile(r"(\d{1,9}) sec", re.ASCII)
#: a poll, and the time after our own restart, must fall into it
_LEAST_AGE_S = 60


def advice(config: str) -> tuple[Advice, ...]:
    """Say what is well, and what to set (slurm.conf(5)); of nonsense nothing is said."""
    values = dict(_LINE.findall(config))
    if "AccountingStorageType" not in values:
        return ()
    keeps = values["AccountingStorageType"].strip() not in {
        "",
        "(null)",
        "accounting_storage/none",
    }
    said = [_accounting(keeps=keeps)]
    if keeps:
        said.append(_comments(values.get("AccountingStoreFlags", "")))
    match = _SECONDS.search(values.get("MinJobAge", ""))
    if match is not None:
        said.append(_age(int(match[1]), keeps=keeps))
    return tuple(said)


def _accounting(*, keeps: bool) -> Advice:
    if keeps:
        return Advice(ok=True, said="accounting is kept: ends have exit codes, peaks and times")
    return Advice(
        ok=False,
        said="no accounting is kept: exit codes and peaks are lost, and so is a job's end once "
        "squeue has forgotten it",
        to_do="AccountingStorageType=accounting_storage/slurmdbd in slurm.conf",
    )


def _comments(flags: str) -> Advice:
    if "job_comment" in flags:
        return Advice(ok=True, said="a submission is found by its mark, however long ago")
    return Advice(
        ok=False,
        said="a submission is found by its mark only while squeue lists the job",
        to_do="AccountingStoreFlags=job_comment in slurm.conf",
    )


def _age(age_s: int, *, keeps: bool) -> Advice:
    said = f"squeue lists a job for {age_s} s after its end (MinJobAge)"
    if age_s >= _LEAST_AGE_S:
        return Advice(ok=True, said=said)
    so = "its end is read from the accounting then" if keeps else "its end may be missed"
    return Advice(ok=keeps, said=f"{said}; {so}", to_do="" if keeps else "MinJobAge=300")
