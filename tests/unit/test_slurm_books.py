"""Slurm's list and its accounting may disagree: which is believed, and for how long."""

from __future__ import annotations

from typing import Any

from arp_nb.model import JobState
from arp_nb.schedulers.slurm_books import ACCOUNTED_WITHIN_S, Books, by_job
from arp_nb.schedulers.slurm_parse import Listed
from tests.slurm_records import sacct, squeue


def poll(
    books: Books,
    asked: str,
    listed: list[Listed],
    accounts: list[Listed] | None,
    now_s: float = 0.0,
    *,
    has_accounting: bool = True,
) -> Any:
    return books.read(
        [asked],
        by_job(listed, [asked]),
        None if accounts is None else by_job(accounts, [asked]),
        now_s=now_s,
        has_accounting=has_accounting,
    )


def test_an_array_is_not_done_when_the_accounting_shows_the_end_of_one_element() -> None:
    listed = [
        one
        for index, word in enumerate(("COMPLETED", "FAILED", "COMPLETED"), 1)
        for one in squeue(f"5_{index}", word)
    ]
    books = Books()
    early = sacct("5", "COMPLETED", ExitCode="0:0")  # as 22.05 shows it for a second
    assert not poll(books, "5", listed, early).readings
    full = [
        *sacct("5_1", "COMPLETED"), *sacct("5_2", "FAILED", ExitCode="1:0"),
        *sacct("5_3", "COMPLETED"),
    ]  # fmt: skip
    reading = poll(books, "5", listed, full).readings["5"]
    assert (reading.state, reading.exit_code) == (JobState.FAILED, 1)
    assert reading.elements == (("FAILED", 1), ("COMPLETED", 2))


def test_elements_that_the_list_forgot_are_still_counted() -> None:
    books = Books()
    running = squeue("5_2", "RUNNING")
    poll(books, "5", [*squeue("5_1", "FAILED"), *running], [])
    reading = poll(books, "5", running, []).readings["5"]
    assert reading.elements == (("RUNNING", 1), ("FAILED", 1))


def test_an_array_seen_for_the_first_time_is_looked_up_once() -> None:
    books = Books()
    listed = by_job(squeue("5_2", "RUNNING"), ["5"])
    assert books.to_be_accounted(["5"], listed) == ["5"]
    books.read(["5"], listed, by_job(sacct("5_1", "FAILED"), ["5"]), now_s=0.0)
    assert books.to_be_accounted(["5"], listed) == []
    assert books.read(["5"], listed, {}, now_s=1.0).readings["5"].elements[-1] == ("FAILED", 1)


def test_a_heterogeneous_job_that_runs_is_not_looked_up() -> None:
    listed = by_job([*squeue("5+0", "RUNNING"), *squeue("5+1", "RUNNING")], ["5"])
    assert Books().to_be_accounted(["5"], listed) == []


def test_an_end_waits_for_its_exit_code_but_not_for_ever() -> None:
    books, ended = Books(), squeue("7", "FAILED")
    late = sacct("7", "RUNNING")
    for now_s in (0.0, ACCOUNTED_WITHIN_S - 1):
        waits = poll(books, "7", ended, late, now_s)
        assert not waits.readings
        assert not waits.unknown  # nothing is known: it is not denied
    assert poll(books, "7", ended, late, ACCOUNTED_WITHIN_S).readings["7"].state is JobState.FAILED
    told = poll(Books(), "7", ended, sacct("7", "FAILED", ExitCode="3:0"))
    assert told.readings["7"].exit_code == 3


def test_a_poll_of_other_jobs_does_not_begin_the_wait_for_an_end_anew() -> None:
    books, ended = Books(), squeue("7", "FAILED")
    assert not poll(books, "7", ended, None, 0.0).readings
    # as the poll behind each kill, while slurmdbd is down
    assert not poll(books, "8", squeue("8", "CANCELLED"), None, 10.0).readings
    assert poll(books, "7", ended, None, ACCOUNTED_WITHIN_S).readings["7"].exit_code is None
    assert not poll(books, "8", squeue("8", "CANCELLED"), None, 24.0).readings
    assert "8" in poll(books, "8", squeue("8", "CANCELLED"), None, 25.0).readings


def test_a_job_that_ran_again_is_waited_for_from_its_new_end_on() -> None:
    books = Books()
    assert not poll(books, "7", squeue("7", "FAILED"), None, 0.0).readings
    assert poll(books, "7", squeue("7", "RUNNING"), None, 5.0).readings
    assert not poll(books, "7", squeue("7", "FAILED"), None, 16.0).readings


def test_where_there_is_no_accounting_an_end_is_told_at_once() -> None:
    told = poll(Books(), "7", squeue("7", "FAILED"), [], has_accounting=False)
    assert told.readings["7"].state is JobState.FAILED


def test_what_the_list_forgot_the_accounting_tells() -> None:
    told = poll(Books(), "7", [], sacct("7", "TIMEOUT", ExitCode="0:0"))
    assert told.readings["7"].native_state == "TIMEOUT"


def test_a_job_is_denied_by_both_books_or_not_at_all() -> None:
    assert poll(Books(), "7", [], []).unknown == {"7"}
    silent = poll(Books(), "7", [], None)
    assert not silent.unknown
    assert not silent.readings


def test_an_accounting_that_is_behind_ends_nothing_that_runs() -> None:
    told = poll(Books(), "7", squeue("7", "RUNNING"), sacct("7", "FAILED"))
    assert told.readings["7"].state is JobState.RUNNING


def test_a_known_end_is_not_asked_for_again_until_the_job_runs_again() -> None:
    books = Books()
    over = by_job(squeue("7", "FAILED"), ["7"])
    assert books.to_be_accounted(["7"], over) == ["7"]
    books.read(["7"], over, by_job(sacct("7", "FAILED"), ["7"]), now_s=0.0)
    assert books.to_be_accounted(["7"], over) == []
    assert books.to_be_accounted(["7"], by_job(squeue("7", "RUNNING"), ["7"])) == []
    assert books.to_be_accounted(["7"], over) == ["7"]


def test_what_only_the_list_knows_of_an_end_stays() -> None:
    listed = squeue("7", "FAILED", m="100M", P="normal", r="JobLaunchFailure", k="arp-7-abc")
    told = poll(Books(), "7", listed, sacct("7", "FAILED", ReqMem="16?"))
    reading = told.readings["7"]
    assert (reading.asked_memory_mb, reading.queue) == (104.9, "normal")
    assert (reading.reason, reading.tag) == ("JobLaunchFailure", "arp-7-abc")
