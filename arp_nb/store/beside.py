"""The part of a store's contract for what does not travel in the change feed.

It takes no revision, and nobody hears of it: who wants it asks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arp_nb.starts import Start


class StoreBeside(ABC):
    """What is kept beside experiments, definitions, runs and jobs."""

    @abstractmethod
    async def keep_start(self, job_id: int, spool_id: str, start: Start) -> None:
        """Keep what a job's script is started with, until `purge` forgets the job.

        What many starts have in common (the script's text, the login environment) is kept
        once. A start that is kept already stays as it is. `NotFound`.
        """

    @abstractmethod
    async def start(self, spool_id: str) -> Start | None:
        """Return what a script was started with; None if that was not kept."""

    @abstractmethod
    async def get_meta(self, name: str) -> str | None:
        """Read a small named value kept with the store."""

    @abstractmethod
    async def set_meta(self, name: str, value: str) -> None:
        """Keep a small named value with the store."""

    @abstractmethod
    async def get_preference(self, user: str, name: str) -> Any:
        """Read JSON that a user's pages keep; None if there is none."""

    @abstractmethod
    async def set_preference(self, user: str, name: str, value: Any, most: int) -> None:
        """Keep JSON for a user's pages; None drops it.

        `TooLarge` if the user would have more than ``most`` of them.
        """
