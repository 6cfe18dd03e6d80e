"""The interface between the batch manager, which decides, and the batch client, which acts.

The manager keeps definitions, runs and jobs and runs no scheduler command. The batch client
acts as the user: it runs scripts, polls, kills and reads logs. Neither imports the other;
both know this module. Today they share a process; over HTTP later, so everything that
crosses is plain data, every call of the client may be repeated after a crash, and a repeated
call changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from arp_nb.model import JobState, Phase, Role, ScriptCheck

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from arp_nb.model import Element, Reading
    from arp_nb.starts import ScriptText, Start


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    """A job that a batch client has leased and is to submit."""

    job_id: int
    lease_token: str
    user: str
    location: str
    experiment: str
    run: int
    argv: tuple[str, ...]
    #: variables for the script beside the login environment (``BATCH_UPDATE_URL`` …)
    environment: Mapping[str, str]
    #: what the script's text was when the definition was last checked; None: not known
    sha256: str | None = None
    #: of a job that autorun made: the script's text that somebody consented to; empty: nobody
    #: does any more. None: a person applied it
    consent_sha256: str | None = None
    #: what its submit commands are to ask for, whatever the script says
    memory_mb: float | None = None
    time_s: float | None = None


class Submitted(NamedTuple):
    """A scheduler job that came of a submission."""

    native_id: str
    #: as in `arp_nb.model.SchedulerJob`
    source: str
    nonce: str = ""
    role: Role = Role.SIBLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What the spool says of one submission; the whole truth each time, not a step."""

    job_id: int
    spool_id: str
    #: STARTING (still under way), UNCERTAIN, SUBMIT_FAILED, or PENDING (an id is known)
    state: JobState
    phase: Phase = Phase.NONE
    #: in the order of submission
    native_ids: tuple[Submitted, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    #: exit code of the *script*, once it has ended
    script_exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSubmission:
    """A job in STARTING or UNCERTAIN, as the manager has it: what recovery starts from."""

    job_id: int
    spool_id: str
    user: str
    location: str
    state: JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedJob:
    """A job whose scheduler jobs are to be polled."""

    job_id: int
    location: str
    native_ids: tuple[str, ...]
    state: JobState
    #: when it was submitted; a scheduler job older than this wears a used-again id
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReading:
    """What the scheduler says of one scheduler job of a watched job. None: it knows no such id."""

    job_id: int
    native_id: str
    #: `Reading`, or None when the scheduler, asked by a complete command, does not know the id
    reading: Reading | None
    #: why nothing is known of it, where neither the list nor the history tells; then `reading` is
    #: None and it is not lost
    silence: str = ""
    #: the first error line of its log, for a job that failed; empty where there is none
    log_error: str = ""
    #: where the scheduler says that its log is; empty where it was not asked
    log_path: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KillRequest:
    """A durable wish to end a job that the scheduler has."""

    job_id: int
    location: str
    native_ids: tuple[str, ...]
    by: str
    #: an earlier kill was accepted, and they go on
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KillAnswer:
    """The scheduler's answer to a kill, in its own words. Accepted is not ended."""

    job_id: int
    #: what was to end: more may have come to the job since
    native_ids: tuple[str, ...]
    accepted: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundJob:
    """A scheduler job that carries our mark, and that is not among those that are polled."""

    job_id: int
    native_id: str
    #: its mark, as `arp_nb.marks` reads it
    tag: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerHealth:
    """Whether one scheduler answers. `since` is when this began."""

    location: str
    ok: bool
    since: datetime
    said: str = ""
    #: how long its last good answer took, in seconds
    answer_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One record that says how much of what is shown may be old."""

    client_ok: bool
    client_since: datetime
    schedulers: Mapping[str, SchedulerHealth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """A piece of a job's log. The path is never part of it: the scheduler names the file."""

    job_id: int
    location: str
    native_id: str | None
    spool_id: str | None
    #: first byte wanted; negative: that many bytes before the end
    offset: int = 0
    limit_bytes: int = 1_000_000
    #: where the scheduler once said that it is; for when it has forgotten the job
    remembered_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChunk:
    """Bytes of a log from `offset`, decoded with replacement characters."""

    text: str
    offset: int
    #: where the next piece begins
    next_offset: int
    #: size of the file in bytes when it was read
    size_bytes: int
    #: why there is nothing, in words; empty when there is something
    missing: str = ""
    source: str = ""
    #: where the scheduler says that the log is; empty where it did not say
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing about a site that was looked at, for its admin."""

    ok: bool
    said: str
    #: what to set or to do; empty where nothing need be done
    to_do: str = ""


class ManagerPort(Protocol):
    """What the batch client may ask of, and tell, the manager.

    ``False`` from a method means: the manager's books have moved on (another lease, a
    withdrawn job), so the client must drop that piece of work.
    """

    async def wait_for_work(self, seen: int, timeout_s: float) -> int:
        """Return a number that differs from ``seen`` once there may be work, or at timeout."""

    async def lease(
        self, locations: Sequence[str], limit: int, not_in: Collection[str] = ()
    ) -> Sequence[SubmitRequest]:
        """Take up to ``limit`` requested jobs, oldest first: REQUESTED → LEASED.

        Those whose script lies in one of the folders ``not_in`` are left for later.
        """

    async def starting(
        self,
        job_id: int,
        lease_token: str,
        spool_id: str,
        check: ScriptCheck,
        start: Start | None = None,
    ) -> bool:
        """Make LEASED → STARTING durable. Only after True may the script start.

        ``start`` is kept no later than that; that it cannot be kept changes no answer.
        """

    async def give_back(self, job_id: int, lease_token: str) -> bool:
        """LEASED → REQUESTED: the client could not even look at it now."""

    async def refused(
        self, job_id: int, lease_token: str, reason: str, check: ScriptCheck
    ) -> bool:
        """LEASED → SUBMIT_FAILED: the script cannot be run; no script was started."""

    async def submission(self, told: Submission) -> bool:
        """Take what the spool says of a submission. Repeating it changes nothing."""

    async def open_submissions(self) -> Sequence[OpenSubmission]:
        """All jobs in STARTING or UNCERTAIN; for recovery, and for watching."""

    async def watched(self) -> Sequence[WatchedJob]:
        """All jobs whose scheduler jobs should be polled.

        The same object again says that they are the same.
        """

    async def readings(self, readings: Sequence[JobReading]) -> Sequence[JobReading]:
        """Take one poll's readings. Late ones never undo a newer truth.

        Return those that the books have not taken in: too late, or in trouble. The next poll
        tells what it reads of these jobs even if it reads the same.
        """

    async def found(self, jobs: Sequence[FoundJob]) -> None:
        """Take scheduler jobs that were found by their marks. Repeating it changes nothing."""

    async def kills(self) -> Sequence[KillRequest]:
        """Kill requests that the scheduler has not been told of yet."""

    async def kill_answers(self, answers: Sequence[KillAnswer]) -> None:
        """Take the scheduler's answers to kills."""

    async def health(self, health: Health) -> None:
        """Take how client and schedulers are; also the client's sign of life."""


class ClientPort(Protocol):
    """What the manager may ask of the batch client, which acts as the user."""

    async def check(self, executable: str) -> ScriptCheck:
        """Look at a script as the user: is it a file, may the user run it."""

    async def script(self, executable: str) -> ScriptText:
        """Read a script as the user; what could not be read says so."""

    async def environment(self, request: SubmitRequest) -> Mapping[str, str]:
        """Return the whole environment that the script would get, unmasked."""

    async def log(self, query: LogQuery) -> LogChunk:
        """Read a piece of a job's log."""

    async def details(self, location: str, native_id: str) -> str:
        """Everything the scheduler says of one of its jobs, as text for a person."""

    async def elements(self, location: str, native_id: str) -> Sequence[Element]:
        """Return the elements of an array, in order; none of a job that is no array."""

    async def locations(self) -> Mapping[str, str]:
        """Name of each location where this client can submit, and why it thinks so."""

    async def not_offered(self) -> Mapping[str, str]:
        """Name of each location that is not offered, and why, in words for an admin."""

    async def advice(self) -> Mapping[str, Sequence[Advice]]:
        """Look at each location's site, and say what its admin should know; takes its time."""

    async def remote_locations(self) -> Collection[str]:
        """Those of them whose jobs run on other machines than this."""
