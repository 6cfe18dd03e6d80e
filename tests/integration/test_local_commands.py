"""The local scheduler's commands: their words, exit codes and refusals."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from arp_nb.errors import SchedulerError
from arp_nb.schedulers.local import LocalScheduler
from arp_nb.schedulers.local.engine import book as engine
from tests.contract.labs import RealLocal


def test_an_unknown_option_is_refused_by_name(local: RealLocal) -> None:
    done = local.command("bsub", "-Z", "sleep", "1")
    assert (done.returncode, done.stdout) == (255, "")
    assert "ARP's local scheduler" in done.stderr
    assert local.command("bjobs", "-a").returncode == 254


@pytest.mark.parametrize("stdin", ["", "  \n"])
def test_without_a_command_nothing_is_submitted(local: RealLocal, stdin: str) -> None:
    empty = local.folder / "empty"
    empty.write_text(stdin)
    with empty.open() as file:
        done = local.command("bsub", "-q", "normal", stdin=file)
    assert (done.returncode, done.stderr) == (
        255, "No command is specified. Job not submitted.\n",
    )  # fmt: skip


def test_quiet_submission_prints_nothing(local: RealLocal) -> None:
    done = local.command("bsub", "true", env=local.environment | {"BSUB_QUIET": "1"})
    assert (done.returncode, done.stdout) == (0, "")


def test_kills_are_answered_in_lsf_s_words(local: RealLocal) -> None:
    ended = local.ended(0)
    running = local.running()
    done = local.command("bkill", ended, running, "99999")
    assert done.returncode == 255
    assert done.stdout == f"Job <{running}> is being terminated\n"
    assert done.stderr.splitlines() == [
        f"Job <{ended}>: Job has already finished",
        "Job <99999>: No matching job found",
    ]


def test_zero_kills_all(local: RealLocal) -> None:
    running, waiting = local.running(), local.bsub("sleep 60")
    assert local.command("bkill", "0").returncode == 0
    local.until(running, "EXIT")
    local.until(waiting, "EXIT")
    done = local.command("bkill", "0")
    assert (done.returncode, done.stderr) == (255, "No unfinished job found\n")


def test_the_table_shows_what_is_not_over(local: RealLocal) -> None:
    ended, running = local.ended(0), local.running()
    lines = local.command("bjobs").stdout.splitlines()
    assert lines[0].split() == [
        "JOBID", "USER", "STAT", "QUEUE", "FROM_HOST", "EXEC_HOST", "JOB_NAME", "SUBMIT_TIME",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[1:]] == [running]
    shown = local.command("bjobs", "-a", "-noheader").stdout.splitlines()
    assert [line.split()[0] for line in shown] == [ended, running]


def test_fields_are_answered_as_json(local: RealLocal) -> None:
    ended = local.ended(3)
    done = local.command("bjobs", "-json", "-o", "jobid stat exit_code", ended, "99")
    assert done.returncode == 0
    assert json.loads(done.stdout)["RECORDS"] == [
        {"JOBID": ended, "STAT": "EXIT", "EXIT_CODE": "3"},
        {"JOBID": "99", "ERROR": "Job <99> is not found"},
    ]


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["bjobs"], 254, "No unfinished job found"),
        (["bjobs", "-a"], 254, "No job found"),
        (["bjobs", "99"], 255, "Job <99> is not found"),
        (["bjobs", "-o", "nosuch", "-json"], 99, "<NOSUCH> in the format string is not a valid"),
        (["bjobs", "-json"], 255, "-json needs -o"),
        (["bjobs", "-Z"], 255, "ARP's local scheduler understands"),
        (["bpeek", "99"], 255, "Job <99> is not found"),
        (["bpeek"], 255, "bpeek job_id"),
        (["bkill", "-s", "USR1", "1"], 255, "has the signals KILL, TERM, STOP and CONT"),
        (["bkill", "1[x]"], 255, "understands only"),
        (["bkill"], 255, "Job ID or 0 is needed"),
        (["bsub", "-V"], 0, "ARP's local scheduler"),
    ],
)
def test_refusals_are_in_words(local: RealLocal, argv: list[str], code: int, said: str) -> None:
    done = local.command(*argv)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_jobs_are_found_by_description(local: RealLocal) -> None:
    first = local.ended(0, tag="arp-7-x")
    local.ended(0, tag="arp-8-x")
    shown = local.command("bjobs", "-a", "-Jd", "arp-7-x", "-noheader", "-o", "jobid").stdout
    assert shown.split() == [first]


def test_the_long_form_says_whose_scheduler_it_is(local: RealLocal) -> None:
    text = local.command("bjobs", "-l", local.ended(3)).stdout
    assert "ARP's local scheduler" in text
    assert "Exited with exit code 3." in text


def test_the_commands_know_their_folder_without_the_variable(local: RealLocal) -> None:
    bare = {name: value for name, value in local.environment.items() if name != "ARP_LOCAL_DIR"}
    assert local.bsub("true", env=bare) == "1"


def test_the_folder_may_have_any_name(short_tmp: Path) -> None:
    odd = RealLocal(short_tmp / "a 'b' $HOME; \"c\"")
    bare = {name: value for name, value in odd.environment.items() if name != "ARP_LOCAL_DIR"}
    assert odd.bsub("true", env=bare, cwd=short_tmp) == "1"
    odd.close = lambda: None  # type: ignore[method-assign]


def test_only_its_user_may_look_into_the_queue(local: RealLocal) -> None:
    assert (local.folder / "local").stat().st_mode & 0o077 == 0


def test_a_newer_queue_is_refused_in_words(short_tmp: Path) -> None:
    LocalScheduler(short_tmp)
    with sqlite3.connect(short_tmp / "book.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(SchedulerError, match="written by a newer ARP"):
        LocalScheduler(short_tmp)


def test_a_broken_queue_is_an_error_in_words(local: RealLocal) -> None:
    native_id = local.ended(0)
    book = local.folder / "local" / "book.sqlite"
    whole = book.read_bytes()
    book.write_bytes(b"not a database" * 100)
    done = local.command("bjobs", native_id)
    with pytest.raises(SchedulerError, match="local scheduler's queue"):
        asyncio.run(local.scheduler.poll([native_id]))
    book.write_bytes(whole)
    assert done.returncode == 255
    assert "Traceback" not in done.stderr


def test_what_ended_long_ago_is_forgotten(
    local: RealLocal, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = local.ended(0)
    monkeypatch.setattr(engine, "KEEP_S", -1.0)
    with engine.Book(str(local.folder / "local")) as book:
        book._forget_old()
    assert asyncio.run(local.scheduler.poll([old])).unknown == {old}
    assert local.bsub("true") == "2"


def test_an_environment_is_not_kept_after_the_end(local: RealLocal) -> None:
    ended = local.ended(0)
    with engine.Book(str(local.folder / "local")) as book:
        assert book.environment_and_script(int(ended)) == (b"", None)
