"""What every scheduler must do, as a suite for pytest. The docstrings of `Scheduler` say why."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.schedulers.base import NotHere, Site
from arp_nb.settings import Settings
from arp_nb.testing.lab import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from arp_nb.model import Reading
    from arp_nb.testing.lab import Lab

#: what a person, or a damaged record, may hand over as an id
NO_IDS = ("0", "", "-u", "1;ls", "../1", "1 2", "\u0661", "1" * 40)
#: what a script prints beside ids
NO_SUBMISSIONS = ("", "\0", "Job not submitted.", "Job <> is submitted", "-1", "\ufffd" * 1000)
KILLED = frozenset({JobState.FAILED, JobState.KILLED})
#: what a kill of very many jobs at once may cost
FEW_COMMANDS = 3


class SchedulerContract:
    """Subclass it as ``TestMine``, with a fixture ``lab`` that yields a `Lab`.

    Tests run on asyncio, by anyio's plugin for pytest.
    """

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Adapters are run on asyncio alone."""
        return "asyncio"

    # -- who it is -----------------------------------------------------------------------

    async def test_a_sign_of_life_names_the_product(self, lab: Lab) -> None:
        assert await lab.scheduler.probe()

    async def test_it_says_why_it_is_offered(self, lab: Lab) -> None:
        assert lab.scheduler.found.strip()

    async def test_where_nothing_is_installed_it_is_offered_or_says_why_not(
        self, lab: Lab, tmp_path: Path
    ) -> None:
        bare = Site(
            settings=Settings(), store_folder=tmp_path, environment={"PATH": "/nonexistent"},
            location=lab.scheduler.name,
        )  # fmt: skip
        made = lab.scheduler.create(bare)
        assert made.reason.strip() if isinstance(made, NotHere) else made.found.strip()

    # -- what was submitted --------------------------------------------------------------

    async def test_each_submitted_id_is_found_once_and_in_order(self, lab: Lab) -> None:
        says = lab.submitted
        printed = f"setting up\n{says(12)}\n{says(7)}\n{says(12)}\nJob not submitted."
        first, second = lab.scheduler.submitted_ids(printed)
        assert lab.scheduler.submitted_ids(says(12)) == (first,)
        assert lab.scheduler.submitted_ids(says(7), alone=True) == (second,)

    @pytest.mark.parametrize("text", NO_SUBMISSIONS)
    async def test_any_text_is_read_and_no_id_is_made_of_it(self, lab: Lab, text: str) -> None:
        assert lab.scheduler.submitted_ids(text) == ()
        assert lab.scheduler.submitted_ids(text, alone=True) == ()

    async def test_a_bare_number_that_a_script_prints_is_no_id(self, lab: Lab) -> None:
        assert lab.scheduler.submitted_ids("reading\n12\n") == ()

    async def test_a_job_is_asked_for_with_so_much(self, lab: Lab) -> None:
        assert lab.scheduler.ask_options(None, None) == ()
        options = lab.scheduler.ask_options(2000.0, 7200.0)
        if not options:
            pytest.skip("has no options to ask for more")
        reading = await _reading(lab, lab.pending(options=options))
        # in units of its own, and never less
        assert reading.asked_memory_mb is None or 2000 <= reading.asked_memory_mb < 2010
        assert reading.asked_time_s in {None, 7200}  # not every product tells

    # -- states --------------------------------------------------------------------------

    async def test_poll_of_nothing_says_nothing(self, lab: Lab) -> None:
        poll = await lab.scheduler.poll([])
        assert not poll.readings
        assert not poll.unknown

    async def test_poll_tells_waiting_from_running(self, lab: Lab) -> None:
        running = lab.running()
        reading = await _reading(lab, running)
        assert reading.state is JobState.RUNNING
        assert reading.native_state == lab.words[1]
        assert reading.host
        assert reading.ended_at is None
        await lab.scheduler.kill([running])
        reading = await _reading(lab, lab.pending())
        assert reading.state is JobState.PENDING
        assert reading.native_state == lab.words[0]
        assert reading.queue == lab.queue

    async def test_poll_tells_success_from_failure(self, lab: Lab) -> None:
        done, failed = lab.ended(0), lab.ended(3)
        poll = await lab.scheduler.poll([done, failed])
        assert poll.readings[done].state is JobState.DONE
        assert poll.readings[failed].state is JobState.FAILED
        assert poll.readings[failed].exit_code in {3, None}  # not every product tells

    async def test_cores_are_told_of_what_was_given_them(self, lab: Lab) -> None:
        running = lab.running()
        told = 1 if lab.tells_cores else None
        assert (await _reading(lab, running)).cores == told
        await lab.scheduler.kill([running])
        assert (await _ended(lab, running)).cores == told
        pending = lab.pending()
        assert (await _reading(lab, pending)).cores is None
        await lab.scheduler.kill([pending])
        assert (await _ended(lab, pending)).cores is None, "it never ran"

    async def test_an_id_that_nobody_knows_does_not_spoil_the_others(self, lab: Lab) -> None:
        done, nobody = lab.ended(0), lab.unknown(0)
        poll = await lab.scheduler.poll([nobody, done])
        assert poll.readings.keys() == {done}
        assert poll.unknown == {nobody}

    async def test_an_id_alone_that_nobody_knows_is_no_error(self, lab: Lab) -> None:
        poll = await lab.scheduler.poll([lab.unknown(0)])
        assert poll.unknown == {lab.unknown(0)}

    async def test_many_jobs_are_read_at_once(self, lab: Lab) -> None:
        asked = [lab.ended(0), *map(lab.unknown, range(10_000))]
        await lab.scheduler.poll(asked[:2])  # it may have to learn what this product knows
        before = lab.commands_run()
        poll = await lab.scheduler.poll(asked)
        assert poll.unknown == {*asked[1:]}
        _assert_few(lab, before, at_most=2)  # a list, and an accounting

    # -- history -------------------------------------------------------------------------

    async def test_history_denies_what_there_never_was(self, lab: Lab) -> None:
        poll = await lab.scheduler.history([lab.unknown(0)])
        assert not poll.readings
        assert poll.unknown == {lab.unknown(0)}

    async def test_history_of_nothing_says_nothing(self, lab: Lab) -> None:
        poll = await lab.scheduler.history([])
        assert not poll.readings
        assert not poll.unknown

    async def test_history_tells_or_denies_each_job_that_has_ended(self, lab: Lab) -> None:
        since = datetime.now(UTC) - timedelta(seconds=1)  # its times are in whole seconds
        meant = {lab.ended(0): JobState.DONE, lab.ended(3): JobState.FAILED}
        if lab.forgets:
            for one in meant:
                lab.forget(one)
            assert (await lab.scheduler.poll([*meant])).unknown == meant.keys()
        poll = await lab.scheduler.history([*meant, lab.unknown(0)])
        told = poll.readings.keys()
        assert told | poll.unknown == {*meant, lab.unknown(0)}
        assert told == meant.keys() if lab.has_history else told <= meant.keys()
        for one, reading in poll.readings.items():
            assert reading.state is meant[one]
            times = [since, *(change.at for change in reading.past), datetime.now(UTC)]
            assert times == sorted(times), "what happened, in its order and at its true times"
            assert not reading.past or reading.past[-1].state is reading.state

    # -- arrays --------------------------------------------------------------------------

    async def test_an_array_is_one_reading_with_counts(self, lab: Lab) -> None:
        reading = await _reading(lab, _array(lab, 3))
        assert reading.state is JobState.PENDING
        assert reading.elements == ((lab.words[0], 3),)

    async def test_elements_of_an_array_are_told_in_order(self, lab: Lab) -> None:
        elements = await lab.scheduler.elements(_array(lab, 3))
        indexes = [one.index for one in elements]
        assert len(elements) == 3
        assert indexes == sorted(set(indexes))
        ids = {one.native_id for one in elements}
        poll = await lab.scheduler.poll(ids)
        assert poll.readings.keys() == ids
        assert {one.reading.state for one in elements} == {JobState.PENDING}

    async def test_one_element_is_killed_and_the_others_live_on(self, lab: Lab) -> None:
        whole = _array(lab, 3)
        first, *rest = [one.native_id for one in await lab.scheduler.elements(whole)]
        assert (await lab.scheduler.kill([first]))[first].accepted
        await _gone(lab, first)
        poll = await lab.scheduler.poll(rest)
        assert [poll.readings[one].state for one in rest] == [JobState.PENDING] * 2
        reading = await _reading(lab, whole)
        assert reading.state is JobState.PENDING
        assert dict(reading.elements)[lab.words[0]] == 2

    async def test_a_job_that_is_no_array_has_no_elements(self, lab: Lab) -> None:
        assert await lab.scheduler.elements(lab.ended(0)) == ()
        assert await lab.scheduler.elements(lab.unknown(0)) == ()

    # -- marks ---------------------------------------------------------------------------

    async def test_jobs_are_found_by_their_tag_oldest_first(self, lab: Lab) -> None:
        tag = _tag(lab)
        first = lab.ended(0, tag=tag)
        lab.ended(0, tag=_tag(lab))
        second = lab.running(tag=tag)
        assert await _found(lab, tag) == [first, second]
        assert await _found(lab, _tag(lab)) == []

    async def test_a_tag_finds_all_calls_of_its_submission_and_no_other(self, lab: Lab) -> None:
        tag = _tag(lab)
        call = lab.ended(0, tag=f"{tag}.c1-1")
        lab.ended(0, tag=f"{tag}0")
        inside = lab.ended(0, tag=f"{tag}.j2-2")
        assert await _found(lab, tag) == [call, inside]
        assert await _found(lab, f"{tag}.c1-1") == [call]

    async def test_a_reading_carries_the_tag(self, lab: Lab) -> None:
        tag = f"{_tag(lab)}.c1-1"
        assert (await _reading(lab, lab.ended(0, tag=tag))).tag == tag

    async def test_all_marked_jobs_are_listed_and_none_that_is_not_ours(self, lab: Lab) -> None:
        tag = _tag(lab)
        if not lab.lists_marked:
            pytest.skip("cannot list all marked jobs")
        foreign = {lab.ended(0), lab.ended(0, tag="somebody-s-own")}
        over = lab.ended(0, tag=f"{tag}.j2-2")
        running = lab.running(tag=f"{tag}.c1-1")
        marked = {one.native_id: one for one in await lab.scheduler.marked()}
        assert not foreign & marked.keys()
        assert marked[running].tag == f"{tag}.c1-1"
        assert marked[running].state is JobState.RUNNING
        assert over not in marked or marked[over].state is JobState.DONE
        submitted_at = marked[running].submitted_at
        assert submitted_at is None or submitted_at <= datetime.now(UTC)

    # -- kills ---------------------------------------------------------------------------

    @pytest.mark.parametrize("nonsense", NO_IDS)
    async def test_what_is_no_id_reaches_no_job(self, lab: Lab, nonsense: str) -> None:
        running = lab.running()
        answers = await lab.scheduler.kill([nonsense])
        assert lab.kill_words[0] not in answers[nonsense].said.lower()
        poll = await lab.scheduler.poll([nonsense, running])
        assert poll.readings.keys() == {running}
        assert poll.readings[running].state is JobState.RUNNING

    @pytest.mark.parametrize("force", [False, True], ids=["asked", "forced"])
    async def test_a_killed_job_ends_and_is_no_success(self, lab: Lab, *, force: bool) -> None:
        running = lab.running()
        answers = await lab.scheduler.kill([running], force=force)
        assert answers[running].accepted
        assert running in answers[running].said
        assert lab.kill_words[0] in answers[running].said.lower()
        reading = await _ended(lab, running)
        assert reading.state in KILLED
        assert reading.native_state == lab.words[2]

    @pytest.mark.parametrize("force", [False, True], ids=["asked", "forced"])
    async def test_a_waiting_job_can_be_killed(self, lab: Lab, *, force: bool) -> None:
        pending = lab.pending()
        answers = await lab.scheduler.kill([pending], force=force)
        assert answers[pending].accepted
        assert (await _ended(lab, pending)).state in KILLED

    @pytest.mark.parametrize("force", [False, True], ids=["asked", "forced"])
    async def test_killing_what_has_ended_counts_as_accepted(
        self, lab: Lab, *, force: bool
    ) -> None:
        done, nobody = lab.ended(0), lab.unknown(0)
        answers = await lab.scheduler.kill([done, nobody], force=force)
        assert answers[done].accepted
        assert lab.kill_words[1] in answers[done].said.lower()
        assert answers[nobody].accepted
        assert (await _reading(lab, done)).state is JobState.DONE

    async def test_a_kill_of_many_jobs_is_a_few_commands(self, lab: Lab) -> None:
        asked = [*map(lab.unknown, range(199)), lab.running()]
        before = lab.commands_run()
        answers = await lab.scheduler.kill(asked)
        _assert_few(lab, before, at_most=FEW_COMMANDS)
        assert answers.keys() == {*asked}
        assert all(one.accepted for one in answers.values())
        assert (await _ended(lab, asked[-1])).state in KILLED

    # -- one job -------------------------------------------------------------------------

    async def test_details_name_the_job(self, lab: Lab) -> None:
        done = lab.ended(0)
        assert re.search(rf"(?<!\w){re.escape(done)}(?!\w)", await lab.scheduler.details(done))

    async def test_details_of_no_job_are_an_error_in_words(self, lab: Lab) -> None:
        for native_id in (lab.unknown(0), "-u all"):
            with pytest.raises(SchedulerError, match=re.escape(native_id)):
                await lab.scheduler.details(native_id)

    async def test_the_log_is_where_the_job_was_told_to_write(self, lab: Lab) -> None:
        done = lab.ended(0)
        assert await lab.scheduler.log_path(done) == lab.log(done)

    async def test_output_so_far_is_in_the_log_or_peeked(self, lab: Lab) -> None:
        running = lab.running()
        log = lab.log(running)
        so_far = log.read_text() if log.exists() else await lab.scheduler.peek(running)
        assert so_far == "so far\n"

    async def test_nothing_is_peeked_of_a_job_that_does_not_run(self, lab: Lab) -> None:
        done = lab.ended(0)
        assert await lab.scheduler.peek(done) == ""
        assert await lab.scheduler.peek(lab.unknown(0)) == ""
        assert await lab.scheduler.peek(lab.pending()) == ""


