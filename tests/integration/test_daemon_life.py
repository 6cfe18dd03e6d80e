"""One manager per store: started on demand, restarted after a crash, ended on purpose."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from arp_nb import discovery
from arp_nb.daemon import commands
from arp_nb.daemon.lock import is_locked, take_lock
from arp_nb.errors import ManagerError
from tests.integration.managers import RealManager, wait_until

STARTS = "import sys; from arp_nb.discovery import find_or_start; find_or_start(sys.argv[1])"


@pytest.fixture
def real(short_tmp: Path) -> Iterator[RealManager]:
    real = RealManager(short_tmp)
    yield real
    real.close()


def test_the_first_caller_starts_it_and_the_next_one_uses_it(real: RealManager) -> None:
    real.start()
    first = real.manager()
    assert real.status()["mode"] == "solo"
    assert stat.S_IMODE((real.store / "manager.sock").stat().st_mode) == 0o600
    assert stat.S_IMODE(real.store.stat().st_mode) == 0o700
    real.start()
    assert real.manager() == first


def test_callers_at_once_start_one_manager(real: RealManager) -> None:
    argv = [sys.executable, "-c", STARTS, str(real.store)]
    callers = [subprocess.Popen(argv, env=_environment()) for _ in range(4)]
    assert [caller.wait(60) for caller in callers] == [0, 0, 0, 0]
    managers = [one for one in real.processes() if "manager_process" in " ".join(one.cmdline())]
    assert [one.pid for one in managers] == [real.manager().pid]


def test_it_outlives_its_caller_and_holds_none_of_its_secrets(
    real: RealManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "hush-hush")
    monkeypatch.setenv("JPY_SESSION_NAME", "hush-hush.ipynb")
    argv = [sys.executable, "-c", STARTS, str(real.store)]
    subprocess.run(argv, env=_environment(), check=True, start_new_session=True)
    assert real.status()["revision"] == 0
    for process in (real.manager(), real.supervisor()):
        assert b"hush" not in Path(f"/proc/{process.pid}/environ").read_bytes()
        assert psutil.Process(process.pid).cwd() == "/"


def test_a_script_is_given_none_of_its_descriptors(real: RealManager) -> None:
    real.start()
    real.update_address()
    held = (real.folder / "descriptors").read_text()
    assert "manager.lock" not in held
    assert "arp.sqlite" not in held
    assert "socket:" not in held


def test_its_end_frees_lock_and_socket(real: RealManager) -> None:
    real.start()
    commands.stop(real.store)
    assert discovery.find(real.store) is None
    assert not is_locked(real.store)
    assert not (real.store / "manager.sock").exists()
    wait_until(lambda: not real.processes(), "the end of both")


def test_stopping_what_does_not_run_is_no_error(
    real: RealManager, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["stop", "--store", str(real.store)]) == 0
    assert commands.main(["status", "--store", str(real.store)]) == 1
    assert "No batch manager runs" in capsys.readouterr().out


def test_status_tells_who_runs_where(
    real: RealManager, capsys: pytest.CaptureFixture[str]
) -> None:
    real.start()
    assert commands.main(["status", "--store", str(real.store)]) == 0
    said = capsys.readouterr().out
    assert str(real.manager().pid) in said
    assert f"update port {real.record().update_port}" in said


def test_it_ends_when_nobody_has_looked_for_long(real: RealManager) -> None:
    (real.store / "config.toml").write_text("idle_exit_s = 2\n")  # its first caller comes sooner
    real.start()
    wait_until(lambda: not real.processes(), "the idle exit")
    assert discovery.find(real.store) is None
    real.start()  # and the next caller has one again
    assert (real.store / "arp.sqlite").exists()


def test_the_manager_serves_on_without_its_supervisor(real: RealManager) -> None:
    real.start()
    address = real.update_address()
    manager = real.manager()
    real.kill(real.supervisor())
    assert requests.post(address, json={"counters": {"a": 1}}, timeout=30).ok
    notices = " ".join(real.status()["notices"])
    assert "supervisor has ended" in notices
    real.start()
    assert real.manager() == manager
    commands.stop(real.store)
    wait_until(lambda: not real.processes(), "the end of both")


def test_the_next_caller_starts_both_where_both_were_killed(real: RealManager) -> None:
    real.start()
    address = real.update_address()
    before = real.record()
    real.kill(before.supervisor)
    assert before.manager is not None
    real.kill(before.manager)
    real.start()
    assert real.record().update_port == before.update_port
    assert requests.post(address, json={"counters": {"a": 1}}, timeout=30).ok


def test_a_lock_held_by_another_process_is_told_in_words(real: RealManager) -> None:
    lock = take_lock(real.store)
    try:
        wait_until(lambda: "Another process holds" in _refusal(real), "who holds it is told")
    finally:
        os.close(lock)
    real.start()


def test_another_host_is_refused_until_it_takes_over(
    real: RealManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARP_HOST", "psana101")
    real.start()
    commands.stop(real.store)
    monkeypatch.setenv("ARP_HOST", "psana102")
    with pytest.raises(ManagerError, match=r"belongs to the host psana101(.|\n)*manager move"):
        real.start()
    assert commands.main(["move", "--store", str(real.store)]) == 0
    real.start()
    assert real.status()["host"] == "psana102"
    commands.stop(real.store)
    monkeypatch.setenv("ARP_HOST", "psana101")
    with pytest.raises(ManagerError, match="belongs to the host psana102"):
        real.start()


def test_a_wrong_setting_is_told_to_the_caller(real: RealManager) -> None:
    (real.store / "config.toml").write_text("idle_exit = 3\n")
    with pytest.raises(ManagerError, match="Did you mean 'idle_exit_s'"):
        real.start()
    assert not is_locked(real.store)


def test_a_supervisor_told_to_end_takes_its_manager_along(real: RealManager) -> None:
    real.start()
    os.kill(real.supervisor().pid, signal.SIGTERM)
    wait_until(lambda: not real.processes(), "the end of both")
    assert not is_locked(real.store)


def _refusal(real: RealManager) -> str:
    """Return why no manager comes; on a busy machine first, that it was not told in time."""
    with pytest.raises(ManagerError) as caught:
        discovery.find_or_start(real.store, timeout_s=2)
    return str(caught.value)


def _environment() -> dict[str, str]:
    home = str(Path(discovery.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": home}


def test_a_socket_that_somebody_removed_is_told_with_what_to_do(real: RealManager) -> None:
    real.start()
    (real.store / discovery.SOCKET_NAME).unlink()
    what_to_do = re.compile(r"socket .* is gone.*jupyter arp manager stop")
    wait_until(lambda: what_to_do.search(_refusal(real)), "what to do is told")
    assert commands.stop(real.store) == 0
    real.start()
    assert real.status()["user"]
