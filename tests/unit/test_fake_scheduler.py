"""The scheduler that plugin authors test beside: as bad as it is told to be."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.testing import FakeScheduler

pytestmark = pytest.mark.anyio


@pytest.fixture
def fake(tmp_path: Path) -> FakeScheduler:
    made = FakeScheduler(tmp_path)
    (made.book / "7").write_text("RUN\narp-1-a\nanalyse\n")
    return made


QUESTIONS: list[Callable[[FakeScheduler], Awaitable[object]]] = [
    lambda fake: fake.probe(),
    lambda fake: fake.poll(["7"]),
    lambda fake: fake.history(["7"]),
    lambda fake: fake.marked(),
    lambda fake: fake.find_tagged("arp-1-a"),
    lambda fake: fake.kill(["7"]),
    lambda fake: fake.details("7"),
    lambda fake: fake.log_path("7"),
]


@pytest.mark.parametrize("ask", QUESTIONS)
async def test_a_silent_one_answers_nothing_and_does_nothing(
    fake: FakeScheduler, ask: Callable[[FakeScheduler], Awaitable[object]]
) -> None:
    fake.silent = True
    with pytest.raises(SchedulerError, match="LSF is down"):
        await ask(fake)
    fake.silent = False
    assert (await fake.poll(["7"])).readings["7"].state is JobState.RUNNING


async def test_a_slow_one_answers_later(fake: FakeScheduler) -> None:
    fake.slow_s = 0.05
    before_s = time.monotonic()
    assert (await fake.poll(["7"])).readings
    assert time.monotonic() - before_s >= 0.05


async def test_a_kill_that_it_refuses_ends_no_job(fake: FakeScheduler) -> None:
    fake.refuses["7"] = "User permission denied"
    answers = await fake.kill(["7"])
    assert not answers["7"].accepted
    assert answers["7"].said == "User permission denied"
    assert (await fake.poll(["7"])).readings["7"].state is JobState.RUNNING


async def test_another_adapter_of_its_folder_sees_the_same_jobs(
    fake: FakeScheduler, tmp_path: Path
) -> None:
    again = FakeScheduler(tmp_path)
    fake.set_state("7", "EXIT 3")
    assert (await again.poll(["7"])).readings["7"].exit_code == 3
