"""What autorun decided, and why: one entry for each definition, run, trigger and cause.

An entry is made once. One that *waits* is looked at again; what was fired or skipped stays.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arp_nb.model import Trigger


class Outcome(enum.Enum):
    """What became of it."""

    FIRED = "fired"  #: a job was made
    WAITING = "waiting"  #: it is looked at again
    SKIPPED = "skipped"  #: no job is made of it by itself
    NONE = "none"  #: only told, never kept: nothing has happened yet


class Why(enum.Enum):
    """Why no job was made, or not yet."""

    NOTHING = ""
    UNCHECKED = "unchecked"  #: the box was not checked then
    PREDICATE = "predicate"  #: its predicate was false, or could not be judged
    PAUSED = "paused"  #: a person paused the definition
    CONSENT = "consent"  #: it, or its script, is not what was consented to
    STOPPED = "stopped"  #: a person stopped all autorun
    EXCLUDED = "excluded"  #: a person took the run out
    LIMIT = "limit"  #: as many jobs as may be, at once or in an hour
    DUPLICATE = "duplicate"  #: the run has a job of this definition already
    INACTIVE = "inactive"  #: the experiment takes no data
    TOO_OLD = "too_old"  #: it happened longer ago than autorun goes back
    RUN_TYPE = "run_type"  #: not one of the types of runs that the definition is for
    REFUSED = "refused"  #: no job can be made of it as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger."""

    #: None: it is not kept, but told of a pair that has no line
    id: int | None = None
    experiment_id: int
    definition_id: int
    hash: str
    version: int
    run: int
    trigger: Trigger
    #: what beside the run: "beam=on", "job 17"; empty for the run's own triggers
    cause: str = ""
    outcome: Outcome
    why: Why = Why.NOTHING
    #: the whole of it, in words
    said: str = ""
    #: what the predicate saw, by name
    seen: Mapping[str, Any] = field(default_factory=dict)
    job_id: int | None = None
    #: as whom its job runs
    user: str = ""
    #: when what it is about happened
    event_at: datetime | None
    decided_at: datetime | None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """All autorun of a manager was stopped, by a person."""

    by: str
    at: datetime
    said: str = ""
