"""A laboratory: one scheduler, set up for tests, with jobs that do what a test says."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from arp_nb.schedulers.base import Scheduler

#: how long the end of a job, or another condition, is waited for
DEADLINE_S = 20.0


def until(condition: Callable[[], bool], what: str, *, deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition; fail with words when it does not come.

    Raises
    ------
    AssertionError
        It did not come within ``deadline_s`` seconds.
    """
    end_s = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() >= end_s:
            raise AssertionError(f"not within {deadline_s:g} s: {what}")
        time.sleep(0.02)


class Lab(ABC):
    """A scheduler, and ways to make jobs in it.

    What only some schedulers have stands in class attributes: where one says that there is
    none, the suite skips what is about it.
    """

    #: the adapter that is held to the contract
    scheduler: Scheduler

    #: its words for a job that waits, that runs, and that a kill has ended
    words: ClassVar[tuple[str, str, str]] = ("PEND", "RUN", "EXIT")
    #: the queue, or partition, of all jobs that are made here; "" where there are none
    queue: ClassVar[str] = "psdebugq"
    #: found, in small letters, in what it says to a kill, and to one of a job that has ended
    kill_words: ClassVar[tuple[str, str]] = ("terminat", "finished")
    #: `forget` makes its list deny an ended job, as schedulers do after a while
    forgets: ClassVar[bool] = False
    #: its history tells of every job that has ended
    has_history: ClassVar[bool] = False
    #: `array` makes one
    has_arrays: ClassVar[bool] = False
    #: it tells how many cores jobs were given; those made here have one
    tells_cores: ClassVar[bool] = False
    #: it can list all jobs that carry a mark (`Scheduler.marked`)
    lists_marked: ClassVar[bool] = True

    def submitted(self, number: int) -> str:
        """Return what its submit command prints."""
        return f"Job <{number}> is submitted to queue <psdebugq>."

    def unknown(self, number: int) -> str:
        """Return one of many ids that are such as it gives, but of no job."""
        return str(90_000 + number)

    @abstractmethod
    def pending(self, *, tag: str = "", options: Sequence[str] = ()) -> str:
        """Return the id of a job that waits until told otherwise.

        Parameters
        ----------
        tag
            It is marked so, with `Scheduler.tag_options`; "": it carries no mark.
        options
            More options of its submit command.
        """

    @abstractmethod
    def running(self, *, tag: str = "") -> str:
        r"""Return the id of a job that runs until told otherwise; it has written "so far\n"."""

    @abstractmethod
    def ended(self, exit_code: int, *, tag: str = "") -> str:
        """Return the id of a job that has ended so."""

    @abstractmethod
    def log(self, native_id: str) -> Path:
        """Return the file that a job made here was told to write to."""

    def array(self, size: int) -> str:
        """Return the id of an array of so many elements, which wait until told otherwise."""
        raise NotImplementedError

    def forget(self, native_id: str) -> None:
        """Make the scheduler's list deny a job that has ended."""
        raise NotImplementedError

    def commands_run(self) -> int | None:
        """Return how many of the scheduler's commands were run so far; None if nobody counts."""
        return None

    def close(self) -> None:  # noqa: B027 - most have nothing to end
        """End everything that still runs."""
