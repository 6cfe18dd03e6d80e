"""Where runs come from on this machine: one source for each table ``[run_source.NAME]``."""

from __future__ import annotations

import difflib
import logging
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

from typing_extensions import override

from arp_nb.errors import ArpError, InvalidValue, SourceDown
from arp_nb.run_sources.base import RunSource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import NoReturn

    from arp_nb.model import Trigger
    from arp_nb.run_sources.base import SourceSettings
    from arp_nb.settings import Settings

logger = logging.getLogger(__name__)

GROUP = "arp_nb.run_sources"
#: known without an installed package too; an entry point of the same name replaces one
BUILT_IN: Mapping[str, str] = {
    "folder": "arp_nb.run_sources.folder:FolderSource",
    "logbook": "arp_nb.run_sources.logbook:LogbookSource",
}


def load(
    settings: Settings, experiments: Callable[[], Awaitable[Sequence[str]]]
) -> Mapping[str, RunSource]:
    """Make all sources of config.toml, by name.

    One whose plugin is broken takes no other with it: it is there, and is down.

    Parameters
    ----------
    settings
        ``run_source`` is what is read of them.
    experiments
        Tells the names of the experiments that are to be looked at now.

    Raises
    ------
    InvalidValue
        A kind is named that nobody wrote, or a source's options are wrong.
    """
    points = {name: EntryPoint(name, value, GROUP) for name, value in BUILT_IN.items()}
    points |= {one.name: one for one in entry_points(group=GROUP)}
    made: dict[str, RunSource] = {}
    for name, table in settings.run_source.items():
        if table.kind not in points:
            near = difflib.get_close_matches(table.kind, points, n=1)
            advice = f" Did you mean {near[0]!r}?" if near else ""
            raise InvalidValue(
                f"[run_source.{name}]: there is no kind of run source {table.kind!r}.{advice}"
            )
        made[name] = _made(points[table.kind], table, experiments)
    return made


def _made(
    point: EntryPoint,
    table: SourceSettings,
    experiments: Callable[[], Awaitable[Sequence[str]]],
) -> RunSource:
    try:
        kind = cast("type[RunSource]", point.load())
        return kind(table, experiments)
    except ArpError:
        raise
    except Exception as error:
        # what a plugin is broken by is not known before
        logger.exception("run source %s cannot be made", table.name)
        said = f"The plugin of run source {table.name} failed: {type(error).__name__}: {error}"
        return Broken(table, experiments, said)


class Broken(RunSource):
    """Stands for a source whose plugin failed: shown as down, with the reason."""

    kind = ""

    def __init__(
        self,
        settings: SourceSettings,
        experiments: Callable[[], Awaitable[Sequence[str]]],
        said: str,
    ) -> None:
        super().__init__(settings, experiments)
        self.said = said

    @property
    @override
    def gives(self) -> frozenset[Trigger]:
        return frozenset()

    @override
    async def news(self) -> NoReturn:
        raise SourceDown(self.said)
