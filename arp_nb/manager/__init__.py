"""The batch manager: definitions, runs and jobs; no HTTP, no scheduler."""

from __future__ import annotations

from arp_nb.manager.apply import ApplyAnswer, ApplyRequest, DryRun, Skipped
from arp_nb.manager.feed import Subscription
from arp_nb.manager.jobs import History
from arp_nb.manager.kills import Outcome
from arp_nb.manager.manager import Manager

__all__ = [
    "ApplyAnswer",
    "ApplyRequest",
    "DryRun",
    "History",
    "Manager",
    "Outcome",
    "Skipped",
    "Subscription",
]
