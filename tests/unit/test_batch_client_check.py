"""What is said of a script, and the environment that it gets."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.batch_client import environment as env
from arp_nb.batch_client.blocking import BoundedThreads, HangLimitedThreads
from arp_nb.batch_client.check import look_at, not_checked, was_checked
from arp_nb.batch_client.environment import Account, LoginEnvironments, compose, parse
from arp_nb.batch_client.shim import PLAIN_UMASK
from arp_nb.ports import SubmitRequest
from arp_nb.settings import Settings
from tests.batch_world import World

NAME = st.text("ABCxyz_()%", min_size=1, max_size=8).map(lambda name: f"V{name}")
VALUE = st.binary(max_size=30).map(lambda raw: os.fsdecode(raw.replace(b"\0", b"")))


def request_with(environment: dict[str, str]) -> SubmitRequest:
    return SubmitRequest(
        job_id=1,
        lease_token="",
        user="dana",
        location="fake",
        experiment="xppi0915",
        run=12,
        argv=("/x.sh",),
        environment=environment,
    )


def script(folder: Path, text: bytes) -> str:
    path = folder / "submit.sh"
    path.write_bytes(text)
    path.chmod(0o755)
    return str(path)


def test_good_script_is_ok_and_known_by_its_digest(tmp_path: Path) -> None:
    text = b"#!/bin/sh\nbsub python x.py\n"
    check = look_at(script(tmp_path, text), ("bsub",)).check
    assert (check.problem, check.warnings) == ("ok", ())
    assert check.sha256 == hashlib.sha256(text).hexdigest()
    assert check.checked_at is not None


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        pytest.param(b"#!/bin/sh\npython x.py\n", ["Calls no bsub"], id="no-bsub"),
        pytest.param(b"bsub x\n", ["Has no first line"], id="no-interpreter"),
        pytest.param(b"", ["Has no first line", "Calls no bsub"], id="empty"),
        pytest.param(b"\x7fELF\x00\xff", [], id="program"),
    ],
)
def test_doubtful_script_is_ok_with_a_warning(
    tmp_path: Path, text: bytes, warnings: list[str]
) -> None:
    check = look_at(script(tmp_path, text), ("bsub",)).check
    assert check.problem == "ok"
    assert [one[: len(said)] for one, said in zip(check.warnings, warnings, strict=True)] == (
        warnings
    )


def test_path_from_the_home_folder_is_answered_with_the_absolute_one(own_home: Path) -> None:
    check = look_at("~/submit.sh", ("bsub",)).check
    assert check.problem == f"Must be an absolute path. Did you mean {own_home}/submit.sh?"


def test_file_server_that_hangs_means_not_checked() -> None:
    assert not was_checked(not_checked("its disk has not answered for 10 s"))


def test_hanging_calls_hold_up_nobody_but_the_one_too_many() -> None:
    async def story() -> None:
        threads, release = BoundedThreads(2, queue_s=0.05), threading.Event()
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await threads.run(release.wait, timeout_s=0.02)
        with pytest.raises(TimeoutError):
            await threads.run(lambda: 1, timeout_s=5)
        release.set()
        async with asyncio.timeout(30):
            while True:
                try:
                    assert await threads.run(lambda: 1, timeout_s=30) == 1
                    break
                except TimeoutError:
                    continue

    asyncio.run(story())


def test_a_place_where_calls_hang_is_not_asked_again_until_they_return() -> None:
    async def story() -> None:
        threads, release = HangLimitedThreads(1, 3, 2), threading.Event()
        for place in "aab":
            with pytest.raises(TimeoutError):
                await threads.run(place, release.wait, timeout_s=0.02)
        for place, why in (("a", "of a does not"), ("b", "many disks"), ("c", "many disks")):
            with pytest.raises(TimeoutError, match=why):
                await threads.run(place, lambda: 1, timeout_s=5)
        release.set()
        async with asyncio.timeout(30):
            while True:
                try:
                    assert await threads.run("a", lambda: 1, timeout_s=30) == 1
                    break
                except TimeoutError:
                    await asyncio.sleep(0)

    asyncio.run(story())


def test_error_of_a_blocking_call_reaches_its_caller() -> None:
    async def story() -> None:
        with pytest.raises(FileNotFoundError):
            await BoundedThreads(1).run(lambda: Path("/no/where").read_text(), timeout_s=5)

    asyncio.run(story())


@given(st.dictionaries(NAME, VALUE), st.binary(max_size=40))
def test_variables_are_read_behind_whatever_the_profile_printed(
    variables: dict[str, str], noise: bytes
) -> None:
    listing = b"".join(
        os.fsencode(name) + b"=" + os.fsencode(value) + b"\0" for name, value in variables.items()
    )
    assert parse(noise + b"\nARP-ENVIRONMENT-BEGINS\n" + listing) == variables


@given(st.binary(max_size=200))
def test_any_output_of_a_login_shell_is_read_without_failing(printed: bytes) -> None:
    assert isinstance(parse(printed), dict)


def login(folder: Path, shell: str, timeout_s: float = 30.0) -> env.LoginEnvironment:
    account = Account("dana", str(folder), shell)
    return asyncio.run(LoginEnvironments(account, timeout_s).get())


def test_environment_is_that_of_a_login_not_of_the_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    (tmp_path / ".profile").write_text("echo hello; export SITE='a\nb'; PATH=$PATH:/site\n")
    known = login(tmp_path, "/bin/sh")
    assert known.note == ""
    assert known.variables["SITE"] == "a\nb"
    assert known.variables["PATH"].endswith(":/site")
    assert known.variables["USER"] == "dana"
    assert not {"JUPYTERHUB_API_TOKEN", "PWD", "_"} & known.variables.keys()


@pytest.mark.parametrize(
    ("profile", "umask"), [("umask 007", 0o007), ("umask 0027", 0o027), ("", 0o022)]
)
def test_umask_is_that_of_a_login_not_of_the_manager(
    tmp_path: Path, profile: str, umask: int
) -> None:
    (tmp_path / ".profile").write_text(f"{profile}\n")
    ours = os.umask(0o077)
    try:
        assert login(tmp_path, "/bin/sh").umask == umask
    finally:
        os.umask(ours)


@given(st.binary(max_size=200))
def test_any_output_of_a_login_shell_holds_a_umask_or_the_plain_one(printed: bytes) -> None:
    assert 0 <= env.parse_umask(printed) <= 0o777
    assert env.parse_umask(b"A=b\0" + b"umask: not found\n") == PLAIN_UMASK


def test_script_starts_with_the_umask_of_a_login(short_tmp: Path, own_home: Path) -> None:
    (own_home / ".profile").write_text("umask 027\n")
    world = World(short_tmp)
    asyncio.run(world.submit("umask; bsub x", until_exit=True))
    (out,) = short_tmp.glob("spool/*/out")
    assert out.read_text().splitlines()[0] == "0027"
    assert out.stat().st_mode & 0o777 == 0o600


def test_the_end_of_a_login_shell_is_left_to_the_loop_that_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_behind_its_back = []
    poll = subprocess.Popen.poll

    def noted(process: subprocess.Popen[bytes]) -> int | None:
        asked_behind_its_back.append(process.pid)
        return poll(process)

    monkeypatch.setattr(subprocess.Popen, "poll", noted)
    (tmp_path / ".profile").write_text("exec sleep 60\n")
    assert "no answer" in login(tmp_path, "/bin/sh", timeout_s=0.01).note
    assert asked_behind_its_back == []


def test_a_daemon_that_the_profile_starts_does_not_hold_up_the_environment(
    tmp_path: Path,
) -> None:
    (tmp_path / ".profile").write_text("setsid sleep 60 & export SITE=here\n")
    known = login(tmp_path, "/bin/sh")
    assert known.note == ""
    assert known.variables["SITE"] == "here"


def test_a_profile_that_prints_without_end_is_given_up(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("exec yes\n")
    assert "printed more than" in login(tmp_path, "/bin/sh").note


@pytest.mark.parametrize(
    ("profile", "timeout_s", "why"),
    [
        pytest.param("exec sleep 60", 0.3, "no answer in 0.3 s", id="hangs"),
        pytest.param("exit 1", 30.0, "it printed no environment", id="ends-early"),
    ],
)
def test_login_shell_that_fails_is_replaced_with_a_note(
    tmp_path: Path, profile: str, timeout_s: float, why: str
) -> None:
    (tmp_path / ".profile").write_text(profile)
    known = login(tmp_path, "/bin/sh", timeout_s)
    assert why in known.note
    assert known.variables["HOME"] == str(tmp_path)
    assert "/usr/bin" in known.variables["PATH"]


def test_path_has_the_wrapper_then_the_scheduler_then_the_site(short_tmp: Path) -> None:
    scheduler = World(short_tmp).scheduler
    settings = Settings(path_prepend=("/site/bin",), environment={"A": "site", "B": "site"})
    request = request_with({"B": "job"})
    made = compose({"PATH": "/usr/bin", "A": "login"}, settings, scheduler, request)
    assert made["PATH"] == f"{env.WRAPPERS}:{scheduler.bin}:/site/bin:/usr/bin"
    assert (made["A"], made["B"]) == ("site", "job")


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "psana110"), ("a, b", "a,b,psana110"), ("a,psana110", "a,psana110"), ("*", "*")],
)
def test_posts_to_the_update_host_go_by_no_proxy(short_tmp: Path, before: str, after: str) -> None:
    request = request_with({"BATCH_UPDATE_URL": "http://psana110:9843//ws/x"})
    login_variables = {"no_proxy": before, "NO_PROXY": before}
    made = compose(login_variables, Settings(), World(short_tmp).scheduler, request)
    assert (made["no_proxy"], made["NO_PROXY"]) == (after, after)


def test_dry_run_sees_the_environment_of_the_real_run(short_tmp: Path) -> None:
    async def story() -> dict[str, str]:
        client = World(short_tmp).client()
        return dict(await client.environment(request_with({"RUN_NUM": "12"})))

    made = asyncio.run(story())
    assert made["RUN_NUM"] == "12"
    assert made["PATH"].startswith(str(env.WRAPPERS))


def test_script_starts_beside_itself_or_at_home(short_tmp: Path) -> None:
    world = World(short_tmp)
    asyncio.run(world.submit('pwd; echo "$PWD"; bsub x', until_exit=True))
    (out,) = short_tmp.glob("spool/*/out")
    assert out.read_text().splitlines()[:2] == [str(short_tmp)] * 2
    account = Account("dana", "/home/dana", "/bin/sh")
    assert env.working_folders("/nowhere/x.sh", account) == ("/nowhere", "/home/dana", "/")


def test_client_can_be_run_again(short_tmp: Path) -> None:
    async def story() -> None:
        world = World(short_tmp)
        client = world.client()
        for number in (1, 2):
            task = asyncio.create_task(client.run())
            job = await world.port.apply(world.script("bsub x"))
            await world.port.until(lambda job=job, n=number: job.ids == [str(n)])  # type: ignore[misc]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(story())
