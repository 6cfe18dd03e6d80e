"""What the manager is started with, and what a caller is told where it cannot be."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

import arp_nb
from arp_nb import discovery
from arp_nb.errors import ManagerError

SECRETS = (
    "JUPYTERHUB_API_TOKEN",
    "JUPYTERHUB_USER",
    "JPY_API_TOKEN",
    "JPY_SESSION_NAME",
    "GITHUB_TOKEN",
    "MY_TOKEN_FILE",
    "AWS_SECRET_ACCESS_KEY",
    "DB_PASSWORD",
    "openai_api_key",
)


def test_the_manager_is_given_no_secret_of_its_caller() -> None:
    given = dict.fromkeys(SECRETS, "hush") | {"PATH": "/bin", "HOME": "/home/me", "LANG": "C"}
    kept = discovery._environment(given)
    assert "hush" not in kept.values()
    assert {"PATH", "HOME", "LANG"} <= kept.keys()


def test_the_manager_finds_this_package_from_any_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(arp_nb.__file__).parent.parent
    monkeypatch.chdir(home)
    paths = discovery._environment({"PYTHONPATH": "relative:."})["PYTHONPATH"].split(":")
    assert str(home) in paths
    assert all(Path(path).is_absolute() for path in paths)


def test_nobody_is_found_where_nobody_listens(short_tmp: Path) -> None:
    assert discovery.find(short_tmp) is None
    assert discovery.find(short_tmp / "missing") is None
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(short_tmp / "manager.sock"))  # bound and never listening: a stale file
    assert discovery.find(short_tmp) is None


def test_a_listener_is_found_even_while_it_does_not_answer(short_tmp: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(short_tmp / "manager.sock"))
        listener.listen()
        found = discovery.find(short_tmp)
    assert found == discovery.Address(short_tmp / "manager.sock")
    assert found is not None
    assert found.store == short_tmp


def test_a_path_too_long_is_told_before_anything_is_started(short_tmp: Path) -> None:
    deep = short_tmp / ("x" * 120)
    with pytest.raises(ManagerError, match=r"too long a name.*ARP_STORE"):
        discovery.find_or_start(deep)
    assert not deep.exists()


def test_the_reason_of_a_failing_start_is_told_at_once(short_tmp: Path) -> None:
    (short_tmp / "manager.json").write_text(json.dumps({"reason": "The store is newer."}))
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(short_tmp / "manager.sock"))
        listener.listen()
        with pytest.raises(ManagerError, match=r"^The store is newer\.$"):
            discovery.find_or_start(short_tmp, timeout_s=20)


def test_silence_is_told_with_the_end_of_the_log(short_tmp: Path) -> None:
    (short_tmp / "manager.log").write_text("old line\n" * 50 + "the last line\n")
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(short_tmp / "manager.sock"))
        listener.listen()
        with pytest.raises(ManagerError, match=r"within 0\.3 s(.|\n)*manager.log:(.|\n)*the last"):
            discovery.find_or_start(short_tmp, timeout_s=0.3)


def test_a_503_is_told_in_its_own_words(short_tmp: Path) -> None:
    body = json.dumps({"error": "ManagerError", "message": "The disk is full."}).encode()
    head = f"HTTP/1.1 503 x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(short_tmp / "manager.sock"))
        listener.listen()

        def answer() -> None:
            for _ in range(2):  # the first is the look whether anybody listens
                accepted, _address = listener.accept()
                with accepted:
                    if accepted.recv(4096):
                        accepted.sendall(head + body)

        answering = threading.Thread(target=answer)
        answering.start()
        with pytest.raises(ManagerError, match=r"^The disk is full\.$"):
            discovery.find_or_start(short_tmp, timeout_s=20)
        answering.join()


def test_a_folder_that_cannot_be_written_says_what_to_set(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ManagerError, match="Set ARP_STORE"):
        discovery.find_or_start(blocked / "store")


def test_a_log_that_grew_large_is_put_aside(short_tmp: Path) -> None:
    log = short_tmp / "manager.log"
    with log.open("wb") as big:
        big.truncate(discovery._MAX_LOG_BYTES + 1)
    discovery._open_log(short_tmp).close()
    assert log.stat().st_size == 0
    assert (short_tmp / "manager.log.1").stat().st_size > discovery._MAX_LOG_BYTES


def test_a_folder_of_another_account_is_neither_read_nor_written(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = short_tmp / "bashrc"
    target.touch()
    (short_tmp / "manager.log").symlink_to(target)
    monkeypatch.setattr(os, "geteuid", lambda: short_tmp.stat().st_uid + 1)
    with pytest.raises(ManagerError, match="belongs to another account"):
        discovery.find(short_tmp)
    with pytest.raises(ManagerError, match="belongs to another account"):
        discovery.find_or_start(short_tmp)
    assert target.read_bytes() == b""


def test_no_folder_that_is_made_is_open_to_others_whatever_the_umask(short_tmp: Path) -> None:
    before = os.umask(0)
    try:
        discovery.make_private(short_tmp / "share" / "store")
    finally:
        os.umask(before)
    for made in (short_tmp / "share", short_tmp / "share" / "store"):
        assert made.stat().st_mode & 0o777 == 0o700
