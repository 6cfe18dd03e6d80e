"""What an LSF site must have, from what its commands answered. Pure."""

from __future__ import annotations

import re

from arp_nb.ports import Advice
from arp_nb.schedulers.lsf_dialect import Dialect

_CLEAN_PERIOD = re.compile(r"CLEAN_PERIOD\s*=\s*(\d{1,9})", re.ASCII)
#: IBM Spectrum LSF 10.1, "lsb.params", CLEAN_PERIOD: its default
_USUAL_S = 3600


def advice(
    dialect: Dialect, *, params: str, can_search: bool, has_history: bool, by_project: bool
) -> tuple[Advice, ...]:
    """Say what is well, and what to set.

    Parameters
    ----------
    dialect
        What ``bjobs`` turned out to know.
    params
        What ``bparams -l`` printed.
    can_search
        Whether a search for a mark was answered.
    has_history
        Whether there is a ``bhist``.
    by_project
        Marks are projects, not descriptions.
    """
    return (
        _fields(dialect),
        _search(can_search=can_search, by_project=by_project),
        _history(params, has_history=has_history),
    )


def _fields(dialect: Dialect) -> Advice:
    lacking = sorted(set(Dialect().fields) - set(dialect.fields))
    if not dialect.is_json:
        return Advice(
            ok=True,
            said="bjobs speaks no JSON (IBM's since 10.1.0.2): reasons of waits and ends are not "
            "read",
        )
    if lacking:
        return Advice(ok=True, said=f"bjobs does not know {', '.join(lacking)}: they stay empty")
    return Advice(ok=True, said="bjobs tells all that we ask for, in JSON")


def _search(*, can_search: bool, by_project: bool) -> Advice:
    where = "project (bsub -P)" if by_project else "description (bsub -Jd)"
    if can_search:
        return Advice(ok=True, said=f"a submission is found by its mark, in the job's {where}")
    return Advice(
        ok=False,
        said=f"bjobs cannot search for our mark in the job's {where}: a submission that a crash "
        "cut off stays uncertain",
        to_do="lsf_tag_by_project = true in config.toml; ask first where projects are charged",
    )


def _history(params: str, *, has_history: bool) -> Advice:
    match = _CLEAN_PERIOD.search(params)
    kept_s = int(match[1]) if match else _USUAL_S
    said = f"bjobs lists a job for {kept_s} s after its end (CLEAN_PERIOD)"
    if has_history:
        return Advice(ok=True, said=f"{said}, then bhist tells of it")
    return Advice(
        ok=False,
        said=f"{said}, and there is no bhist: what ends while the manager is away longer is lost",
        to_do="put bhist on the PATH, or raise CLEAN_PERIOD in lsb.params",
    )
