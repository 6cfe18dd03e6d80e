"""Closing the notebook, or the server behind it, costs a job nothing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
import requests

from tests.real.jupyter import TOKEN, JupyterServer
from tests.real.product import Product, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: the seed's script, at ten posts a second: its sentences differ, its shape does not
SUBMIT_PY = """
import os, sys, time
from requests import post
print("The parameters passed are:")
for number, parameter in enumerate(sys.argv):
    print("Param %d: %s" % (number + 1, parameter))
sys.stdout.flush()
while not os.path.exists(sys.argv[3]):
    time.sleep(0.05)
for step in range(10):
    time.sleep(0.1)
    post(os.environ["BATCH_UPDATE_URL"],
         json={"counters": {"Example Counter": [step + 1, "red"], "Random Char": "R"}})
"""


@pytest.fixture
def product(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    product = Product(short_tmp, "poll_min_s = 1\n")
    monkeypatch.setenv("ARP_STORE", str(product.store))
    yield product
    product.close()


@pytest.fixture
def jupyter(product: Product, tmp_path: Path) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path)
    server.start()
    yield server
    server.kill()


def through(jupyter: JupyterServer, method: str, path: str, **body: object) -> requests.Response:
    """Ask through the Jupyter server, which finds or starts the manager."""
    answers: list[requests.Response] = []

    def answered() -> bool:
        with contextlib.suppress(requests.ConnectionError):
            headers = {"Authorization": f"token {TOKEN}"}
            url = f"{jupyter.url}/arp/api{path}"
            answers.append(requests.request(method, url, json=body, headers=headers, timeout=30))
        return bool(answers)

    wait_until(answered, f"{method} {path} through Jupyter")
    assert answers[0].ok, answers[0].text
    return answers[0]


def test_jobs_and_their_posts_go_on_while_the_jupyter_server_is_gone(
    product: Product, jupyter: JupyterServer
) -> None:
    gate = product.folder / "gate"
    (product.scripts / "logs").mkdir()
    (product.scripts / "submit.py").write_text(SUBMIT_PY)
    script = product.script(
        "submit.sh",
        f"#!/bin/bash\nABS_PATH={product.scripts}\n"
        'bsub -q psdebugq -o $ABS_PATH/logs/%J.log python $ABS_PATH/submit.py "$@"\n',
    )
    through(jupyter, "POST", "/experiments", name="xpptest")
    through(jupyter, "PUT", "/experiments/xpptest/runs/12")
    definition = {"name": "seed", "executable": str(script), "parameters": f"{gate} param2"}
    through(jupyter, "POST", "/experiments/xpptest/definitions", **definition)
    through(jupyter, "POST", "/experiments/xpptest/jobs:apply", definition="seed", runs="12")
    with contextlib.closing(product.board(create=False)) as board:
        job = board.job(int(board.jobs.df["id"].iloc[0]))
        wait_until(lambda: job.status == "RUN", "the job runs")
        jupyter.kill()
        gate.touch()
        job.wait(timeout_s=60)
        assert job.status == "DONE"
        assert job.counters == {"Example Counter": 10, "Random Char": "R"}
        said = [line for line in job.log().splitlines() if line.startswith("Param ")]
        given = [product.scripts / "submit.py", "xpptest", 12, gate, "param2"]
        assert said == [f"Param {place}: {one}" for place, one in enumerate(given, 1)]
