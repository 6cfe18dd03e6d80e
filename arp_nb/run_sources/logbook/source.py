"""The source: asks for each experiment, and tells what is new."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from arp_nb.errors import SourceDown
from arp_nb.model import Trigger
from arp_nb.run_sources.base import RunSource
from arp_nb.run_sources.logbook import options
from arp_nb.run_sources.logbook.asking import Asked, Asker, Unreachable
from arp_nb.run_sources.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from arp_nb.run_sources.news import RunNews
    from arp_nb.settings import SourceSettings

#: what a question takes beside waiting for the answer: names are resolved, JSON is read
_BESIDE_S = 10.0
#: a logbook that takes its time is left in peace for as many times that
_PATIENCE = 4
#: so many questions without an answer, and no more are asked: nobody is there
_SILENT = 2


class LogbookSource(RunSource):
    """Runs of a logbook: their numbers, types, times and parameters.

    Parameters
    ----------
    settings
        Its options are those of `arp_nb.run_sources.logbook.options.LogbookOptions`.
    experiments
        Tells the names of the experiments that are to be looked at now.
    """

    kind: ClassVar[str] = "logbook"

    def __init__(
        self, settings: SourceSettings, experiments: Callable[[], Awaitable[Sequence[str]]]
    ) -> None:
        super().__init__(settings, experiments)
        self._options = options.read(settings)
        self._asker = Asker(self._options)
        self._worker = Worker(f"arp-{settings.name}")
        #: the last answer about each experiment, without the runs that were told
        self._asked: dict[str, Asked] = {}
        #: why there is none
        self._failed: dict[str, SourceDown] = {}
        #: the next question, by the monotonic clock; None: at once
        self._due_s: float | None = None
        #: the next success is told even where nothing is new
        self._is_awaited = True

    @property
    @override
    def gives(self) -> frozenset[Trigger]:
        return frozenset({Trigger.START_OF_RUN, Trigger.END_OF_RUN, Trigger.RUN_PARAM_IS_VALUE})

    @property
    @override
    def caveat(self) -> str:
        said = {name: asked.caveat for name, asked in self._asked.items() if asked.caveat}
        said |= {name: str(error) for name, error in self._failed.items()}
        return " ".join(f"{name}: {said[name]}" for name in sorted(said))

    @override
    async def news(self) -> Sequence[RunNews]:
        while True:
            if self._due_s is not None:
                await asyncio.sleep(self._due_s - time.monotonic())
            experiments = await self.looked_at()
            try:
                await self._ask(experiments)
            except SourceDown:
                self._due_s, self._is_awaited = None, True
                if new := self._new(experiments):
                    return new  # of those that answered; the next call says what is wrong
                raise
            new = self._new(experiments)
            if new or self._is_awaited:
                self._is_awaited = False
                return new

    @override
    def start_over(self) -> None:
        super().start_over()
        self._asked.clear()
        self._due_s, self._is_awaited = None, True

    @override
    async def close(self) -> None:
        self._worker.close()
        self._asker.close()

    def _new(self, experiments: Sequence[str]) -> Sequence[RunNews]:
        self.told.keep(experiments)
        new = self.told.take(one for asked in self._asked.values() for one in asked.news)
        # thousands of runs are large, and are not needed again
        self._asked = {name: replace(one, news=()) for name, one in self._asked.items()}
        return new

    async def _ask(self, experiments: Sequence[str]) -> None:
        """Ask for each experiment; one that fails costs no other, unless nobody answers."""
        begin_s = time.monotonic()
        for gone in {*self._asked, *self._failed}.difference(experiments):
            self._asked.pop(gone, None)
            self._failed.pop(gone, None)
        unreachable = 0
        # those last that failed last: each of them may be waited for
        for experiment in sorted(experiments, key=lambda name: name in self._failed):
            try:
                self._asked[experiment] = await self._ask_one(experiment)
            except SourceDown as error:
                self._failed[experiment] = error
                unreachable += isinstance(error, Unreachable)
                if unreachable == _SILENT:
                    raise
            else:
                self._failed.pop(experiment, None)
        if experiments and self._failed.keys() == {*experiments}:
            raise self._failed[experiments[0]]
        took_s = time.monotonic() - begin_s
        self._due_s = time.monotonic() + max(self._options.interval_s, _PATIENCE * took_s)

    async def _ask_one(self, experiment: str) -> Asked:
        known = self._asked.get(experiment)
        limit_s = self._options.timeout_s + _BESIDE_S
        try:
            return await self._worker.run(lambda: self._asker.ask(experiment, known), limit_s)
        except TimeoutError as error:
            raise Unreachable(
                f"{self._asker.name} did not answer within {limit_s:g} s."
            ) from error
