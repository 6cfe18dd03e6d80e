"""The store in one SQLite file: who does what, the writer or a reader."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from arp_nb.errors import StoreError
from arp_nb.store import (
    applies,
    definitions,
    experiments,
    feed,
    job_changes,
    job_values,
    jobs,
    preferences,
    runs,
    standings,
    starts,
    upkeep,
)
from arp_nb.store.base import (
    Changes,
    CounterPoint,
    JobChange,
    JobFilter,
    JobsMade,
    JobsWanted,
    ReportPost,
    Store,
)
from arp_nb.store.mark import FILE, Mark
from arp_nb.store.readers import Readers
from arp_nb.store.records import to_us
from arp_nb.store.report_merges import ReportMerges
from arp_nb.store.sqlite_deciding import SqliteDeciding
from arp_nb.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Engine

    from arp_nb.model import (
        Definition,
        DefinitionDraft,
        Experiment,
        Job,
        Run,
        SchedulerJob,
        ScriptCheck,
        Transition,
    )
    from arp_nb.starts import Start
    from arp_nb.store.deciding import Consent, Pause
    from arp_nb.store.standing import Standings

T = TypeVar("T")


class SqliteStore(SqliteDeciding, Store):
    """Durable store in a folder on a local disk; made by `arp_nb.store.open_store`."""

    def __init__(
        self, folder: Path, writing: Engine, reading: Engine, *, epoch: str, key: bytes
    ) -> None:
        self.epoch = epoch
        self.key = key
        self._engines = (writing, reading)
        self._mark = Mark(folder / FILE, epoch)
        self._writer = Writer(writing, folder, self._mark.note)
        self._readers = Readers(reading, folder)
        self._reports = ReportMerges()
        #: a full disk has left jobs of a request unmade
        self._interrupted = False
        #: requests whose caller may have gone; they are made all the same
        self._applying: set[asyncio.Task[Any]] = set()

    def close(self) -> None:
        """Finish what was accepted, and close. Closing twice is not an error."""
        writing, reading = self._engines
        self._readers.close()
        reading.dispose()
        self._writer.close()  # last: who closes last brings the log into the file
        writing.dispose()
        self._mark.write(self._writer.counts.revision)

    def on_commit(self, listener: Callable[[int], None]) -> None:
        """Call ``listener(revision)`` after each commit, in order, in the loop's thread."""
        self._writer.listen(listener)

    async def revision(self) -> int:
        """Return the newest committed revision."""
        return self._writer.counts.revision

    # -- experiments, definitions, runs ------------------------------------------------

    async def create_experiment(self, name: str, instrument: str, at: datetime) -> Experiment:
        """Add an experiment. `Conflict` if the name is taken."""
        made: Experiment = await self._writer.call(
            lambda tx: experiments.create(tx, name, instrument, at)
        )
        return made

    async def set_active(self, experiment_id: int, *, active: bool) -> Experiment:
        """Say whether an experiment is taking data. `NotFound`."""
        changed: Experiment = await self._writer.call(
            lambda tx: experiments.set_active(tx, experiment_id, active=active)
        )
        return changed

    async def experiments(self) -> Sequence[Experiment]:
        """All experiments, active ones first, then by name."""
        return await self._readers.read(experiments.every)

    async def add_definition(
        self, experiment_id: int, draft: DefinitionDraft, check: ScriptCheck, by: str, at: datetime
    ) -> Definition:
        """Add version 1. `Conflict` if a definition that is not deleted has the name."""
        made: Definition = await self._writer.call(
            lambda tx: definitions.add(tx, experiment_id, draft, check, by=by, at=at)
        )
        return made

    async def change_definition(  # noqa: PLR0917 - as in the contract
        self,
        definition_id: int,
        draft: DefinitionDraft,
        check: ScriptCheck,
        expected_version: int | None,
        by: str,
        at: datetime,
        *,
        autorun: bool | None = None,
        consent: Consent | None = None,
        pause: Pause | None = None,
    ) -> Definition:
        """Add the next version. `EditConflict` if the current one is not the expected one."""
        consented: Mapping[str, Any] = {"autorun": autorun, "consent": consent, "pause": pause}
        changed: Definition = await self._writer.call(
            lambda tx: definitions.change(
                tx, definition_id, draft, check, expected_version, by=by, at=at, **consented
            )
        )
        return changed

    async def set_check(
        self, definition_id: int, version: int, check: ScriptCheck, *, by_hand: bool = False
    ) -> None:
        """Keep what the batch client found; no effect if the version is no longer current."""
        await self._writer.call(
            lambda tx: definitions.set_check(tx, definition_id, version, check, by_hand=by_hand)
        )

    async def delete_definition(self, definition_id: int, by: str, at: datetime) -> Definition:
        """Delete softly; the name is free at once. `NotFound`; twice is not an error."""
        deleted: Definition = await self._writer.call(
            lambda tx: definitions.delete(tx, definition_id, by, at)
        )
        return deleted

    async def restore_definition(self, definition_id: int) -> Definition:
        """Undo a deletion. `Conflict` if the name has been taken meanwhile."""
        restored: Definition = await self._writer.call(
            lambda tx: definitions.restore(tx, definition_id)
        )
        return restored

    async def definitions(
        self, experiment_id: int, *, deleted: bool = False
    ) -> Sequence[Definition]:
        """Return current versions, by id; with ``deleted`` also the deleted ones."""
        return await self._readers.read(
            lambda db: definitions.every(db, experiment_id, deleted=deleted)
        )

    async def definition(self, definition_id: int, version: int | None = None) -> Definition:
        """Return one definition, deleted or not; by default its current version."""
        return await self._readers.read(lambda db: definitions.one(db, definition_id, version))

    async def runs(self, experiment_id: int) -> Sequence[Run]:
        """All runs by number."""
        return await self._readers.read(lambda db: runs.every(db, experiment_id))

    # -- jobs --------------------------------------------------------------------------

    async def add_jobs(self, wanted: JobsWanted) -> JobsMade:
        """Store the whole request durably as one record, then its jobs in slices."""
        return await self._to_its_end(self._apply(wanted))

    async def made_before(
        self, experiment_id: int, idempotency_key: str, fingerprint: str
    ) -> JobsMade | None:
        """Return what a request with this key was answered; None if there was none."""
        batch_id = await self._readers.read(
            lambda db: applies.registered(db, experiment_id, idempotency_key, fingerprint)
        )
        if batch_id is None:
            return None
        return await self._to_its_end(self._make_jobs(applies.MakeJobs(batch_id, repeated=True)))

    async def resume_applies(self) -> int:
        """Make the jobs of requests that were interrupted; return how many jobs."""
        return await self._to_its_end(self._resume())

    async def _apply(self, wanted: JobsWanted) -> JobsMade:
        if self._interrupted:
            with suppress(StoreError):  # then it waits for the next, and this one may do better
                await self._resume()
        batch_id, repeated = await self._writer.call(lambda tx: applies.register(tx, wanted))
        return await self._make_jobs(applies.MakeJobs(batch_id, repeated=repeated))

    async def _make_jobs(self, making: applies.MakeJobs) -> JobsMade:
        try:
            made: JobsMade = await self._writer.bulk(making)
        except StoreError:
            self._interrupted = True
            raise
        return made

    async def _resume(self) -> int:
        self._interrupted = False
        count = 0
        for batch_id in await self._readers.read(applies.unfinished):
            making = applies.MakeJobs(batch_id)
            await self._make_jobs(making)
            count += making.made_now
        return count

    async def _to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Let work that is durably accepted go on when its caller is cancelled."""
        task = asyncio.create_task(work)
        self._applying.add(task)
        task.add_done_callback(self._applying.discard)
        return await asyncio.shield(task)

    async def change_jobs(self, changes: Sequence[JobChange]) -> Sequence[bool]:
        """Apply each change whose expectations hold; True where it did."""
        done: list[bool]
        if len(changes) > job_changes.SLICE:
            done = await self._writer.bulk(job_changes.Slices(changes))
        else:
            done = await self._writer.fold(job_changes.fold, changes)
        return done

    async def merge_reports(self, posts: Sequence[ReportPost]) -> None:
        """Merge posts into the jobs' reports, in order, and add to the counters' series."""
        await self._writer.fold(self._reports.fold, posts)

    async def set_deleted(self, job_ids: Collection[int], by: str, at: datetime | None) -> int:
        """Delete softly, or restore with ``at=None``; return how many rows changed."""
        count: int = await self._writer.bulk(upkeep.SetDeleted(job_ids, by, at))
        return count

    async def jobs(self, which: JobFilter) -> Sequence[Job]:
        """Jobs that match, newest first unless the filter says otherwise."""
        return await self._readers.read(lambda db: jobs.matching(db, which))

    async def jobs_page(self, which: JobFilter) -> tuple[Sequence[Job], bool]:
        """Jobs that match, up to the limit, and whether there are more."""
        return await self._readers.read(lambda db: jobs.page(db, which))

    async def job_values(
        self,
        which: JobFilter,
        names: Sequence[str],
        make: Callable[[Iterator[Sequence[Sequence[Any]]]], T],
    ) -> T:
        """Return what ``make`` makes of some fields of the jobs that match."""
        return await self._readers.read(
            lambda db: job_values.read(db, which, names, make), wide=job_values.is_wide(which)
        )

    async def count_jobs(self, experiment_id: int) -> int:
        """Count the jobs of an experiment that are not deleted."""
        return await self._readers.read(lambda db: job_values.total(db, experiment_id))

    async def jobs_holding(self, experiment_id: int, text: str, limit: int) -> Sequence[int]:
        """Ids of jobs whose reason, notes or report hold a text, newest first."""
        return await self._readers.read(
            lambda db: job_values.holding(db, experiment_id, text, limit), wide=True
        )

    async def job(self, job_id: int) -> Job:
        """One job, deleted or not. `NotFound`."""
        return await self._readers.read(lambda db: jobs.one(db, job_id))

    async def part_kills(self) -> Sequence[int]:
        """Return the jobs of which a live scheduler job is to be ended by itself."""
        return await self._readers.read(jobs.part_kills)

    async def scheduler_jobs(
        self, job_ids: Collection[int]
    ) -> Mapping[int, Sequence[SchedulerJob]]:
        """Return the scheduler jobs of each job, in order of submission."""
        return await self._readers.read(lambda db: jobs.scheduler_jobs(db, job_ids))

    async def standings(self, *, ended: int) -> Standings:
        """All live jobs, and at most ``ended`` of those that ended: the last to change."""
        return await self._readers.read(lambda db: standings.whole(db, ended))

    async def standings_since(self, revision: int) -> Standings:
        """Jobs that changed after a revision and are, or were, with a scheduler."""
        return await self._readers.read(lambda db: standings.changed(db, revision))

    async def keep_start(self, job_id: int, spool_id: str, start: Start) -> None:
        """Keep what a script is started with. Twice is not an error. `NotFound`."""
        await self._writer.call(lambda tx: starts.keep(tx, job_id, spool_id, start))

    async def start(self, spool_id: str) -> Start | None:
        """Return what a script was started with; None if that was not kept."""
        return await self._readers.read(lambda db: starts.one(db, spool_id))

    async def history(self, job_id: int) -> Sequence[Transition]:
        """Every change of state, oldest first."""
        return await self._readers.read(lambda db: jobs.history(db, job_id))

    async def counter_points(
        self, job_ids: Collection[int], key: str | None = None
    ) -> Sequence[CounterPoint]:
        """Points of the thinned series, by job, key, time."""
        return await self._readers.read(lambda db: jobs.counter_points(db, job_ids, key))

    async def counter_series(
        self, wanted: Collection[tuple[int, str]], limit: int
    ) -> Mapping[tuple[int, str], Sequence[tuple[float, float]]]:
        """At most ``limit`` points, (s since 1970, value), of series by job id and key."""
        return await self._readers.read(lambda db: job_values.series(db, wanted, limit))

    # -- feed and upkeep ---------------------------------------------------------------

    async def changes(
        self, since: int, *, experiment_id: int | None = None, limit: int = 2000
    ) -> Changes:
        """Read what changed after ``since``. `Gone` if that is not known any more."""
        return await self._readers.read(lambda db: feed.changes(db, since, experiment_id, limit))

    async def purge(self, deleted_before: datetime) -> int:
        """Forget rows deleted before a time; return how many."""
        count: int = await self._writer.bulk(upkeep.Purge(to_us(deleted_before)))
        return count

    async def get_meta(self, name: str) -> str | None:
        """Read a small named value kept with the store."""
        return await self._readers.read(lambda db: upkeep.get_meta(db, name))

    async def set_meta(self, name: str, value: str) -> None:
        """Keep a small named value with the store."""
        await self._writer.call(lambda tx: upkeep.set_meta(tx, name, value))

    async def get_preference(self, user: str, name: str) -> Any:
        """Read JSON that a user's pages keep; None if there is none."""
        return await self._readers.read(lambda db: preferences.get(db, user, name))

    async def set_preference(self, user: str, name: str, value: Any, most: int) -> None:
        """Keep JSON for a user's pages; None drops it."""
        await self._writer.call(lambda tx: preferences.put(tx, user, name, value, most))
