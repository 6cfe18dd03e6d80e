"""Sockets: who may connect, which port is kept, what is said where it cannot be."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from arp_nb.daemon.listeners import Listeners, bind
from arp_nb.errors import ManagerError
from arp_nb.settings import Settings


@contextmanager
def bound(store: Path, settings: Settings | None = None) -> Iterator[Listeners]:
    listeners = bind(store, settings or Settings())
    try:
        yield listeners
    finally:
        listeners.close()


def test_only_the_owner_may_connect(short_tmp: Path) -> None:
    with bound(short_tmp):
        assert stat.S_IMODE((short_tmp / "manager.sock").stat().st_mode) == 0o600


def test_a_stale_socket_file_is_replaced(short_tmp: Path) -> None:
    for _ in range(2):
        with bound(short_tmp), closing(socket.socket(socket.AF_UNIX)) as caller:
            caller.connect(str(short_tmp / "manager.sock"))


def test_a_path_too_long_for_a_socket_says_what_to_set(short_tmp: Path) -> None:
    deep = short_tmp / ("x" * 90)
    deep.mkdir()
    with pytest.raises(ManagerError, match="Set the variable ARP_STORE to a folder"):
        bind(deep, Settings())


def test_the_update_port_is_bound_again(short_tmp: Path) -> None:
    with bound(short_tmp) as first:
        port = first.update_port
    with bound(short_tmp) as second:
        assert second.update_port == port
        assert not second.notices


def test_a_port_that_another_has_taken_is_replaced_with_a_notice(short_tmp: Path) -> None:
    with bound(short_tmp) as first:
        port = first.update_port
    with closing(socket.create_server(("127.0.0.1", port))), bound(short_tmp) as second:
        assert second.update_port != port
        (notice,) = second.notices
        assert f"Update port {port} could not be used" in notice
        assert str(second.update_port) in notice
        taken = second.update_port
    with bound(short_tmp) as third:
        assert third.update_port == taken


@pytest.mark.parametrize("text", ["", "x", "0", "70000", "-1"])
def test_a_kept_port_that_is_no_port_is_forgotten(short_tmp: Path, text: str) -> None:
    (short_tmp / "update_port").write_text(text)
    with bound(short_tmp) as listeners:
        assert (short_tmp / "update_port").read_text() == f"{listeners.update_port}\n"


def test_an_address_that_is_not_ours_says_which_setting_to_correct(short_tmp: Path) -> None:
    with pytest.raises(ManagerError, match="Correct update_listen"):
        bind(short_tmp, Settings(update_listen="192.0.2.1"))


def test_a_name_that_does_not_exist_says_which_setting_to_correct(short_tmp: Path) -> None:
    with pytest.raises(ManagerError, match="Correct update_listen"):
        bind(short_tmp, Settings(update_listen="no such host"))
