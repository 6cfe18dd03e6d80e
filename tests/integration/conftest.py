"""One Jupyter server before one stand-in for the manager, for all tests that need no other.

And one temporary store for the tests of a module that work on a real manager.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from arp_nb.demo.stage import Stage
from tests.contract.labs import RealLocal
from tests.integration.jupyters import Jupyter, jupyter_server
from tests.integration.standin import StandIn, running
from tests.integration.terminal import Arp


@pytest.fixture(scope="session")
def jupyter_home() -> Iterator[Path]:
    """The home of the server, with a store; its path leaves room for a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    (folder / "store").mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def standing_in(jupyter_home: Path) -> Iterator[StandIn]:
    with running(jupyter_home / "store/manager.sock") as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def jupyter(jupyter_home: Path, standing_in: StandIn) -> Iterator[Jupyter]:
    with jupyter_server(jupyter_home) as server:
        yield server


@pytest.fixture
def stand_in(standing_in: StandIn) -> StandIn:
    """The stand-in, running, and with nothing to tell of earlier tests."""
    standing_in.start()
    standing_in.forget()
    return standing_in


@pytest.fixture
def local(short_tmp: Path) -> Iterator[RealLocal]:
    """The local scheduler with one slot; all its jobs have ended after the test."""
    made = RealLocal(short_tmp)
    yield made
    made.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        with Stage() as stage:
            with stage.board():
                pass
            yield stage


@pytest.fixture
def arp(stage: Stage, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Arp:
    """The command line, on the manager of the stage."""
    for name, value in stage.variables.items():
        monkeypatch.setenv(name, value)
    return Arp(capfd)
