"""What one machine's scheduler can do, through the whole product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arp_nb.model import JobState
from tests.real.product import Product, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from arp_nb.client.board import Board
    from arp_nb.client.job import Job

SETTINGS = "poll_min_s = 0.3\nlost_after_s = 3\nlocal_slots = 8\n"


@pytest.fixture
def product(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    product = Product(short_tmp, SETTINGS)
    monkeypatch.setenv("ARP_STORE", str(product.store))
    monkeypatch.setenv("ARP_CLAIM", str(short_tmp / "claim.json"))
    yield product
    product.close()


@pytest.fixture
def board(product: Product) -> Iterator[Board]:
    with product.board() as board:
        yield board


def apply(product: Product, board: Board, submit: str) -> Job:
    script = product.script("submit.sh", f"#!/bin/sh\n{submit}\n")
    board.definitions.add("def", executable=str(script))
    board.runs.start(1)
    (job,) = board.apply("def", runs=1)
    return job


def test_an_array_is_one_row_that_opens_to_its_elements(product: Product, board: Board) -> None:
    line = "echo element $LSB_JOBINDEX; [ $LSB_JOBINDEX != 3 ]"
    job = apply(product, board, f"bsub -J 'scan[1-5]%2' -o %J.%I.log '{line}'")
    assert job.wait(timeout_s=60).state is JobState.FAILED
    wait_until(lambda: job.parts.get("elements") == {"EXIT": 1, "DONE": 4}, "all are counted")
    elements = job.elements()
    assert list(elements["index"]) == [1, 2, 3, 4, 5]
    assert list(elements.query("native_state == 'EXIT'")["index"]) == [3]
    assert job.log(native_id=f"{job.native_id}[3]") == "element 3\n"


def test_what_a_job_submits_is_its_subjob_and_dies_with_it(product: Product, board: Board) -> None:
    job = apply(product, board, "bsub -o %J.log 'bsub sleep 300; sleep 300'")
    wait_until(lambda: job.parts.get("subjobs") == {"RUN": 1}, "it is found")
    job.kill()
    assert job.wait(timeout_s=60).state is JobState.KILLED
    wait_until(lambda: job.parts["subjobs"] == {"EXIT": 1}, "it ends, too")


def test_a_rerun_asks_for_more_than_the_script(product: Product, board: Board) -> None:
    job = apply(product, board, "bsub -n 2 -M 4000 -W 5 -o %J.log 'exit 1'")
    assert job.wait(timeout_s=60).state is JobState.FAILED
    again = job.rerun(memory="16G", time="2h")
    assert again.wait(timeout_s=60).state is JobState.FAILED
    assert again.row["asked_memory_mb"] == pytest.approx(16_000, rel=0.01)
    assert again.row["asked_time_s"] == 7200
    assert again.row["cores"] == 2
    assert list(board.jobs.df["cores"]) == [2, 2]
    assert [one.id for one in job.attempts()] == [job.id, again.id]
