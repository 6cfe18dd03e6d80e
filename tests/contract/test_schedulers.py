"""What every scheduler must do, run against each of them.

LSF stands here by the commands in ``tests/fakebin``, in the dialects of two products; the
local scheduler by itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState, Reading
from tests.contract.labs import DEADLINE_S, FakeLsf, Lab, RealLocal, until
from tests.contract.labs_slurm import RealSlurm

pytestmark = pytest.mark.anyio

NOT_THERE = "99999"


def lsf_of_ibm(folder: Path) -> Lab:
    return FakeLsf(folder)


def lsf_of_volclava(folder: Path) -> Lab:
    return FakeLsf(folder, product="volclava")


@pytest.fixture(
    params=[lsf_of_ibm, lsf_of_volclava, RealLocal, RealSlurm], ids=lambda make: make.__name__
)
def lab(request: pytest.FixtureRequest, short_tmp: Path) -> Iterator[Lab]:
    made: Lab = request.param(short_tmp)
    yield made
    made.close()


async def ended(lab: Lab, native_id: str) -> Reading:
    """Return the reading of a job that ends now."""
    end_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < end_s:
        reading = (await lab.scheduler.poll([native_id])).readings.get(native_id)
        if reading is not None and reading.state.is_final:
            return reading
    raise AssertionError(f"job {native_id} has not ended within {DEADLINE_S:g} s")


async def test_a_sign_of_life_names_the_product(lab: Lab) -> None:
    assert await lab.scheduler.probe()


async def test_poll_of_nothing_says_nothing(lab: Lab) -> None:
    poll = await lab.scheduler.poll([])
    assert not poll.readings
    assert not poll.unknown


async def test_poll_tells_waiting_from_running(lab: Lab) -> None:
    running = lab.running()
    poll = await lab.scheduler.poll([running])
    assert poll.readings[running].state is JobState.RUNNING
    assert poll.readings[running].native_state == lab.words[1]
    assert poll.readings[running].host
    assert poll.readings[running].ended_at is None
    await lab.scheduler.kill([running])
    pending = lab.pending()
    poll = await lab.scheduler.poll([pending])
    assert poll.readings[pending].state is JobState.PENDING
    assert poll.readings[pending].queue == "psdebugq"


async def test_poll_tells_success_from_failure(lab: Lab) -> None:
    done, failed = lab.ended(0), lab.ended(3)
    poll = await lab.scheduler.poll([done, failed])
    assert poll.readings[done].state is JobState.DONE
    assert poll.readings[failed].state is JobState.FAILED
    assert poll.readings[failed].exit_code in {3, None}  # not every product tells


async def test_an_id_that_nobody_knows_does_not_spoil_the_others(lab: Lab) -> None:
    done = lab.ended(0)
    poll = await lab.scheduler.poll([NOT_THERE, done])
    assert poll.readings.keys() == {done}
    assert poll.unknown == {NOT_THERE}


async def test_an_id_alone_that_nobody_knows_is_no_error(lab: Lab) -> None:
    poll = await lab.scheduler.poll([NOT_THERE])
    assert poll.unknown == {NOT_THERE}


@pytest.mark.parametrize("nonsense", ["0", "", "-u", "1;ls", "../1", "1 2", "\u0661", "1" * 40])
async def test_what_is_no_id_reaches_no_job(lab: Lab, nonsense: str) -> None:
    running = lab.running()
    answers = await lab.scheduler.kill([nonsense])
    assert "terminated" not in answers[nonsense].said
    poll = await lab.scheduler.poll([nonsense, running])
    assert poll.readings.keys() == {running}
    assert poll.readings[running].state is JobState.RUNNING


async def test_a_killed_job_ends_and_is_no_success(lab: Lab) -> None:
    running = lab.running()
    answers = await lab.scheduler.kill([running])
    assert answers[running].accepted
    assert running in answers[running].said
    assert "terminat" in answers[running].said.lower()
    reading = await ended(lab, running)
    assert reading.state in {JobState.FAILED, JobState.KILLED}
    assert reading.native_state == lab.words[2]


async def test_a_waiting_job_can_be_killed(lab: Lab) -> None:
    pending = lab.pending()
    answers = await lab.scheduler.kill([pending])
    assert answers[pending].accepted
    reading = await ended(lab, pending)
    assert reading.state in {JobState.FAILED, JobState.KILLED}


async def test_killing_what_has_ended_counts_as_accepted(lab: Lab) -> None:
    done = lab.ended(0)
    answers = await lab.scheduler.kill([done, NOT_THERE])
    assert answers[done].accepted
    assert "finished" in answers[done].said
    assert answers[NOT_THERE].accepted
    assert (await lab.scheduler.poll([done])).readings[done].state is JobState.DONE


async def test_jobs_are_found_by_their_tag_oldest_first(lab: Lab) -> None:
    first = lab.ended(0, tag="arp-7-abc")
    lab.ended(0, tag="arp-8-abc")
    second = lab.running(tag="arp-7-abc")
    found = await lab.scheduler.find_tagged("arp-7-abc")
    assert [one.native_id for one in found] == [first, second]
    assert await lab.scheduler.find_tagged("arp-9-abc") == ()


async def test_a_reading_carries_the_tag(lab: Lab) -> None:
    done = lab.ended(0, tag="arp-7-abc")
    assert (await lab.scheduler.poll([done])).readings[done].tag == "arp-7-abc"


async def test_details_name_the_job(lab: Lab) -> None:
    done = lab.ended(0)
    details = await lab.scheduler.details(done)
    assert re.search(rf"\bJob(Id)?[ =]<?{done}\b", details)


@pytest.mark.parametrize("native_id", [NOT_THERE, "-u all"])
async def test_details_of_no_job_are_an_error_in_words(lab: Lab, native_id: str) -> None:
    with pytest.raises(SchedulerError, match=native_id):
        await lab.scheduler.details(native_id)


async def test_the_log_is_where_the_job_was_told_to_write(lab: Lab, short_tmp: Path) -> None:
    done = lab.ended(0)
    assert await lab.scheduler.log_path(done) == short_tmp / f"{done}.log"


async def test_peek_shows_a_running_job_and_nothing_of_others(lab: Lab) -> None:
    running, done = lab.running(), ""
    log = await lab.scheduler.log_path(running)
    assert log is not None
    so_far = log.read_text() if log.exists() else await lab.scheduler.peek(running)
    assert so_far == "so far\n"
    await lab.scheduler.kill([running])
    done = lab.ended(0)
    assert await lab.scheduler.peek(done) == ""
    assert await lab.scheduler.peek(NOT_THERE) == ""
    assert await lab.scheduler.peek(lab.pending()) == ""


async def test_many_jobs_are_read_at_once(lab: Lab) -> None:
    done = lab.ended(0)
    before = len(lab.commands()) if isinstance(lab, FakeLsf) else 0
    poll = await lab.scheduler.poll([done, *map(str, range(10_000, 20_000))])
    assert len(poll.unknown) == 10_000
    if isinstance(lab, FakeLsf) and lab.environment["FAKE_LSF_PRODUCT"] == "ibm":
        assert len(lab.commands()) == before + 1


async def test_each_submitted_id_is_found_once_and_in_order(lab: Lab) -> None:
    says = lab.submitted
    printed = f"setting up\n{says(12)}\n{says(7)}\n{says(12)}\nJob not submitted."
    assert lab.scheduler.submitted_ids(printed) == ("12", "7")
    assert lab.scheduler.submitted_ids("") == ()


def test_the_fake_deadline_is_told_in_words() -> None:
    with pytest.raises(AssertionError, match="a thing that never comes"):
        until(lambda: False, "a thing that never comes", deadline_s=0.01)
