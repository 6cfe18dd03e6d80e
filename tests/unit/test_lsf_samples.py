"""Every recorded answer of a command that we run, and what is read out of it.

Recordings whose names are wrong, for the jobs had recovered: ``bhist_l_unkwn``,
``bjobs_unkwn_killed``, ``bjobs_after_unkwn`` and ``bjobs_zombi``.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.schedulers import lsf_parse
from arp_nb.schedulers.base import Poll
from arp_nb.schedulers.lsf_dialect import Dialect
from arp_nb.schedulers.lsf_listing import output_path
from arp_nb.schedulers.lsf_poll import PollReader
from arp_nb.schedulers.lsf_times import day_of
from arp_nb.schedulers.turns import at_once
from tests.contract.labs import FakeLsf

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
FILE = Path(__file__).parents[1] / "samples" / "lsf.jsonl"
SAMPLES: dict[str, Any] = {
    sample["name"]: sample for sample in map(json.loads, FILE.read_text("utf-8").splitlines())
}

#: ways of our commands that we never ask for
UNUSED = {"bkill_0", "bkill_0_bob", "bkill_0_none", "bkill_h", "bjobs_o_all"}
#: name -> ids that were submitted
SUBMISSIONS = {
    "arp_submit_sh": ["11"], "bsub_I": ["24"], "bsub_K": ["22"], "bsub_K_fail": ["23"],
    "bsub_array": ["13"], "bsub_default_queue": ["4"], "bsub_defaultproject": ["37"],
    "bsub_dep": ["19"], "bsub_hold": ["8"], "bsub_o_missing_dir": ["18"], "bsub_queue": ["5"],
    "bsub_stdin_script": ["9"], "bsub_unicode": ["21"], "bsub_quiet": [], "bsub_V": [],
    "bsub_bad_host": [], "bsub_bad_option": [], "bsub_closed_queue": [], "bsub_cwd_gone": [],
    "bsub_dep_bad": [], "bsub_forbidden_queue": [], "bsub_h": [], "bsub_no_command": [],
    "bsub_wrong_queue": [],
}  # fmt: skip
#: name -> id, and whether LSF took the kill
KILLS: dict[str, tuple[str, bool]] = {
    "bkill_run": ("5", True), "bkill_psusp": ("8", True), "bkill_ign": ("27", True),
    "bkill_finished": ("5", True), "bkill_notfound": ("99999", True),
    "bkill_other_user": ("10", False), "bkill_sbatchd_down": ("40", True),
    "bkill_unkwn": ("41", True), "bkill_array_elem": ("13[4]", True),
    "bkill_r_unkwn": ("28", True), "bkill_r_zombi": ("38", True),
    "bkill_s_usr1": ("25", False),
}  # fmt: skip
#: name -> id and its log
LISTINGS = {
    "bjobs_UF": ("5", "/home/rtalice/5.log"), "bjobs_l_run": ("5", "/home/rtalice/5.log"),
    "bjobs_l_killed_run": ("5", "/home/rtalice/5.log"), "bjobs_l_pend": ("7", None),
    "bjobs_l_odir": ("18", "/nonexistent/dir/18.log"), "bjobs_l_killed_pending": ("8", None),
    "bjobs_l_exit3": ("9", "/home/rtalice/scripted.9.log"), "bjobs_l_psusp": ("8", None),
    "bjobs_l_after_zombi": ("28", "/home/rtalice/u1.log"), "bjobs_l_ususp": ("6", None),
    "bjobs_l_done": ("4", "/home/rtalice/4.log"), "bjobs_l_other_user": ("10", None),
    "bjobs_l_e127": ("15", "/home/rtbob/x.e127.log"), "bjobs_l_night": ("26", None),
    "bjobs_l_e255": ("16", "/home/rtbob/x.e255.log"), "bjobs_l_run_plain": ("6", None),
    "bjobs_l_ign": ("27", "/home/rtbob/ign.log"), "bjobs_l_notfound": ("99999", None),
    "bjobs_l_segv": ("14", "/home/rtbob/x.segv.log"),
    "bjobs_l_stop_admin": ("29", "/home/rtalice/u2.log"),
    "bjobs_l_uni": ("21", "/home/rtalice/21.log"),
    "bjobs_l_unkwn": ("41", "/home/rtalice/u9.log"),
    "bjobs_l_zombi": ("41", "/home/rtalice/u9.log"),
    "bjobs_zombi_removed": ("38", "/home/rtalice/u1.log"),
    # this product prints rubbish in place of %I: a file that there is not
    "bjobs_array_l": ("13[3]", "/home/rtalice/arr.13.2537250720125235g"),
}  # fmt: skip
#: name -> words of the jobs in it
POLLS = {
    "bjobs_json_all": "DONE EXIT",
    "bjobs_by_project": "PEND",
    "bjobs_json_mixed": "DONE",
    "bjobs_json_notfound": "",
    "bjobs_json_unkwn": "UNKWN",
    "bjobs_o_json": "RUN",
}
FAILURES = [
    "down_ntries_12", "down_ntries_30", "down_lim_ntries", "hung_ntries_12", "hung_ntries_56",
    "no_envdir", "bjobs_bad_user",
]  # fmt: skip
REFUSED_FIELDS = ["bjobs_json_fields", "bjobs_array_o_json", "bjobs_o_badfield"]
#: of options that this product does not know, though it knows JSON
USAGES = ["bjobs_json_noo", "bjobs_noheader", "bjobs_h", "bjobs_o"]
#: name -> id, and what the job has printed so far
PEEKS = {
    "bpeek_run": ("5", ""), "bpeek_unkwn": ("29", ""), "bpeek_pend": ("7", ""),
    "bpeek_finished": ("9", ""), "bpeek_notfound": ("99999", ""),
}  # fmt: skip


def recorded(name: str, *asked: str) -> Poll:
    sample = SAMPLES[name]
    return PollReader().read(sample["rc"], sample["stdout"], sample["stderr"], asked, NOW)


def test_every_recording_of_what_we_run_is_in_a_table() -> None:
    tables = (SUBMISSIONS, KILLS, LISTINGS, POLLS, FAILURES, REFUSED_FIELDS, USAGES, PEEKS)
    known = {name for table in tables for name in table}
    known |= {name for name in SAMPLES if name.startswith("bhist")}  # test_lsf_history
    ours = "arp_submit", "bsub_", "bkill_", "bpeek_", "bjobs_l_", "bjobs_json", "bjobs_o_", "bhist"
    asked = {name for name in SAMPLES if name.startswith(ours)}
    assert asked - UNUSED <= known
    assert not UNUSED & known


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_recorded_submissions_are_read(name: str) -> None:
    sample = SAMPLES[name]
    said = sample["stdout"] + sample["stderr"]
    assert lsf_parse.submitted_ids(said) == tuple(SUBMISSIONS[name])
    wrapped = f"Loading modules …\nJob <1> is ready\n{said}Job <2> will be mailed\n"
    assert lsf_parse.submitted_ids(wrapped) == tuple(SUBMISSIONS[name])


@pytest.mark.parametrize("name", [one for one in SAMPLES if one not in SUBMISSIONS])
def test_jobs_that_other_commands_name_were_not_submitted(name: str) -> None:
    sample = SAMPLES[name]
    assert lsf_parse.submitted_ids(sample["stdout"] + sample["stderr"]) == ()


@pytest.mark.parametrize("name", KILLS)
def test_recorded_kills_are_answered_in_lsf_s_words(name: str) -> None:
    sample = SAMPLES[name]
    native_id, accepted = KILLS[name]
    said = sample["stdout"] + sample["stderr"]
    answers = lsf_parse.kill_answers(sample["rc"], said, [native_id])
    assert answers[native_id].accepted is accepted
    assert answers[native_id].said == said.strip()


@pytest.mark.parametrize("name", LISTINGS)
def test_recorded_output_files_are_found(name: str) -> None:
    native_id, path = LISTINGS[name]
    home = "/home/rtalice"
    found = output_path(SAMPLES[name]["stdout"], native_id, home)
    assert found == (None if path is None else PurePosixPath(path))


@pytest.mark.parametrize("name", POLLS)
def test_recorded_states_are_read(name: str) -> None:
    poll = recorded(name, *map(str, range(100)), "99999")
    words = {one.native_state for one in poll.readings.values()}
    assert words == set(POLLS[name].split())
    assert poll.unknown == ({"99999"} if "99999" in SAMPLES[name]["stdout"] else frozenset())


def test_a_recorded_record_is_read_field_by_field() -> None:
    readings = recorded("bjobs_json_all", *map(str, range(40))).readings
    assert readings["4"].started_at is not None
    assert readings["5"].queue == "psdebugq"
    [silent] = recorded("bjobs_json_unkwn", "41").readings.values()
    assert silent.state is JobState.RUNNING, "a silent host is no end"


@pytest.mark.parametrize("name", FAILURES)
def test_a_recorded_failure_says_nothing_of_any_job(name: str) -> None:
    words = SAMPLES[name]["stderr"].strip()
    with pytest.raises(SchedulerError) as raised:
        recorded(name, "5", "7")
    assert words in str(raised.value)


def test_a_recorded_not_found_without_rows_means_unknown() -> None:
    assert recorded("bjobs_notfound", "99999", "5").unknown == {"99999"}


@pytest.mark.parametrize("name", REFUSED_FIELDS)
def test_a_recorded_refusal_of_a_field_is_told_from_others(name: str) -> None:
    sample = SAMPLES[name]
    field = re.findall(r"<(\w+)> in the format", sample["stderr"])[0].lower()
    asked = Dialect(fields=("jobid", "stat", field))
    other = asked.after(sample["rc"], sample["stdout"], sample["stderr"])
    assert other is not None
    assert field not in other.fields
    assert asked.after(255, "", SAMPLES["bjobs_notfound"]["stderr"]) is None


@pytest.mark.parametrize("name", USAGES)
def test_a_recorded_usage_that_lists_json_does_not_mean_that_there_is_none(name: str) -> None:
    sample = SAMPLES[name]
    assert Dialect().after(sample["rc"], sample["stdout"], sample["stderr"]) is None


def test_a_recorded_search_that_the_product_cannot_do_is_an_error_in_words() -> None:
    sample = SAMPLES["bjobs_json_noo"]  # its usage text, as for any option it does not know
    with pytest.raises(SchedulerError, match="cannot search for our mark"):
        at_once(lsf_parse.found(sample["rc"], sample["stdout"], sample["stderr"], day_of(NOW)))


def test_a_recorded_search_without_a_find_is_no_error() -> None:
    sample = SAMPLES["bjobs_a_none"]
    assert (
        at_once(lsf_parse.found(sample["rc"], sample["stdout"], sample["stderr"], day_of(NOW)))
        == ()
    )


@pytest.mark.anyio
@pytest.mark.parametrize("name", PEEKS)
async def test_recorded_peeks_are_read(name: str, tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path)
    lsf.fault("bpeek", f"sample:{name}")
    native_id, text = PEEKS[name]
    assert await lsf.scheduler.peek(native_id) == text


ids = [str(number) for number in range(60)]


@given(st.sampled_from(sorted(POLLS)), st.integers(0, 6000), st.text(max_size=12), st.booleans())
def test_a_damaged_answer_ends_no_job_that_lives(
    name: str, at: int, inset: str, replaces: bool
) -> None:
    text = SAMPLES[name]["stdout"]
    damaged = text[:at] + inset + text[at + len(inset) * replaces :]
    whole = recorded(name, *ids).readings
    try:
        poll = PollReader().read(0, damaged, "", ids, NOW)
    except SchedulerError:
        return
    for native_id, one in poll.readings.items():
        alive = native_id in whole and not whole[native_id].state.is_final
        assert not (alive and one.state.is_final) or inset.strip()
