"""The messages of the change feed: their shapes, and how a large one is split.

A message carries the latest rows of everything that changed in ``(from, to]``; steps in
between may be missing. ``more`` says that the next message follows at once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypedDict

from arp_nb.autorun_rows import entry_row
from arp_nb.ledger import Entry
from arp_nb.model import Definition, Experiment, Job, Run
from arp_nb.rows import definition_row, experiment_row, job_row, run_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arp_nb.autorun_rows import EntryRow
    from arp_nb.rows import DefinitionRow, ExperimentRow, JobRow, RunRow

#: of one message as JSON
MAX_MESSAGE_BYTES = 1_000_000
#: what stands around the rows
_FRAME_BYTES = 2_000


class Upserts(TypedDict, total=False):
    """Latest rows of what is new or changed; the last two only for ``system``."""

    experiments: list[ExperimentRow]
    definitions: list[DefinitionRow]
    runs: list[RunRow]
    jobs: list[JobRow]
    ledger: list[EntryRow]
    health: dict[str, Any]
    #: who stopped autorun, and how the run sources are
    autorun: dict[str, Any]


class Deleted(TypedDict):
    """Ids of rows that are to be taken off the page; their full rows are not repeated."""

    definitions: list[int]
    jobs: list[int]


#: ``from`` is a word of Python, hence the functional form
ChangeMessage = TypedDict(
    "ChangeMessage",
    {
        "subscription": str,
        "epoch": str,
        "from": int,
        "to": int,
        "upserts": Upserts,
        "deleted": Deleted,
        "more": bool,
    },
)


def empty(subscription: str, epoch: str, since: int, to: int) -> ChangeMessage:
    """Make a message without rows: it tells that all is known up to ``to``."""
    return {
        "subscription": subscription,
        "epoch": epoch,
        "from": since,
        "to": to,
        "upserts": {"experiments": [], "definitions": [], "runs": [], "jobs": [], "ledger": []},
        "deleted": {"definitions": [], "jobs": []},
        "more": False,
    }


def messages(
    subscription: str,
    epoch: str,
    since: int,
    to: int,
    *,
    experiments: Iterable[Experiment] = (),
    definitions: Iterable[Definition] = (),
    runs: Iterable[Run] = (),
    jobs: Iterable[Job] = (),
    ledger: Iterable[Entry] = (),
) -> Iterator[ChangeMessage]:
    """Make the messages for rows that changed in ``(since, to]``: at least one, none too large.

    Rows go in order of their revision, so that a reader who stops in between can ask again
    with the ``to`` of the last message it saw.
    """
    rows: list[Experiment | Definition | Run | Job | Entry]
    rows = [*experiments, *definitions, *runs, *jobs, *ledger]
    rows.sort(key=lambda row: row.revision)
    message = empty(subscription, epoch, since, to)
    size_bytes = _FRAME_BYTES
    reached = since
    for row in rows:
        kind, shape = _shape(row)
        row_bytes = len(json.dumps(shape, separators=(",", ":"), default=str)) + 1
        if size_bytes + row_bytes > MAX_MESSAGE_BYTES and row.revision > reached > message["from"]:
            message["more"] = True
            message["to"] = reached
            yield message
            message = empty(subscription, epoch, reached, to)
            size_bytes = _FRAME_BYTES
        _add(message, kind, shape)
        size_bytes += row_bytes
        reached = row.revision
    yield message


def _shape(
    row: Experiment | Definition | Run | Job | Entry,
) -> tuple[str, Mapping[str, Any] | int]:
    """Name the list that a row goes to, and what goes there: the row, or an id if deleted."""
    match row:
        case Job():
            return ("deleted jobs", row.id) if row.deleted_at else ("jobs", job_row(row))
        case Definition():
            if row.deleted_at:
                return "deleted definitions", row.id
            return "definitions", definition_row(row)
        case Entry():
            return "ledger", entry_row(row)
        case Run():
            return "runs", run_row(row)
        case Experiment():
            return "experiments", experiment_row(row)


def _add(message: ChangeMessage, kind: str, shape: Any) -> None:
    upserts, deleted = message["upserts"], message["deleted"]
    lists: Mapping[str, list[Any]] = {
        "experiments": upserts["experiments"],
        "definitions": upserts["definitions"],
        "runs": upserts["runs"],
        "jobs": upserts["jobs"],
        "ledger": upserts["ledger"],
        "deleted definitions": deleted["definitions"],
        "deleted jobs": deleted["jobs"],
    }
    lists[kind].append(shape)
