"""What autorun rests on, in one SQLite file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arp_nb.store import definitions, ledger, past_jobs, runs
from arp_nb.store.deciding import StoreDeciding

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from arp_nb.ledger import Entry
    from arp_nb.model import Definition, Run
    from arp_nb.store.deciding import (
        Decision,
        DecisionKey,
        DoneJob,
        JobFacts,
        LedgerFilter,
        PastJobs,
        Pause,
        RunFacts,
        RunsKept,
        Tally,
    )
    from arp_nb.store.readers import Readers
    from arp_nb.store.writer import Writer


class SqliteDeciding(StoreDeciding):
    """Part of `arp_nb.store.sqlite.SqliteStore`, which makes readers and writer."""

    _writer: Writer
    _readers: Readers

    async def put_runs(
        self, experiment_id: int, facts: Sequence[RunFacts], source: str = "api"
    ) -> RunsKept:
        """Add runs, or change what is new of them. `NotFound`."""
        kept: RunsKept = await self._writer.bulk(runs.PutRuns(experiment_id, facts, source))
        return kept

    async def put_run(self, experiment_id: int, facts: RunFacts) -> Run:
        """Do `put_runs` for one run that the API tells of, and return it. `NotFound`."""
        kept: Run = await self._writer.call(lambda tx: runs.put_one(tx, experiment_id, facts))
        return kept

    async def exclude_run(
        self, experiment_id: int, number: int, *, by: str | None, at: datetime, why: str = ""
    ) -> Run:
        """Take a run out of autorun, or with ``by=None`` in again. `NotFound`."""
        changed: Run = await self._writer.call(
            lambda tx: runs.exclude(tx, experiment_id, number, by=by, at=at, why=why)
        )
        return changed

    async def some_runs(self, experiment_id: int, numbers: Collection[int]) -> Sequence[Run]:
        """Return those of some numbers that there are, by number."""
        return await self._readers.read(lambda db: runs.some(db, experiment_id, numbers))

    async def newest_runs(self, experiment_id: int, limit: int) -> Sequence[Run]:
        """Return the runs with the highest numbers, the highest first."""
        return await self._readers.read(lambda db: runs.newest(db, experiment_id, limit))

    async def runs_since(self, revision: int, limit: int) -> Sequence[Run]:
        """Return runs of all experiments that changed after a revision, by revision."""
        return await self._readers.read(lambda db: runs.since(db, revision, limit))

    async def definitions_since(self, revision: int) -> Sequence[Definition]:
        """Return definitions of all experiments that changed after a revision, by revision."""
        return await self._readers.read(lambda db: definitions.since(db, revision))

    async def done_since(self, revision: int, limit: int) -> Sequence[DoneJob]:
        """Return jobs that are DONE and changed after a revision, by revision."""
        return await self._readers.read(lambda db: past_jobs.done_since(db, revision, limit))

    async def done_jobs(
        self, experiment_id: int, name: str, runs: Collection[int]
    ) -> Sequence[DoneJob]:
        """Return the jobs of a hash that are DONE for some runs, oldest first."""
        return await self._readers.read(
            lambda db: past_jobs.done_jobs(db, experiment_id, name, runs)
        )

    async def pause(self, definition_id: int, pause: Pause | None) -> Definition:
        """Let the autorun of a definition wait, or with None no more. `NotFound`."""
        changed: Definition = await self._writer.call(
            lambda tx: definitions.pause(tx, definition_id, pause)
        )
        return changed

    async def consent_text(self, definition_id: int) -> str:
        """Return the script's text that was consented to; empty where it is not known."""
        return await self._readers.read(lambda db: definitions.consent_text(db, definition_id))

    async def decide(self, decisions: Sequence[Decision]) -> Sequence[Entry]:
        """Keep decisions, and make their jobs; return the lines that are new or changed."""
        kept: Sequence[Entry] = await self._writer.call(lambda tx: ledger.decide(tx, decisions))
        return kept

    async def decided(self, experiment_id: int, runs: Collection[int]) -> frozenset[DecisionKey]:
        """Return for which definition, run, trigger and cause there is a line."""
        return frozenset(
            await self._readers.read(lambda db: ledger.decided(db, experiment_id, runs))
        )

    async def ledger(self, which: LedgerFilter) -> tuple[Sequence[Entry], bool]:
        """Lines that match, and whether more do."""
        return await self._readers.read(lambda db: ledger.matching(db, which))

    async def tallies(self, experiment_id: int, since: datetime) -> Mapping[int, Tally]:
        """How much there is of each definition, by its id; those without any may be missing."""
        return await self._readers.read(lambda db: ledger.tallies(db, experiment_id, since))

    async def waiting(self, experiment_id: int | None = None) -> int:
        """Return how many lines wait."""
        return await self._readers.read(lambda db: ledger.waiting(db, experiment_id))

    async def unstarted(self, experiment_id: int | None = None) -> Mapping[int, int]:
        """Return how many jobs of autorun no script was started for, by definition."""
        return await self._readers.read(lambda db: ledger.unstarted(db, experiment_id))

    async def past_jobs(self, definition_id: int, limit: int) -> PastJobs:
        """Return what the newest ended jobs of a definition took."""
        return await self._readers.read(lambda db: past_jobs.took(db, definition_id, limit))

    async def latest_reports(
        self, experiment_id: int, runs: Collection[int], hashes: Collection[str] | None = None
    ) -> Mapping[int, Mapping[str, JobFacts]]:
        """Return by run and hash what the newest job of each says; None: of all hashes."""
        return await self._readers.read(
            lambda db: past_jobs.latest_reports(db, experiment_id, runs, hashes)
        )
