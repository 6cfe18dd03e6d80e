"""What many starts have in common takes room once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from arp_nb.starts import ScriptText
from arp_nb.store import open_store, opening
from arp_nb.store.base import Store
from tests.contract.stores import NOW, after, make_world
from tests.contract.test_stores_starts import START

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path)
    yield made
    made.close()


def rows(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / opening.DATABASE)) as db:
        count: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        return count


async def test_a_script_of_many_jobs_is_kept_once(tmp_path: Path, store: Store) -> None:
    world = await make_world(store)
    script = ScriptText(text="x" * 65_536, sha256="ab")
    for job_id in await world.jobs(50):
        variables = {"ARP_JOB_ID": str(job_id)}
        start = replace(START, script=script, variables=variables)
        await store.keep_start(job_id, f"{job_id}-a", start)
    assert (rows(tmp_path, "job_start"), rows(tmp_path, "kept_text")) == (50, 2)


async def test_a_text_goes_with_the_last_start_that_needs_it(tmp_path: Path, store: Store) -> None:
    world = await make_world(store)
    one, other = await world.jobs(2)
    await store.keep_start(one, "1-a", replace(START, script=ScriptText(text="one")))
    await store.keep_start(other, "2-a", replace(START, script=ScriptText(text="other")))
    await store.set_deleted([one], "ada", NOW)
    await store.purge(after(1))
    assert (rows(tmp_path, "job_start"), rows(tmp_path, "kept_text")) == (1, 2)
    await store.set_deleted([other], "ada", NOW)
    await store.purge(after(1))
    assert (rows(tmp_path, "job_start"), rows(tmp_path, "kept_text")) == (0, 0)
