"""What an admin or a user may set for a manager; one frozen record, read once at start.

The file is ``config.toml`` in the store's folder; each name below may stand in it. A name
that does not exist is an error that lists the near ones, so that a typing error never
passes for a setting.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arp_nb.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Mapping

#: where the store is, unless the variable ARP_STORE names another folder
DEFAULT_STORE = "~/.local/share/arp-nb"
API_VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)
_EXPERIMENT = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
#: what runs are told by where no source tells of them: the API, the command line
_RUNS_BY_HAND = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSettings:
    """One place where jobs run, as an admin describes it: a table ``[location.NAME]``."""

    #: the kind: "lsf", "slurm", or that of a plugin; empty: the location's own name
    scheduler: str = ""
    #: put before each of its commands, those of the scripts too: ["ssh", "submit-host"]
    command_prefix: tuple[str, ...] = ()
    #: folders put before the PATH for its commands and scripts
    path_prepend: tuple[str, ...] = ()
    #: variables for its commands and scripts
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One place that runs come from, as an admin describes it: a table ``[run_source.NAME]``."""

    #: what it is called where it is shown
    name: str = ""
    #: "logbook", "folder", or that of a plugin; empty: the source's own name
    kind: str = ""
    #: tell runs of these experiments alone; empty: of all that take data
    experiments: tuple[str, ...] = ()
    #: what else stands in the table: its kind knows it
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of one manager. Durations are seconds, as the names say."""

    #: interface of the update listener; the cluster's, where jobs run on other machines
    update_listen: str = "127.0.0.1"
    #: 0: the port kept with the store, or a free one the first time
    update_port: int = 0
    #: what job nodes call the update listener, where a name or a gateway stands between
    public_url: str = ""
    #: schedulers to offer; empty: those that this machine has, and always "local"
    locations: tuple[str, ...] = ()
    #: places beside, or in place of, those that are found by themselves
    location: dict[str, LocationSettings] = field(default_factory=dict)
    #: where runs come from, beside the API and the command line
    run_source: dict[str, SourceSettings] = field(default_factory=dict)
    #: autorun starts nothing for what happened longer ago: the end of a run, for most
    autorun_not_older_than_s: float = 86400.0
    #: offer clusters also where the manager ends with the server that started it (a container,
    #: a batch job, a spawner's service): what jobs post in its absence is lost
    accept_lost_reports: bool = False
    #: where definitions run that do not say; empty: the first of this machine's, "local" last
    default_location: str = ""
    #: folders put before the PATH of the user's login environment
    path_prepend: tuple[str, ...] = ()
    #: slots of the local scheduler; 0: the number of this machine's cores
    local_slots: int = 0
    #: queues of the local scheduler, the first of them its default unless "normal" is one;
    #: empty: any name is a queue
    local_queues: tuple[str, ...] = ()
    #: mark LSF jobs by project instead of by description, where bjobs finds no descriptions;
    #: ask first where projects are charged
    lsf_tag_by_project: bool = False
    #: exit when nothing is active and nobody has looked for so long
    idle_exit_s: float = 3600.0
    #: scripts that submit at the same time
    submission_slots: int = 8
    #: a submission stops counting against the slots after so long without an id
    submission_slot_s: float = 30.0
    #: "LSF_Slow" after so long without an answer to bsub
    slow_after_s: float = 5.0
    #: a script that still runs, and has shown no id, is offered as uncertain after so long
    uncertain_after_s: float = 600.0
    #: between two polls, at least; a scheduler that is slow to answer is asked less often
    poll_min_s: float = 5.0
    #: a job that the scheduler denies counts as lost only so long after its submission: one
    #: that was just taken may not be listed yet
    lost_after_s: float = 60.0
    #: a lease that its client does not use within this time may be taken again
    lease_s: float = 60.0
    #: "batch client absent" after so long without a sign of life
    client_silent_s: float = 15.0
    #: a scheduler's command is given up after so long
    command_timeout_s: float = 20.0
    #: a job that lives on for so long after the scheduler accepted its kill is offered force
    kill_ignored_after_s: float = 60.0
    #: ask for the end of jobs that a scheduler made twice of one submit command; else they are
    #: shown, for a person to end
    kill_extra_jobs: bool = False
    #: rows deleted for longer than this are forgotten
    keep_deleted_days: float = 30.0
    #: an update address works for so long after the last end of its job
    capability_days: float = 7.0
    #: variables that scripts, and our calls of the scheduler, get beside those of the user's
    #: login environment
    environment: dict[str, str] = field(default_factory=dict)


def store_folder(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the store's folder: the argument, else ARP_STORE, else the default; absolute."""
    return Path(path or os.environ.get("ARP_STORE") or DEFAULT_STORE).expanduser().absolute()


