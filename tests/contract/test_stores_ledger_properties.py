"""Whatever is decided, told again and settled in whatever order, the ledger is as one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb.ledger import Entry, Outcome
from arp_nb.model import Definition, ScriptCheck
from arp_nb.store.base import Store
from arp_nb.store.deciding import Decision, RunFacts
from tests.contract.ledgers import FIRING, again, decision, jobs, lines
from tests.contract.stores import DRAFT, NOW, World, after, make_world

#: which definition, which run, which cause, what it says ("": fires), whether once per run
FIRST = st.tuples(
    st.integers(0, 1),
    st.integers(0, 4),
    st.sampled_from(["", "job 1"]),
    st.sampled_from(["", "", "predicate", "limit", "paused"]),
    st.booleans(),
)
#: which of the lines that there are, and what becomes of it
SETTLED = st.tuples(
    st.integers(0, 9),
    st.sampled_from(
        [("", Outcome.FIRED), ("limit", Outcome.SKIPPED), ("stopped", Outcome.WAITING)]
    ),
)
CALL = st.lists(st.one_of(FIRST, SETTLED), max_size=6)
#: what is done at once, and then what is done at once, …
ROUNDS = st.lists(st.lists(CALL, min_size=1, max_size=3), max_size=6)
MANY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

Key = tuple[int, int, str]


@dataclass
class Model:
    """The rule in a few lines: first come, once; what waits may change; one job for each run."""

    lines: dict[Key, Outcome] = field(default_factory=dict)
    jobs: list[tuple[int, int]] = field(default_factory=list)

    def decide(self, decisions: Sequence[Decision]) -> None:
        settled = set()
        for one in decisions:
            entry = one.entry
            key = (entry.definition_id, entry.run, entry.cause)
            if entry.id is None:
                if key in self.lines:
                    continue
            elif self.lines[key] is not Outcome.WAITING or key in settled:
                continue
            settled.add(key)
            self.lines[key] = self._outcome(one)

    def _outcome(self, one: Decision) -> Outcome:
        pair = (one.entry.definition_id, one.entry.run)
        if one.firing is None:
            return one.entry.outcome
        if one.firing.once_per_run and pair in self.jobs:
            return Outcome.SKIPPED
        self.jobs.append(pair)
        return Outcome.FIRED


def _decisions(
    drawn: Sequence[Any], definitions: Sequence[Definition], there: Sequence[Entry]
) -> list[Decision]:
    made = []
    for one in drawn:
        if len(one) == 2:
            which, (why, outcome) = one
            if there:
                made.append(again(there[which % len(there)], why, outcome))
            continue
        which, run, cause, why, once = one
        firing = replace(FIRING, once_per_run=once)
        made.append(decision(definitions[which], run, why, cause=cause, firing=firing))
    return made


async def _definitions(world: World) -> list[Definition]:
    draft = replace(DRAFT, name="peaks")
    second = await world.store.add_definition(
        world.experiment.id, draft, ScriptCheck(), "bob", NOW
    )
    return [world.definition, second]


@MANY
@given(rounds=ROUNDS)
def test_decisions_at_once_end_as_decisions_one_by_one(store: Store, rounds: Any) -> None:
    async def go() -> None:
        world = await make_world(store, f"xpp{await store.revision()}")
        here = world.experiment.id
        definitions, model = await _definitions(world), Model()
        for calls in rounds:
            there = await lines(store, experiment_id=here)
            made = [_decisions(drawn, definitions, there) for drawn in calls]
            for one in made:
                model.decide(one)
            await asyncio.gather(*(store.decide(one) for one in made))
            await _agree(store, world, model)

    asyncio.run(go())


async def _agree(store: Store, world: World, model: Model) -> None:
    found = await lines(store, experiment_id=world.experiment.id)
    assert {(one.definition_id, one.run, one.cause): one.outcome for one in found} == model.lines
    made = [job for job in await jobs(store) if job.experiment_id == world.experiment.id]
    assert [(job.definition_id, job.run) for job in made] == model.jobs
    fired = {
        one.job_id: (one.definition_id, one.run) for one in found if one.outcome is Outcome.FIRED
    }
    assert {job.id: (job.definition_id, job.run) for job in made} == fired


TIMES = st.none() | st.integers(0, 5).map(after)
FACTS = st.builds(
    RunFacts,
    number=st.integers(0, 2),
    started_at=TIMES,
    ended_at=TIMES,
    first_file_at=TIMES,
    all_files_at=TIMES,
    type=st.sampled_from(["", "DATA", "DARK"]),
    parameters=st.none() | st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), max_size=2),
)


@MANY
@given(told=st.lists(st.lists(FACTS, max_size=4), max_size=6), order=st.randoms())
def test_a_source_that_repeats_and_mixes_up_what_it_told_changes_nothing(
    store: Store, told: list[list[RunFacts]], order: Any
) -> None:
    async def go() -> None:
        world = await make_world(store, f"xpp{await store.revision()}")
        for facts in told:
            await store.put_runs(world.experiment.id, facts, "logbook")
        before = await store.runs(world.experiment.id)
        mixed = [replace(one, type="", parameters=None) for facts in told for one in facts]
        order.shuffle(mixed)
        await store.put_runs(world.experiment.id, mixed, "logbook")
        assert await store.runs(world.experiment.id) == before
        await store.put_runs(world.experiment.id, mixed, "ffb")
        for run in await store.runs(world.experiment.id):
            times = [(one.started_at, one.ended_at) for one in mixed if one.number == run.number]
            assert run.started_at == min((at for at, _ in times if at), default=None)
            assert run.ended_at == max((at for _, at in times if at), default=None)

    asyncio.run(go())
