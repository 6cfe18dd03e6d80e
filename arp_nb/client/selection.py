"""Which jobs or runs a person means who hands us numbers, lists or parts of a DataFrame."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from arp_nb import errors
from arp_nb.client.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterable


def job_ids(what: Any) -> list[int]:
    """Return the ids that an id, a job, a row, a list of these, or a DataFrame stands for.

    Each is there once, however often it was named: `Jobs.counters` has a job in many rows.

    Raises
    ------
    InvalidValue
        It is none of these.
    """
    if isinstance(what, Job | dict | str):
        return [job_id(what)]
    if hasattr(what, "columns"):
        what = _column(what)
    return list(dict.fromkeys(map(job_id, _items(what))))


def job_id(what: Any) -> int:
    """Return the id of one job, given as a number, as itself or as a row."""
    if isinstance(what, Job):
        return what.id
    found = _whole(what["id"] if isinstance(what, dict) and "id" in what else what)
    if found is None:
        raise errors.InvalidValue(f"{what!r} is not the id of a job.")
    return found


def entry_ids(what: Any) -> list[int]:
    """Return the ids of entries of the ledger; a DataFrame has them in its column ``id``."""
    if hasattr(what, "columns"):
        if "outcome" not in what.columns or "id" not in what.columns:
            raise errors.InvalidValue("This is no DataFrame of the ledger.")
        what = what["id"]
    found = [_whole(one) for one in _items(what)]
    if None in found:
        raise errors.InvalidValue("An entry of the ledger is named by its id, a number.")
    return [one for one in dict.fromkeys(found) if one is not None]


def run_number(what: Any) -> int:
    """Return the number of one run."""
    found = _whole(what)
    if found is None:
        raise errors.InvalidValue(
            f"{what!r} is not the number of a run. Several, as of an apply,"
            ' are written as "12, 20-32", "20-", "all" or a list of numbers.'
        )
    return found


def run_numbers(what: Any) -> str | list[int]:
    """Return runs as they are sent: text as it is, a number or numbers as a list."""
    return what if isinstance(what, str) else list(map(run_number, _items(what)))


def _column(frame: Any) -> Any:
    """Return the column of job ids; where a frame has ``job``, ``id`` is something else."""
    for name in ("job", "id"):
        if name in frame.columns and "executable" not in frame.columns:
            return frame[name]
    raise errors.InvalidValue("This is no DataFrame of jobs: it needs a column 'id' or 'job'.")


def _items(what: Any) -> Iterable[Any]:
    """Return what stands in a list or column, or the one thing itself."""
    if hasattr(what, "dropna"):  # an empty cell of a table means no job and no run
        what = what.dropna()
    try:
        return list(what)
    except TypeError:
        return [what]


def _whole(value: Any) -> int | None:
    """Return a number that can count something, also if pandas made it a float; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        number = operator.index(value)
    except TypeError:
        return None
    return number if 0 <= number < 2**63 else None
