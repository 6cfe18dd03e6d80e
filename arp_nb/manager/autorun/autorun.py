"""What people ask of autorun: how it stands, its ledger, and the switches."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from arp_nb import predicates
from arp_nb.errors import Conflict, InvalidValue, NotFound, PredicateError
from arp_nb.ledger import Outcome, Stop, Why
from arp_nb.manager.autorun import backtest, consents, derived, held
from arp_nb.manager.autorun.engine import Engine
from arp_nb.manager.autorun.judging import counters_of, judge
from arp_nb.manager.autorun.sources import followers
from arp_nb.manager.autorun.status import Status, status
from arp_nb.manager.drafts import changed
from arp_nb.model import DefinitionDraft
from arp_nb.store.deciding import Decision, LedgerFilter, Pause

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping, Sequence

    from arp_nb.ledger import Entry
    from arp_nb.manager.autorun.backtest import Backtest
    from arp_nb.manager.autorun.consents import Difference
    from arp_nb.manager.context import Context
    from arp_nb.manager.definitions import Definitions
    from arp_nb.model import Definition, Experiment
    from arp_nb.run_sources.base import RunSource

log = logging.getLogger(__name__)
#: what becomes of what waited, once a person lets autorun go on
Missed = Literal["run", "skip"]
_PAGE = 500
_MOST_SAID = 500
#: newest runs whose parameters are offered to who writes a predicate
_KNOWN_RUNS = 50
#: … and whose jobs' counters: reports may be long, and each key pressed asks
_KNOWN_REPORTS = 3
#: what lines wait for
_WAITS = (Why.CONSENT, Why.PAUSED, Why.STOPPED, Why.LIMIT)
_TRIAL = DefinitionDraft(name="trial", executable="/trial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What came of reading a predicate, for who is writing it."""

    problem: str = ""
    #: characters before the place of the problem
    at: int | None = None
    #: what may be named, as it is written
    names: Sequence[str] = ()
    reads: Sequence[str] = ()
    #: for the run that it was tried on; None: there is none
    holds: bool | None = None
    seen: Mapping[str, Any] | None = None
    run: int | None = None


