"""What a Slurm site must set, read from ``scontrol show config``. Pure."""

from __future__ import annotations

import re

from arp_nb.ports import Advice

_LINE = re.compile(r"^(\w{1,60}) *= (.*)$", re.ASCII | re.MULTILINE)
_SECONDS = re.compile(r"(\d{1,9}) sec", re.ASCII)
_NONE = frozenset({"", "(null)"})
#: a poll, and the time after our own restart, must fall into it
_LEAST_AGE_S = 60


def advice(config: str) -> tuple[Advice, ...]:
    """Say what is well, and what to set (slurm.conf(5)); of nonsense nothing is said."""
    values = dict(_LINE.findall(config))
    if "AccountingStorageType" not in values:
        return ()
    keeps = values["AccountingStorageType"].strip() not in _NONE | {"accounting_storage/none"}
    said = [_accounting(keeps=keeps)]
    if keeps:
        said.append(_comments(values.get("AccountingStoreFlags", "")))
        said.append(_peaks(values.get("JobAcctGatherType", "")))
    if "TaskPlugin" in values:
        said.append(_limits(values["TaskPlugin"], values.get("ConstrainRAMSpace", "")))
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


def _peaks(gathered: str) -> Advice:
    if gathered.strip() in _NONE | {"jobacct_gather/none"}:
        return Advice(
            ok=False,
            said="nothing measures what jobs use: there is no peak memory, and a job that needs "
            "more is not told from others that fail",
            to_do="JobAcctGatherType=jobacct_gather/cgroup in slurm.conf",
        )
    return Advice(ok=True, said="the peak memory of jobs is measured")


def _limits(plugins: str, constrains: str) -> Advice:
    """Tell whether Slurm itself says that memory was the cause (cgroup.conf(5))."""
    otherwise = "a job that needs more memory ends as FAILED, not as OUT_OF_MEMORY"
    if "cgroup" not in plugins:
        return Advice(ok=True, said=otherwise, to_do="TaskPlugin=task/cgroup in slurm.conf")
    if constrains.strip().lower() == "yes":
        return Advice(ok=True, said="a job that needs more memory ends as OUT_OF_MEMORY")
    if constrains.strip():
        return Advice(ok=True, said=otherwise, to_do="ConstrainRAMSpace=yes in cgroup.conf")
    return Advice(
        ok=True,
        said="task/cgroup is there; scontrol does not show ConstrainRAMSpace of cgroup.conf, "
        f"without which {otherwise}",
    )


def _age(age_s: int, *, keeps: bool) -> Advice:
    said = f"squeue lists a job for {age_s} s after its end (MinJobAge)"
    if age_s >= _LEAST_AGE_S:
        return Advice(ok=True, said=said)
    so = "its end is read from the accounting then" if keeps else "its end may be missed"
    return Advice(ok=keeps, said=f"{said}; {so}", to_do="" if keeps else "MinJobAge=300")
