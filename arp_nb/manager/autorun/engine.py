"""The engine: reads facts of runs behind a durable cursor, and decides on each once.

It keeps no list of what happened: a run's row says that it has ended, and the ledger whether
that was decided on. So after any outage it goes on where it was, and what it did not see it
catches up with, in order. Cursors only spare it reading all again.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from arp_nb.ledger import Outcome, Why
from arp_nb.manager.autorun import consents, occasions, verdict
from arp_nb.manager.autorun import cursor as cursors
from arp_nb.manager.autorun.chains import endless
from arp_nb.manager.autorun.cursor import Cursor
from arp_nb.manager.autorun.firings import Firings
from arp_nb.manager.autorun.judging import Judging
from arp_nb.manager.autorun.lines import Round
from arp_nb.manager.autorun.rooms import Rooms
from arp_nb.model import Trigger
from arp_nb.store.deciding import LedgerFilter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from arp_nb.ledger import Entry
    from arp_nb.manager.autorun.occasions import Occasion
    from arp_nb.manager.autorun.standing import Standing
    from arp_nb.manager.context import Context
    from arp_nb.model import Definition, Experiment, Run
    from arp_nb.store.deciding import Decision

log = logging.getLogger(__name__)
#: runs, or jobs, of one step: what is decided is one transaction
_STEP = 200
#: … and about so many decisions: others wait while they are made
_DECISIONS = 2000
#: between two steps: commits come in hundreds a second, and few are about runs
_SPACING_S = 0.1
#: what waits for room is looked at so often at most, and at least
_ROOM_AGAIN_S = 1.0
_LONGEST_REST_S = 60.0
_AFTER_TROUBLE_S = 1.0


class Engine:
    """Decides, until it is closed."""

    def __init__(self, context: Context, standing: Standing) -> None:
        self._context = context
        self._standing = standing
        self._bell = asyncio.Event()
        #: held while anything is decided: limits are counted, then used up
        self._deciding = asyncio.Lock()
        #: held from when it is read how all stands until what follows from it is kept
        self._keeping = asyncio.Lock()
        self._definitions: dict[int, Definition] = {}
        self._known = 0
        self._cursor: Cursor | None = None
        self._kept = Cursor()
        #: definitions with lines that wait for room, once the cursor is read
        self._limited: set[int] = set()
        self._looked_s = 0.0

    def wake(self, _revision: int = 0) -> None:
        """Say that there may be something to decide on."""
        self._bell.set()

    async def run(self) -> None:
        """Decide on what there is, and then on what comes, until cancelled."""
        while True:
            self._bell.clear()
            try:
                more = await self.step()
                self._standing.set_trouble("", self._context.clock())
            except Exception as error:
                log.exception("autorun: will go on")
                self._standing.set_trouble(
                    f"{type(error).__name__}: {error}", self._context.clock()
                )
                await asyncio.sleep(_AFTER_TROUBLE_S)
                continue
            if not more:
                await asyncio.sleep(_SPACING_S)
                rest_s = _ROOM_AGAIN_S if self._limited else _LONGEST_REST_S
                try:
                    async with asyncio.timeout(rest_s):
                        await self._bell.wait()
                except TimeoutError:
                    continue

    async def watch_scripts(self) -> None:
        """Look now and then whether scripts are what was consented to, until cancelled."""
        while True:
            await asyncio.sleep(_LONGEST_REST_S)
            try:
                active = {one.id for one in await self._context.store.experiments() if one.active}
                for one in list(self._definitions.values()):
                    if one.autorun and one.deleted_at is None and one.experiment_id in active:
                        await consents.check_script(self._context, one)
            except Exception:
                log.exception("autorun: scripts will be looked at again")

    @property
    def reached(self) -> int:
        """Up to which revision runs have been decided on."""
        return self._cursor.runs if self._cursor else 0

    def consented(self) -> Iterable[Definition]:
        """Definitions whose box is checked, as far as they are known."""
        return [
            one for one in self._definitions.values() if one.autorun and one.deleted_at is None
        ]

    async def step(self) -> bool:
        """Decide on some of what there is; return whether there is more."""
        async with self._deciding:
            cursor = await self._start()
            more_runs = await self._runs(cursor)
            more_jobs = await self._jobs(self._cursor or cursor)
            await self._look_for_room()
            more = more_runs or more_jobs
            if not more:  # it only spares reading again: not worth a write at each step
                await self._keep_cursor()
        return more

    async def reconsider(self, entries: Sequence[Entry], by: str) -> Sequence[Entry]:
        """Decide again on lines that wait; a person has made that possible."""
        async with self._deciding:
            await self._learn()
            return await self._reconsider(entries, by)

    async def settled(self) -> None:
        """Return once nothing is on its way that was decided on before this was called."""
        async with self._keeping:
            return

    async def _start(self) -> Cursor:
        if self._cursor is None:
            await self._learn()
            self._limited = await self._read_limited()
            self._cursor = self._kept = await cursors.read(self._context.store)
        return self._cursor

    async def _keep_cursor(self) -> None:
        cursor = self._cursor or Cursor()
        # jobs change all the time: alone they are not worth a write
        if cursor.runs != self._kept.runs:
            await cursors.keep(self._context.store, cursor)
            self._kept = cursor

    async def _learn(self) -> None:
        """Read what changed of definitions; hold their scripts against the consent."""
        store = self._context.store
        for one in await store.definitions_since(self._known):
            self._known = one.revision
            self._definitions[one.id] = one
            if one.autorun and one.deleted_at is None and not one.paused_why:
                self._definitions[one.id] = await consents.hold_against(
                    self._context, one, one.check
                )

    def _of(self, experiment_id: int) -> list[Definition]:
        return [
            one
            for one in self._definitions.values()
            if one.experiment_id == experiment_id and one.deleted_at is None
        ]

    async def _runs(self, cursor: Cursor) -> bool:
        most = self._most_runs()
        runs = await self._context.store.runs_since(cursor.runs, most)
        if not runs:
            return False
        await self._learn()  # after: a box may have been checked before the last of these ended
        now = self._context.clock()
        found = [
            occasion
            for run in runs
            for occasion in occasions.of_run(run, self._of(run.experiment_id), now)
        ]
        await self._decide(found)
        self._cursor = replace(self._cursor or cursor, runs=runs[-1].revision)
        return len(runs) == most

    def _most_runs(self) -> int:
        """Return how many runs a step looks at; each may be one decision for each definition."""
        automatic = sum(
            one.deleted_at is None and one.draft.trigger is not Trigger.MANUAL
            for one in self._definitions.values()
        )
        return max(min(_STEP, _DECISIONS // max(automatic, 1)), 1)

    async def _jobs(self, cursor: Cursor) -> bool:
        """Decide on what runs after other definitions."""
        store = self._context.store
        reached = await store.revision()
        await self._learn()
        if not any(one.draft.trigger is Trigger.AFTER for one in self._definitions.values()):
            self._cursor = replace(cursor, jobs=reached)
            return False
        done = await store.done_since(cursor.jobs, _STEP)
        await self._learn()  # as for runs
        now = self._context.clock()
        found: list[Occasion] = []
        for experiment_id in {one.experiment_id for one in done}:
            some = [one for one in done if one.experiment_id == experiment_id]
            runs = await self._numbered(experiment_id, {one.run for one in some})
            for one in some:
                if one.run in runs:
                    defs = self._of(experiment_id)
                    found += occasions.after(one, runs[one.run], defs, now)
        await self._decide(found)
        more = len(done) == _STEP
        self._cursor = replace(cursor, jobs=done[-1].revision if more else reached)
        return more

    async def _numbered(self, experiment_id: int, numbers: Collection[int]) -> Mapping[int, Run]:
        runs = await self._context.store.some_runs(experiment_id, numbers)
        return {one.number: one for one in runs}

    async def _decide(self, found: Sequence[Occasion]) -> None:
        for experiment in await self._experiments(found):
            some = [one for one in found if one.run.experiment_id == experiment.id]
            await self._decide_in(experiment, some)

    async def _experiments(self, found: Sequence[Occasion]) -> Sequence[Experiment]:
        ids = {one.run.experiment_id for one in found}
        if not ids:
            return ()
        return [one for one in await self._context.store.experiments() if one.id in ids]

    async def _decide_in(self, experiment: Experiment, found: Sequence[Occasion]) -> None:
        store = self._context.store
        taken = await store.decided(experiment.id, {one.run.number for one in found})
        left = [one for one in found if _key(one) not in taken]
        if not left:
            return
        await self._check_scripts(left)
        async with self._keeping:
            await self._learn()  # somebody may have paused or deleted one meanwhile
            now = [self._as_now(one) for one in left]
            left = [one for one in now if one.definition.deleted_at is None]
            left.sort(key=lambda one: (one.at, one.run.number, one.definition.id))
            judging = await Judging.of(store, experiment.id, left)
            around = await self._round(experiment, [one.definition for one in left])
            decisions: list[Decision] = []
            for one in left:
                await judging.give_way()
                found_so = verdict.first(one, around.scene, judging, around.rooms)
                decisions.append(await around.decision(one, found_so))
            await self._keep(decisions)

    async def _check_scripts(self, found: Sequence[Occasion]) -> None:
        """Look at the scripts of what may be started, each once; that may take a while."""
        may_start = {
            one.definition.id: one.definition
            for one in found
            if one.definition.autorun_at is not None and one.definition.autorun_at <= one.at
        }
        for definition in may_start.values():
            await consents.check_script(self._context, definition)

    def _as_now(self, one: Occasion) -> Occasion:
        now = self._definitions[one.definition.id]
        return replace(one, definition=consents.under(one.definition, now))

    async def _round(self, experiment: Experiment, definitions: Iterable[Definition]) -> Round:
        context = self._context
        now = context.clock()
        rooms = await Rooms.of(context.store, experiment.id, definitions, now)
        scene = verdict.Scene(
            now=now,
            experiment=experiment,
            stop=self._standing.stop,
            not_older_than=timedelta(seconds=context.settings.autorun_not_older_than_s),
            endless=endless(self._of(experiment.id)),
        )
        return Round(scene=scene, rooms=rooms, firings=Firings(context.seat, experiment))

    async def _keep(self, decisions: Sequence[Decision]) -> Sequence[Entry]:
        kept = await self._context.store.decide(decisions)
        for one in kept:
            if one.outcome is Outcome.WAITING and one.why is Why.LIMIT:
                self._limited.add(one.definition_id)
        if any(one.outcome is Outcome.FIRED for one in kept):
            self._context.work.bump()
        return kept

    async def _look_for_room(self) -> None:
        """Start what waited for room, the oldest first."""
        now_s = asyncio.get_running_loop().time()
        if not self._limited or now_s - self._looked_s < _ROOM_AGAIN_S:
            return
        if self._standing.stop is not None:
            return  # what waited for room before the stop does not wait for its end as well
        self._looked_s = now_s
        for definition_id in sorted(self._limited):
            definition = self._definitions[definition_id]
            if definition.paused_why:
                continue
            now = self._context.clock()
            rooms = await Rooms.of(
                self._context.store, definition.experiment_id, [definition], now
            )
            left = rooms.left(definition)
            which = LedgerFilter(
                definition_id=definition_id,
                outcomes=(Outcome.WAITING,),
                why=Why.LIMIT.value,
                oldest_first=True,
                limit=_STEP if left is None else min(max(left, 1), _STEP),
            )
            entries, _ = await self._context.store.ledger(which)
            if not entries:
                self._limited.discard(definition_id)
            elif left != 0 or self._is_too_old(entries[0], now):
                await self._reconsider(entries)

    async def _read_limited(self) -> set[int]:
        found: set[int] = set()
        which = LedgerFilter(outcomes=(Outcome.WAITING,), why=Why.LIMIT.value, limit=1000)
        more = True
        while more:
            entries, more = await self._context.store.ledger(which)
            found |= {one.definition_id for one in entries}
            which = replace(which, before_id=entries[-1].id if entries else None)
        return found

    async def _reconsider(self, entries: Sequence[Entry], by: str = "") -> Sequence[Entry]:
        experiments = {one.id: one for one in await self._context.store.experiments()}
        for definition_id in {one.definition_id for one in entries}:
            await consents.check_script(self._context, self._definitions[definition_id])
        decisions: list[Decision] = []
        async with self._keeping:
            await self._learn()
            for experiment_id in sorted({one.experiment_id for one in entries}):
                some = [one for one in entries if one.experiment_id == experiment_id]
                decisions += await self._again(experiments[experiment_id], some, by)
            return await self._keep(decisions) if decisions else ()

    async def _again(
        self, experiment: Experiment, entries: Sequence[Entry], by: str
    ) -> list[Decision]:
        """Decide on lines of an experiment that wait; those that wait on are left out."""
        runs = await self._numbered(experiment.id, {one.run for one in entries})
        found = [
            occasions.Occasion(
                definition=self._definitions[one.definition_id],
                run=runs[one.run],
                cause=one.cause,
                at=one.event_at or self._context.clock(),
                waited_for=one.trigger,
            )
            for one in entries
        ]
        judging = await Judging.of(self._context.store, experiment.id, found)
        around = await self._round(experiment, [one.definition for one in found])
        decisions: list[Decision] = []
        for entry, occasion in zip(entries, found, strict=True):
            await judging.give_way()
            is_new = entry.version != occasion.definition.version
            now = verdict.again(
                occasion,
                around.scene,
                around.rooms,
                entry.seen,
                judging if is_new else None,
                since=None if by else entry.decided_at,
            )
            if (now.outcome, now.why) == (Outcome.WAITING, entry.why):
                if entry.why is not Why.LIMIT:
                    continue
                if self._is_too_old(entry, around.scene.now):
                    said = f"It waited too long for room. {now.said}"
                    now = replace(now, outcome=Outcome.SKIPPED, said=said)
                elif not by:  # else it waits under the consent of now
                    continue
            elif by and now.outcome is Outcome.FIRED:
                now = replace(now, said=f"{now.said} It had waited, until {by} let it run.")
            decisions.append(await around.decision(occasion, now, entry))
        return decisions

    def _is_too_old(self, entry: Entry, now: datetime) -> bool:
        """Whether a line has waited for room for so long that it is given up."""
        not_older_than = timedelta(seconds=self._context.settings.autorun_not_older_than_s)
        return now - (entry.decided_at or now) > not_older_than


def _key(one: Occasion) -> tuple[int, int, str, str]:
    return (one.definition.id, one.run.number, one.definition.draft.trigger.value, one.cause)
