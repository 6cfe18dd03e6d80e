"""The contract of a run source: who tells that runs began, ended, and what is known of them.

Rules that every source keeps, shown by `arp_nb.testing.RunSourceContract`:

* It tells facts, and may tell them again: who listens takes only what is new. It invents no
  run, and what it does not know it leaves out. After a restart it may know a start less well
  (a file that grows carries the time of its last change): the earliest one holds.
* What cannot be understood of one run costs no other run.
* A source that cannot tell now says so by `arp_nb.errors.SourceDown`, in words; it is asked
  again later, and then tells also what happened meanwhile.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from arp_nb.run_sources.news import RunNews
from arp_nb.run_sources.told import Told
from arp_nb.settings import SourceSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from arp_nb.model import Trigger

__all__ = ["RunNews", "RunSource", "SourceSettings"]


class RunSource(ABC):
    """Where runs come from.

    Parameters
    ----------
    settings
        Its table. `InvalidValue` where an option is unknown or wrong.
    experiments
        Tells the names of the experiments that are to be looked at now.
    """

    #: how config.toml calls it
    kind: ClassVar[str]

    def __init__(
        self, settings: SourceSettings, experiments: Callable[[], Awaitable[Sequence[str]]]
    ) -> None:
        self.settings = settings
        self.experiments = experiments
        #: what was told, for a source that is not told itself what is new
        self.told = Told()

    @property
    @abstractmethod
    def gives(self) -> frozenset[Trigger]:
        """The triggers for which it tells the facts."""

    @property
    def caveat(self) -> str:
        """What it could not read when it last told something, in words; "": nothing.

        "2 of 310 records of the logbook could not be read." It is no reason to be down.
        """
        return ""

    @abstractmethod
    async def news(self) -> Sequence[RunNews]:
        """Wait until there may be something to tell, and tell it; by experiment and number.

        The first call tells all that is known at once, and the first one that succeeds after
        a `SourceDown` returns at once too, if with nothing: so one sees that it is up. May be
        cancelled at any moment: the next call then tells what this one would have.

        Raises
        ------
        SourceDown
            It cannot be asked now.
        """

    def start_over(self) -> None:
        """Let the next call tell all, as the first: what was told last could not be kept."""
        self.told.clear()

    async def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of connections and threads. `news` is not called again."""

    async def looked_at(self) -> tuple[str, ...]:
        """Return the experiments to tell of now: those of its table, or all, that are active."""
        active = sorted({*await self.experiments()})
        only = self.settings.experiments
        return tuple(name for name in active if not only or name in only)
