"""The nouns of the system, and the states of a job.

An *experiment* (``"xppi0915"``) has numbered *runs*. A *definition* (its name is the
*hash*) names a script. Applying a definition to a run makes a *job*; one run may have many
jobs, and one job may own several scheduler jobs.

Everything here is immutable and knows nothing of databases, HTTP or schedulers. Times are
timezone-aware UTC; durations are seconds; memory is megabytes (10^6 bytes).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class JobState(enum.Enum):
    """Where a job stands. The value is what travels in JSON and in the store."""

    REQUESTED = "requested"  #: accepted and stored; nobody works on it yet
    LEASED = "leased"  #: a batch client has taken it; it may be leased again
    STARTING = "starting"  #: its script may have started; never leased again
    UNCERTAIN = "uncertain"  #: the script started, and no id is known; a person decides
    SUBMIT_FAILED = "submit_failed"  #: the script ended and the scheduler has no job of it
    PENDING = "pending"  #: the scheduler has it and has not started it
    RUNNING = "running"  #: started, not ended
    SUSPENDED = "suspended"  #: stopped for now, by its owner or by the scheduler
    DONE = "done"  #: ended with exit code 0
    FAILED = "failed"  #: ended any other way, unless somebody asked for the end
    KILLED = "killed"  #: ended because somebody asked for it
    LOST = "lost"  #: neither the scheduler nor its history knows it
    WITHDRAWN = "withdrawn"  #: killed before the scheduler had it

    @property
    def is_final(self) -> bool:
        """Whether a job in this state is over (a requeue may still open a new attempt)."""
        return self in FINAL

    @property
    def is_submitted(self) -> bool:
        """Whether the scheduler has, or had, a job of it."""
        return self in SUBMITTED


#: no script of such a job can have run
UNSTARTED = frozenset({JobState.REQUESTED, JobState.LEASED})
_BEFORE_ID = UNSTARTED | {JobState.STARTING}
_LIVE = frozenset({JobState.PENDING, JobState.RUNNING, JobState.SUSPENDED})
_ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.KILLED, JobState.LOST})

FINAL = _ENDED | {JobState.SUBMIT_FAILED, JobState.WITHDRAWN}
SUBMITTED = _LIVE | _ENDED

#: Every allowed change of state; the store refuses all others.
TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.REQUESTED: frozenset({JobState.LEASED, JobState.WITHDRAWN}),
    # back to REQUESTED: the client gave it up, or its lease ran out, before any script ran
    JobState.LEASED: frozenset(
        {JobState.REQUESTED, JobState.STARTING, JobState.SUBMIT_FAILED, JobState.WITHDRAWN}
    ),
    # WITHDRAWN: killed while the script ran, and the script then made no job
    JobState.STARTING: _LIVE
    | _ENDED
    | {JobState.UNCERTAIN, JobState.SUBMIT_FAILED, JobState.WITHDRAWN},
    # the user names its id, or the scheduler finds it, or the user gives it up
    JobState.UNCERTAIN: _LIVE | _ENDED | {JobState.SUBMIT_FAILED, JobState.WITHDRAWN},
    JobState.PENDING: _LIVE | _ENDED,
    JobState.RUNNING: _LIVE | _ENDED,
    JobState.SUSPENDED: _LIVE | _ENDED,
    # the scheduler requeued it: a new attempt of the same job
    JobState.DONE: _LIVE,
    JobState.FAILED: _LIVE,
    JobState.KILLED: _LIVE,
    # it was only away, and came back
    JobState.LOST: _LIVE | (_ENDED - {JobState.LOST}),
    # its id came late
    JobState.SUBMIT_FAILED: _LIVE | _ENDED,
    JobState.WITHDRAWN: _LIVE | _ENDED,
}


def may_change(old: JobState, new: JobState) -> bool:
    """Whether a job in state ``old`` may go to ``new``. Staying is always allowed."""
    return old is new or new in TRANSITIONS[old]


class Phase(enum.Enum):
    """How far a submission in state STARTING has come."""

    NONE = ""
    SCRIPT = "script"  #: the script runs and has not called the scheduler
    SUBMITTING = "submitting"  #: it called ``bsub``, which has not answered
    SLOW = "slow"  #: … for more than 5 s


class Trigger(enum.Enum):
    """When a definition may start by itself."""

    MANUAL = "MANUAL"
    START_OF_RUN = "START_OF_RUN"
    END_OF_RUN = "END_OF_RUN"
    FIRST_FILE_TRANSFERRED = "FIRST_FILE_TRANSFERRED"
    ALL_FILES_TRANSFERRED = "ALL_FILES_TRANSFERRED"
    ALL_NONREC_FILES_TRANSFERRED = "ALL_NONREC_FILES_TRANSFERRED"
    RUN_PARAM_IS_VALUE = "RUN_PARAM_IS_VALUE"
    AFTER = "AFTER"


class Arguments(enum.Enum):
    """What a definition's script is given on its command line."""

    EXPERIMENT_RUN = "experiment, run, parameters"
    PARAMETERS_ONLY = "parameters only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A name under which runs are taken and definitions are shared."""

    id: int
    name: str
    instrument: str = ""
    active: bool = True
    created_at: datetime
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One numbered stretch of data taking."""

    id: int
    experiment_id: int
    number: int
    started_at: datetime | None = None
    ended_at: datetime | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    #: since when each has its value, in microseconds since 1970: very few are ever asked for
    parameters_since_us: Mapping[str, int] = field(default_factory=dict)
    #: "DATA", "DARK": as its source calls it
    type: str = ""
    #: who told of it last: "api", or a run source
    source: str = ""
    first_file_at: datetime | None = None
    all_files_at: datetime | None = None
    #: all files but recordings that are not needed for the analysis
    nonrec_files_at: datetime | None = None
    #: how often somebody told a later end than before; two sources may differ
    reopened: int = 0
    #: taken out of autorun, by a person
    excluded_at: datetime | None = None
    excluded_by: str | None = None
    excluded_why: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptCheck:
    """What the batch client found at an executable's path, as the user."""

    #: "ok", "not checked", or what is wrong, in words
    problem: str = "not checked"
    warnings: tuple[str, ...] = ()
    sha256: str | None = None
    host: str | None = None
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionDraft:
    """What a user says of a definition; checked by `arp_nb.manager.definitions`."""

    name: str
    executable: str
    parameters: str = ""
    quoted_parameters: bool = False
    arguments: Arguments = Arguments.EXPERIMENT_RUN
    trigger: Trigger = Trigger.MANUAL
    #: which scheduler: "local", "lsf"; empty means the manager's default
    location: str = ""
    #: autorun starts it only where this holds; see `arp_nb.predicates`
    predicate: str = ""
    #: … and only on runs of these types: "DATA, DARK"; empty: all
    run_types: str = ""
    #: of AFTER: the hash whose job is DONE before
    after: str = ""
    #: of RUN_PARAM_IS_VALUE: which parameter, and which value as text
    run_param: str = ""
    run_value: str = ""
    #: jobs that autorun has going at once, and that it makes within an hour; 0: any number
    most_at_once: int = 0
    most_per_hour: int = 0

    @property
    def starts_on(self) -> tuple[Trigger, str, str, str]:
        """What says which event it starts on by itself, and nothing else of it."""
        return self.trigger, self.after, self.run_param, self.run_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A batch def as it is stored: one version of it."""

    id: int
    experiment_id: int
    version: int
    draft: DefinitionDraft
    autorun: bool = False
    autorun_by: str | None = None
    autorun_at: datetime | None = None
    #: what was consented to: the version, and the script's text
    consent_version: int | None = None
    consent_sha256: str | None = None
    #: autorun waits; why: "user", or what consent was not given to: "edit", "script"
    paused_why: str = ""
    paused_by: str | None = None
    paused_at: datetime | None = None
    paused_said: str = ""
    check: ScriptCheck = ScriptCheck()
    #: of the script when somebody last saved or checked this version; other than `check`, a
    #: start does not change it
    checked_sha256: str | None = None
    changed_by: str
    changed_at: datetime
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        """The hash: how people call it."""
        return self.draft.name


class Role(enum.Enum):
    """What a scheduler job is to the job of ours that it belongs to."""

    SIBLING = "sibling"  #: submitted by its script; a chain has several, and all decide its state
    SUBJOB = "subjob"  #: submitted from inside one of its jobs; counted, and no part of its state
    EXTRA = "extra"  #: one submit command made more jobs than it said; only a person ends it


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerJob:
    """One job in the scheduler's books that belongs to one of ours."""

    native_id: str
    #: "wrapper", "output", "tag", "claim" or "user": how the id became known
    source: str
    #: of the wrapper's *begin* that made it; empty when no wrapper saw it
    nonce: str = ""
    native_state: str = ""
    state: JobState = JobState.PENDING
    role: Role = Role.SIBLING
    #: of an array: native word and number of its elements, what says most first
    elements: tuple[tuple[str, int], ...] = ()
    #: why, in the scheduler's words
    reason: str = ""
    exit_code: int | None = None
    #: who asked for the end of this one alone
    kill_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One application of a definition to a run."""

    id: int
    experiment_id: int
    run: int
    definition_id: int
    hash: str
    version: int
    parameters: str
    argv: tuple[str, ...]
    user: str
    location: str
    trigger: Trigger = Trigger.MANUAL
    state: JobState = JobState.REQUESTED
    phase: Phase = Phase.NONE
    #: the scheduler's own word ("PSUSP"), shown as it is; empty until it said one
    native_state: str = ""
    #: the first scheduler job's id ("1815", "1815[3]"); None until known
    native_id: str | None = None
    #: why, in the machine's words: pending reason, TERM_…, the script's last line
    reason: str = ""
    #: what we have to say about it: "id from output only", "script changed since apply"
    notes: tuple[str, ...] = ()
    exit_code: int | None = None
    signal: int | None = None
    queue: str = ""
    host: str = ""
    peak_memory_mb: float | None = None
    #: slots or CPUs that the scheduler gave it
    cores: int | None = None
    #: what it was submitted with, as the scheduler says
    asked_memory_mb: float | None = None
    asked_time_s: float | None = None
    #: what a rerun with more asks for in place of its script
    override_memory_mb: float | None = None
    override_time_s: float | None = None
    #: the first line of its log that tells of an error, for one that failed
    error_line: str = ""
    log_path: str = ""  #: as the scheduler said
    #: what it consists of beside its siblings; see `arp_nb.parts`
    parts: Mapping[str, Any] = field(default_factory=dict)
    requested_at: datetime
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    changed_at: datetime
    #: 1, and one more for each time the scheduler requeued it
    attempt: int = 1
    rerun_of: int | None = None
    #: the first of a chain of reruns; None: it is the first itself
    root_id: int | None = None
    kill_by: str | None = None
    kill_at: datetime | None = None
    #: the kill is meant for what was submitted inside it, too
    kill_subjobs: bool = False
    lease_token: str | None = None
    spool_id: str | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    #: the JSON object that the job posted, merged; see `arp_nb.reports`
    report: Mapping[str, Any] = field(default_factory=dict)
    reported_at: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One line of a job's history."""

    job_id: int
    at: datetime
    old: JobState | None
    new: JobState
    native_state: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastChange:
    """One line of what a scheduler's own history tells of a job."""

    at: datetime
    state: JobState
    native_state: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a scheduler says of one of its jobs at one moment."""

    state: JobState
    #: the scheduler's own word for it ("PSUSP", "OUT_OF_MEMORY"), shown as it is
    native_state: str
    reason: str = ""
    exit_code: int | None = None
    signal: int | None = None
    queue: str = ""
    host: str = ""
    peak_memory_mb: float | None = None
    #: slots or CPUs that it was given; None of one that waits, and of an array
    cores: int | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    #: the tag or description found on it, to tell it from another job with a used-again id
    tag: str = ""
    #: what it was submitted with
    asked_memory_mb: float | None = None
    asked_time_s: float | None = None
    #: of an array that is asked for by its one id, as in `SchedulerJob`
    elements: tuple[tuple[str, int], ...] = ()
    #: what happened before, oldest first; only a history tells
    past: tuple[PastChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of an array, or one part of a heterogeneous job."""

    index: int
    native_id: str
    reading: Reading
