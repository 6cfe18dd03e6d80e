"""Judging many runs: others have the loop meanwhile, and nothing is judged or read twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.manager.autorun import judging
from arp_nb.model import Run
from arp_nb.predicates import Predicate, Values, Verdict
from arp_nb.store.deciding import JobFacts
from tests.autorun_play import Stage, staged

pytestmark = pytest.mark.anyio
#: as long as one judgement takes here
JUDGING_S = 0.001


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "store") as made:
        yield made


class Turns:
    """Who had the loop, in order: whoever judges, or anybody else."""

    def __init__(self) -> None:
        self.had: list[str] = []

    @property
    def judged(self) -> int:
        return self.had.count("judged")

    @property
    def longest(self) -> int:
        """How many judgements came between two turns of others."""
        runs = [[*some] for who, some in groupby(self.had) if who == "judged"]
        return max(map(len, runs))

    async def others(self) -> None:
        while True:
            self.had.append("others")
            await asyncio.sleep(0)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """Time goes on by judging alone, so that the machine's speed does not matter."""
    turns, judge = Turns(), Predicate.judge

    def counted(self: Predicate, values: Values) -> Verdict:
        turns.had.append("judged")
        return judge(self, values)

    monkeypatch.setattr(Predicate, "judge", counted)
    monkeypatch.setattr(judging, "_now_s", lambda: turns.judged * JUDGING_S)
    return turns


@contextlib.asynccontextmanager
async def beside(turns: Turns) -> AsyncIterator[None]:
    task = asyncio.ensure_future(turns.others())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_backtest_judges_each_run_once_and_gives_way_meanwhile(
    stage: Stage, turns: Turns
) -> None:
    await stage.end(*range(1, 51))
    await stage.lines()
    async with beside(turns):
        found = await stage.autorun.backtest(
            stage.play.experiment, "peaks", {"predicate": "run > 10"}, 50
        )
    assert (found.fires, found.jobs) == (40, 40)
    assert turns.judged == 50
    assert turns.longest <= 6


async def test_who_decides_on_many_runs_gives_way_meanwhile(stage: Stage, turns: Turns) -> None:
    await stage.check(predicate="run % 2 == 0")
    await stage.add("fit", predicate="run % 2 == 0")
    async with beside(turns):  # from the first: the manager decides by itself
        await stage.end(*range(1, 41))
        lines = await stage.lines(limit=100)
    assert len(lines) == 80
    assert turns.longest <= 6


async def test_what_waited_and_is_judged_again_gives_way_meanwhile(
    stage: Stage, turns: Turns
) -> None:
    await stage.check(predicate="run > 0")
    await stage.autorun.stop("dana", "")
    await stage.end(*range(1, 41))
    await stage.lines()
    manager, experiment = stage.play.manager, stage.play.experiment
    changes = {"predicate": "run > 10"}
    await manager.definitions.change(experiment, stage.definition.id, changes, None, "dana")
    turns.had.clear()
    async with beside(turns):
        await stage.autorun.resume("run", "dana")
    assert turns.judged == 40
    assert turns.longest <= 6
    assert len(await stage.jobs()) == 30


REPORTS = st.dictionaries(
    st.sampled_from(["counters", "note"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda one: (
            st.lists(one, max_size=2)
            | st.dictionaries(st.sampled_from(["value", "key", "a", "b"]), one)
            | st.lists(st.fixed_dictionaries({"key": st.text(max_size=2), "value": one}))
        ),
    ),
)


@given(REPORTS)
def test_predicates_see_of_each_counter_what_a_person_sees(report: dict[str, Any]) -> None:
    run = Run(id=1, experiment_id=1, number=1)
    facts = JobFacts(id=1, status="DONE", report=report)
    seen = judging.values_of(run, {"peaks": facts}).jobs["peaks"].counters
    assert dict(seen) == judging.counters_of(report)
