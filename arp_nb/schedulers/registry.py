"""Which schedulers this machine has: from entry points, and always the local one."""

from __future__ import annotations

import difflib
import logging
import os
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from arp_nb.errors import ArpError, InvalidValue
from arp_nb.schedulers.base import NotHere, Site
from arp_nb.schedulers.local import LocalScheduler
from arp_nb.schedulers.lsf import LsfScheduler
from arp_nb.schedulers.slurm import SlurmScheduler

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arp_nb.schedulers.base import Scheduler
    from arp_nb.settings import Settings

logger = logging.getLogger(__name__)

GROUP = "arp_nb.schedulers"
#: known without an installed package too; an entry point of the same name replaces one
BUILT_IN: Mapping[str, type[Scheduler]] = {
    LsfScheduler.name: LsfScheduler,
    SlurmScheduler.name: SlurmScheduler,
    LocalScheduler.name: LocalScheduler,
}


def load(
    settings: Settings, store_folder: Path, *, environment: Mapping[str, str] | None = None
) -> dict[str, Scheduler]:
    """Make the adapters of all schedulers that this machine has; "local" is the last.

    Parameters
    ----------
    settings
        ``locations`` limits the choice; ``path_prepend`` and ``environment`` hold for their
        commands as they do for the scripts', so that both talk to the same cluster.
    store_folder
        Where the local scheduler keeps its queue.
    environment
        The user's login environment; this process's own where it is not given.

    Raises
    ------
    InvalidValue
        ``locations`` names a scheduler that nobody wrote an adapter for.
    """
    classes = check_locations(settings)
    environment = _with_settings(os.environ if environment is None else environment, settings)
    found: dict[str, Scheduler] = {}
    for name in sorted(classes, key=lambda name: (name == LocalScheduler.name, name)):
        if settings.locations and name not in {*settings.locations, LocalScheduler.name}:
            continue
        site = Site(
            settings=settings, store_folder=store_folder, environment=environment, location=name
        )
        scheduler = classes[name].create(site)
        if not isinstance(scheduler, NotHere):
            found[name] = scheduler
        elif name in settings.locations:
            logger.warning("%s: set as a location, but %s", name, scheduler.reason)
    return found


def check_locations(settings: Settings) -> Mapping[str, type[Scheduler]]:
    """Return all adapters by name, if ``locations`` names no other.

    Raises
    ------
    InvalidValue
        It names a scheduler that nobody wrote an adapter for.
    """
    classes = _classes()
    for name in settings.locations:
        if name not in classes:
            near = difflib.get_close_matches(name, classes, n=1)
            advice = f" Did you mean {near[0]!r}?" if near else ""
            raise InvalidValue(f"locations: there is no scheduler {name!r}.{advice}")
    return classes


def _classes() -> dict[str, type[Scheduler]]:
    classes = dict(BUILT_IN)
    for entry in entry_points(group=GROUP):
        try:
            classes[entry.name] = entry.load()
        except (ImportError, AttributeError, ArpError) as error:
            # one broken plugin must not take the others with it
            logger.warning("scheduler %s cannot be loaded: %s", entry.name, error)
    return classes


def _with_settings(environment: Mapping[str, str], settings: Settings) -> dict[str, str]:
    path = os.pathsep.join((*settings.path_prepend, environment.get("PATH") or os.defpath))
    return {**environment, "PATH": path, **settings.environment}
