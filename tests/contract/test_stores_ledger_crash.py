"""What a store must keep of decisions when its process is killed between line and job."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from arp_nb.ledger import Outcome
from arp_nb.store.base import Store
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


def _run_and_kill(kind: str, folder: Path, after_line: str, wait_s: float) -> list[int]:
    """Return the first runs of the steps that were acknowledged."""
    command = [sys.executable, "-W", "error", "-m", __spec__.name, kind, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if line.strip() == after_line:
                break
        time.sleep(wait_s)
        process.kill()
        told += process.stdout.read().splitlines(keepends=True)
    return [int(line) for line in told if line.endswith("\n")]  # the last may be torn


@pytest.mark.parametrize("wait_s", [0.0, 0.005, 0.011, 0.02])
def test_each_line_that_fired_has_its_one_job_after_a_crash(
    request: pytest.FixtureRequest,
    open_here: Callable[[], Store],
    tmp_path: Path,
    wait_s: float,
) -> None:
    kind = request.node.callspec.params["open_here"]
    acknowledged = _run_and_kill(kind, tmp_path / "store", str(2 * STEP), wait_s)

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
