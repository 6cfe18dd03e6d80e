"""Arrays of the local scheduler: one id, an index each, and light however many there are."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from arp_nb.model import JobState
from arp_nb.schedulers.local.engine.book import Book
from arp_nb.testing import until
from tests.contract.labs import RealLocal

MANY = 10_000


@pytest.fixture
def local(short_tmp: Path) -> Iterator[RealLocal]:
    made = RealLocal(short_tmp, slots=4)
    yield made
    made.close()


def words(local: RealLocal, native_id: str) -> list[str]:
    done = local.command("bjobs", "-noheader", "-o", "jobindex stat", native_id)
    return done.stdout.splitlines()


def supervisors(local: RealLocal) -> int:
    with Book(str(local.folder / "local")) as book:
        return len(book._with_supervisor())


def used_s() -> float:
    """Return what we and the commands that have ended used of the processors until now."""
    return sum(os.times()[:4])


def test_elements_share_an_id_and_have_an_index_each(local: RealLocal) -> None:
    line = 'echo "$LSB_JOBID|$LSB_JOBINDEX|$LSB_JOBINDEX_STEP|$LSB_JOBINDEX_END|$LSB_JOBNAME"'
    native_id = local.bsub("-J", "arr[1-5:2,20]%2", "-o", "%J.%I.log", line)
    until(
        lambda: words(local, native_id) == ["1 DONE", "3 DONE", "5 DONE", "20 DONE"],
        "all four are done",
    )
    assert {path.name: path.read_text() for path in local.folder.glob("1.*.log")} == {
        f"1.{index}.log": f"1|{index}|2|20|arr[{index}]\n" for index in (1, 3, 5, 20)
    }


def test_no_more_elements_run_than_the_array_allows(local: RealLocal) -> None:
    marks = local.folder / "marks"
    marks.mkdir()
    mine = f"{marks}/$LSB_JOBINDEX"
    line = f"mkdir {mine}; ls {marks} | wc -l; sleep 0.2; rmdir {mine}"
    native_id = local.bsub("-J", "arr[1-6]%2", "-o", "%I.log", line)
    other = local.bsub("true")
    local.until(other, "DONE")  # it passes the array, for there are slots
    until(lambda: words(local, native_id) == [f"{one} DONE" for one in range(1, 7)], "all ended")
    seen = {int((local.folder / f"{index}.log").read_text()) for index in range(1, 7)}
    assert max(seen) <= 2


def test_an_array_is_one_reading_with_counts(local: RealLocal) -> None:
    native_id = local.bsub("-J", "arr[1-4]%2", "[ $LSB_JOBINDEX = 1 ] && exit 3; sleep 60")
    until(
        lambda: words(local, native_id) == ["1 EXIT", "2 RUN", "3 RUN", "4 PEND"], "one has failed"
    )
    poll = asyncio.run(local.scheduler.poll([native_id, f"{native_id}[1]", f"{native_id}[9]"]))
    assert poll.readings[native_id].state is JobState.RUNNING
    assert poll.readings[native_id].elements == (("RUN", 2), ("PEND", 1), ("EXIT", 1))
    assert poll.readings[f"{native_id}[1]"].exit_code == 3
    assert poll.unknown == {f"{native_id}[9]"}
    told = asyncio.run(local.scheduler.elements(native_id))
    assert [(one.index, one.native_id, one.reading.native_state) for one in told] == [
        (1, "1[1]", "EXIT"), (2, "1[2]", "RUN"), (3, "1[3]", "RUN"), (4, "1[4]", "PEND"),
    ]  # fmt: skip
    assert asyncio.run(local.scheduler.elements(f"{native_id}[1]")) == ()


def test_an_array_has_failed_once_all_have_ended_and_one_has_failed(local: RealLocal) -> None:
    native_id = local.bsub("-J", "arr[1-3]", "exit $((LSB_JOBINDEX == 2))")
    until(lambda: all(one.endswith(("DONE", "EXIT")) for one in words(local, native_id)), "over")
    told = asyncio.run(local.scheduler.poll([native_id])).readings[native_id]
    assert (told.state, told.exit_code) == (JobState.FAILED, 1)
    assert told.elements == (("EXIT", 1), ("DONE", 2))
    assert told.ended_at is not None


def test_elements_are_ended_one_by_one_or_all(local: RealLocal) -> None:
    native_id = local.bsub("-J", "arr[1-4]%2", "sleep 60")
    done = local.command("bkill", "1[2]", "1[3-4]", "1[9]")
    assert done.stdout.splitlines() == [
        "Job <1[2]> is being terminated",
        "Job <1[3]> is being terminated",
        "Job <1[4]> is being terminated",
    ]
    assert (done.returncode, done.stderr) == (255, "Job <1[9]>: No matching job found\n")
    local.until("1[2]", "EXIT")
    until(lambda: words(local, native_id)[0] == "1 RUN", "the first goes on")
    assert local.command("bkill", "1").stdout == "Job <1> is being terminated\n"
    local.until("1[1]", "EXIT")
    assert local.command("bkill", "1").stderr == "Job <1>: Job has already finished\n"


def test_an_element_is_stopped_alone(local: RealLocal) -> None:
    native_id = local.bsub("-J", "arr[1-2]", "sleep 60")
    until(lambda: words(local, native_id) == ["1 RUN", "2 RUN"], "both run")
    assert local.command("bstop", "1[2]").stdout == "Job <1[2]> is being stopped\n"
    assert words(local, native_id) == ["1 RUN", "2 USUSP"]


def test_arrays_are_shown_as_lsf_shows_them(local: RealLocal) -> None:
    local.bsub("-J", "arr[1-3]%1", "-q", "psdebugq", "echo so far; sleep 60")
    local.until("1[1]", "RUN")
    rows = local.command("bjobs", "-noheader", "1").stdout.splitlines()
    assert [row.split()[0] for row in rows] == ["1", "1", "1"]
    assert [row.split()[6] for row in rows] == ["arr[1]", "arr[2]", "arr[3]"]
    assert local.command("bjobs", "-A", "1").stdout.splitlines()[1].split() == [
        "1", "arr[1-3]", rows[0].split()[1], "3", "2", "0", "1", "0", "0", "0", "0",
    ]  # fmt: skip
    done = local.command("bjobs", "-json", "-o", "jobid jobindex job_name", "1[2]", "1[7]")
    assert json.loads(done.stdout)["RECORDS"] == [
        {"JOBID": "1", "JOBINDEX": "2", "JOB_NAME": "arr[2]"},
        {"JOBID": "1[7]", "ERROR": "Job <1[7]> is not found"},
    ]
    assert "Job <1[2]>, Job Name <arr[2]>" in local.command("bjobs", "-l", "1[2]").stdout
    until(lambda: "so far" in local.command("bpeek", "1[1]").stdout, "its output is shown")


def test_a_list_of_arrays_counts_what_has_ended_too(local: RealLocal) -> None:
    local.bsub("-J", "a long name[1-3]", "[ $LSB_JOBINDEX = 3 ] && sleep 60")
    local.bsub("sleep 60")
    until(lambda: words(local, "1") == ["1 EXIT", "2 EXIT", "3 RUN"], "one is left")
    title, row = local.command("bjobs", "-A").stdout.splitlines()
    assert title.split()[3:7] == ["NJOBS", "PEND", "DONE", "RUN"]
    assert row.split()[-8:] == ["3", "0", "0", "1", "2", "0", "0", "0"]
    assert "a long name[1-3]" not in row
    assert "a long name[1-3]" in local.command("bjobs", "-A", "-w").stdout
    (alone,) = local.command("bjobs", "-A", "-noheader").stdout.splitlines()
    assert alone == row


def test_details_of_an_array_count_its_elements(local: RealLocal) -> None:
    local.bsub("-H", "-J", "arr[1-3]", "true")
    text = asyncio.run(local.scheduler.details("1"))
    assert text.splitlines()[1].split()[-1] == "3"
    assert "Job <1[1]>" in text
    assert asyncio.run(local.scheduler.details("1[2]")).startswith("Job <1[2]>")


def test_each_element_has_a_log_of_its_own_where_none_is_named(local: RealLocal) -> None:
    native_id = local.bsub("-J", "arr[1-2]", "echo $LSB_JOBINDEX")
    until(lambda: words(local, native_id) == ["1 DONE", "2 DONE"], "both are done")
    for index in (1, 2):
        path = asyncio.run(local.scheduler.log_path(f"{native_id}[{index}]"))
        assert path is not None
        assert path.read_text() == f"{index}\n"


def test_an_array_of_a_script_leaves_no_copies_of_it(local: RealLocal) -> None:
    script = local.folder / "job.sh"
    script.write_text("#!/bin/sh\n#BSUB -J arr[1-3]\n#BSUB -o %I.log\necho $LSB_JOBINDEX\n")
    with script.open() as file:
        local.command("bsub", stdin=file)
    until(lambda: words(local, "1") == ["1 DONE", "2 DONE", "3 DONE"], "all are done")
    assert [(local.folder / f"{index}.log").read_text() for index in (1, 2, 3)] == [
        "1\n", "2\n", "3\n",
    ]  # fmt: skip
    until(lambda: not list((local.folder / "local/output").glob("*.script")), "no copy is left")
    with Book(str(local.folder / "local")) as book:
        assert book.environment_and_script(1) == (b"", None)


def test_ten_thousand_elements_stay_light(local: RealLocal) -> None:
    before_s = used_s()
    native_id = local.bsub("-J", f"big[1-{MANY}]%1", "sleep 60")
    assert used_s() - before_s < 2.0
    local.until(f"{native_id}[1]", "RUN")
    assert supervisors(local) == 1
    before_s = used_s()
    poll = asyncio.run(local.scheduler.poll([native_id]))
    assert used_s() - before_s < 0.5
    assert poll.readings[native_id].elements == (("RUN", 1), ("PEND", MANY - 1))
    assert len(asyncio.run(local.scheduler.elements(native_id))) == MANY
    # what they share is kept once
    assert (local.folder / "local/book.sqlite").stat().st_size < 4_000_000
    before_s = used_s()
    assert asyncio.run(local.scheduler.kill([native_id]))[native_id].accepted
    assert used_s() - before_s < 2.0
    local.until(f"{native_id}[1]", "EXIT")
    told = asyncio.run(local.scheduler.poll([native_id])).readings[native_id]
    assert (told.state, told.elements) == (JobState.KILLED, (("EXIT", MANY),))


def test_marked_arrays_are_found_by_their_one_id(local: RealLocal) -> None:
    first = local.bsub("-Jd", "arp-7-abc.c1-2", "-J", "arr[1-3]%1", "sleep 60")
    second = local.ended(0, tag="arp-7-abc.j3-4")
    local.ended(0, tag="arp-8-abc")
    local.ended(0, tag="arp-7-abcd")
    local.ended(0, tag="arp, the band")
    found = asyncio.run(local.scheduler.find_tagged("arp-7-abc"))
    assert [(one.native_id, one.tag) for one in found] == [
        (first, "arp-7-abc.c1-2"), (second, "arp-7-abc.j3-4"),
    ]  # fmt: skip
    marked = asyncio.run(local.scheduler.marked())
    assert [one.tag for one in marked] == [
        "arp-7-abc.c1-2", "arp-7-abc.j3-4", "arp-8-abc", "arp-7-abcd",
    ]  # fmt: skip
    assert (marked[0].state, marked[0].native_state) == (JobState.RUNNING, "RUN")
    assert marked[0].submitted_at is not None


def test_what_ended_long_ago_is_not_told_with_the_marked(local: RealLocal) -> None:
    native_id = local.ended(0, tag="arp-7-abc")
    with Book(str(local.folder / "local")) as book:
        book._db.execute("UPDATE jobs SET ended_at = ended_at - 7200 WHERE id = ?", (native_id,))
    assert asyncio.run(local.scheduler.marked()) == ()
    assert len(asyncio.run(local.scheduler.find_tagged("arp-7-abc"))) == 1


def test_waiting_for_an_array_returns_the_first_failure(local: RealLocal) -> None:
    done = local.command("bsub", "-K", "-J", "arr[1-3]", "exit $((LSB_JOBINDEX / 2 * 4))")
    assert done.returncode == 4


def test_an_array_that_cannot_be_is_not_submitted(local: RealLocal) -> None:
    done: subprocess.CompletedProcess[str] = local.command("bsub", "-J", "arr[3-1]", "true")
    assert (done.returncode, done.stdout) == (255, "")
    assert done.stderr.startswith("arr[3-1]: Bad job array index list. Job not submitted.")
    assert local.command("bjobs", "-a").returncode == 254
