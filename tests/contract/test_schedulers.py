"""The contract of schedulers, held against each of them.

LSF stands here by the commands in ``tests/fakebin``, in the dialects of two products; Slurm by a
real one; the local and the fake scheduler by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arp_nb.testing import Lab, until
from arp_nb.testing.scheduler_suite import SchedulerContract
from tests.contract.labs import FakeLsf, Pretended, RealLocal, Volclava
from tests.contract.labs_slurm import RealSlurm


def lsf_of_ibm(folder: Path) -> Lab:
    return FakeLsf(folder)


def lsf_of_volclava(folder: Path) -> Lab:
    return Volclava(folder)


LABS = [lsf_of_ibm, lsf_of_volclava, Pretended, RealLocal, RealSlurm]


class TestSchedulers(SchedulerContract):
    @pytest.fixture(params=LABS, ids=lambda make: make.__name__)
    def lab(self, request: pytest.FixtureRequest, short_tmp: Path) -> Iterator[Lab]:
        made: Lab = request.param(short_tmp)
        yield made
        made.close()


def test_what_does_not_come_is_told_in_words() -> None:
    with pytest.raises(AssertionError, match="a thing that never comes"):
        until(lambda: False, "a thing that never comes", deadline_s=0.01)
