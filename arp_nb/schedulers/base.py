"""The contract between this package and a system that runs batch jobs.

To add a scheduler, write one module with one subclass of `Scheduler`, name it under the
entry-point group ``arp_nb.schedulers``, give it a `Lab` in ``tests/contract/labs.py`` and a
place among the parameters of ``tests/contract/test_schedulers.py``, and a page in ``docs/``.
The user's own script submits; an adapter only reads what came of it, asks for states, and
passes on kills.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from arp_nb.model import Reading
    from arp_nb.settings import Settings


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


class Scheduler(ABC):
    """A system that runs batch jobs, as its command line presents it."""

    #: the name used in configuration, in the store and as a job's location
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

    @classmethod
    def create(
        cls,
        settings: Settings,  # noqa: ARG003 - for those who need it
        store_folder: Path,  # noqa: ARG003
        environment: Mapping[str, str],  # noqa: ARG003
    ) -> Self | None:
        """Make the adapter for this machine; None where the scheduler is not installed.

        Parameters
        ----------
        settings
            The manager's options.
        store_folder
            The store; an adapter with something to keep uses a folder in it of its own name.
        environment
            What the scheduler's commands are to be run with: the user's login environment.
        """
        return cls()

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

    @abstractmethod
    def submitted_ids(self, output: str) -> tuple[str, ...]:
        """Find the job ids in what a submit command, or a whole script, printed.

        Pure; any text is accepted. Returns them in order of appearance, each once.
        """

    @abstractmethod
    async def probe(self) -> str:
        """Ask for a sign of life; return what to show about product and version.

        Raises
        ------
        SchedulerError
            It is not installed here, or does not answer.
        """

    @abstractmethod
    async def poll(self, native_ids: Collection[str]) -> Poll:
        """Read the state of many jobs with one command.

        Raises
        ------
        SchedulerError
            The command failed as a whole, so nothing is known of any job.
        """

    @abstractmethod
    async def find_tagged(self, tag: str) -> tuple[str, ...]:
        """Ids of the jobs that carry the tag, ended ones included, oldest first.

        Raises
        ------
        SchedulerError
            The scheduler did not answer, or cannot search: *not found* was not said.
        """

    @abstractmethod
    async def kill(self, native_ids: Collection[str]) -> Mapping[str, Answer]:
        """Ask for the end of jobs. Killing a job that has ended counts as accepted.

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
