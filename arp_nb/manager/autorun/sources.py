"""Follows run sources: what they tell enters the store; that they are down is shown."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from arp_nb.errors import ArpError, InvalidValue, SourceDown
from arp_nb.manager.autorun.left_out import LeftOut, What
from arp_nb.manager.autorun.standing import SourceStanding
from arp_nb.manager.runs import check_parameters, check_run, check_type
from arp_nb.store.deciding import RunFacts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from arp_nb.manager.autorun.standing import Standing
    from arp_nb.manager.context import Context
    from arp_nb.model import Trigger
    from arp_nb.run_sources.base import RunNews, RunSource

log = logging.getLogger(__name__)
#: after a failure, and so on, twice as long each time
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
#: between two answers: a source that never waits must not take the turns of all others
_SPACING_S = 0.05
#: clocks of two machines may differ; by more than that it is said
_AHEAD = timedelta(seconds=60)
_sleep = asyncio.sleep


class Follower:
    """Follows one source, until cancelled."""

    def __init__(self, context: Context, standing: Standing, source: RunSource) -> None:
        self._context = context
        self._standing = standing
        self._source = source
        self._pause_s = _FIRST_PAUSE_S
        #: names that the source tells of and that do not exist here
        self._unknown: set[str] = set()
        #: of the last news
        self._left_out = LeftOut()

    async def run(self) -> None:
        """Take in news; after a failure wait, longer each time, and ask again."""
        self._tell(ok=True, said="It was not asked yet.")
        try:
            while True:
                await self._once()
        finally:
            await self._source.close()

    async def _once(self) -> None:
        try:
            said = await self._news()
        except SourceDown as error:
            await self._failed(str(error))
        except Exception as error:
            # a plugin's own mistake must not end the others
            log.exception("run source %s", self._source.settings.name)
            await self._failed(f"It failed: {type(error).__name__}: {error}")
        else:
            self._pause_s = _FIRST_PAUSE_S
            self._tell(ok=True, said=said)
            await _sleep(_SPACING_S)

    async def _news(self) -> str:
        """Take in news; return what is to be said of them."""
        news = await self._source.news()
        try:
            await self._keep(news)
        except Exception as error:
            self._source.start_over()  # whatever it was: what was told must not be lost
            if isinstance(error, ArpError):
                why = str(error)
            else:
                log.exception("run source %s", self._source.settings.name)
                why = f"{type(error).__name__}: {error}"
            raise SourceDown(f"What it told cannot be kept: {why}") from error
        return self._said()

    async def _failed(self, said: str) -> None:
        self._tell(ok=False, said=said)
        await _sleep(self._pause_s * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    async def _keep(self, news: Sequence[RunNews]) -> None:
        if not news:
            return
        store = self._context.store
        ids = {one.name: one.id for one in await store.experiments()}
        self._left_out = LeftOut()
        by_name = self._by_experiment(news)
        self._unknown = {name for name in by_name if name not in ids}
        for name, told in by_name.items():
            if name in ids:
                kept = await store.put_runs(ids[name], told, self._source.settings.name)
                for number, why in kept.without_parameters.items():
                    self._left_out.add(What.PARAMETERS, number, why)

    def _by_experiment(self, news: Sequence[RunNews]) -> dict[str, list[RunFacts]]:
        """Return the facts that can be kept; what cannot costs no other run."""
        now = self._context.clock()
        found: dict[str, list[RunFacts]] = {}
        for one in news:
            try:
                facts = self._bearable(_facts(one, now))
                found.setdefault(one.experiment, []).append(facts)
            except InvalidValue as error:
                self._left_out.add(What.RUN, one.number, error)
            except Exception as error:  # a plugin may tell anything
                log.exception("run source %s", self._source.settings.name)
                number, why = getattr(one, "number", None), f"{type(error).__name__}: {error}"
                self._left_out.add(What.RUN, number, why)
        return found

    def _bearable(self, facts: RunFacts) -> RunFacts:
        """Return the facts without what a run can be without. `InvalidValue`."""
        check_run(facts)
        try:
            check_type(facts.type)
        except InvalidValue as error:
            self._left_out.add(What.TYPE, facts.number, error)
            facts = replace(facts, type="")
        try:
            check_parameters(facts.parameters)
        except InvalidValue as error:
            self._left_out.add(What.PARAMETERS, facts.number, error)
            facts = replace(facts, parameters=None)
        self._note_ahead(facts)
        return facts

    def _note_ahead(self, facts: RunFacts) -> None:
        """Say what a time was that the store does not take as it is."""
        latest = max((at for at in facts.times if at is not None), default=None)
        if latest is not None and facts.told_at is not None and latest - facts.told_at > _AHEAD:
            said = f"{latest.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC."
            self._left_out.add(What.AHEAD, facts.number, said)

    def _said(self) -> str:
        words = [self._source.caveat]
        if self._unknown:
            words.append(f"There is no experiment {', '.join(sorted(self._unknown))} here.")
        words += self._left_out.said()
        return " ".join(one for one in words if one)

    def _tell(self, *, ok: bool, said: str) -> None:
        settings = self._source.settings
        self._standing.set_source(
            SourceStanding(
                name=settings.name,
                kind=settings.kind,
                ok=ok,
                since=self._context.clock(),
                said=self._context.capabilities.mask(said),
                gives=self._gives(),
                experiments=settings.experiments,
            )
        )

    def _gives(self) -> frozenset[Trigger]:
        try:
            return frozenset(self._source.gives)
        except Exception:  # a plugin's own mistake
            log.exception("run source %s", self._source.settings.name)
            return frozenset()


def _facts(news: RunNews, told_at: datetime) -> RunFacts:
    if not isinstance(news.experiment, str):
        raise InvalidValue(f"{type(news.experiment).__name__} is no name of an experiment.")
    return RunFacts(
        number=news.number,
        type=news.type,
        started_at=news.started_at,
        ended_at=news.ended_at,
        first_file_at=news.first_file_at,
        all_files_at=news.all_files_at,
        nonrec_files_at=news.nonrec_files_at,
        parameters=news.parameters or None,
        told_at=told_at,
    )


def followers(
    context: Context, standing: Standing, sources: Mapping[str, RunSource]
) -> list[Follower]:
    """Make one for each source."""
    return [Follower(context, standing, one) for one in sources.values()]
