"""Products that the tests of this folder share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real.lsf_site import LsfSite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arp_nb.client.board import Board


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those of Slurm, which mostly wait for it, run beside all others.

    The others stay one after another: they measure out when to kill what.
    """
    for item in items:
        group = "slurm" if "slurm" in item.path.name else "others"
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="module")
def whole_site() -> Iterator[LsfSite]:
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    site = LsfSite(folder)
    site.set_in_config()
    yield site
    site.product.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(whole_site: LsfSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[LsfSite]:
    """One manager for all tests: it has to live through each fault anyway."""
    monkeypatch.setenv("ARP_STORE", str(whole_site.product.store))
    monkeypatch.setenv("ARP_CLAIM", str(whole_site.product.folder / "claim.json"))
    yield whole_site
    whole_site.mend()


@pytest.fixture
def other_site(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LsfSite]:
    """A manager of a test's own, which is not started yet."""
    site = LsfSite(short_tmp)
    site.set_in_config()
    monkeypatch.setenv("ARP_STORE", str(site.product.store))
    yield site
    site.product.close()


@pytest.fixture
def board(site: LsfSite) -> Iterator[Board]:
    with site.product.board() as board:
        yield board
