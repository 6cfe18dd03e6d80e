"""A manager that is away: posts wait while it comes back, and are told why when it does not."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
import requests

from arp_nb import discovery
from arp_nb.daemon import commands
from arp_nb.daemon.log_file import MOST_BYTES
from arp_nb.errors import ManagerError
from tests.integration.managers import RealManager, wait_until
from tests.missing import missing

KILLS = 5


@pytest.fixture
def real(short_tmp: Path) -> Iterator[RealManager]:
    real = RealManager(short_tmp)
    yield real
    real.close()


class Poster:
    """A job that posts as fast as it is answered, each time with a bare `requests.post`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.acknowledged = 0
        self.reset: list[str] = []
        self.refused: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def wait_for_another(self) -> None:
        reached = self.acknowledged
        wait_until(lambda: self.acknowledged > reached, "another post")

    def _run(self) -> None:
        value = 0
        while not self._ended.is_set():
            value += 1
            try:
                answer = requests.post(
                    self.address, json={"counters": {"Step": value}}, timeout=60
                )
            except requests.ConnectionError as error:
                told = self.refused if "refused" in str(error).lower() else self.reset
                told.append(str(error))
            else:
                assert answer.status_code == 200, answer.text
                self.acknowledged = value


def test_posts_wait_while_a_killed_manager_comes_back(real: RealManager) -> None:
    real.start()
    address = real.update_address()
    with Poster(address) as poster:
        for _ in range(KILLS):
            poster.wait_for_another()
            real.kill(real.manager())
        poster.wait_for_another()
    assert poster.refused == []
    # one post at a time is under way, so each kill can reset one: documented
    assert len(poster.reset) <= KILLS
    (job,) = real.call("GET", "/experiments/xpptest/jobs").json()["jobs"]
    assert job["report"]["counters"]["Step"] >= poster.acknowledged


def test_a_post_begun_while_there_is_no_manager_waits_and_succeeds(real: RealManager) -> None:
    real.start()
    address = real.update_address()
    before = real.manager()
    real.kill(before)
    assert requests.post(address, json={"counters": {"Step": 7}}, timeout=60).status_code == 200
    assert real.manager() != before
    (job,) = real.call("GET", "/experiments/xpptest/jobs").json()["jobs"]
    assert job["report"]["counters"] == {"Step": 7}


def test_a_newer_store_is_refused_to_callers_and_posts_until_it_is_put_back(
    real: RealManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    real.start()
    address = real.update_address()
    commands.stop(real.store)
    monkeypatch.setenv("ARP_REFUSE_AFTER_S", "0.2")
    present = _set_version(real.store, "9999")
    with pytest.raises(ManagerError, match="newer"):
        discovery.find_or_start(real.store, timeout_s=20)
    answer = requests.post(address, json={"counters": {"a": 1}}, timeout=30)
    assert answer.status_code == 503
    assert "newer" in answer.json()["message"]
    # a caller that comes later hears it from the socket itself
    assert real.call("GET", "/status").status_code == 503
    _set_version(real.store, present)
    wait_until(
        lambda: requests.post(address, json={"counters": {"a": 2}}, timeout=30).ok,
        "the supervisor's next attempt",
    )
    real.start()


def test_a_taken_update_port_is_told_in_the_status(real: RealManager) -> None:
    real.start()
    port = real.record().update_port
    commands.stop(real.store)
    (real.store / "config.toml").write_text(f"update_port = {port}\n")
    with _listening(port):
        real.start()
        assert real.record().update_port != port
        assert f"Update port {port} could not be used" in " ".join(real.status()["notices"])


def test_a_full_log_disk_does_not_end_the_manager(real: RealManager) -> None:
    real.start()
    commands.stop(real.store)
    log = real.store / "manager.log"
    log.unlink()
    log.symlink_to("/dev/full")  # every write fails: no space left on device
    real.start()
    address = real.update_address()
    real.kill(real.manager())
    assert requests.post(address, json={"counters": {"a": 1}}, timeout=60).ok


def test_a_log_that_grew_large_is_put_aside_while_both_its_writers_run(
    real: RealManager,
) -> None:
    real.start()
    log = real.store / "manager.log"
    os.truncate(log, MOST_BYTES + 1)
    commands.stop(real.store)
    assert log.with_name("manager.log.1").stat().st_size > MOST_BYTES
    lines = log.read_text().splitlines()
    assert "The manager ends" in lines[-2]
    assert lines[-1].endswith("supervisor: ends")


def test_another_account_is_refused_even_where_the_file_modes_let_it_in(
    real: RealManager,
) -> None:
    if os.getuid() != 0:
        missing("root, who alone can become somebody else")
    real.start()
    assert _answer_to_nobody(real.store) == "cannot connect"
    for folder in (real.folder, real.store):
        folder.chmod(0o755)
    (real.store / "manager.sock").chmod(0o666)
    assert _answer_to_nobody(real.store).startswith("HTTP/1.1 401 ")


def _answer_to_nobody(store: Path) -> str:
    """Ask for the status as another account; the interpreter may not be readable for it."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = b"failed"
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            said = _raw_status(store)
        finally:
            os.write(write_end, said)
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        text = answer.read().decode()
    os.waitpid(pid, 0)
    return text


def _raw_status(store: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(str(store / "manager.sock"))
        except PermissionError:
            return b"cannot connect"
        caller.sendall(b"GET /arp/api/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return caller.recv(4096)


def _set_version(store: Path, version: str) -> str:
    """Say which format the store has; return what it said before."""
    with contextlib.closing(sqlite3.connect(store / "arp.sqlite")) as database:
        (before,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        database.execute("UPDATE alembic_version SET version_num = ?", (version,))
        database.commit()
    return str(before)


def _listening(port: int) -> contextlib.closing[socket.socket]:
    return contextlib.closing(socket.create_server(("127.0.0.1", port)))
