"""``bhist`` and ``bqueues`` of the local scheduler, and books of older formats."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arp_nb.model import JobState
from arp_nb.schedulers.local import LocalScheduler
from arp_nb.schedulers.local.engine import schema
from arp_nb.schedulers.lsf_history import stories
from tests.contract.labs import RealLocal


def stopped_and_killed(local: RealLocal) -> str:
    native_id = local.bsub("-H", "-q", "psdebugq", "sleep 60")
    local.command("bresume", native_id)
    local.until(native_id, "RUN")
    local.command("bstop", native_id)
    local.command("bresume", native_id)
    local.command("bkill", native_id)
    local.until(native_id, "EXIT")
    return native_id


def test_what_reads_lsf_s_history_reads_this(local: RealLocal) -> None:
    native_id = stopped_and_killed(local)
    text = local.command("bhist", "-l", native_id).stdout
    told = stories(text, datetime.now(UTC))[native_id]
    assert (told.state, told.exit_code) == (JobState.KILLED, 143)
    assert (told.queue, told.reason) == ("psdebugq", "TERM_OWNER: job killed by owner")
    submitted, *after = [one.native_state for one in told.past]
    assert submitted == "PSUSP"  # "with hold" stands there
    assert after == ["PEND", "RUN", "USUSP", "RUN", "EXIT"]
    assert max(map(len, text.splitlines()[4:])) <= 80


def test_the_history_has_the_true_times(local: RealLocal) -> None:
    native_id = stopped_and_killed(local)
    poll = asyncio.run(local.scheduler.history([native_id, "99"]))
    assert poll.unknown == {"99"}
    told = poll.readings[native_id]
    assert [one.native_state for one in told.past] == [
        "PSUSP", "PEND", "RUN", "USUSP", "RUN", "EXIT",
    ]  # fmt: skip
    assert told.past[-1].state is JobState.KILLED
    assert told.past[-1].reason.startswith("TERM_OWNER")
    moments = [one.at for one in told.past]
    assert moments == sorted(moments)
    assert (moments[0], moments[2], moments[-1]) == (
        told.submitted_at, told.started_at, told.ended_at,
    )  # fmt: skip


def test_a_name_cannot_pass_for_an_event(local: RealLocal) -> None:
    name = "x>\nSun Nov 22 18:47:57: Done successfully;"
    native_id = local.bsub("-H", "-J", name, "-q", name, f"sleep 60 # {name}")
    told = stories(local.command("bhist", "-l", native_id).stdout, datetime.now(UTC))
    assert not told[native_id].state.is_final


def test_the_summary_is_laid_out_as_lsf_s(local: RealLocal) -> None:
    ended = local.ended(0)
    held = local.bsub("-H", "-J", "arr[1-2]", "true")
    lines = local.command("bhist").stdout.splitlines()
    assert lines[:2] == [
        "Summary of time in seconds spent in various states:",
        "JOBID   USER    JOB_NAME  PEND    PSUSP   RUN     USUSP   SSUSP   UNKWN   TOTAL",
    ]
    assert [line.split()[0] for line in lines[2:] if line] == [f"{held}[1]", f"{held}[2]"]
    shown = local.command("bhist", "-a", "-n", "0").stdout.splitlines()[2:]
    assert [line.split()[0] for line in shown if line] == [ended, f"{held}[1]", f"{held}[2]"]


def test_a_job_without_a_history_is_denied_in_lsf_s_words(local: RealLocal) -> None:
    done = local.command("bhist", "99999")
    assert (done.returncode, done.stdout) == (255, "No matching job found\n")


def test_limits_are_told_as_they_were_asked_for(local: RealLocal) -> None:
    options = local.scheduler.ask_options(16_000, 3630)
    native_id = local.bsub(*options, "true")
    local.until(native_id, "DONE")
    told = asyncio.run(local.scheduler.poll([native_id])).readings[native_id]
    assert told.asked_memory_mb == pytest.approx(16_000, abs=0.1)
    assert told.asked_time_s == 61 * 60
    assert local.scheduler.ask_options(None, None) == ()


# -- queues -----------------------------------------------------------------------------


def with_queues(folder: Path, *queues: str) -> RealLocal:
    local = RealLocal(folder)
    LocalScheduler(folder / "local", slots=1, queues=queues)
    return local


def test_a_queue_that_is_not_configured_is_refused_in_lsf_s_words(short_tmp: Path) -> None:
    local = with_queues(short_tmp, "psanaq", "psdebugq")
    done = local.command("bsub", "-q", "nosuchq", "sleep", "1")
    assert (done.returncode, done.stdout) == (255, "")
    assert done.stderr == "nosuchq: No such queue. Job not submitted.\n"
    assert local.command("bsub", "-q", "psdebugq", "true").returncode == 0
    assert local.command("bsub", "true").stdout == (
        "Job <2> is submitted to default queue <psanaq>.\n"
    )
    local.close()


def test_queues_are_listed_with_their_jobs(short_tmp: Path) -> None:
    local = with_queues(short_tmp, "psanaq", "normal")
    local.until(local.bsub("sleep 60"), "RUN")
    local.bsub("-q", "psanaq", "sleep 60")
    local.bsub("-q", "psanaq", "-n", "2", "sleep 60")
    shown = local.command("bqueues").stdout.splitlines()
    assert shown[0].split() == [
        "QUEUE_NAME", "PRIO", "STATUS", "MAX", "JL/U", "JL/P", "JL/H", "NJOBS", "PEND", "RUN",
        "SUSP",
    ]  # fmt: skip
    assert [re.split(r" +", line)[::10] for line in shown[1:]] == [
        ["psanaq", "0"],
        ["normal", "0"],
    ]
    assert [line.split()[7:10] for line in shown[1:]] == [["3", "3", "0"], ["1", "0", "1"]]
    done = local.command("bqueues", "nosuchq")
    assert (done.returncode, done.stderr) == (255, "nosuchq: No such queue\n")
    local.close()


def test_without_configured_queues_any_name_is_one(local: RealLocal) -> None:
    local.bsub("-H", "-q", "mine", "true")
    shown = local.command("bqueues").stdout.splitlines()
    assert [line.split()[0] for line in shown[1:]] == ["normal", "mine"]


# -- books of older formats ---------------------------------------------------------------

FORMAT_1 = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL,
    queue TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, project TEXT NOT NULL,
    user TEXT NOT NULL, host TEXT NOT NULL,
    command BLOB NOT NULL, cwd BLOB NOT NULL,
    input BLOB NOT NULL, output BLOB NOT NULL, output_new INTEGER NOT NULL,
    error BLOB NOT NULL, error_new INTEGER NOT NULL,
    slots INTEGER NOT NULL, run_limit_s REAL, umask INTEGER NOT NULL,
    submitted_at REAL NOT NULL, started_at REAL, ended_at REAL,
    exit_code INTEGER, signal INTEGER, reason TEXT NOT NULL DEFAULT '', peak_memory_mb REAL,
    boot_id TEXT, supervisor_pid INTEGER, supervisor_start TEXT,
    session INTEGER, session_start TEXT, kill_at REAL,
    environment BLOB, script BLOB
);
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_description ON jobs (description);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO jobs (id, state, queue, name, description, project, user, host, command, cwd, input,
    output, output_new, error, error_new, slots, umask, submitted_at, ended_at, exit_code)
    VALUES (6, 'EXIT', 'normal', 'old', 'arp-7-abc', 'default', 'alice', 'here', x'6C73', x'2F',
    x'', x'', 0, x'', 0, 1, 18, 1795373383.0, 1795373390.0, 3),
    (7, 'DONE', 'normal', 'last', '', 'default', 'alice', 'here', x'6C73', x'2F',
    x'', x'', 0, x'', 0, 1, 18, 1795373383.0, 1795373390.0, 0);
DELETE FROM jobs WHERE id = 7;
PRAGMA user_version = 1;
"""


def test_a_book_of_format_1_keeps_its_jobs_and_its_next_id(short_tmp: Path) -> None:
    folder = short_tmp / "local"
    folder.mkdir()
    database = sqlite3.connect(folder / "book.sqlite")
    database.executescript("PRAGMA journal_mode = WAL;" + FORMAT_1)
    database.close()
    local = RealLocal(short_tmp)
    told = asyncio.run(local.scheduler.poll(["6"])).readings["6"]
    assert (told.state, told.exit_code, told.tag) == (JobState.FAILED, 3, "arp-7-abc")
    assert told.elements == ()
    assert local.bsub("true") == "8"
    local.until("8", "DONE")
    database = sqlite3.connect(folder / "book.sqlite")
    assert schema.version(database) == schema.VERSION
    database.close()
