"""The contract of a run source: who tells that runs began, ended, and what is known of them.

Rules that every source keeps, shown by `arp_nb.testing.RunSourceContract`:

* It tells facts, and may tell them again: who listens takes only what is new. It invents no
  run, and what it does not know it leaves out.
* What cannot be understood of one run costs no other run.
* A source that cannot tell now says so by `arp_nb.errors.SourceDown`, in words; it is asked
  again later, and then tells also what happened meanwhile.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from arp_nb.model import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNews:
    """What a source knows of one run. None, or an empty text: it does not know that."""

    experiment: str
    number: int
    #: "DATA", "DARK": as the source calls it
    type: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    first_file_at: datetime | None = None
    all_files_at: datetime | None = None
    #: all files but recordings that are not needed for the analysis
    nonrec_files_at: datetime | None = None
    #: as `arp_nb.model.Run.parameters`; null drops one
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """A table ``[run_source.NAME]`` of config.toml."""

    name: str
    kind: str
    #: of these experiments alone; empty: of all that take data
    experiments: tuple[str, ...] = ()
    #: what else stands in the table; the kind checks it
    options: Mapping[str, Any] = field(default_factory=dict)


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

    @property
    @abstractmethod
    def gives(self) -> frozenset[Trigger]:
        """The triggers for which it tells the facts."""

    @abstractmethod
    async def news(self) -> Sequence[RunNews]:
        """Wait until there may be something to tell, and tell it; by experiment and number.

        The first call tells all that is known at once. May be cancelled at any moment: the next
        call then tells what this one would have.

        Raises
        ------
        SourceDown
            It cannot be asked now.
        """

    async def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of connections and threads. `news` is not called again."""
