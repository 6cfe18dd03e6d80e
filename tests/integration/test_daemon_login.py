"""A login shell that is slow, or hangs: the manager serves meanwhile, and only scripts wait."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from arp_nb.batch_client.environment import Account
from tests.integration.managers import RealManager
from tests.missing import missing

#: a profile that is done when the test says so
WAITING = 'while [ ! -e "$HOME/go" ]; do sleep 0.05; done\n'


@pytest.fixture
def real(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealManager]:
    monkeypatch.setenv("HOME", str(short_tmp))
    if Path(Account.own().shell).name not in {"bash", "sh", "dash", "ksh"}:
        missing("an account whose shell reads .profile")
    (short_tmp / ".profile").write_text(WAITING)
    real = RealManager(short_tmp)
    yield real
    (short_tmp / "go").touch()
    real.close()


def test_manager_serves_while_the_login_shell_is_slow(real: RealManager) -> None:
    real.start()
    assert not real.status()["health"]["client"]["ok"]
    address = ("127.0.0.1", real.record().update_port)
    with socket.create_connection(address, timeout=30) as job:
        job.sendall(b"POST /ws/logbook/client_status/1-0 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b" 403 " in job.recv(100)
    (real.folder / "go").touch()
    assert real.update_address()  # its script was started
    assert "local" in real.status()["locations"]
