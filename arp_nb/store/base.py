"""The contract of a store: where definitions, runs and jobs outlive every process.

Rules that every store keeps, shown by ``tests/contract/test_stores.py``:

* A write returns only after the change is durable.
* Every changed row takes the next revision, one count for the whole store. Readers that ask
  for all rows above a revision see every change, latest rows only, in order.
* A change of state is compare-and-set: it names the states (and where it matters, the lease)
  that it expects, and is refused when the row has moved on.
* Rows are deleted softly, so that deletions travel like changes, until `purge` forgets them;
  a reader whose revision is older than that must load anew (`Gone`).
* History is added to, never rewritten.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from arp_nb.store.beside import StoreBeside
from arp_nb.store.deciding import StoreDeciding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from arp_nb.ledger import Entry
    from arp_nb.model import (
        Definition,
        DefinitionDraft,
        Experiment,
        Job,
        JobState,
        PastChange,
        Run,
        SchedulerJob,
        ScriptCheck,
        Transition,
        Trigger,
    )
    from arp_nb.store.deciding import Consent, Pause
    from arp_nb.store.standing import Standings

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsWanted:
    """One *apply*: jobs of one version of a definition, for many runs."""

    experiment_id: int
    definition_id: int
    hash: str
    version: int
    parameters: str
    #: argv of each run's job
    argv_by_run: Mapping[int, tuple[str, ...]]
    user: str
    location: str
    trigger: Trigger
    at: datetime
    #: leave out runs that already have a job of this definition that is not deleted
    skip_existing: bool
    rerun_of: Mapping[int, int] = field(default_factory=dict)  #: run number → job id
    #: run number → id of the first of its chain of reruns
    root_of: Mapping[int, int] = field(default_factory=dict)
    override_memory_mb: float | None = None
    override_time_s: float | None = None
    #: the same key again answers with the first answer; another content under it: Conflict
    idempotency_key: str | None = None
    #: digest of what the user asked for, to tell a repetition from a key used twice
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsMade:
    """What came of `JobsWanted`."""

    job_ids: tuple[int, ...]
    skipped_runs: tuple[int, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChange:
    """A compare-and-set of one job. Refused unless all expectations hold."""

    job_id: int
    at: datetime
    #: the states that the job may be in now
    expect: Collection[JobState]
    #: None: any lease
    expect_lease: str | None = None
    expect_spool: str | None = None
    #: None: the state stays as it is
    state: JobState | None = None
    #: columns of `Job` to set, by field name ("reason", "native_state", "host" …)
    set: Mapping[str, Any] = field(default_factory=dict)
    #: scheduler jobs to add or bring up to date, by native id
    scheduler_jobs: Sequence[SchedulerJob] = ()
    #: what happened on the way to this, oldest first; goes into the history with its own times,
    #: and the change of state itself with that of the last one, where that is the same state
    past: Sequence[PastChange] = ()
    #: who asked; kept in the history
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPost:
    """One post of a running job, already parsed and bounded."""

    job_id: int
    #: `arp_nb.reports.parse` made it; `arp_nb.reports.merge` applies it
    patch: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs. None means: any."""

    experiment_id: int | None = None
    ids: Collection[int] | None = None
    states: Collection[JobState] | None = None
    runs: Collection[int] | None = None
    hash: str | None = None
    user: str | None = None
    native_id: str | None = None
    #: only the chain of reruns that began with this job
    root_id: int | None = None
    locations: Collection[str] | None = None
    definition_id: int | None = None
    #: True: only those that autorun made; False: only those that a person asked for
    by_autorun: bool | None = None
    #: only those whose end somebody has asked for
    kill_asked: bool = False
    #: only those that changed after this revision
    since: int | None = None
    #: the deleted ones too
    deleted: bool = False
    #: the deleted ones and no others
    only_deleted: bool = False
    #: only ids below this: pages go from the newest to the oldest
    before_id: int | None = None
    #: … and only ids above this: from the oldest to the newest
    after_id: int | None = None
    limit: int | None = None
    #: of the oldest first; the default is the newest first
    oldest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All rows whose revision is in ``(since, to]``, in order of revision, latest state."""

    since: int
    to: int
    #: there is more beyond ``to``: ask again with ``since=to``
    more: bool
    experiments: Sequence[Experiment] = ()
    definitions: Sequence[Definition] = ()
    runs: Sequence[Run] = ()
    jobs: Sequence[Job] = ()
    ledger: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterPoint:
    """One point of a counter's bounded, thinned time series."""

    job_id: int
    key: str
    at: datetime
    value: float


