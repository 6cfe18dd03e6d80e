"""One transaction of the writer: its connection, and the numbers it hands out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from arp_nb.store.schema import head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_READ = select(head.c.revision, head.c.next_job_id, head.c.horizon)
_WRITE = update(head)


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the store has counted."""

    revision: int
    next_job_id: int
    horizon: int


def read_counts(db: Connection) -> Counts:
    """Read how far the store has counted."""
    return Counts(*db.execute(_READ).one())


class Transaction:
    """What a unit of writing works with. Only the writer's thread makes and uses one."""

    def __init__(self, db: Connection, counts: Counts) -> None:
        self.db = db
        self.counts = counts
        self._written = counts

    def revisions(self, count: int) -> int:
        """Take a block of revisions, one for each changed row; return the first."""
        first = self.counts.revision + 1
        self.counts = replace(self.counts, revision=self.counts.revision + count)
        return first

    def job_ids(self, count: int) -> int:
        """Take a block of job ids; return the first. Ids are never used again."""
        first = self.counts.next_job_id
        self.counts = replace(self.counts, next_job_id=first + count)
        return first

    def forget_until(self, revision: int) -> None:
        """Note that rows up to this revision are gone for readers that were away."""
        self.counts = replace(self.counts, horizon=max(self.counts.horizon, revision))

    def write_counts(self) -> None:
        """Keep the counts, once, at the end of the transaction."""
        if self.counts != self._written:
            counts = self.counts
            values = {
                "revision": counts.revision,
                "next_job_id": counts.next_job_id,
                "horizon": counts.horizon,
            }
            self.db.execute(_WRITE, values)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Undo what is done within if it fails, and only that."""
        counts = self.counts
        try:
            with self.db.begin_nested():
                yield
        except BaseException:
            self.counts = counts
            raise
