"""A laboratory for run sources: one source, and ways to make runs where it looks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arp_nb.run_sources.base import RunSource


class SourceLab(ABC):
    """A run source, and ways to make runs that it tells of.

    What only some sources have stands in class attributes: where one says that there is none,
    the suite skips what is about it.
    """

    #: the source that is held to the contract; made with `active` for its experiments
    source: RunSource

    #: experiments in which runs are made here; of two, if one source tells of several
    names: ClassVar[tuple[str, ...]] = ("xppi0915", "xppi0916")
    #: it tells what parameters a run has
    has_parameters: ClassVar[bool] = True
    #: a run that was begun goes on until it is ended
    goes_on: ClassVar[bool] = True

    def __init__(self) -> None:
        #: what is to be looked at now
        self.experiments: list[str] = [*self.names]

    async def active(self) -> Sequence[str]:
        """Tell the source what is to be looked at; hand it over as its ``experiments``."""
        return tuple(self.experiments)

    @abstractmethod
    def make(self, **options: Any) -> RunSource:
        """Make another source of this kind and these options, for the same runs.

        With options that the kind does not know it raises `InvalidValue`.
        """

    @abstractmethod
    def begin(self, number: int, experiment: str = "xppi0915") -> None:
        """Begin a run."""

    @abstractmethod
    def end(self, number: int, experiment: str = "xppi0915") -> None:
        """End a run."""

    @abstractmethod
    def odd(self) -> None:
        """Put beside the runs what cannot be understood, and is none."""

    @abstractmethod
    def take_down(self) -> None:
        """Make it impossible to ask for runs."""

    @abstractmethod
    def bring_back(self) -> None:
        """Undo `take_down`."""

    def parameters(
        self, number: int, parameters: dict[str, Any], experiment: str = "xppi0915"
    ) -> None:
        """Give a run that was begun parameters."""
        raise NotImplementedError

    def close(self) -> None:  # noqa: B027 - most have nothing to end
        """End everything that still runs."""
