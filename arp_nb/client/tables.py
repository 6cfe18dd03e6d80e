"""The rows of one experiment, as far as they are known, and a snapshot of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from arp_nb import status
from arp_nb.model import JobState
from arp_nb.ports import Health, SchedulerHealth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]

#: what is kept, and by which field of a row it is found
KEYS = {"definitions": "id", "runs": "run", "jobs": "id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything known at one moment; rows are shared and must not be changed."""

    jobs: Mapping[int, Row]
    definitions: Mapping[int, Row]
    runs: Mapping[int, Row]
    health: Health | None
    epoch: str
    revision: int
    #: until when the above is known to be true
    as_of: datetime
    #: the connection is down: it may be old by now
    stale: bool
    why: str = ""
    #: what the manager says of autorun: who stopped it, which run sources are down
    autorun: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stop(self) -> str:
        """Who stopped all autorun, in words; empty if nobody did."""
        return stop_words(self.autorun.get("stopped"))

    def status(self, job: Row) -> str:
        """Return the word to show for a job now: the stored one, unless nobody answers."""
        return status.shown(job["status"], JobState(job["state"]), job["location"], self.health)

    @property
    def attrs(self) -> dict[str, Any]:
        """What a DataFrame made of this says of itself: plain JSON, or Parquet cannot hold it."""
        as_of = self.as_of.isoformat()
        return {"revision": self.revision, "as_of": as_of, "stale": self.stale}


@dataclass(slots=True)
class Tables:
    """The rows by kind and key, and how far they are known."""

    epoch: str = ""
    revision: int = 0
    rows: dict[str, dict[int, Row]] = field(default_factory=lambda: {kind: {} for kind in KEYS})
    health: Health | None = None
    autorun: Mapping[str, Any] = field(default_factory=dict)

    def take(self, kind: str, rows: Iterable[Row]) -> None:
        """Take rows that are not older than those known."""
        table, key = self.rows[kind], KEYS[kind]
        for row in rows:
            known = table.get(row[key])
            if known is None or known["revision"] <= row["revision"]:
                table[row[key]] = row

    def drop(self, kind: str, ids: Iterable[int]) -> None:
        """Forget rows that were deleted."""
        for one in ids:
            self.rows[kind].pop(one, None)


def stop_words(row: Mapping[str, Any] | None) -> str:
    """Say that all autorun is stopped, since when and by whom; empty if it is not."""
    if not row:
        return ""
    at = f"{row['at'][:16].replace('T', ' ')} UTC"
    why = f": {row['said']}" if row["said"] else ""
    return f"{row['by']} stopped all autorun at {at}{why}"


def health_of(row: Mapping[str, Any]) -> Health:
    """Read `arp_nb.rows.health_row` back."""
    return Health(
        client_ok=row["client"]["ok"],
        client_since=datetime.fromisoformat(row["client"]["since"]),
        schedulers={
            name: SchedulerHealth(
                location=name,
                ok=one["ok"],
                since=datetime.fromisoformat(one["since"]),
                said=one.get("said", ""),
                answer_s=one.get("answer_s"),
            )
            for name, one in row["schedulers"].items()
        },
    )
