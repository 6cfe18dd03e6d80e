"""DESIGN's promise, by force: kill any process at any moment.

No request is lost, each script starts at most once, and each request ends as a job, as
*Submit failed* or as *Submission uncertain*. Starts are counted by the scripts themselves.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import psutil
import pytest
import requests

from arp_nb.errors import ArpError
from arp_nb.model import JobState
from tests.real.jupyter import TOKEN, JupyterServer
from tests.real.product import Product, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from arp_nb.client.board import Board

EXPERIMENT = "xppkill"
SETTINGS = "lease_s = 2\npoll_min_s = 1\nlocal_slots = 4\n"
#: how often a process of each kind may be killed; the costly ones less often
KILLS = {"supervisor": 6, "manager": 14, "jupyter": 5, "shim": 40, "script": 40}
SETTLED = {state.value for state in JobState if state.is_final or state.is_submitted} | {
    JobState.UNCERTAIN.value
}


@pytest.fixture
def product(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    product = Product(short_tmp, SETTINGS)
    monkeypatch.setenv("ARP_STORE", str(product.store))
    product.start()
    yield product
    product.close()


@pytest.fixture
def jupyter(product: Product, tmp_path: Path) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path)
    server.start()
    yield server
    server.kill()


def make_scripts(product: Product) -> dict[str, Path]:
    """One script that goes through the wrapper, and one that walks around it."""
    for name in ("starts", "ran"):
        (product.folder / name).mkdir()
    body = (
        "#!/bin/sh\n"
        f"printf x >> {product.folder}/starts/$ARP_JOB_ID\n"
        "sleep 0.$(( ARP_JOB_ID % 7 ))\n"  # so that it can be met alive before it submits
        f"exec {{bsub}} -q test -o /dev/null "
        f'"printf x >> {product.folder}/ran/$ARP_JOB_ID"\n'
    )
    return {
        "plain": product.script("plain.sh", body.format(bsub="bsub")),
        "bypass": product.script("bypass.sh", body.format(bsub=product.store / "local/bin/bsub")),
    }


def victims(product: Product, jupyter: JupyterServer, kind: str) -> list[psutil.Process]:
    """Find the processes of one kind."""
    if kind == "jupyter":
        with contextlib.suppress(psutil.Error):
            assert jupyter.process is not None
            return [psutil.Process(jupyter.process.pid)]
        return []
    if kind == "supervisor":
        return product.supervisors()
    if kind == "manager":
        return product.managers()
    if kind == "shim":
        return list(product.processes("shim.py"))
    return [p for name in ("plain.sh", "bypass.sh") for p in product.processes(name)]


class Killer:
    """Kills one process after the other, until each kind's share is used up."""

    def __init__(self, product: Product, jupyter: JupyterServer, seed: int, scale: float) -> None:
        self._product = product
        self._jupyter = jupyter
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._left = {kind: round(number * scale) for kind, number in KILLS.items()}
        self.killed: Counter[str] = Counter()

    def strike(self) -> None:
        """Kill one process of a kind that has some left; put Jupyter and daemon up again."""
        kinds = [kind for kind, left in self._left.items() if left]
        if kinds:
            kind = self._random.choice(kinds)
            found = victims(self._product, self._jupyter, kind)
            if found:
                with contextlib.suppress(psutil.Error):
                    self._random.choice(found).kill()
                    self._left[kind] -= 1
                    self.killed[kind] += 1
        if self._jupyter.process is not None and self._jupyter.process.poll() is not None:
            self._jupyter.start()
        if not self._product.supervisors() and not self._product.managers():
            with contextlib.suppress(ArpError):
                self._product.start()


def apply_through_jupyter(
    jupyter: JupyterServer, killer: Killer, name: str, runs: str, key: str
) -> None:
    """Send one request again and again under one key, until somebody says that it is kept."""
    body = {"definition": name, "runs": runs, "idempotency_key": key, "existing": "again"}
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        killer.strike()
        with contextlib.suppress(requests.RequestException):
            answer = requests.post(
                f"{jupyter.url}/arp/api/experiments/{EXPERIMENT}/jobs:apply",
                json=body,
                headers={"Authorization": f"token {TOKEN}"},
                timeout=10,
            )
            if answer.status_code == 201:
                return
            assert answer.status_code >= 500, answer.text
    pytest.fail(f"runs {runs} of {name} were never accepted")


def define(product: Product, scripts: dict[str, Path], runs: int) -> None:
    board = product.board(EXPERIMENT)
    with contextlib.closing(board):
        for name, path in scripts.items():
            board.definitions.add(name, executable=str(path))
        for number in range(1, runs + 1):
            board.runs.start(number)


def settle(product: Product, killer: Killer, expected: int, timeout_s: float) -> Board:
    """Go on killing until every request has come to rest; return a board that shows them."""

    def all_settled() -> bool:
        killer.strike()
        with contextlib.suppress(ArpError, OSError):
            board = product.board(EXPERIMENT)
            with contextlib.closing(board):
                states = list(board.jobs.df["state"])
            return len(states) == expected and set(states) <= SETTLED
        return False

    wait_until(all_settled, f"{expected} requests settled", timeout_s)
    return product.board(EXPERIMENT)


def count(folder: Path) -> dict[int, int]:
    """How often each job's script (or batch job) wrote its mark."""
    return {int(path.name): path.stat().st_size for path in folder.iterdir()}


def kill_everything(product: Product, jupyter: JupyterServer, *, jobs: int, seed: int) -> None:
    """Submit ``jobs`` jobs while everything is killed, then hold the promise to the counts."""
    scripts = make_scripts(product)
    define(product, scripts, jobs)
    killer = Killer(product, jupyter, seed, scale=jobs / 200)
    for first in range(1, jobs + 1, 20):
        name = "bypass" if first % 100 == 81 else "plain"
        last = min(first + 19, jobs)
        apply_through_jupyter(jupyter, killer, name, f"{first}-{last}", f"key-{first}")
    board = settle(product, killer, jobs, timeout_s=jobs * 1.5)
    with contextlib.closing(board):
        table = board.jobs.df
        live = lambda: not {"pending", "running", "suspended"} & set(board.jobs.df["state"])  # noqa: E731
        wait_until(live, "all batch jobs ended", jobs * 0.6)
        table = board.jobs.df
    starts, ran = count(product.folder / "starts"), count(product.folder / "ran")
    assert sorted(table["run"]) == list(range(1, jobs + 1)), "no request lost, none twice"
    assert not {job: n for job, n in starts.items() if n > 1}, "a script started twice"
    assert not {job: n for job, n in ran.items() if n > 1}, "a batch job ran twice"
    known = table.loc[table["native_id"].notna() & (table["native_id"] != ""), "id"]
    assert set(known) <= set(starts), "a job without a start"
    failed = set(table.loc[table["state"] == JobState.SUBMIT_FAILED.value, "id"])
    assert not failed & set(ran), "called failed, and it ran"
    print(dict(killer.killed), table["state"].value_counts().to_dict())  # noqa: T201


def test_killing_any_process_at_any_moment_starts_each_script_at_most_once(
    product: Product, jupyter: JupyterServer
) -> None:
    kill_everything(product, jupyter, jobs=200, seed=20261122)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killing_goes_on_for_a_thousand_submissions(
    product: Product, jupyter: JupyterServer
) -> None:
    seed = int(os.environ.get("ARP_SEED", time.time_ns() % 10**9))
    print(f"ARP_SEED={seed}")  # noqa: T201
    kill_everything(product, jupyter, jobs=1000, seed=seed)