class Store(StoreBeside, StoreDeciding):
    """Durable store; one manager process writes it, from one thread."""

    #: changes when the store was replaced by another or an older one; revisions then restart
    epoch: str
    #: secret of this store, 32 bytes; update addresses are derived from it
    key: bytes

    @abstractmethod
    def close(self) -> None:
        """Finish what was accepted, and close. Nothing can be asked afterwards."""

    @abstractmethod
    def on_commit(self, listener: Callable[[int], None]) -> None:
        """Call ``listener(revision)`` after each commit, in order, in the loop's thread."""

    @abstractmethod
    async def revision(self) -> int:
        """Return the newest committed revision."""

    # -- experiments, definitions, runs ------------------------------------------------

    @abstractmethod
    async def create_experiment(self, name: str, instrument: str, at: datetime) -> Experiment:
        """Add an experiment. `Conflict` if the name is taken."""

    @abstractmethod
    async def set_active(self, experiment_id: int, *, active: bool) -> Experiment:
        """Say whether an experiment is taking data. `NotFound`."""

    @abstractmethod
    async def experiments(self) -> Sequence[Experiment]:
        """All experiments, active ones first, then by name."""

    @abstractmethod
    async def add_definition(
        self, experiment_id: int, draft: DefinitionDraft, check: ScriptCheck, by: str, at: datetime
    ) -> Definition:
        """Add version 1. `Conflict` if a definition that is not deleted has the name."""

    @abstractmethod
    async def change_definition(  # noqa: PLR0917 - callers name them
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
        """Add the next version. `EditConflict` if the current one is not the expected one.

        ``autorun`` gives or takes back the consent to it, of ``by`` and ``at``, and ends any
        pause; None leaves it. ``consent``: what it is given to from this version on.
        """

    @abstractmethod
    async def set_check(
        self, definition_id: int, version: int, check: ScriptCheck, *, by_hand: bool = False
    ) -> None:
        """Keep what the batch client found; no effect if the version is no longer current.

        ``by_hand``: somebody asked for it, and later starts are held against this text.
        """

    @abstractmethod
    async def delete_definition(self, definition_id: int, by: str, at: datetime) -> Definition:
        """Delete softly; the name is free at once. `NotFound`; twice is not an error."""

    @abstractmethod
    async def restore_definition(self, definition_id: int) -> Definition:
        """Undo a deletion. `Conflict` if the name has been taken meanwhile."""

    @abstractmethod
    async def definitions(
        self, experiment_id: int, *, deleted: bool = False
    ) -> Sequence[Definition]:
        """Return current versions, by id; with ``deleted`` also the deleted ones."""

    @abstractmethod
    async def definition(self, definition_id: int, version: int | None = None) -> Definition:
        """One definition, deleted or not; by default its current version. `NotFound`."""

    @abstractmethod
    async def runs(self, experiment_id: int) -> Sequence[Run]:
        """All runs by number."""

    # -- jobs --------------------------------------------------------------------------

    @abstractmethod
    async def add_jobs(self, wanted: JobsWanted) -> JobsMade:
        """Store the whole request durably as one record, then its jobs in slices.

        A crash in between is made good by `resume_applies`; the answer comes after the last
        slice. Of several requests with ``skip_existing`` at once, one makes each job.
        """

    @abstractmethod
    async def made_before(
        self, experiment_id: int, idempotency_key: str, fingerprint: str
    ) -> JobsMade | None:
        """Return what a request with this key was answered; None if there was none.

        `Conflict` if that request asked for something else.
        """

    @abstractmethod
    async def resume_applies(self) -> int:
        """Make the jobs of requests that a crash interrupted; return how many jobs."""

    @abstractmethod
    async def change_jobs(self, changes: Sequence[JobChange]) -> Sequence[bool]:
        """Apply each change whose expectations hold; True where it did.

        A changed state is added to the history. `ValueError` for a change that
        `arp_nb.model.may_change` forbids: that is a bug of the caller.
        """

    @abstractmethod
    async def merge_reports(self, posts: Sequence[ReportPost]) -> None:
        """Merge posts into the jobs' reports, in order, and add to the counters' series."""

    @abstractmethod
    async def set_deleted(self, job_ids: Collection[int], by: str, at: datetime | None) -> int:
        """Delete softly, or restore with ``at=None``; return how many rows changed."""

    @abstractmethod
    async def jobs(self, which: JobFilter) -> Sequence[Job]:
        """Jobs that match, newest first unless the filter says otherwise."""

    @abstractmethod
    async def jobs_page(self, which: JobFilter) -> tuple[Sequence[Job], bool]:
        """Up to the limit, or fewer where reports are long, and whether there are more."""

    @abstractmethod
    async def job_values(
        self,
        which: JobFilter,
        names: Sequence[str],
        make: Callable[[Iterator[Sequence[Sequence[Any]]]], T],
    ) -> T:
        """Return what ``make`` makes of some fields of the jobs that match.

        It is called in a thread of the store's, with the rows in pieces of some hundred, and
        may stop early. Times (``…_at``) are ms since 1970 UTC, notes and report JSON text.
        However many calls read very many jobs, other reads do not wait for them.
        """

    @abstractmethod
    async def count_jobs(self, experiment_id: int) -> int:
        """Count the jobs of an experiment that are not deleted."""

    @abstractmethod
    async def jobs_holding(self, experiment_id: int, text: str, limit: int) -> Sequence[int]:
        """Ids of jobs that hold a text, newest first; see `arp_nb.report_search`."""

    @abstractmethod
    async def job(self, job_id: int) -> Job:
        """One job, deleted or not. `NotFound`."""

    @abstractmethod
    async def part_kills(self) -> Sequence[int]:
        """Return the jobs of which a live scheduler job is to be ended by itself."""

    @abstractmethod
    async def scheduler_jobs(
        self, job_ids: Collection[int]
    ) -> Mapping[int, Sequence[SchedulerJob]]:
        """Return the scheduler jobs of each job, in order of submission."""

    @abstractmethod
    async def standings(self, *, ended: int) -> Standings:
        """All live jobs, and at most ``ended`` of those that ended: the last to change."""

    @abstractmethod
    async def standings_since(self, revision: int) -> Standings:
        """Jobs that changed after a revision and are, or were, with a scheduler."""

    @abstractmethod
    async def history(self, job_id: int) -> Sequence[Transition]:
        """Every change of state, oldest first."""

    @abstractmethod
    async def counter_points(
        self, job_ids: Collection[int], key: str | None = None
    ) -> Sequence[CounterPoint]:
        """Points of the thinned series, by job, key, time."""

    @abstractmethod
    async def counter_series(
        self, wanted: Collection[tuple[int, str]], limit: int
    ) -> Mapping[tuple[int, str], Sequence[tuple[float, float]]]:
        """At most ``limit`` points, (s since 1970, value), of series by job id and key."""

    # -- feed and upkeep ---------------------------------------------------------------

    @abstractmethod
    async def changes(
        self, since: int, *, experiment_id: int | None = None, limit: int = 2000
    ) -> Changes:
        """Read what changed after ``since``, deleted rows included (they say so).

        At most ``limit`` rows, and fewer where jobs' reports have megabytes together.
        `Gone` if ``since`` is older than what `purge` forgot, or newer than the store.
        """

    @abstractmethod
    async def purge(self, deleted_before: datetime) -> int:
        """Forget rows deleted before a time; return how many."""
