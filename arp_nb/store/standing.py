"""Where submitted jobs stand: what polling needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from arp_nb.model import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a submitted job stands: the little of it that polling needs."""

    job_id: int
    location: str
    #: in order of submission
    native_ids: tuple[str, ...]
    state: JobState
    submitted_at: datetime | None
    #: of a job that has not ended, or whose end has no time: when it changed last
    ended_at: datetime
    #: a scheduler job of it lives on: one of the job itself, or one that it submitted
    has_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Where jobs stood at a revision; deleted ones too."""

    revision: int
    jobs: Sequence[Standing]