def load(store: Path) -> Settings:
    """Read ``config.toml`` of a store's folder; defaults where there is none.

    Raises
    ------
    InvalidValue
        The file cannot be read, or names something that does not exist.
    """
    path = store / "config.toml"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{path} cannot be read: {error}") from error
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue(f"{path} is not TOML: {error}") from error
    return _checked(given, path)


def _checked(given: dict[str, Any], path: Path) -> Settings:
    places = _tables(given, "location", "place", path)
    sources = _tables(given, "run_source", "source", path)
    settings: Settings = read_table(Settings, given, str(path))
    if not 0 < settings.autorun_not_older_than_s < math.inf:
        raise InvalidValue(f"{path}: autorun_not_older_than_s must be more than 0, and finite")
    return replace(
        settings,
        location={name: _place(name, one, where) for name, (one, where) in places.items()},
        run_source={name: _source(name, one, where) for name, (one, where) in sources.items()},
    )


def _tables(
    given: dict[str, Any], group: str, what: str, path: Path
) -> dict[str, tuple[dict[str, Any], str]]:
    """Take the tables ``[group.NAME]`` out; each with how an error calls it."""
    tables = given.pop(group, {})
    if not isinstance(tables, dict):
        raise InvalidValue(f"{path}: {group} is a table for each {what}: [{group}.NAME]")
    found = {}
    for name, one in tables.items():
        where = f"{path}: [{group}.{name}]"
        if _NAME.fullmatch(name) is None:
            called = group.replace("_", " ")
            raise InvalidValue(f"{where}: a {called}'s name has 1 to 40 of A-Z a-z 0-9 . _ -")
        if not isinstance(one, dict):
            raise InvalidValue(f"{where} must be a table")
        found[name] = (one, where)
    return found


def _place(name: str, given: dict[str, Any], where: str) -> LocationSettings:
    place: LocationSettings = read_table(LocationSettings, given, where)
    return replace(place, scheduler=place.scheduler or name)


def _source(name: str, given: dict[str, Any], where: str) -> SourceSettings:
    if name == _RUNS_BY_HAND:
        raise InvalidValue(f"{where}: {name!r} stands for what people tell; take another name")
    own: dict[str, Any] = {key: given.pop(key) for key in ("kind", "experiments") if key in given}
    source: SourceSettings = read_table(SourceSettings, own, where)
    for experiment in source.experiments:
        if _EXPERIMENT.fullmatch(experiment) is None:
            raise InvalidValue(f"{where}: {experiment!r} is not the name of an experiment")
    options = _options(given, where)
    return replace(source, name=name, kind=source.kind or name, options=options)


def _options(given: dict[str, Any], where: str) -> dict[str, Any]:
    """Check that options are such as a kind may have: which they are, it checks itself."""
    for name, value in given.items():
        texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not (texts or isinstance(value, str | bool | int | float)):
            raise InvalidValue(
                f"{where}: {name} must be a text, a number, true or false, or a list of texts"
            )
    return {name: tuple(one) if isinstance(one, list) else one for name, one in given.items()}


def read_table(kind: type[Any], given: Mapping[str, Any], where: str) -> Any:
    """Make a record of a table; a wrong name or type is an error that says what is right.

    Parameters
    ----------
    kind
        A dataclass whose fields all have defaults: of their types the values must be.
    given
        The table, as TOML has it.
    where
        What an error begins with.

    Raises
    ------
    InvalidValue
        A name that the record does not have, or a value of another type.
    """
    known = {one.name: one for one in fields(kind)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f" Did you mean {near[0]!r}?" if near else ""
            raise InvalidValue(f"{where}: there is no setting {name!r}.{advice}")
        default = getattr(kind(), name)
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(value)  # noqa: PLW2901 - the list is TOML's spelling of it
        if isinstance(default, float) and type(value) is int and abs(value) < 2**53:
            value = float(value)  # noqa: PLW2901 - as above
        items = value.values() if isinstance(value, dict) else value
        texts = not isinstance(default, tuple | dict) or all(isinstance(one, str) for one in items)
        if type(value) is not type(default) or not texts:
            what = f"{type(default).__name__} of texts" if not texts else type(default).__name__
            raise InvalidValue(f"{where}: {name} must be of type {what}, got {value!r}")
        values[name] = value
    return kind(**values)
