"""``jupyter arp doctor --from-node``: a real job posts back, or it is said why not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arp_nb.cli import from_node
from tests.real.lsf_site import LsfSite
from tests.real.product import Product, wait_until
from tests.real.slurm_site import SlurmSite


def doctor(product: Product, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "jupyter-arp", "doctor", *options],
        env={
            **os.environ,
            "ARP_STORE": str(product.store),
            "ARP_CLAIM": str(product.folder / "claim.json"),
        },
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_a_job_on_a_slurm_node_posts_back_and_leaves_no_row(short_tmp: Path) -> None:
    site = SlurmSite(short_tmp)
    try:
        done = doctor(site.product, "--from-node")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ok  a job on " in done.stdout
        assert "goes to slurm" in done.stdout
        whole = doctor(site.product)
        assert "ok  site slurm: accounting is kept" in whole.stdout
        assert "scheduler lsf: not offered: the setting locations does not" in whole.stdout
        assert "ok  reports from slurm: a job has reported" in whole.stdout
    finally:
        site.close()


def test_a_route_that_no_node_can_take_is_told_with_what_to_set(short_tmp: Path) -> None:
    # a port that nobody listens on
    product = Product(short_tmp, 'public_url = "http://127.0.0.1:9"\n')
    try:
        done = doctor(product, "--from-node", "local")
        assert done.returncode == 1, done.stdout
        assert "NO  no post has come" in done.stdout
        assert "is update_listen the cluster's interface?" in done.stdout
        refused = doctor(product, "--from-node", "lsf")
        assert "NO  location lsf: not offered: bsub is not on the PATH" in refused.stdout
    finally:
        product.close()


@pytest.fixture
def queue(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LsfSite]:
    """An LSF in which every job waits for ever."""
    site = LsfSite(short_tmp)
    site.set_in_config(command_timeout_s=20)
    monkeypatch.setenv("ARP_STORE", str(site.product.store))
    monkeypatch.setenv("ARP_CLAIM", str(short_tmp / "claim.json"))
    yield site
    site.product.close()


def test_a_job_that_waits_too_long_does_not_stay_in_the_queue(
    queue: LsfSite, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):  # and it can be asked again
        assert from_node.run("lsf", wait_s=10.0) == 1
        said = capsys.readouterr()
        assert "NO  no post has come. The job's status: PEND" in said.out
        assert "it is asked to end" in said.err
        assert len(queue.ids()) == number
        wait_until(lambda: queue.record(queue.ids()[-1])["STAT"] == "EXIT", "the job is killed")
    with queue.product.board(from_node.EXPERIMENT) as board:
        assert board.jobs.df.empty


def test_who_gives_up_waiting_leaves_no_job_in_the_queue(queue: LsfSite) -> None:
    # a test run that a shell has put into the background would ignore it, and hand that on
    heeds_signals = ["env", "--default-signal=INT"]
    command = str(Path(sys.executable).parent / "jupyter-arp")
    asked = subprocess.Popen(
        [*heeds_signals, command, "doctor", "--from-node", "lsf"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_until(queue.ids, "the job waits")
        asked.send_signal(signal.SIGINT)
        out, err = asked.communicate(timeout=60)
    finally:
        asked.kill()
        asked.communicate()
    assert asked.returncode == 1
    assert "Given up: its job is asked to end." in out
    assert "Traceback" not in err
    (native_id,) = queue.ids()
    wait_until(lambda: queue.record(native_id)["STAT"] == "EXIT", "the job is killed")
