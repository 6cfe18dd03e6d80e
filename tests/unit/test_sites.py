"""What is said of a site to its admin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.errors import SchedulerError
from arp_nb.schedulers import lsf_site, slurm_site
from arp_nb.schedulers.lsf import LsfScheduler
from arp_nb.schedulers.lsf_dialect import Dialect
from tests.contract.labs import FakeLsf

pytestmark = pytest.mark.anyio
GOOD = """Configuration data as of 2026-11-27T13:54:01
AccountingStorageType   = accounting_storage/slurmdbd
AccountingStoreFlags    = job_comment
MinJobAge               = 300 sec
JobAcctGatherType       = jobacct_gather/linux
TaskPlugin              = task/cgroup,task/affinity

Cgroup Support Configuration:
ConstrainRAMSpace       = yes
"""


def test_a_slurm_site_with_all_that_helps_has_nothing_to_do() -> None:
    assert [(one.ok, one.to_do) for one in slurm_site.advice(GOOD)] == [(True, "")] * 5


@pytest.mark.parametrize(
    ("old", "new", "to_do"),
    [
        ("accounting_storage/slurmdbd", "(null)", "AccountingStorageType=accounting_storage/"),
        ("job_comment", "(null)", "AccountingStoreFlags=job_comment"),
        ("jobacct_gather/linux", "jobacct_gather/none", "JobAcctGatherType=jobacct_gather/"),
    ],
)
def test_what_a_slurm_site_lacks_is_said_with_what_to_set(old: str, new: str, to_do: str) -> None:
    bad = [one for one in slurm_site.advice(GOOD.replace(old, new)) if not one.ok]
    assert bad[0].to_do.startswith(to_do)


@pytest.mark.parametrize(
    ("old", "new", "to_do"),
    [
        ("task/cgroup,task/affinity", "task/none", "TaskPlugin=task/cgroup in slurm.conf"),
        ("Space       = yes", "Space = no", "ConstrainRAMSpace=yes in cgroup.conf"),
        ("ConstrainRAMSpace       = yes", "", ""),
    ],
)
def test_slurm_without_cgroups_works_and_is_told_what_it_does_not_say(
    old: str, new: str, to_do: str
) -> None:
    said = slurm_site.advice(GOOD.replace(old, new))
    assert all(one.ok for one in said)
    (limits,) = [one for one in said if "OUT_OF_MEMORY" in one.said]
    assert "FAILED" in limits.said
    assert limits.to_do == to_do


def test_a_short_memory_of_squeue_matters_only_without_accounting() -> None:
    short = GOOD.replace("300 sec", "2 sec")
    assert all(one.ok for one in slurm_site.advice(short))
    alone = short.replace("accounting_storage/slurmdbd", "accounting_storage/none")
    assert slurm_site.advice(alone)[-1].to_do == "MinJobAge=300"


@given(st.text())
def test_any_text_is_advice_or_none(text: str) -> None:
    slurm_site.advice(text)
    lsf_site.advice(
        Dialect(), version=text, config=text, params=text,
        can_search=True, has_history=True, by_project=False,
    )  # fmt: skip


async def test_an_lsf_site_of_ibm_s_has_nothing_to_do(tmp_path: Path) -> None:
    said = await FakeLsf(tmp_path).scheduler.advise()
    assert [one.ok for one in said] == [True] * 4
    assert "in JSON" in said[0].said
    assert said[2].said == (
        "how long bjobs lists a job after its end is not known: bparams tells no CLEAN_PERIOD; "
        "after that bhist tells of it"
    )


async def test_an_lsf_that_cannot_search_is_told_what_to_set(tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path, product="volclava")
    lsf.scheduler._tag_option = "-Jd"  # type: ignore[attr-defined]
    said = await lsf.scheduler.advise()
    assert "does not know" in said[0].said or "JSON" in said[0].said
    assert not said[1].ok
    assert said[1].to_do.startswith("lsf_tag_by_project = true")


def test_the_recorded_parameters_are_read() -> None:
    text = Path(__file__).parents[1] / "samples" / "lsf.jsonl"
    samples = {one["name"]: one for one in map(json.loads, text.read_text("utf-8").splitlines())}
    (fields, _, history, _) = lsf_site.advice(
        Dialect(),
        version=samples["down_all_lsid"]["stdout"],
        params=samples["bparams"]["stdout"] + "CLEAN_PERIOD = 60",
        can_search=True,
        has_history=False,
        by_project=True,
    )
    assert history.said.startswith("bjobs lists a job for 60 s after its end")
    assert not history.ok
    assert fields.said.startswith("volclava project 2.2, Nov 22 2026: bjobs tells all")


@pytest.mark.parametrize(
    ("config", "direct", "said", "to_do"),
    [
        ("LSF_TOP=/lsf\nLSB_STDOUT_DIRECT = Y\n", False, "is written while it runs", ""),
        ("LSF_TOP=/lsf\n", False, "appears at its end", "LSB_STDOUT_DIRECT=Y in lsf.conf"),
        ("LSF_TOP=/lsf\nLSB_STDOUT_DIRECT=N", False, "appears at its end", "LSB_STDOUT_DIRECT=Y"),
        ("", False, "badmin shows no settings here", ""),
        ("", True, "is written while it runs", ""),
    ],
)
def test_it_is_told_whether_lsf_shows_output_while_a_job_runs(
    config: str, direct: bool, said: str, to_do: str
) -> None:
    output = lsf_site.advice(
        Dialect(), config=config, is_direct=direct, params="",
        can_search=True, has_history=True, by_project=False,
    )[-1]  # fmt: skip
    assert output.ok
    assert said in output.said
    assert output.to_do.startswith(to_do)
    assert bool(output.to_do) == bool(to_do)


async def test_what_cannot_be_searched_for_is_not_marked_once_that_is_known(
    tmp_path: Path,
) -> None:
    scheduler = LsfScheduler(FakeLsf(tmp_path, product="volclava").environment)
    assert scheduler.tag_options("arp-7-abc"), "nothing is asked before the first submission"
    await scheduler.probe()
    assert scheduler.tag_options("arp-7-abc") == ()
    ibm = FakeLsf(tmp_path)
    scheduler = LsfScheduler(ibm.environment)
    for _ in range(2):
        await scheduler.probe()
    assert scheduler.tag_options("arp-7-abc") == ("-Jd", "arp-7-abc")
    assert sum("-Jd" in command for command in ibm.commands()) == 2, "once for each"


async def test_a_silent_lsf_is_not_taken_for_one_that_cannot_search(tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path)
    scheduler = LsfScheduler(lsf.environment)
    lsf.fault("bjobs", "exit:255:LSF is down. Please wait ...")
    with pytest.raises(SchedulerError):
        await scheduler.probe()
    assert scheduler.tag_options("arp-7-abc") == ("-Jd", "arp-7-abc")


async def test_an_lsf_that_learned_to_search_is_marked_again(tmp_path: Path) -> None:
    lsf = FakeLsf(tmp_path, product="volclava")
    scheduler = LsfScheduler(lsf.environment | {"FAKE_LSF_PRODUCT": "volclava"})
    await scheduler.probe()
    assert scheduler.tag_options("arp-7-abc") == ()
    scheduler._commands = LsfScheduler(FakeLsf(tmp_path).environment)._commands
    await scheduler.advise()
    assert scheduler.tag_options("arp-7-abc") == ("-Jd", "arp-7-abc")
