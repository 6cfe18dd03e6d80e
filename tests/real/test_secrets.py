"""What a job may know, and what we show of it: its own update address, and no other secret."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest

from tests.real.product import Product

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: set where the manager is started: by a hub, by a shell, by us
SECRETS = {
    "JUPYTERHUB_API_TOKEN": "hub-secret-1",
    "JUPYTER_TOKEN": "server-secret-2",
    "AWS_SECRET_ACCESS_KEY": "cloud-secret-3",
    "SOME_PASSWORD": "word-secret-4",
}
KEY = re.compile(r"client_status/\d+-([0-9a-f]{16,})")


@pytest.fixture
def product(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    product = Product(short_tmp, "poll_min_s = 1\n")
    monkeypatch.setenv("ARP_STORE", str(product.store))
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    product.start()
    yield product
    product.close()


def test_a_job_holds_no_secret_but_its_address_and_we_show_not_even_that(
    product: Product,
) -> None:
    environ, url = product.folder / "environ", product.folder / "url"
    script = product.script(
        "show.sh",
        "#!/bin/sh\n"
        f"bsub -q any -o {product.folder}/%J.log "
        f"'cat /proc/self/environ > {environ}; printf %s $BATCH_UPDATE_URL > {url};"
        " echo The update_url is: $BATCH_UPDATE_URL'\n",
    )
    with contextlib.closing(product.board()) as board:
        board.definitions.add("show", executable=str(script))
        board.runs.start(1)
        dry = repr(board.apply("show", runs="1", dry_run=True))
        (job,) = board.apply("show", runs="1")
        job.wait(timeout_s=60)
        shown = [dry, job.log(), job.details(), repr(job), job._repr_html_(), str(job.history())]
        shown.append(board.jobs.df.to_csv())
    held = environ.read_bytes().decode()
    key = KEY.search(url.read_text())
    assert key, "the job had its update address"
    for secret in SECRETS.values():
        assert secret not in held
        assert not any(secret in text for text in shown)
    assert held.count(key[1]) >= 1
    others = set(KEY.findall(held)) - {key[1]}
    assert not others, "no other job's key"
    assert "The update_url is: " in job_log(shown)
    for text in shown:
        assert key[1] not in text
    log_file = (product.store / "manager.log").read_text()
    assert key[1] not in log_file


def job_log(shown: list[str]) -> str:
    """The log is the second thing that was shown."""
    return shown[1]
