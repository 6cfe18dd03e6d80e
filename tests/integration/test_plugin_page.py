"""The plugin of ``docs/plugins.md``, as its reader would have it: installed, tested, at work."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from arp_nb.batch_client import BatchClient
from arp_nb.model import JobState
from arp_nb.schedulers import registry
from arp_nb.settings import Settings
from tests.batch_world import FAST, World

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"
FILE = re.compile(
    r"^```\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
#: the interpreter itself, not a slow shim in front of it
PYTHON_FOLDER = Path(sys.base_exec_prefix) / "bin"


@pytest.fixture
def plugin(short_tmp: Path) -> Path:
    """The folder into which the page's plugin is written and installed."""
    folder = short_tmp / "plugin"
    for name, text in FILE.findall(PAGE.read_text("utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (folder / "pretended" / "deskq").chmod(0o755)
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    installed = folder / f"arp_deskq-{project['version']}.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    [(group, points)] = project["entry-points"].items()
    lines = [f"{name} = {target}" for name, target in points.items()]
    (installed / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
    return folder


def test_the_plugin_of_the_page_keeps_the_contract(plugin: Path) -> None:
    path = f"{PYTHON_FOLDER}:{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "."],
        cwd=plugin,
        env={**os.environ, "PYTHONPATH": str(plugin), "PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b[4-9]\d passed", done.stdout), done.stdout


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
