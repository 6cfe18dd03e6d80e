"""``jupyter arp demo``, for real: manager, local scheduler, jobs and Jupyter server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import arp_nb
from arp_nb.errors import Unauthenticated

ROOT = Path(__file__).parents[2]
ARP = [sys.executable, "-m", "arp_nb.cli"]


@pytest.fixture
def environment(short_tmp: Path) -> dict[str, str]:
    """Where a demonstration that goes wrong would leave its traces."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(short_tmp)}


def test_demo_once_runs_one_job_prints_each_change_and_leaves_nothing(
    environment: dict[str, str], short_tmp: Path
) -> None:
    done = subprocess.run(
        [*ARP, "demo", "--once"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    words = re.findall(r"job 1, run 1: (PEND|RUN|DONE)", done.stdout)
    assert list(dict.fromkeys(words)) == ["PEND", "RUN", "DONE"]
    steps = [int(one) for one in re.findall(r"Steps (\d+),", done.stdout)]
    assert steps == sorted(steps)
    assert steps[-1] == 10
    called = re.findall(r"^  \d: (.*)$", done.stdout, re.MULTILINE)
    assert called[1:] == ["xppdemo26", "1", "param1", "param2"]
    assert not list(short_tmp.iterdir())


@pytest.fixture
def demo(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        [*ARP, "demo"], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        address = ""
        for line in process.stdout or ():
            if "?token=" in line:
                address = line.strip()
                break
        yield process, address
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def test_demo_serves_the_notebook_and_jobs_until_it_is_ended(
    demo: tuple[subprocess.Popen[str], str], short_tmp: Path
) -> None:
    process, address = demo
    page = requests.get(address, timeout=60)
    assert page.ok
    assert '<main id="arp-page">' in page.text
    assert 'src="/arp/static/page.js"' in page.text
    # the template stands in no folder that would hide Voila's own things
    token = {"Authorization": f"token {address.partition('token=')[2]}"}
    theme = "voila/api/themes/@jupyterlab/theme-dark-extension/index.css"
    answer = requests.get(f"{address.partition('/voila/')[0]}/{theme}", headers=token, timeout=30)
    assert answer.headers["Content-Type"].startswith("text/css")
    notebooks = requests.get(
        f"{address.partition('/voila/')[0]}/api/contents/", headers=token, timeout=30
    ).json()["content"]
    assert {"01_quickstart.ipynb", "02_autorun.ipynb"} <= {one["name"] for one in notebooks}
    with pytest.raises(Unauthenticated, match="did not accept the token"):
        arp_nb.connect("xppdemo26", url=address.partition("?")[0], token="wrong")
    with arp_nb.connect("xppdemo26", url=address) as board:
        assert [one.name for one in board.definitions] == ["steps", "peaks"]
        job = board.apply("peaks", runs=2)[0].wait(90)
        assert job.status == "DONE"
        assert job.counters["Frames"] == 37
        picture = job.report["counters"]["Picture"]["url"]
        answer = requests.get(picture, headers=token, timeout=30)
        assert answer.content.startswith(b"\x89PNG")
        assert not board.stale
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not list(short_tmp.iterdir())
