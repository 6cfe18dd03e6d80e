"""The plugin of ``docs/plugins.md``, as its reader would have it: installed, tested, at work."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from arp_nb.batch_client import BatchClient
from arp_nb.model import JobState
from arp_nb.schedulers import registry
from arp_nb.settings import Settings
from tests.batch_world import FAST, World
from tests.plugin_page import install, run_tests

#: the interpreter itself, not a slow shim in front of it
PYTHON_FOLDER = Path(sys.base_exec_prefix) / "bin"


@pytest.fixture
def plugin(short_tmp: Path) -> Path:
    """The folder into which the page's plugin is written and installed."""
    folder = short_tmp / "plugin"
    install("plugins.md", folder)
    (folder / "pretended" / "deskq").chmod(0o755)
    return folder


def test_the_plugin_of_the_page_keeps_the_contract(plugin: Path) -> None:
    said = run_tests(plugin, PATH=f"{PYTHON_FOLDER}:{os.environ['PATH']}")
    assert re.search(r"\b[4-9]\d passed", said), said


@pytest.fixture
def installed(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The plugin, importable in this process for the time of a test."""
    monkeypatch.syspath_prepend(plugin)
    monkeypatch.setitem(sys.modules, "arp_deskq", None)
    del sys.modules["arp_deskq"]
    return plugin


def test_a_plugin_is_offered_by_its_entry_point_or_says_why_not(installed: Path) -> None:
    commands = installed / "pretended"
    loaded = registry.load(Settings(), installed, environment={"PATH": str(commands)})
    assert loaded.offered["deskq"].found == f"deskq is {commands}/deskq"
    loaded = registry.load(Settings(), installed, environment={"PATH": "/nonexistent"})
    assert loaded.absent["deskq"] == "deskq is not on the PATH of the login environment"


def test_a_job_of_the_plugin_is_followed_from_its_request_to_its_end(
    installed: Path, short_tmp: Path
) -> None:
    (short_tmp / "book").mkdir()
    path = f"{installed / 'pretended'}:{PYTHON_FOLDER}:{os.environ['PATH']}"
    environment = {"PATH": path, "DESKQ": str(short_tmp / "book")}
    world = World(short_tmp)
    loaded = registry.load(Settings(), short_tmp, environment=environment)
    settings = replace(FAST, environment=environment)
    client = BatchClient(world.port, loaded.offered, short_tmp / "spool", settings)

    async def story() -> None:
        script = world.script("deskq submit job.log python analyse.py")
        job = await world.port.apply(script, location="deskq")
        following = asyncio.create_task(client.run())
        await world.port.until(lambda: job.state is JobState.PENDING)
        assert job.ids == ["1"]
        record = short_tmp / "book" / "1.json"
        ended = json.loads(record.read_text()) | {"state": "failed", "exit_code": 3}
        record.write_text(json.dumps(ended))
        await world.port.until(lambda: job.state is JobState.FAILED)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    asyncio.run(story())
