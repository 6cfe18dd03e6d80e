"""A batch client on this machine's own scheduler: real ``bsub``, real jobs, real logs."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from arp_nb.batch_client import BatchClient
from arp_nb.model import JobState
from arp_nb.ports import LogQuery
from arp_nb.schedulers import registry
from arp_nb.settings import Settings
from tests.fake_port import FakeJob, FakePort

SETTINGS = Settings(poll_min_s=0.2, local_slots=2)


class Laptop:
    """A store's folder with its local scheduler, and a folder of the user's scripts."""

    def __init__(self, folder: Path) -> None:
        self.port = FakePort()
        self.store = folder / "store"
        self.user = folder / "user"
        (self.user / "logs").mkdir(parents=True)

    def script(self, text: str) -> str:
        path = self.user / "submit.sh"
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)
        return str(path)

    async def follow(self, text: str, *args: str, kill: bool = False) -> tuple[FakeJob, str]:
        """Run a job to its end; return it and its log."""
        schedulers = registry.load(SETTINGS, self.store).offered
        client = BatchClient(self.port, schedulers, self.store / "spool", SETTINGS)
        task = asyncio.create_task(client.run())
        try:
            job = await self.port.apply(self.script(text), *args, location="local")
            if kill:
                await self.port.until(lambda: job.state is JobState.RUNNING)
                await self.port.kill(job)
            await self.port.until(lambda: job.state.is_final)
            told = LogQuery(
                job_id=job.id,
                location="local",
                native_id=job.ids[0] if job.ids else None,
                spool_id=job.spool_id,
            )
            return job, (await client.log(told)).text
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def laptop(short_tmp: Path) -> Laptop:
    return Laptop(short_tmp)


def test_seed_shaped_script_runs_beside_itself_with_its_parameters(laptop: Laptop) -> None:
    (laptop.user / "submit.py").write_text("import sys\nprint(sys.argv[1:])\n")
    text = 'bsub -q psdebugq -o logs/%J.log python3 submit.py "$@"'
    job, log = asyncio.run(laptop.follow(text, "xppi0915", "12", "p1"))
    assert (job.state, job.exit_code) == (JobState.DONE, 0)
    assert "['xppi0915', '12', 'p1']" in log
    assert (laptop.user / "logs" / f"{job.ids[0]}.log").exists()
    assert job.native_ids[0][1] == "wrapper"


def test_failed_job_comes_with_the_error_line_of_its_log(laptop: Laptop) -> None:
    job, _ = asyncio.run(laptop.follow("bsub -o logs/%J.log python3 -c 1/0"))
    assert (job.state, job.exit_code) == (JobState.FAILED, 1)
    assert job.log_error == "ZeroDivisionError: division by zero"


def test_running_job_is_killed(laptop: Laptop) -> None:
    job, _ = asyncio.run(laptop.follow("bsub -o logs/%J.log sleep 60", kill=True))
    assert job.state in {JobState.KILLED, JobState.FAILED}
    assert job.kill_accepted


def test_waiting_bsub_is_a_job_before_its_end(laptop: Laptop) -> None:
    job, _ = asyncio.run(laptop.follow("bsub -K -o logs/%J.log true"))
    assert job.state is JobState.DONE
    assert job.native_ids[0][1] == "wrapper"


def test_bsub_whose_answer_the_script_throws_away_is_known_all_the_same(laptop: Laptop) -> None:
    job, _ = asyncio.run(laptop.follow("bsub -o logs/%J.log true > /dev/null"))
    assert job.state is JobState.DONE
    assert job.native_ids[0][1] == "wrapper"


def test_refused_bsub_has_failed_in_its_own_words(laptop: Laptop) -> None:
    job, log = asyncio.run(laptop.follow("bsub --no-such-option x"))
    assert job.state is JobState.SUBMIT_FAILED
    assert job.reason
    assert job.reason.splitlines()[-1] in log
