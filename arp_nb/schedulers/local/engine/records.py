"""What the book holds: what was asked for, what became of it, and the words for both."""

from __future__ import annotations

from typing import NamedTuple

#: states, in LSF's words: held while it waits, and stopped while it runs, are two
PEND, PSUSP, RUN, USUSP, DONE, EXIT = "PEND", "PSUSP", "RUN", "USUSP", "DONE", "EXIT"
WAITING = frozenset({PEND, PSUSP})
#: has a supervisor, and its slots: a stopped job keeps them, for its memory is still taken
STARTED = frozenset({RUN, USUSP})
UNFINISHED = WAITING | STARTED
ENDED = frozenset({DONE, EXIT})

SUPERVISOR_KILLED = "its supervisor was killed"
RESTARTED = "the machine was restarted"
CALLER_GONE = "the bsub that waited to run it was ended"
BY_OWNER = "TERM_OWNER: job killed by owner"
BY_RUN_LIMIT = "TERM_RUNLIMIT: job killed after reaching its run limit"

#: what people ask of a job, as the signals' names: kept with their times, for `bhist`
STOP, CONT, KILL = "STOP", "CONT", "KILL"


class Submitted(NamedTuple):
    """What a user asks for. Paths and commands are bytes: nobody promises they are text."""

    queue: str
    name: str
    description: str
    project: str
    user: str
    host: str
    command: bytes
    cwd: bytes
    input: bytes
    #: %J and %I are still in these two; empty: a file of our own
    output: bytes
    output_new: bool
    error: bytes
    error_new: bool
    slots: int
    run_limit_s: float | None
    #: told, not enforced
    memory_limit_mb: float | None
    umask: int
    #: an array's indexes as they were written, "1-10:2"; empty: no array
    array: str
    #: so many of its elements at once; 0: as many as there are slots
    array_limit: int
    array_step: int
    array_end: int
    held: bool
    #: runs within the `bsub` that submitted it
    interactive: bool
    #: ``NAME=value`` pairs with NUL between
    environment: bytes
    #: text of a script given on standard input; None where `command` is a shell line
    script: bytes | None


class Job(NamedTuple):
    """A job, or an element of an array, without its environment and script."""

    id: int
    #: its index in its array; 0: it is no element
    element: int
    state: str
    queue: str
    name: str
    description: str
    project: str
    user: str
    host: str
    command: bytes
    cwd: bytes
    input: bytes
    output: bytes
    output_new: bool
    error: bytes
    error_new: bool
    slots: int
    run_limit_s: float | None
    memory_limit_mb: float | None
    umask: int
    array: str
    array_limit: int
    array_step: int
    array_end: int
    held: bool
    interactive: bool
    submitted_at: float
    started_at: float | None
    ended_at: float | None
    exit_code: int | None
    signal: int | None
    reason: str
    peak_memory_mb: float | None
    boot_id: str | None
    supervisor_pid: int | None
    supervisor_start: str | None
    session: int | None
    session_start: str | None
    kill_at: float | None
    #: the kill is to be at once
    forced: bool

    @property
    def native_id(self) -> str:
        """What it is called: ``13``, or ``13[2]``."""
        return f"{self.id}[{self.element}]" if self.element else str(self.id)

    @property
    def shown_name(self) -> str:
        """Its name, with its index."""
        return f"{self.name}[{self.element}]" if self.element else self.name

    @property
    def file_name(self) -> str:
        """What the files of our own are called after it."""
        return f"{self.id}.{self.element}" if self.element else str(self.id)


class Outcome(NamedTuple):
    """How a job ended."""

    exit_code: int | None
    signal: int | None = None
    reason: str = ""
    peak_memory_mb: float | None = None


class Group(NamedTuple):
    """Elements of one array that stand alike."""

    #: the first of them
    job: Job
    number: int
    started_at: float | None
    ended_at: float | None
    peak_memory_mb: float | None


class Event(NamedTuple):
    """What somebody asked of a job."""

    at: float
    #: STOP, CONT or KILL
    what: str
