"""The change feed: every change, after its commit, in order, to whoever subscribed.

A subscriber asks the store for all rows above the revision it knows, so nothing can be lost
between subscribing and the first change. All subscribers wait for one event; those who ask
the same share one answer.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arp_nb import events
from arp_nb.errors import Gone, InvalidValue
from arp_nb.manager.about import about
from arp_nb.manager.autorun.told import standing_row
from arp_nb.rows import health_row
from arp_nb.store.base import Changes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from arp_nb.events import ChangeMessage
    from arp_nb.manager.context import Context
    from arp_nb.manager.experiments import Experiments

#: between two messages to one subscriber
_SPACING_S = 1 / 30
#: rows of one step: making messages of them must not hold up others
_ROWS = 500
SYSTEM = "system"
MINE = "mine"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a subscriber wants to hear of, and from where on."""

    #: an experiment's name, "system" (experiments and health) or "mine" (the user's jobs)
    subject: str
    #: the revision that the subscriber knows; None: from now on
    since: int | None = None
    #: the store's epoch that `since` belongs to; None: not checked
    epoch: str | None = None


class Feed:
    """Turns commits into messages."""

    def __init__(self, context: Context, experiments: Experiments) -> None:
        self._context = context
        self._experiments = experiments
        self._news = asyncio.Event()
        #: answers of the store since the last commit, shared by those who ask the same
        self._answers: dict[tuple[int | None, int], asyncio.Task[Changes]] = {}

    def wake(self, _revision: int = 0) -> None:
        """Tell all subscribers that there is something new."""
        self._answers.clear()
        self._news.set()
        self._news = asyncio.Event()

    async def status(self) -> dict[str, Any]:
        """Tell what a reader should know before it subscribes; see `arp_nb.manager.about`."""
        return await about(self._context)

    async def subscribe(self, wanted: Subscription) -> AsyncGenerator[ChangeMessage]:
        """Yield messages until closed; the first at once, even if nothing changed.

        Raises
        ------
        Gone
            `since` belongs to another store, or is older than what is remembered.
        NotFound
            There is no such experiment.
        """
        since = await self._since(wanted)
        if wanted.subject == SYSTEM:
            messages = self._system(since)
        else:
            experiment_id = None
            if wanted.subject != MINE:
                experiment_id = (await self._experiments.get(wanted.subject)).id
            messages = self._jobs(wanted.subject, experiment_id, since)
        async with aclosing(messages):
            async for message in messages:
                yield message

    async def _since(self, wanted: Subscription) -> int:
        store = self._context.store
        if wanted.epoch is not None and wanted.epoch != store.epoch:
            raise Gone("The store was replaced since you last looked: load anew.")
        if wanted.since is None:
            return await store.revision()
        if wanted.since < 0:
            raise InvalidValue(f"A revision is not negative: {wanted.since}.")
        await store.changes(wanted.since, limit=1)  # Gone, where it is too old
        return wanted.since

    async def _jobs(
        self, subject: str, experiment_id: int | None, since: int
    ) -> AsyncGenerator[ChangeMessage]:
        reached = told = since
        first = True
        while True:
            news = self._news  # before reading, so that no commit is missed
            changes = await self._changes(experiment_id, reached)
            reached = changes.to
            rows = _mine(changes, self._context.user) if subject == MINE else changes
            if first or _has_rows(rows):
                for message in self._messages(subject, told, rows):
                    yield message
                told, first = reached, False
            if not changes.more:
                await asyncio.sleep(_SPACING_S)
                await news.wait()

    def _messages(self, subject: str, told: int, rows: Changes) -> Sequence[ChangeMessage]:
        made = list(
            events.messages(
                subject,
                self._context.store.epoch,
                told,
                rows.to,
                experiments=rows.experiments,
                definitions=rows.definitions,
                runs=rows.runs,
                jobs=rows.jobs,
                ledger=rows.ledger,
            )
        )
        made[-1]["more"] = rows.more
        return made

    async def _system(self, since: int) -> AsyncGenerator[ChangeMessage]:
        store = self._context.store
        told = since
        told_health = told_autorun = -1
        first = True
        while True:
            news = self._news
            reached = await store.revision()
            experiments = [
                one for one in await store.experiments() if told < one.revision <= reached
            ]
            health = self._context.health
            standing = self._context.standing
            versions = (health.version, standing.version)
            if first or experiments or versions != (told_health, told_autorun):
                told_health, told_autorun = versions
                made = self._messages(
                    SYSTEM,
                    told,
                    Changes(since=told, to=reached, more=False, experiments=experiments),
                )
                made[-1]["upserts"]["health"] = health_row(health.now)
                made[-1]["upserts"]["autorun"] = standing_row(standing)
                for message in made:
                    yield message
                told, first = reached, False
            await asyncio.sleep(_SPACING_S)
            await news.wait()

    async def _changes(self, experiment_id: int | None, since: int) -> Changes:
        key = (experiment_id, since)
        task = self._answers.get(key)
        if task is None:
            task = asyncio.create_task(
                self._context.store.changes(since, experiment_id=experiment_id, limit=_ROWS)
            )
            task.add_done_callback(_seen)
            self._answers[key] = task
        # one subscriber that leaves must not take the answer from the others
        return await asyncio.shield(task)


def _has_rows(changes: Changes) -> bool:
    kinds = (changes.experiments, changes.definitions, changes.runs, changes.jobs, changes.ledger)
    return any(kinds)


def _mine(changes: Changes, user: str) -> Changes:
    jobs = [job for job in changes.jobs if job.user == user]
    return Changes(since=changes.since, to=changes.to, more=changes.more, jobs=jobs)


def _seen(task: asyncio.Task[Changes]) -> None:
    """Take note of a failure whose last asker has left."""
    if not task.cancelled():
        task.exception()