class Autorun:
    """The face of autorun."""

    def __init__(self, context: Context, definitions: Definitions) -> None:
        self._context = context
        self._definitions = definitions
        self._standing = context.standing
        self._engine = Engine(context, context.standing)

    def wake(self, revision: int) -> None:
        """Say that there was a commit."""
        self._engine.wake(revision)

    def work(self, sources: Mapping[str, RunSource]) -> list[Coroutine[Any, Any, None]]:
        """Return what runs in the background for as long as the manager does."""
        follow = [one.run() for one in followers(self._context, self._standing, sources)]
        return [self._engine.run(), self._engine.watch_scripts(), *follow]

    async def is_needed(self) -> bool:
        """Whether the manager must stay for it: a box is checked in an active experiment."""
        active = {one.id for one in await self._context.store.experiments() if one.active}
        if active and self._standing.sources:
            return True
        return any(one.experiment_id in active for one in self._engine.consented())

    async def status(self, experiment: Experiment | None = None) -> Status:
        """Tell whether it acts, and how each definition stands."""
        return await status(self._context, experiment)

    # -- the ledger --------------------------------------------------------------------

    async def ledger(
        self, experiment: Experiment, which: LedgerFilter, *, complete: bool = False
    ) -> tuple[Sequence[Entry], bool]:
        """Lines of the ledger, newest first, and whether there are more.

        ``complete``: also for pairs that have no line; of one run, or of one hash. They come
        with the first page.
        """
        if complete and which.run is None and which.hash is None:
            raise InvalidValue("Ask for a run or a hash to be told of what has no line, too.")
        which = replace(which, experiment_id=experiment.id)
        found, more = await self._context.store.ledger(which)
        if complete and which.before_id is None:
            found = [*found, *await self._without_line(experiment, which)]
        return found, more

    async def _without_line(self, experiment: Experiment, which: LedgerFilter) -> list[Entry]:
        """Return what is to be told of pairs that have no line at all, where a filter lets it."""
        store = self._context.store
        definitions = await store.definitions(experiment.id)
        if which.hash is not None:
            definitions = [one for one in definitions if one.name == which.hash]
        if which.run is None:
            runs = await store.newest_runs(experiment.id, which.limit)
        else:
            runs = await store.some_runs(experiment.id, [which.run])
            if not runs:
                raise NotFound(f"{experiment.name} has no run {which.run}.")
        known = await store.decided(experiment.id, {one.number for one in runs})
        pairs = {(definition_id, run) for definition_id, run, *_ in known}
        return [
            one
            for one in derived.missing(
                definitions, runs, pairs, self._context.clock(), self._engine.reached
            )
            if (which.outcomes is None or one.outcome in which.outcomes)
            and which.why in {None, one.why.value}
        ]

    async def missed(
        self, experiment: Experiment, ids: Sequence[int], do: Missed, by: str
    ) -> Sequence[Entry]:
        """Run, or skip, lines that wait; return those that changed.

        `Conflict` for one that does not wait.
        """
        found, _ = await self._context.store.ledger(
            LedgerFilter(experiment_id=experiment.id, ids=ids, limit=_PAGE, oldest_first=True)
        )
        if len(found) < len(set(ids)):
            raise NotFound("The ledger of this experiment has no such line.")
        for one in found:
            if one.outcome is not Outcome.WAITING:
                raise Conflict(
                    f"{one.hash} on run {one.run} does not wait: it was {one.outcome.value}. "
                    "Apply it by hand to run it again."
                )
        return await self._settle(found, do, by)

    # -- switches ----------------------------------------------------------------------

    async def stop(self, by: str, said: str = "") -> Stop:
        """Stop all autorun at once; what would start waits. Stopping twice keeps the first."""
        if self._standing.stop is not None and not said:
            return self._standing.stop
        earlier = self._standing.stop
        stop = Stop(by=by, at=self._context.clock(), said=_line(said))
        if earlier is not None:
            stop = replace(earlier, said=stop.said)
        await self._standing.set_stop(stop)
        await self._engine.settled()
        return stop

    async def resume(self, missed: Missed, by: str) -> int:
        """Let all autorun go on; return how many lines that waited for it were settled.

        Also those that an earlier manager did not come to before its end. Jobs that were held
        go on, or are withdrawn, likewise.
        """
        if self._standing.stop is not None:
            log.info("%s let all autorun go on; what waited: %s.", by, missed)
            if missed == "skip":
                await held.withdraw(self._context, by, "skipped it as all autorun went on")
            await self._standing.set_stop(None)
            self._context.work.bump()
        return await self._settle_all(missed, (Why.STOPPED,), None, by)

    async def pause(
        self, experiment: Experiment, definition_id: int, by: str, said: str = ""
    ) -> Definition:
        """Let the autorun of one definition wait."""
        await self._definitions.get(experiment, definition_id)
        wanted = Pause(why="user", by=by, at=self._context.clock(), said=_line(said))
        paused = await self._context.store.pause(definition_id, wanted)
        await self._engine.settled()
        return paused

    async def unpause(
        self, experiment: Experiment, definition_id: int, missed: Missed, by: str
    ) -> Definition:
        """End a pause. `Conflict` where only a new consent can."""
        found = await self._definitions.get(experiment, definition_id)
        _check_resumable(found)
        if missed == "skip" and found.paused_why:
            await held.withdraw(self._context, by, "skipped it as its pause ended", definition_id)
        changed = await self._context.store.pause(definition_id, None)
        _check_resumable(changed)  # somebody may just have edited it
        self._context.work.bump()
        await self._settle_all(missed, (Why.PAUSED,), definition_id, by)
        return changed

    async def set_consent(
        self,
        experiment: Experiment,
        definition_id: int,
        expected_version: int | None,
        *,
        on: bool,
        by: str,
        missed: Missed = "skip",
        seen_sha256: str | None = None,
    ) -> Definition:
        """Check or uncheck the box; see `arp_nb.manager.definitions.Definitions.set_autorun`."""
        before = await self._definitions.get(experiment, definition_id)
        changed = await self._definitions.set_autorun(
            experiment, definition_id, expected_version, on=on, by=by, seen_sha256=seen_sha256
        )
        do: Missed = missed if on else "skip"
        if do == "skip" and (before.paused_why == "user" or not on):
            why = "skipped it as its pause ended" if on else "unchecked autorun"
            await held.withdraw(self._context, by, why, definition_id)
        self._context.work.bump()
        # what waited for room, or for all to go on, did so under the consent of before
        whys = _WAITS if changed.version != before.version else (Why.CONSENT, Why.PAUSED)
        await self._settle_all(do, whys, definition_id, by)
        return changed

    async def consent(self, experiment: Experiment, definition_id: int) -> Difference:
        """Tell what differs between what was consented to and what there is."""
        found = await self._definitions.get(experiment, definition_id)
        return await consents.difference(self._context, found)

    async def _settle_all(
        self, do: Missed, whys: Iterable[Why], definition_id: int | None, by: str
    ) -> int:
        """Settle all that waits for one of these reasons, the oldest first."""
        await self._engine.settled()  # what was decided on before the reason ended waits now
        reached = await self._context.store.revision()
        count = 0
        for why in whys:
            after_id = 0
            while True:
                which = LedgerFilter(
                    outcomes=(Outcome.WAITING,),
                    why=why.value,
                    definition_id=definition_id,
                    after_id=after_id,
                    oldest_first=True,
                    limit=_PAGE,
                )
                found, more = await self._context.store.ledger(which)
                if found:
                    after_id = found[-1].id or 0
                    # what has come to wait since then waits for the same reason once more
                    these = [one for one in found if one.revision <= reached]
                    count += len(await self._settle(these, do, by))
                if not more:
                    break
        return count

    async def _settle(self, found: Sequence[Entry], do: Missed, by: str) -> Sequence[Entry]:
        if do == "run":
            return await self._engine.reconsider(found, by)
        now = self._context.clock()
        skipped = [
            Decision(
                entry=replace(
                    one,
                    outcome=Outcome.SKIPPED,
                    decided_at=now,
                    said=f"{by} skipped it. {one.said}",
                )
            )
            for one in found
        ]
        return await self._context.store.decide(skipped)

    # -- trying ------------------------------------------------------------------------

    async def backtest(
        self,
        experiment: Experiment,
        name: str | None,
        changes: Mapping[str, Any],
        last: int,
    ) -> Backtest:
        """Tell on which of the last runs a definition, or a draft, would have fired."""
        if not 1 <= last <= backtest.MOST_RUNS:
            raise InvalidValue(f"Try it on 1 to {backtest.MOST_RUNS:,} runs, not {last:,}.")
        like = await self._definitions.named(experiment, name) if name is not None else None
        draft = changed(like.draft if like else _TRIAL, changes)
        return await backtest.backtest(
            self._context.store,
            experiment,
            draft,
            like=like,
            last=last,
            now=self._context.clock(),
        )

    async def test(self, experiment: Experiment, text: str, run: int | None) -> Tested:
        """Read a predicate, and judge it for one run, by default the newest."""
        store = self._context.store
        runs = await store.newest_runs(experiment.id, _KNOWN_RUNS)
        tried = runs[:1] if run is None else await store.some_runs(experiment.id, [run])
        if run is not None and not tried:
            raise NotFound(f"{experiment.name} has no run {run}.")
        numbers = {one.number for one in [*runs[:_KNOWN_REPORTS], *tried]}
        jobs = await store.latest_reports(experiment.id, numbers)
        counters: dict[str, set[str]] = {
            one.name: set() for one in await store.definitions(experiment.id)
        }
        for by_hash in jobs.values():
            for name, facts in by_hash.items():
                counters.setdefault(name, set()).update(counters_of(facts.report))
        parameters = {str(name) for one in runs for name in one.parameters}
        names = predicates.known_names(parameters, counters)
        try:
            read = predicates.parse(text)
        except PredicateError as error:
            return Tested(problem=str(error), at=error.at, names=names)
        reads = sorted(read.reads)
        if not tried:
            return Tested(names=names, reads=reads)
        number = tried[0].number
        judged = judge(text, tried[0], jobs.get(number, {}))
        return Tested(
            problem=judged.problem,
            names=names,
            reads=reads,
            holds=judged.holds,
            seen=judged.seen,
            run=number,
        )


def _check_resumable(definition: Definition) -> None:
    if definition.paused_why in {"edit", "script"}:
        raise Conflict(f"{definition.paused_said} Look at what changed, and check autorun again.")


def _line(said: str) -> str:
    text = " ".join(said.split())
    if len(text) > _MOST_SAID:
        raise InvalidValue(f"A reason has at most {_MOST_SAID} characters.")
    return text
