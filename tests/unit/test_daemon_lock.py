"""The lock decides who holds a store, and ends with its last holder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from arp_nb.daemon.host import Process, process
from arp_nb.daemon.lock import is_locked, take_lock
from arp_nb.errors import StoreBusy


def test_a_second_holder_is_refused_in_words(tmp_path: Path) -> None:
    lock = take_lock(tmp_path)
    with pytest.raises(StoreBusy, match=r"Another process holds .*manager\.lock"):
        take_lock(tmp_path)
    os.close(lock)
    os.close(take_lock(tmp_path))


def test_a_copy_of_the_descriptor_keeps_the_lock(tmp_path: Path) -> None:
    lock = take_lock(tmp_path)
    inherited = os.dup(lock)
    os.close(lock)
    assert is_locked(tmp_path)
    os.close(inherited)
    assert not is_locked(tmp_path)


def test_a_folder_without_a_lock_file_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_process_is_not_taken_for_a_later_one_of_its_pid() -> None:
    ourselves = process(os.getpid())
    assert ourselves is not None
    assert ourselves.runs()
    assert not Process(ourselves.pid, ourselves.started_ticks + 1, ourselves.boot_id).runs()
    assert not Process(ourselves.pid, ourselves.started_ticks, "another boot").runs()
    assert not Process(0, 0, "").runs()
