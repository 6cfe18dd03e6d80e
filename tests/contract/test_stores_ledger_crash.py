"""What a store must keep of decisions when its process is killed between line and job."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arp_nb.ledger import Outcome
from arp_nb.store.base import Store
from tests.contract.killed import run_and_kill
from tests.contract.ledgers import decision, jobs, lines
from tests.contract.stores import OPENERS, World, after, make_world

RUNS = 4000
#: decisions of one call; of these some wait, and each fifth record is a small one
STEP = 200


async def _decide(world: World, run: int) -> None:
    told = [
        decision(
            world.definition, one, "limit" if one % 7 == 0 else "", decided_at=after(one // 5)
        )
        for one in range(run, run + STEP)
    ]
    await world.store.decide(told)


async def _write(kind: str, folder: Path) -> None:
    """Decide step by step, and say on stdout what was acknowledged; killed from outside."""
    world = await make_world(OPENERS[kind](folder))
    for run in range(0, RUNS, STEP):
        await _decide(world, run)
        sys.stdout.write(f"{run}\n")
        sys.stdout.flush()


@pytest.mark.parametrize("wait_s", [0.0, 0.005, 0.011, 0.02])
def test_each_line_that_fired_has_its_one_job_after_a_crash(
    request: pytest.FixtureRequest,
    open_here: Callable[[], Store],
    tmp_path: Path,
    wait_s: float,
) -> None:
    kind = request.node.callspec.params["open_here"]
    said = run_and_kill(__spec__.name, kind, tmp_path / "store", f"{2 * STEP}\n", wait_s)
    acknowledged = [int(line) for line in said]  # the first runs of its steps

    async def look(store: Store) -> None:
        await store.resume_applies()
        await _holds(store)
        decided = {one.run for one in await lines(store)}
        assert {run + one for run in acknowledged for one in range(STEP)} <= decided
        experiment = (await store.experiments())[0]
        world = World(store, experiment, (await store.definitions(experiment.id))[0])
        for run in range(0, RUNS, STEP):  # the engine comes by again
            await _decide(world, run)
        await _holds(store)
        assert [one.run for one in await lines(store)] == list(range(RUNS))
        assert await store.resume_applies() == 0

    store = open_here()
    try:
        asyncio.run(look(store))
    finally:
        store.close()


async def _holds(store: Store) -> None:
    """Each line that fired has its job, and each job its line."""
    found = await lines(store)
    by_line = {one.job_id: one.run for one in found if one.outcome is Outcome.FIRED}
    assert {job.id: job.run for job in await jobs(store)} == by_line
    assert None not in by_line
    waits = [one.run for one in found if one.outcome is Outcome.WAITING]
    assert waits == [one.run for one in found if one.run % 7 == 0]


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1], Path(sys.argv[2])))