async def _reading(
    lab: Lab, native_id: str, enough: Callable[[Reading], bool] = lambda _: True
) -> Reading:
    """Poll until a reading of a job is enough."""
    end_s = time.monotonic() + DEADLINE_S
    reading: Reading | None = None
    while time.monotonic() < end_s:
        reading = (await lab.scheduler.poll([native_id])).readings.get(native_id)
        if reading is not None and enough(reading):
            return reading
        await asyncio.sleep(0.02)  # a poll may cost nothing
    raise AssertionError(f"job {native_id}: still {reading} after {DEADLINE_S:g} s")


async def _ended(lab: Lab, native_id: str) -> Reading:
    return await _reading(lab, native_id, lambda reading: reading.state.is_final)


async def _gone(lab: Lab, native_id: str) -> None:
    """Wait for the end of a killed element; of one that waited Slurm keeps nothing at all."""
    end_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < end_s:
        poll = await lab.scheduler.poll([native_id])
        reading = poll.readings.get(native_id)
        if native_id in poll.unknown or (reading is not None and reading.state in KILLED):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"element {native_id} has not ended within {DEADLINE_S:g} s")


async def _found(lab: Lab, tag: str) -> list[str]:
    return [one.native_id for one in await lab.scheduler.find_tagged(tag)]


def _array(lab: Lab, size: int) -> str:
    if not lab.has_arrays:
        pytest.skip("has no arrays")
    return lab.array(size)


def _tag(lab: Lab) -> str:
    """Return a tag that no other job has: a real scheduler may know jobs of other tests."""
    tag = f"arp-7-{secrets.token_hex(6)}"
    if not lab.scheduler.tag_options(tag):
        pytest.skip("cannot mark jobs")
    return tag


def _assert_few(lab: Lab, before: int | None, *, at_most: int) -> None:
    after = lab.commands_run()
    if before is not None and after is not None:
        assert after - before <= at_most
