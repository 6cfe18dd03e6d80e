"""The spool: whole or absent when written, and never taken on trust when read."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.batch_client import spool as spooling
from arp_nb.batch_client.spool import Exit, Order, Spool, fence, read, write_event

ORDER = Order(
    job_id=12,
    location="local",
    argv=("/bin/true", "xppi0915", "12", "a b", "\udcff"),
    environment={"PATH": "/bin", "ODD": "a\nb=c\udcff"},
    folders=("/nowhere", "/"),
    notes=("a note",),
)
NAMES = st.sampled_from(
    [
        "request",
        "start",
        "exit",
        "lock",
        "out",
        "err",
        "begin-1-1",
        "end-1-1",
        "said-1-1",
        "closed",
    ]
)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def made(spool: Spool) -> Path:
    spool_id = spool.new_id(12)
    spool.create(spool_id, ORDER)
    return spool.folder(spool_id)


def test_order_comes_back_as_it_went(spool: Spool) -> None:
    assert read(made(spool)).order == ORDER


def test_only_the_user_can_read_an_order(spool: Spool) -> None:
    folder = made(spool)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "request").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("spool_id", ["", "../12-0123456789ab", "12", "12-xyz", "a/b", "12-0\n"])
def test_what_is_no_spool_id_names_no_folder(spool: Spool, spool_id: str) -> None:
    with pytest.raises(ValueError, match="not a spool id"):
        spool.folder(spool_id)


def test_tag_and_job_are_in_the_spool_id(spool: Spool) -> None:
    spool_id = spool.new_id(12)
    assert spooling.job_of(spool_id) == 12
    assert spooling.tag_of(spool_id) == f"arp-{spool_id}"


@given(st.dictionaries(NAMES, st.binary(max_size=200)))
def test_any_bytes_in_any_file_are_read_without_failing(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for file, content in files.items():
            (Path(name) / file).write_bytes(content)
        evidence = read(Path(name))
    assert evidence.there
    assert (evidence.started_at_s is not None) == ("start" in files)


@given(st.integers(min_value=0, max_value=200))
def test_torn_exit_is_no_exit(length: int) -> None:
    whole = json.dumps({"code": 3, "signal": None, "error": "", "at": 1.0}).encode()
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "exit").write_bytes(whole[:length])
        assert read(Path(name)).exit == (Exit(code=3) if length >= len(whole) else None)


@given(st.text(alphabet="Job <123>\n", max_size=60))
def test_half_a_line_is_not_looked_at_before_its_end(said: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "begin-7-1").write_text(f"{os.getpid()}\n-q\n")
        (Path(name) / "said-7-1").write_text(said)
        (running,) = read(Path(name)).calls
        (Path(name) / "end-7-1").write_text("0\n")
        (ended,) = read(Path(name)).calls
    assert running.said == said[: said.rfind("\n") + 1]
    assert (running.alive, running.exit_code) == (True, None)
    assert (ended.said, ended.alive, ended.exit_code) == (said, False, 0)


def test_words_of_a_call_that_keep_its_job_from_reporting_are_noted(tmp_path: Path) -> None:
    (tmp_path / "begin-7-1").write_text("1\n-env\nnone\n./x\n")
    (tmp_path / "begin-7-2").write_text("1\n-env")
    noted, torn = read(tmp_path).calls
    assert noted.note.startswith("cannot report: bsub -env none leaves BATCH_UPDATE_URL behind")
    assert torn.note == ""


def test_failed_write_leaves_no_part_behind(spool: Spool) -> None:
    folder = made(spool)
    (folder / "exit").mkdir()  # nothing can be renamed onto a folder
    with pytest.raises(OSError, match="exit"):
        write_event(folder, "exit", {"code": 0})
    assert sorted(one.name for one in folder.iterdir()) == ["exit", "request"]


def test_fence_works_once(spool: Spool) -> None:
    folder = made(spool)
    assert fence(folder, "why")
    assert not fence(folder, "why not")
    assert read(folder).fenced == "why"


def test_lock_that_cannot_be_looked_at_is_not_taken_for_free(spool: Spool) -> None:
    lock = made(spool) / "lock"
    lock.unlink(missing_ok=True)
    lock.symlink_to(lock)  # as without a free descriptor: an error, but not "no such file"
    assert read(lock.parent).lock_held


def test_lock_is_seen_while_it_is_held_and_not_taken_by_looking(spool: Spool) -> None:
    folder = made(spool)
    assert not read(folder).lock_held
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert read(folder).lock_held
    assert not read(folder).lock_held


def test_only_started_submissions_that_are_not_closed_are_open(spool: Spool) -> None:
    folders = [made(spool) for _ in range(3)]
    for folder in folders[1:]:
        fence(folder, "")
    spool.close(folders[2].name, keep=True)
    (spool.root / "notes.txt").touch()
    assert spool.open_ids() == (folders[1].name,)


def test_discarded_submission_is_gone_unless_it_has_started(spool: Spool) -> None:
    kept, dropped = made(spool), made(spool)
    (kept / "start").touch()
    spool.discard(kept.name)
    spool.discard(dropped.name)
    assert (kept.exists(), dropped.exists()) == (True, False)


@pytest.mark.parametrize(
    ("age_s", "left"),
    [
        (5, {"open", "kept", "other", "unstarted"}),
        (50, {"open", "kept", "unstarted"}),
        (500, {"open"}),
    ],
)
def test_sweep_keeps_what_is_open_or_a_log(spool: Spool, age_s: float, left: set[str]) -> None:
    folders = {name: made(spool) for name in ("open", "kept", "other", "unstarted")}
    for name in ("open", "kept", "other"):
        (folders[name] / "start").touch()
    spool.close(folders["kept"].name, keep=True)
    spool.close(folders["other"].name, keep=False)
    for folder in folders.values():
        os.utime(folder, (time.time() - age_s,) * 2)
    spool.sweep(keep_s=100, keep_others_s=10)
    assert {name for name, folder in folders.items() if folder.exists()} == left
