"""A run source that tells what a test says, and is down when a test says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from arp_nb.errors import InvalidValue, SourceDown
from arp_nb.model import Trigger
from arp_nb.run_sources.base import RunNews, RunSource
from arp_nb.settings import SourceSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence


async def _nothing() -> Sequence[str]:
    return ()


class FakeRunSource(RunSource):
    """Stands in for a source where another part is tested.

    Parameters
    ----------
    settings
        Its table; it has no options.
    experiments
        Those that are to be looked at now; where it is not given, all.
    """

    kind: ClassVar[str] = "fake"

    def __init__(
        self,
        settings: SourceSettings | None = None,
        experiments: Callable[[], Awaitable[Sequence[str]]] | None = None,
    ) -> None:
        super().__init__(
            settings or SourceSettings(name=self.kind, kind=self.kind), experiments or _nothing
        )
        if self.settings.options:
            raise InvalidValue(f"[run_source.{self.settings.name}]: a fake source has no options")
        self._all = experiments is None
        #: what it knows, by experiment and number
        self.runs: dict[tuple[str, int], RunNews] = {}
        #: the words of its `SourceDown`; "": it is up
        self.down = ""
        #: what `caveat` says
        self.said = ""
        #: the triggers that it claims
        self.triggers = frozenset(Trigger) - {Trigger.MANUAL, Trigger.AFTER}
        self.asked = 0
        self.is_closed = False
        self._changed = asyncio.Event()
        self._is_awaited = True

    # -- what a test does ----------------------------------------------------------------

    def tell(self, *news: RunNews) -> None:
        """Let it know of runs; what it told of them before is replaced."""
        for one in news:
            self.runs[one.experiment, one.number] = one
        self._changed.set()

    def repeat(self) -> None:
        """Let it tell everything once more, as sources may."""
        self.told.clear()
        self._changed.set()

    def fail(self, words: str) -> None:
        """Let it be down, with these words; "" lets it be up again."""
        self.down = words
        self._changed.set()

    # -- what a source does --------------------------------------------------------------

    @property
    @override
    def gives(self) -> frozenset[Trigger]:
        return self.triggers

    @property
    @override
    def caveat(self) -> str:
        return self.said

    @override
    async def news(self) -> Sequence[RunNews]:
        while True:
            self.asked += 1
            self._changed.clear()
            looked_at = await self.looked_at()
            if self.down:
                self._is_awaited = True
                raise SourceDown(self.down)
            new = self.told.new(
                one for one in self.runs.values() if self._all or one.experiment in looked_at
            )
            if new or self._is_awaited:
                self._is_awaited = False
                return new
            await self._changed.wait()

    @override
    def start_over(self) -> None:
        self.told.clear()
        self._is_awaited = True

    @override
    async def close(self) -> None:
        self.is_closed = True
