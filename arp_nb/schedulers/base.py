"""The contract between this package and a system that runs batch jobs.

To add a scheduler, write one module with one subclass of `Scheduler`, name it under the
entry-point group ``arp_nb.schedulers``, and hold it to the suite in `arp_nb.testing`.
The user's own script submits; an adapter only reads what came of it, asks for states, and
passes on kills.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from pathlib import Path

    from arp_nb.model import Element, JobState, Reading
    from arp_nb.ports import Advice
    from arp_nb.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What an adapter is made for: a machine, a user, and one location."""

    settings: Settings
    #: the store; an adapter with something to keep uses a folder in it of its own name
    store_folder: Path
    #: what the scheduler's commands are run with: the user's login environment
    environment: Mapping[str, str]
    #: what definitions call it; several locations may be of one scheduler
    location: str
    #: stands before each of the scheduler's commands: ``ssh submit-host``
    command_prefix: tuple[str, ...] = ()
    #: an admin has named it, so that it is no guess that there is one
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class NotHere:
    """A scheduler that is not offered on this machine, and why, in words for its admin."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a scheduler said to a request about one job, verbatim."""

    accepted: bool
    said: str


@dataclass(frozen=True, slots=True)
class Poll:
    """One answer for many jobs.

    An id that is in neither mapping was not answered: nothing is known of it. Only an id in
    `unknown` was denied by the scheduler itself.
    """

    readings: Mapping[str, Reading]
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A scheduler job that carries a mark of ours (`arp_nb.marks`)."""

    native_id: str
    tag: str
    state: JobState
    native_state: str = ""
    submitted_at: datetime | None = None


class Scheduler(ABC):
    """A system that runs batch jobs, as its command line presents it."""

    #: the kind: the name of its entry point, and of its location unless the site names others
    name: ClassVar[str]
    #: how people call it ("LSF"), for statuses such as LSF_Slow
    title: ClassVar[str]
    #: the commands that submit, which the wrappers stand in front of
    submit_commands: ClassVar[tuple[str, ...]]
    #: polls may follow each other so soon, in seconds, where asking costs nobody anything;
    #: None: as far apart as the settings say
    polls_apart_s: ClassVar[float | None] = None

    #: its jobs run on this machine, and nowhere else: they can reach whatever listens here
    on_this_machine: ClassVar[bool] = False

    #: stands before each of its commands
    command_prefix: tuple[str, ...] = ()
    #: what definitions call it, set where several locations are of one kind
    _location: str | None = None

    @classmethod
    def create(cls, site: Site) -> Self | NotHere:  # noqa: ARG003 - for those who need it
        """Make the adapter for a location; where it cannot be one, say why."""
        return cls()

    @property
    def location(self) -> str:
        """What definitions, and the store, call the place where its jobs run."""
        return self._location or self.name

    @location.setter
    def location(self, name: str) -> None:
        self._location = name

    @property
    def found(self) -> str:
        """Why it is offered here, in words for an admin: what was found, and where."""
        return "its adapter is installed"

    @property
    def path_prepend(self) -> tuple[Path, ...]:
        """Folders that must stand before the user's PATH for its commands to be found."""
        return ()

    def environment(self) -> Mapping[str, str]:
        """Return variables that the user's script, and so its submit commands, must have."""
        return {}

    @abstractmethod
    def tag_options(self, tag: str) -> tuple[str, ...]:
        """Options that mark a submission so that `find_tagged` finds it; () if it cannot."""

    def ask_options(
        self,
        memory_mb: float | None,  # noqa: ARG002 - for those who can
        time_s: float | None,  # noqa: ARG002
    ) -> tuple[str, ...]:
        """Options of the submit command that ask for so much; () if it has none.

        In pairs or joined by ``=``, as the wrapper looks for them among the script's own.
        """
        return ()

    @abstractmethod
    def submitted_ids(self, output: str, *, alone: bool = False) -> tuple[str, ...]:
        """Find the job ids in what a submit command, or a whole script, printed.

        Pure; any text is accepted. Returns them in order of appearance, each once. ``alone``:
        the submit command printed it, and nobody else, so that a bare number may be an id.
        """

    @abstractmethod
    async def probe(self) -> str:
        """Ask for a sign of life; return what to show about product and version.

        Raises
        ------
        SchedulerError
            It is not installed here, or does not answer.
        """

    async def advise(self) -> tuple[Advice, ...]:
        """Look at how the site is set up, and say what its admin should know.

        Raises
        ------
        SchedulerError
            It does not answer.
        """
        return ()

    @abstractmethod
    async def poll(self, native_ids: Collection[str]) -> Poll:
        """Read the state of many jobs with one command.

        Raises
        ------
        SchedulerError
            The command failed as a whole, so nothing is known of any job.
        """

    async def history(self, native_ids: Collection[str]) -> Poll:
        """Read what the scheduler's history says of jobs that its list denies.

        A reading from there may tell what happened before (`Reading.past`), with the times at
        which it did. An id in `Poll.unknown` is denied by the history too. Without a history,
        a denial is all there is.

        Raises
        ------
        SchedulerError
            The history did not answer, so nothing is known of any of them.
        """
        return Poll({}, frozenset(native_ids))

    async def elements(self, native_id: str) -> tuple[Element, ...]:  # noqa: ARG002
        """Read the elements of an array, or a job's parts, in order; () of a job of one piece.

        Raises
        ------
        SchedulerError
            The scheduler did not answer.
        """
        return ()

    async def marked(self) -> tuple[Marked, ...]:
        """Read all jobs of this user that carry a mark of ours and are not long over.

        With one command, however many there are. () where the scheduler cannot search.

        Raises
        ------
        SchedulerError
            The scheduler did not answer.
        """
        return ()

    @abstractmethod
    async def find_tagged(self, tag: str) -> tuple[Marked, ...]:
        """Find the jobs of one submission, ended ones included, oldest first.

        Those whose mark is ``tag``, or begins with it and a dot.

        Raises
        ------
        SchedulerError
            The scheduler did not answer, or cannot search: *not found* was not said.
        """

    @abstractmethod
    async def kill(
        self, native_ids: Collection[str], *, force: bool = False
    ) -> Mapping[str, Answer]:
        """Ask for the end of jobs. Killing a job that has ended counts as accepted.

        A few commands, however many jobs. ``force`` is for those that ignored an earlier
        one: at once, without a last word.

        Raises
        ------
        SchedulerError
            The command failed as a whole.
        """

    @abstractmethod
    async def details(self, native_id: str) -> str:
        """Everything the scheduler says of one job, as text for a person."""

    @abstractmethod
    async def log_path(self, native_id: str) -> Path | None:
        """Where the scheduler says the job's output goes; None where it does not say."""

    @abstractmethod
    async def peek(self, native_id: str) -> str:
        """Return the output so far of a running job whose file is not there yet; "" if none."""
