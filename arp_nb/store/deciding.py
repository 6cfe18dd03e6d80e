"""The part of a store's contract that autorun rests on: facts of runs, decisions, the ledger.

* What is told of a run again changes nothing, and takes no revision.
* A decision is made once for each definition, run, trigger and cause, whoever comes first; its
  line in the ledger and its job are one change.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from arp_nb.errors import ArpError
    from arp_nb.ledger import Entry, Outcome
    from arp_nb.model import Definition, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What is told of one run; None, or nothing: it stays as it is."""

    number: int
    type: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    first_file_at: datetime | None = None
    all_files_at: datetime | None = None
    nonrec_files_at: datetime | None = None
    #: merged (RFC 7396)
    parameters: Mapping[str, Any] | None = None
    #: none of its times counts as later; None: it is not known when this was told
    told_at: datetime | None = None

    @property
    def times(self) -> tuple[datetime | None, ...]:
        """All times that may be told of a run."""
        return (
            self.started_at, self.ended_at, self.first_file_at, self.all_files_at,
            self.nonrec_files_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsKept:
    """What came of telling of runs."""

    #: how many are new or changed
    changed: int = 0
    #: why the parameters that were told of a run were left out, by its number
    without_parameters: Mapping[int, ArpError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why the autorun of a definition waits from now on."""

    #: as `arp_nb.model.Definition.paused_why`
    why: str
    by: str
    at: datetime
    said: str = ""
    #: only while this is the consent that stands; None: whichever stands
    consent_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody consents to, beside the version that is saved by it."""

    sha256: str | None
    #: the script's text as they could see it
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneJob:
    """A job that ended well, as far as others run after it."""

    id: int
    #: of its chain of reruns, the first
    root_id: int
    experiment_id: int
    definition_id: int
    hash: str
    run: int
    ended_at: datetime | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """The job that comes of a decision."""

    argv: tuple[str, ...]
    parameters: str
    location: str
    #: a job of this definition that the run has already makes this one a duplicate
    once_per_run: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line for the ledger, and what is to be done by it."""

    #: without an id: it is new, and another that was first is left alone; with one: it waited
    entry: Entry
    #: with the outcome FIRED
    firing: Firing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFilter:
    """Which lines. None means: any."""

    experiment_id: int | None = None
    ids: Collection[int] | None = None
    definition_id: int | None = None
    hash: str | None = None
    run: int | None = None
    outcomes: Collection[Outcome] | None = None
    why: str | None = None
    #: only ids below this: pages go from the newest to the oldest
    before_id: int | None = None
    after_id: int | None = None
    limit: int = 500
    oldest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much autorun has made, and has to make, of one definition."""

    #: jobs of autorun that are not over
    active: int = 0
    waiting: int = 0
    fired: int = 0
    #: … of these since a time
    fired_since: int = 0
    last_fired_at: datetime | None = None


NO_TALLY = Tally()


@dataclass(frozen=True, slots=True)
class PastJobs:
    """What ended jobs of a definition took."""

    #: of each job that ran to its end: hours, and cores where they are known
    hours: Sequence[tuple[float, int | None]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What predicates may ask of an earlier job."""

    id: int
    #: as it is shown
    status: str
    report: Mapping[str, Any] = field(default_factory=dict)


#: definition id, run, trigger, cause
DecisionKey = tuple[int, int, str, str]


class StoreDeciding(ABC):
    """What autorun reads and decides."""

    @abstractmethod
    async def put_runs(
        self, experiment_id: int, facts: Sequence[RunFacts], source: str = "api"
    ) -> RunsKept:
        """Add runs, or change what is new of them. `NotFound`.

        A source that tells a later end than it told before has opened the run again. Parameters
        that cannot be kept cost neither their run nor another.
        """

    @abstractmethod
    async def put_run(self, experiment_id: int, facts: RunFacts) -> Run:
        """Do `put_runs` for one run that the API tells of, and return it. `NotFound`.

        `TooLarge`, and nothing is changed, where its parameters cannot be kept.
        """

    @abstractmethod
    async def exclude_run(
        self, experiment_id: int, number: int, *, by: str | None, at: datetime, why: str = ""
    ) -> Run:
        """Take a run out of autorun, or with ``by=None`` in again. `NotFound`."""

    @abstractmethod
    async def some_runs(self, experiment_id: int, numbers: Collection[int]) -> Sequence[Run]:
        """Return those of some numbers that there are, by number."""

    @abstractmethod
    async def newest_runs(self, experiment_id: int, limit: int) -> Sequence[Run]:
        """Return the runs with the highest numbers, the highest first."""

    @abstractmethod
    async def runs_since(self, revision: int, limit: int) -> Sequence[Run]:
        """Return runs of all experiments that changed after a revision, by revision."""

    @abstractmethod
    async def definitions_since(self, revision: int) -> Sequence[Definition]:
        """Return definitions of all experiments that changed after a revision, by revision."""

    @abstractmethod
    async def done_since(self, revision: int, limit: int) -> Sequence[DoneJob]:
        """Return jobs of all experiments that are DONE and changed after a revision, by it."""

    @abstractmethod
    async def done_jobs(
        self, experiment_id: int, name: str, runs: Collection[int]
    ) -> Sequence[DoneJob]:
        """Return the jobs of a hash that are DONE for some runs, oldest first."""

    @abstractmethod
    async def pause(self, definition_id: int, pause: Pause | None) -> Definition:
        """Let the autorun of a definition wait, or with None no more. `NotFound`.

        One that waits already keeps its reason, unless consent is what is lacking now. One
        that was consented to anew since, other than the pause says, stays as it is.
        """

    @abstractmethod
    async def consent_text(self, definition_id: int) -> str:
        """Return the script's text that was consented to; empty where it is not known."""

    @abstractmethod
    async def decide(self, decisions: Sequence[Decision]) -> Sequence[Entry]:
        """Keep decisions, and make their jobs; return the lines that are new or changed.

        A decision that was made before changes nothing. Of a run that has a job already no
        second one is made: the line then says *duplicate*, and which job.
        """

    @abstractmethod
    async def decided(self, experiment_id: int, runs: Collection[int]) -> frozenset[DecisionKey]:
        """Return for which definition, run, trigger and cause there is a line."""

    @abstractmethod
    async def ledger(self, which: LedgerFilter) -> tuple[Sequence[Entry], bool]:
        """Lines that match, newest first unless the filter says otherwise, and whether more do."""

    @abstractmethod
    async def tallies(self, experiment_id: int, since: datetime) -> Mapping[int, Tally]:
        """How much there is of each definition, by its id; those without any may be missing."""

    @abstractmethod
    async def waiting(self, experiment_id: int | None = None) -> int:
        """Return how many lines wait, of definitions that are not deleted."""

    @abstractmethod
    async def unstarted(self, experiment_id: int | None = None) -> Mapping[int, int]:
        """Return how many jobs of autorun no script was started for, by definition."""

    @abstractmethod
    async def past_jobs(self, definition_id: int, limit: int) -> PastJobs:
        """Return what the newest ended jobs of a definition took."""

    @abstractmethod
    async def latest_reports(
        self, experiment_id: int, runs: Collection[int], hashes: Collection[str] | None = None
    ) -> Mapping[int, Mapping[str, JobFacts]]:
        """Return by run and hash what the newest job of each says; None: of all hashes.

        Reports may be long: name the hashes wherever there are many runs.
        """
