"""What an LSF site must have, from what its commands answered. Pure."""

from __future__ import annotations

import re

from arp_nb.ports import Advice
from arp_nb.schedulers.lsf_dialect import Dialect

_CLEAN_PERIOD = re.compile(r"CLEAN_PERIOD\s*=\s*(\d{1,9})", re.ASCII)
_SETTING = re.compile(r"^[ \t]*(\w{1,60})[ \t]*=[ \t]*(.*)$", re.ASCII | re.MULTILINE)
_VERSION_CHARS = 80


def advice(
    dialect: Dialect,
    *,
    version: str = "",
    config: str = "",
    is_direct: bool = False,
    params: str,
    can_search: bool,
    has_history: bool,
    by_project: bool,
) -> tuple[Advice, ...]:
    """Say what is well, and what to set.

    Parameters
    ----------
    dialect
        What ``bjobs`` turned out to know.
    version
        What ``lsid`` printed.
    config
        What ``badmin showconf mbd`` printed, which is not everybody's to ask.
    is_direct
        The login environment itself asks for output while a job runs.
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
        _fields(dialect, version),
        _search(can_search=can_search, by_project=by_project),
        _history(params, has_history=has_history),
        _output(config, is_direct=is_direct),
    )


def _fields(dialect: Dialect, version: str) -> Advice:
    told = _told(dialect)
    name = version.strip().partition("\n")[0].strip()[:_VERSION_CHARS]
    return Advice(ok=True, said=f"{name}: {told}" if name else told)


def _told(dialect: Dialect) -> str:
    lacking = sorted(set(Dialect().fields) - set(dialect.fields))
    if not dialect.is_json:
        return (
            "bjobs speaks no JSON (IBM's since 10.1.0.2): reasons of waits and ends are not read"
        )
    if lacking:
        return f"bjobs does not know {', '.join(lacking)}: they stay empty"
    return "bjobs tells all that we ask for, in JSON"


def _search(*, can_search: bool, by_project: bool) -> Advice:
    where = "project (bsub -P)" if by_project else "description (bsub -Jd)"
    if can_search:
        return Advice(ok=True, said=f"a submission is found by its mark, in the job's {where}")
    return Advice(
        ok=False,
        said=f"bjobs cannot search for our mark in the job's {where}: submissions carry none, and "
        "one that a crash cut off stays uncertain",
        to_do="lsf_tag_by_project = true in config.toml; ask first where projects are charged",
    )


def _history(params: str, *, has_history: bool) -> Advice:
    match = _CLEAN_PERIOD.search(params)
    said = (
        f"bjobs lists a job for {match[1]} s after its end (CLEAN_PERIOD)"
        if match
        else "how long bjobs lists a job after its end is not known: bparams tells no CLEAN_PERIOD"
    )
    if has_history:
        return Advice(ok=True, said=f"{said}; after that bhist tells of it")
    return Advice(
        ok=False,
        said=f"{said}, and there is no bhist: what ends while the manager is away longer is lost",
        to_do="put bhist on the PATH, or raise CLEAN_PERIOD in lsb.params",
    )


def _output(config: str, *, is_direct: bool) -> Advice:
    """Tell whether output is to be seen while a job runs (10.1, "LSB_STDOUT_DIRECT")."""
    values = dict(_SETTING.findall(config))
    set_to = values.get("LSB_STDOUT_DIRECT", "").strip().strip("\"'").lower()
    if is_direct or set_to == "y":
        return Advice(ok=True, said="a job's output is written while it runs (LSB_STDOUT_DIRECT)")
    without = "a job's output file appears at its end, and a live log costs a bpeek"
    if not values:
        return Advice(
            ok=True, said=f"badmin shows no settings here; without LSB_STDOUT_DIRECT {without}"
        )
    return Advice(ok=True, said=without, to_do="LSB_STDOUT_DIRECT=Y in lsf.conf")
