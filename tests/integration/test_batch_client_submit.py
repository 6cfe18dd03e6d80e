"""Submissions from request to id, and what comes of scripts that misbehave."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from arp_nb import marks
from arp_nb.model import JobState, Phase, Role
from arp_nb.ports import Submitted
from tests.batch_world import FAST, World
from tests.fake_port import FakeJob


@pytest.fixture
def world(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("arp_nb.batch_client.watch._SEARCH_ENDED_S", 0.1)
    return World(short_tmp)


def test_a_job_goes_from_request_to_its_end(world: World) -> None:
    async def story() -> None:
        job = await world.port.apply(world.script('bsub -q normal python x.py "$@"'), "e", "12")
        async with world.running():
            await world.port.until(lambda: job.state is JobState.PENDING)
            world.scheduler.set_state("1", "RUN")
            await world.port.until(lambda: job.state is JobState.RUNNING)
            world.scheduler.set_state("1", "DONE")
            await world.port.until(lambda: job.state is JobState.DONE)
        assert job.ids == ["1"]
        assert job.native_ids[0][1] == "wrapper"
        mark, line = world.scheduler.lines("1")[1:3]
        assert mark == f"arp-{job.spool_id}.c{job.native_ids[0].nonce}"
        assert line == "python x.py e 12"
        assert world.starts == 1

    asyncio.run(story())


def test_jobs_wait_for_nobody_but_the_free_slots(world: World) -> None:
    async def story() -> None:
        script = world.script("bsub python x.py")
        jobs = [await world.port.apply(script, "e", str(run)) for run in range(20)]
        async with world.running():
            await world.port.until(lambda: all(job.ids for job in jobs))
        assert world.starts == 20
        assert len({job.ids[0] for job in jobs}) == 20

    asyncio.run(story())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("exit 0", "The script ended and printed no job id.", id="prints-nothing"),
        pytest.param("printf 'Job <x> \\377\\000 <12'", "printed no job id", id="prints-garbage"),
        pytest.param("echo boom >&2; exit 3", "exit code 3 and printed no job id", id="fails"),
        pytest.param("bsub -refuse nowhere", "nowhere: No such queue", id="bsub-refuses"),
    ],
)
def test_script_without_a_job_has_failed_in_its_own_words(
    world: World, text: str, reason: str
) -> None:
    job = asyncio.run(world.submit(text))
    assert job.state is JobState.SUBMIT_FAILED
    assert reason in job.reason
    assert world.starts == 1


def test_killed_script_may_have_called_a_bsub_that_nobody_saw(world: World) -> None:
    job = asyncio.run(world.submit("kill -9 $$"))
    assert job.state is JobState.UNCERTAIN
    assert "killed by signal 9 before it named a job" in job.reason


def test_quiet_submission_that_could_not_be_noted_is_uncertain_and_not_failed(
    world: World,
) -> None:
    no_notes = "mkdir $0.d; printf '#!/bin/sh\\nexit 1\\n' > $0.d/dd; chmod +x $0.d/dd\n"
    unnoted = 'PATH="${PATH%%:*}:$0.d:${PATH#*:}" BSUB_QUIET=1 bsub python a.py'
    job = asyncio.run(world.submit(no_notes + unnoted))
    assert world.scheduler.ids() == ["1"]
    assert job.state is JobState.UNCERTAIN
    assert "could not be watched" in job.reason


def test_two_ids_are_siblings_in_order_of_submission(world: World) -> None:
    job = asyncio.run(world.submit("bsub python a.py\nbsub python b.py", until_exit=True))
    assert job.ids == ["1", "2"]
    assert [one.source for one in job.native_ids] == ["wrapper", "wrapper"]


def test_exit_1_after_submitting_is_still_a_job(world: World) -> None:
    job = asyncio.run(world.submit("bsub python a.py\nexit 1", until_exit=True))
    assert (job.state, job.ids) == (JobState.PENDING, ["1"])
    assert "script ended with exit code 1 after submitting" in job.notes


def test_id_of_a_waiting_bsub_is_known_long_before_its_end(world: World) -> None:
    async def story() -> None:
        job = await world.port.apply(world.script("bsub -K python a.py; echo $? > $0.code"))
        async with world.running():
            await world.port.until(lambda: job.ids == ["1"])
            assert job.script_exit_code is None
            world.scheduler.set_state("1", "DONE")
            await world.port.until(lambda: job.script_exit_code == 0)
        assert (world.folder / "submit.sh.code").read_text() == "0\n"

    asyncio.run(story())


@pytest.mark.parametrize(
    "bypass",
    [
        pytest.param("{bin}/bsub python a.py", id="absolute-path"),
        pytest.param("PATH={bin}:/usr/bin:/bin bsub python a.py", id="login-shell-resets-path"),
    ],
)
def test_id_of_a_bypassed_wrapper_is_read_from_the_output(world: World, bypass: str) -> None:
    job = asyncio.run(world.submit(bypass.format(bin=world.scheduler.bin), until_exit=True))
    assert (job.state, job.ids) == (JobState.PENDING, ["1"])
    assert job.native_ids[0][1] == "output"
    assert "id from output only" in job.notes


@pytest.mark.parametrize(
    ("bypass", "state"),
    [
        pytest.param("{bin}/bsub python a.py >/dev/null", JobState.UNCERTAIN, id="not-shown"),
        pytest.param("BSUB_QUIET=1 {bin}/bsub python a.py", JobState.UNCERTAIN, id="quiet"),
        pytest.param("{bin}/bsub python a.py >/dev/null; false", JobState.UNCERTAIN, id="failed"),
        pytest.param("{bin}/none/bsub python a.py", JobState.SUBMIT_FAILED, id="not-there"),
    ],
)
def test_silence_is_no_failure_where_the_script_calls_bsub_past_ours(
    world: World, bypass: str, state: JobState
) -> None:
    job = asyncio.run(world.submit(bypass.format(bin=world.scheduler.bin), until_exit=True))
    assert job.state is state
    assert ("past ours" in job.reason) is (state is JobState.UNCERTAIN)


def test_id_of_a_bypassed_waiting_bsub_is_read_while_it_waits(world: World) -> None:
    async def story() -> None:
        text = f"{world.scheduler.bin}/bsub -K python a.py"
        job = await world.port.apply(world.script(text))
        async with world.running():
            await world.port.until(lambda: job.ids == ["1"])
            assert job.script_exit_code is None
            world.scheduler.set_state("1", "DONE")
            await world.port.until(lambda: job.script_exit_code == 0)

    asyncio.run(story())


def test_silent_bsub_is_found_by_its_tag(world: World) -> None:
    job = asyncio.run(world.submit("BSUB_QUIET=1 bsub python a.py", until_exit=True))
    (one,) = job.native_ids
    assert one == Submitted("1", "tag", one.nonce, Role.SIBLING)
    assert one.nonce, "each command has a mark of its own"
    assert "found in FAKE by its tag" in job.notes


def test_a_rerun_with_more_memory_asks_for_it_whatever_the_script_says(world: World) -> None:
    async def run() -> FakeJob:
        script = world.script("bsub -M 4000 python a.py -M 1")
        job = await world.port.apply(script, memory_mb=16000.0)
        async with world.running():
            await world.port.until(lambda: job.state is JobState.PENDING)
        return job

    assert asyncio.run(run()).ids == ["1"]
    _, _, command, memory, *_ = world.scheduler.lines("1")
    assert (command, memory) == ("python a.py -M 1", "16000")


def test_a_location_behind_ssh_is_submitted_to_over_ssh(world: World) -> None:
    scheduler = world.scheduler
    here = world.folder / "here"
    here.mkdir()
    ssh = here / "ssh"
    ssh.write_text(
        f'#!/bin/sh\nshift\nexec env -i PATH={scheduler.bin}:/usr/bin:/bin sh -c "$*"\n'
    )
    ssh.chmod(0o755)
    scheduler.command_prefix = (str(ssh), "submit host")
    job = asyncio.run(world.submit("PATH=${PATH%%:*}:/usr/bin:/bin; bsub python 'a b' ';x'"))
    assert [(one.native_id, one.source) for one in job.native_ids] == [("1", "wrapper")]
    _, mark, command, *_ = scheduler.lines("1")
    assert command == "python a b ;x"
    assert marks.parse(mark) is not None


def test_a_job_that_cannot_be_searched_for_says_so(world: World) -> None:
    world.scheduler.searches = False
    job = asyncio.run(world.submit("bsub python a.py"))
    assert job.notes == ("not marked: FAKE cannot be searched for this job",)


def test_extra_jobs_of_a_bsub_that_hung_are_told_apart(world: World) -> None:
    async def run() -> FakeJob:
        hold = world.folder / "hold"
        job = await world.port.apply(world.script(f"bsub -hold {hold} -times 3 python a.py"))
        async with world.running():
            await world.port.until(lambda: job.phase is Phase.SLOW)
            hold.touch()
            await world.port.until(lambda: len(job.native_ids) == 3)
        return job

    job = asyncio.run(run())
    # the command named its last only
    assert [(one.native_id, one.role) for one in job.native_ids] == [
        ("3", Role.SIBLING),
        ("1", Role.EXTRA),
        ("2", Role.EXTRA),
    ]
    assert job.notes[-1] == "FAKE made 2 more jobs of one submit command"


def test_output_of_an_earlier_job_is_no_id_once_the_wrapper_knows_better(world: World) -> None:
    text = "echo 'Job <77> is submitted to queue <old>.'\nbsub python a.py"
    job = asyncio.run(world.submit(text, until_exit=True))
    assert job.ids == ["1"]


def test_slow_bsub_is_told_apart_from_a_slow_script(world: World) -> None:
    async def story() -> None:
        go, hold = world.folder / "go", world.folder / "hold"
        text = f"while [ ! -e {go} ]; do sleep 0.02; done\nbsub -hold {hold} python a.py"
        job = await world.port.apply(world.script(text))
        # nothing is slow yet, however slow the machine is: each phase is seen
        world.settings = replace(FAST, slow_after_s=600.0)
        async with world.running():
            await world.port.until(lambda: job.phase is Phase.SCRIPT)
            go.touch()
            await world.port.until(lambda: job.phase is Phase.SUBMITTING)
        world.settings = FAST
        async with world.running():
            await world.port.until(lambda: job.phase is Phase.SLOW)
            hold.touch()
            await world.port.until(lambda: job.state is JobState.PENDING)
        assert job.phase is Phase.NONE

    asyncio.run(story())


@pytest.mark.parametrize(
    ("executable", "reason"),
    [
        pytest.param("submit.sh", "Must be an absolute path.", id="relative"),
        pytest.param("/nowhere/at/all.sh", "No such file on ", id="deleted-since-apply"),
        pytest.param("/tmp", "Is a folder, not a script.", id="folder"),
        pytest.param("/tmp/a\0b", "Holds a NUL character", id="nul"),
        pytest.param("/dev/null", "Is not a file.", id="device"),
    ],
)
def test_script_that_cannot_run_is_refused_with_the_reason(
    world: World, executable: str, reason: str
) -> None:
    async def story() -> None:
        job = await world.port.apply(executable)
        async with world.running():
            await world.port.until(lambda: job.state is JobState.SUBMIT_FAILED)
        assert job.reason.startswith(reason)
        assert job.spool_id is None

    asyncio.run(story())


def test_script_that_lost_its_mode_is_refused_with_what_to_do(world: World) -> None:
    async def story() -> None:
        script = world.script("bsub python a.py", mode=0o644)
        job = await world.port.apply(script)
        async with world.running():
            await world.port.until(lambda: job.state is JobState.SUBMIT_FAILED)
        assert "mode is 0644. Run chmod +x" in job.reason
        assert world.starts == 0

    asyncio.run(story())


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        pytest.param("echo no first line\n", "such as #!/bin/bash", id="no-interpreter"),
        pytest.param("#!/no/such/sh\n", "program named in its first line", id="missing-one"),
    ],
)
def test_script_that_cannot_be_executed_says_why(world: World, text: str, advice: str) -> None:
    async def story() -> None:
        job = await world.port.apply(world.file(text))
        async with world.running():
            await world.port.until(lambda: job.state is JobState.SUBMIT_FAILED)
        assert advice in job.reason

    asyncio.run(story())


def test_nul_in_a_parameter_is_told_in_words(world: World) -> None:
    async def story() -> None:
        job = await world.port.apply(world.script("bsub x"), "a\0b")
        async with world.running():
            await world.port.until(lambda: job.state is JobState.SUBMIT_FAILED)
        assert "cannot be started" in job.reason

    asyncio.run(story())
