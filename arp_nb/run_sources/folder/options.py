"""What config.toml may say of a watched folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arp_nb.errors import InvalidValue
from arp_nb.run_sources import options, secret_file
from arp_nb.run_sources.folder.pattern import Pattern
from arp_nb.run_sources.folder.scan import Look, Role

if TYPE_CHECKING:
    from arp_nb.settings import SourceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderOptions:
    """Options of a table ``[run_source.NAME]`` whose kind is "folder"."""

    #: the folder, absolute
    path: str = ""
    #: names of a run's files below it: ``run{run:04d}/*.h5``
    pattern: str = ""
    #: a file whose appearance ends the run: ``run{run}.done``; without one, rest ends it
    sentinel: str = ""
    #: those of the files that an analysis needs, where others are recordings that may come later
    nonrec_pattern: str = ""
    #: a small JSON file with parameters of the run: ``run{run}.json``
    params: str = ""
    #: files that have not changed for so long are complete
    quiet_s: float = 10.0
    #: "yes": look every ``poll_s`` seconds; "no": let the kernel tell; "auto": by the file system
    poll: str = "auto"
    #: seconds between two looks; more where a look takes long
    poll_s: float = 2.0
    #: with more files and folders than that, it is not read
    most_files: int = 100_000


def read(settings: SourceSettings) -> FolderOptions:
    """Read and check the options, but for the patterns. `InvalidValue`."""
    given = dict(settings.options)
    if isinstance(given.get("poll"), bool):
        given["poll"] = "yes" if given["poll"] else "no"
    made = options.read(FolderOptions, settings, given)
    where = options.where(settings)
    for name in ("path", "pattern"):
        if not getattr(made, name):
            raise InvalidValue(f"{where}: a folder needs {name}")
    secret_file.absolute(made.path, "path", where)
    options.check_choice(settings, "poll", made.poll, "auto", "yes", "no")
    options.check_between(settings, "quiet_s", made.quiet_s, 0.05, 86_400)
    options.check_between(settings, "poll_s", made.poll_s, 0.05, 3600)
    options.check_between(settings, "most_files", made.most_files, 1, 2_000_000)
    return made


def look(settings: SourceSettings, made: FolderOptions) -> Look:
    """Make what a scan looks for. `InvalidValue`."""
    where = options.where(settings)
    texts = {
        Role.DATA: ("pattern", made.pattern),
        Role.NONREC: ("nonrec_pattern", made.nonrec_pattern),
        Role.SENTINEL: ("sentinel", made.sentinel),
        Role.PARAMETERS: ("params", made.params),
    }
    patterns = {
        role: Pattern(text, f"{where}: {name}") for role, (name, text) in texts.items() if text
    }
    named = {one.has_experiment for one in patterns.values()}
    if len(named) > 1:
        raise InvalidValue(f"{where}: {{experiment}} must stand in all patterns, or in none")
    experiment = None
    if not named.pop():
        if len(settings.experiments) != 1:
            raise InvalidValue(
                f"{where}: a folder needs the one experiment whose runs it holds: experiments = "
                '["xppi0915"]; or {experiment} in its pattern'
            )
        [experiment] = settings.experiments
    return Look(patterns, experiment, made.most_files)
