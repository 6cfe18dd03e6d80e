"""``jupyter arp doctor --from-node``: a real job posts back, or it is said why not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.real.product import Product
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
