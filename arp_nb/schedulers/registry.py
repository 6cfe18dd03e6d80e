"""Which locations this machine has: one for each scheduler, and those that an admin names."""

from __future__ import annotations

import difflib
import logging
import os
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from arp_nb.errors import ArpError, InvalidValue
from arp_nb.schedulers.base import NotHere, Site
from arp_nb.schedulers.command import prefix_with
from arp_nb.schedulers.local import LocalScheduler
from arp_nb.schedulers.lsf import LsfScheduler
from arp_nb.schedulers.slurm import SlurmScheduler
from arp_nb.settings import LocationSettings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
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


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a machine offers, and what it does not."""

    #: by location; "local" is the last
    offered: Mapping[str, Scheduler]
    #: location → why not, in words for its admin
    absent: Mapping[str, str]


def load(
    settings: Settings, store_folder: Path, *, environment: Mapping[str, str] | None = None
) -> Loaded:
    """Make the adapters of all locations that this machine has.

    Each kind of scheduler is a location of its own name; an admin may describe others, or
    describe these anew.

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
        A scheduler is named that nobody wrote an adapter for.
    """
    places = check_locations(settings)
    classes = _classes()
    environment = os.environ if environment is None else environment
    offered: dict[str, Scheduler] = {}
    absent: dict[str, str] = {}
    for name in sorted(places, key=lambda name: (name == LocalScheduler.name, name)):
        place = places[name]
        if settings.locations and name not in {*settings.locations, LocalScheduler.name}:
            absent[name] = "the setting locations does not name it"
            continue
        site = _site(name, place, settings, store_folder, environment)
        made = _made(classes[place.scheduler], site)
        if not isinstance(made, NotHere):
            offered[name] = made
            continue
        absent[name] = made.reason
        if site.is_named:
            logger.warning("%s: set as a location, but %s", name, made.reason)
    return Loaded(offered, absent)


def _site(
    name: str,
    place: LocationSettings,
    settings: Settings,
    store_folder: Path,
    environment: Mapping[str, str],
) -> Site:
    return Site(
        settings=settings,
        store_folder=store_folder,
        environment=_with_settings(environment, settings, place),
        location=name,
        command_prefix=prefix_with(place.command_prefix, place.environment, place.path_prepend),
        is_named=name in settings.locations or name in settings.location,
    )


def _made(kind: type[Scheduler], site: Site) -> Scheduler | NotHere:
    try:
        made = kind.create(site)
        if not isinstance(made, NotHere):
            made.location = site.location  # whatever the adapter has made of that
    except Exception as error:
        # one broken plugin must not take the others with it
        logger.exception("location %s cannot be made", site.location)
        return NotHere(f"its adapter failed: {type(error).__name__}: {error}")
    return made


def check_locations(settings: Settings) -> Mapping[str, LocationSettings]:
    """Return all locations by name, if the settings name no scheduler that does not exist.

    Raises
    ------
    InvalidValue
        They name one that nobody wrote an adapter for.
    """
    classes = _classes()
    places = {name: LocationSettings(scheduler=name) for name in classes}
    for name, place in settings.location.items():
        _check_known(f"[location.{name}]: scheduler", place.scheduler, classes)
        places[name] = place
    for name in settings.locations:
        _check_known("locations", name, places)
    return places


def _check_known(where: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        advice = f" Did you mean {near[0]!r}?" if near else ""
        raise InvalidValue(f"{where}: there is no scheduler {name!r}.{advice}")


def _classes() -> dict[str, type[Scheduler]]:
    classes = dict(BUILT_IN)
    for entry in entry_points(group=GROUP):
        try:
            classes[entry.name] = entry.load()
        except (ImportError, AttributeError, ArpError) as error:
            # one broken plugin must not take the others with it
            logger.warning("scheduler %s cannot be loaded: %s", entry.name, error)
    return classes


def _with_settings(
    environment: Mapping[str, str], settings: Settings, place: LocationSettings
) -> dict[str, str]:
    own = environment.get("PATH") or os.defpath
    path = os.pathsep.join((*place.path_prepend, *settings.path_prepend, own))
    return {**environment, "PATH": path, **settings.environment, **place.environment}
