"""Looking at jobs, deleting them, and saying what an uncertain submission was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.errors import ClientAbsent, Conflict, InvalidValue, NotFound
from arp_nb.manager.capabilities import Capabilities
from arp_nb.model import JobState
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


# -- lists -----------------------------------------------------------------------------


async def test_a_list_can_be_narrowed_and_paged(play: Play) -> None:
    ids = [job.id for job in await play.apply("1-5")]
    listed = await play.manager.jobs.list(play.experiment, limit=2)
    assert [job.id for job in listed.jobs] == [ids[4], ids[3]]
    rest = await play.manager.jobs.list(play.experiment, before=listed.next_before)
    assert [job.id for job in rest.jobs] == [ids[2], ids[1], ids[0]]
    assert rest.next_before is None
    for narrowed in ({"runs": "2-3"}, {"runs": [2, 3]}):
        found = await play.manager.jobs.list(play.experiment, **narrowed)
        assert [job.run for job in found.jobs] == [3, 2]
    none = await play.manager.jobs.list(play.experiment, states=[JobState.DONE])
    assert none.jobs == []


async def test_a_list_since_a_revision_has_what_changed_after_it(play: Play) -> None:
    ids = [job.id for job in await play.apply("1-3")]
    before = (await play.manager.jobs.list(play.experiment)).revision
    await play.kill(ids[1])
    listed = await play.manager.jobs.list(play.experiment, since=before)
    assert [job.id for job in listed.jobs] == [ids[1]]
    assert (await play.manager.jobs.list(play.experiment, since=listed.revision)).jobs == []


# -- delete ----------------------------------------------------------------------------


async def test_a_deleted_job_is_off_the_list_and_lives_on(play: Play) -> None:
    (job,) = await play.apply("1")
    (outcome,) = await play.manager.jobs.delete([job.id], "robin")
    assert (outcome.ok, outcome.message) == (True, "Deleted; the job itself lives on.")
    assert (await play.manager.jobs.list(play.experiment)).jobs == []
    (other,) = await play.apply("2")
    assert len((await play.manager.jobs.list(play.experiment, deleted=True)).jobs) == 2
    (one,) = (await play.manager.jobs.list(play.experiment, only_deleted=True)).jobs
    assert other.id != one.id == job.id
    assert one.deleted_by == "robin"
    assert len(await play.manager.port.lease(["lsf"], 1)) == 1


async def test_a_deletion_can_be_undone(play: Play) -> None:
    (job,) = await play.apply("1")
    await play.manager.jobs.delete([job.id], "dana")
    await play.manager.jobs.restore([job.id], "dana")
    assert [one.id for one in (await play.manager.jobs.list(play.experiment)).jobs] == [job.id]


async def test_deleting_what_is_not_there_says_so(play: Play) -> None:
    (outcome,) = await play.manager.jobs.delete([99], "dana")
    assert (outcome.ok, outcome.message) == (False, "There is no job 99.")


# -- uncertain submissions -------------------------------------------------------------


async def uncertain(play: Play) -> int:
    job_id = await play.starting()
    await play.tell(job_id, JobState.UNCERTAIN)
    return job_id


async def test_the_user_names_the_job_that_the_scheduler_confirms(play: Play) -> None:
    job_id = await uncertain(play)
    job = await play.manager.jobs.resolve(job_id, native_id=" 77 ", by="robin")
    assert (job.id, job.state, job.native_id) == (job_id, JobState.PENDING, "77")
    history = await play.manager.jobs.history(job_id)
    assert history.transitions[-1].by == "robin"
    assert history.scheduler_jobs[0].source == "user"


async def test_a_job_that_the_scheduler_does_not_know_is_refused(play: Play) -> None:
    job_id = await uncertain(play)
    with pytest.raises(InvalidValue, match="LSF does not confirm that there is a job 78"):
        await play.manager.jobs.resolve(job_id, native_id="78", by="robin")
    assert await play.state(job_id) is JobState.UNCERTAIN


async def test_a_scheduler_job_of_another_job_is_refused(play: Play) -> None:
    taken = await play.submitted("77")
    job_id = await uncertain(play)
    with pytest.raises(Conflict, match=f"77 belongs to job {taken} already"):
        await play.manager.jobs.resolve(job_id, native_id="77", by="robin")


async def test_submit_again_gives_the_old_one_up_and_makes_one_new_job(play: Play) -> None:
    job_id = await uncertain(play)
    new = await play.manager.jobs.resolve(job_id, submit_again=True, by="robin")
    assert (new.rerun_of, new.state) == (job_id, JobState.REQUESTED)
    old = await play.job(job_id)
    assert old.state is JobState.SUBMIT_FAILED
    assert old.reason == f"given up by robin; submitted again as job {new.id}"
    with pytest.raises(Conflict, match="not uncertain"):
        await play.manager.jobs.resolve(job_id, submit_again=True, by="robin")
    assert len((await play.manager.jobs.list(play.experiment)).jobs) == 2


async def test_a_kill_waits_for_the_named_job(play: Play) -> None:
    job_id = await uncertain(play)
    await play.kill(job_id)
    await play.manager.jobs.resolve(job_id, native_id="77", by="robin")
    assert [one.native_ids for one in await play.manager.port.kills()] == [("77",)]


@pytest.mark.parametrize("both", [True, False])
async def test_one_answer_is_needed(play: Play, both: bool) -> None:
    job_id = await uncertain(play)
    with pytest.raises(InvalidValue, match="either"):
        await play.manager.jobs.resolve(job_id, "77" if both else None, submit_again=both)


async def test_only_what_is_uncertain_can_be_resolved(play: Play) -> None:
    job_id = await play.submitted("77")
    with pytest.raises(Conflict, match="not uncertain: its status is 'PEND'"):
        await play.manager.jobs.resolve(job_id, native_id="77", by="robin")


# -- texts -----------------------------------------------------------------------------


async def test_details_are_the_schedulers_own_words_without_the_key(play: Play) -> None:
    job_id = await play.submitted("77")
    play.client.known["77"] = f"Job <77>, Command <x {play.token(job_id)}>"
    assert await play.manager.jobs.details(job_id) == f"Job <77>, Command <x {job_id}-…>"


async def test_details_of_a_job_that_no_scheduler_has_say_so(play: Play) -> None:
    (job,) = await play.apply("1")
    assert "LSF has no job of it" in await play.manager.jobs.details(job.id)


async def test_an_id_that_an_uncertain_job_posted_is_shown_as_its_claim(play: Play) -> None:
    job_id = await uncertain(play)
    await play.manager.updates.post(play.token(job_id), b'{"lsf_id": 78}')
    details = await play.manager.jobs.details(job_id)
    assert "posted that it is job 78, which nobody has confirmed" in details
    assert (await play.job(job_id)).native_id is None


async def test_a_snapshot_tells_all_without_the_key(play: Play) -> None:
    job_id = await play.submitted("77")
    await play.manager.updates.post(
        play.token(job_id), b'{"url": "http://x/%s"}' % play.token(job_id).encode()
    )
    snapshot = await play.manager.jobs.snapshot(job_id)
    assert snapshot["argv"][0] == "/data/peaks.sh"
    assert snapshot["definition"]["name"] == "peaks"
    assert [one["new"] for one in snapshot["transitions"]][-1] == "pending"
    assert snapshot["job"]["report"] == {"url": f"http://x/{job_id}-…"}
    assert play.token(job_id) not in repr(snapshot)


async def test_a_log_needs_a_client_to_read_it(play: Play) -> None:
    job_id = await play.submitted("77")
    play.manager.attach(None)
    with pytest.raises(ClientAbsent, match="not running"):
        await play.manager.jobs.log(job_id)
    with pytest.raises(NotFound):
        await play.manager.jobs.log(999)


@pytest.mark.parametrize("limit", [0, -1, 10**9])
async def test_a_piece_of_a_log_is_bounded(play: Play, limit: int) -> None:
    job_id = await play.submitted("77")
    with pytest.raises(InvalidValue, match="piece of a log"):
        await play.manager.jobs.log(job_id, limit=limit)


@pytest.mark.parametrize("limit", [1, 256, 270, 285, 300, 1000])
async def test_a_key_does_not_escape_by_lying_across_two_pieces(play: Play, limit: int) -> None:
    job_id = await play.submitted("77")
    token = play.token(job_id)
    text = "x" * 200 + (
        f"Step 1234567\nThe update_url is: http://n:9843//ws/{token} \n12-45-ab {token}\nend 5\n"
    )
    play.client.log_bytes = text.encode()
    pieces: list[str] = []
    offset, size = 0, -1
    while offset != size:
        chunk = await play.manager.jobs.log(job_id, offset, limit)
        assert chunk.next_offset > offset
        pieces.append(chunk.text)
        offset, size = chunk.next_offset, chunk.size_bytes
    read = "".join(pieces)
    assert read == text.replace(token, f"{job_id}-…")


# -- keys ------------------------------------------------------------------------------

KEYS = Capabilities("epoch", b"k" * 32, 7)


@given(st.integers(1, 10**12), st.text(max_size=20), st.text(max_size=20))
def test_a_key_is_masked_in_any_text(job_id: int, before: str, after: str) -> None:
    token = KEYS.token(job_id)
    masked = KEYS.mask(f"{before}/{token} {after}")
    assert token.partition("-")[2] not in masked
    assert f"{job_id}-…" in masked


@given(st.integers(1, 10**12), st.text("12-ab/", max_size=20), st.integers(4, 32))
def test_the_beginning_of_a_key_is_masked_where_a_text_ends(
    job_id: int, before: str, digits: int
) -> None:
    number, _, key = KEYS.token(job_id).partition("-")
    assert KEYS.mask(f"{before}/{number}-{key[:digits]}").endswith(f"/{number}-…")


@given(st.text(max_size=60) | st.text("0123456789abcdef- /", max_size=80))
def test_what_is_no_key_is_left_as_it_is(text: str) -> None:
    assert KEYS.mask(text) == text


def test_another_stores_key_is_masked_in_an_address() -> None:
    other = Capabilities("other", b"k" * 32, 7).token(5)
    assert KEYS.mask(f"client_status/{other}.") == "client_status/5-…."
