"""What a source tells of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


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
