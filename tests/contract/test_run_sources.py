"""The contract of run sources, held against each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arp_nb.testing import SourceLab
from arp_nb.testing.source_suite import RunSourceContract
from tests.contract.labs_sources import (
    Fake,
    Folder,
    Logbook,
    LogbookGone,
    PolledFolder,
    RestingFolder,
)

LABS = [Logbook, LogbookGone, Folder, PolledFolder, RestingFolder, Fake]


class TestRunSources(RunSourceContract):
    @pytest.fixture(params=LABS, ids=lambda make: make.__name__)
    def lab(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SourceLab]:
        made: SourceLab = request.param(tmp_path)
        yield made
        made.close()
