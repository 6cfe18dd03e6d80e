"""What is said of a site to its admin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.schedulers import lsf_site, slurm_site
from arp_nb.schedulers.lsf_dialect import Dialect
from tests.contract.labs import FakeLsf

pytestmark = pytest.mark.anyio
GOOD = """Configuration data as of 2026-11-27T13:54:01
AccountingStorageType   = accounting_storage/slurmdbd
AccountingStoreFlags    = job_comment
MinJobAge               = 300 sec
"""


def test_a_slurm_site_with_all_that_helps_has_nothing_to_do() -> None:
    assert [(one.ok, one.to_do) for one in slurm_site.advice(GOOD)] == [(True, "")] * 3


@pytest.mark.parametrize(
    ("old", "new", "to_do"),
    [
        ("accounting_storage/slurmdbd", "(null)", "AccountingStorageType=accounting_storage/"),
        ("job_comment", "(null)", "AccountingStoreFlags=job_comment"),
    ],
)
def test_what_a_slurm_site_lacks_is_said_with_what_to_set(old: str, new: str, to_do: str) -> None:
    bad = [one for one in slurm_site.advice(GOOD.replace(old, new)) if not one.ok]
    assert bad[0].to_do.startswith(to_do)


def test_a_short_memory_of_squeue_matters_only_without_accounting() -> None:
    short = GOOD.replace("300 sec", "2 sec")
    assert all(one.ok for one in slurm_site.advice(short))
    alone = short.replace("accounting_storage/slurmdbd", "accounting_storage/none")
    assert slurm_site.advice(alone)[-1].to_do == "MinJobAge=300"


@given(st.text())
def test_any_text_is_advice_or_none(text: str) -> None:
    slurm_site.advice(text)
    lsf_site.advice(Dialect(), params=text, can_search=True, has_history=True, by_project=False)


async def test_an_lsf_site_of_ibm_s_has_nothing_to_do(tmp_path: Path) -> None:
    said = await FakeLsf(tmp_path).scheduler.advise()
    assert [one.ok for one in said] == [True] * 3
    assert "in JSON" in said[0].said
    assert "CLEAN_PERIOD" in said[2].said


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
    (_, _, history) = lsf_site.advice(
        Dialect(),
        params=samples["bparams"]["stdout"] + "CLEAN_PERIOD = 60",
        can_search=True,
        has_history=False,
        by_project=True,
    )
    assert history.said.startswith("bjobs lists a job for 60 s after its end")
    assert not history.ok
