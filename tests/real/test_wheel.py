"""What users install: a wheel that needs no node, and shows up in Jupyter's lists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it as a packager would: from the tree, with a node from PyPI."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*command, str(folder), str(ROOT)], check=True, timeout=280)
    (built,) = folder.glob("arp_nb-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it into an environment of its own; what it depends on is found in this one."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    flags = ["--quiet", "--no-deps", "--no-index", "--ignore-installed"]
    # an empty folder of commands: no node can be found, whatever the machine has
    subprocess.run([*command, *flags, str(wheel)], check=True, env={"PATH": str(folder / "none")})
    return folder


def listed(installed: Path, module: str) -> str:
    """Run a command's ``list`` in the environment, seeing nothing of any other."""
    home = installed / "home"
    home.mkdir(exist_ok=True)
    answer = subprocess.run(
        [str(installed / "bin" / "python"), "-m", module, "list"],
        env={
            "PATH": str(installed / "bin"),
            "HOME": str(home),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"),
        },
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return answer.stdout + answer.stderr


def test_the_wheel_brings_everything_a_browser_loads(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in ("board.js", "board.css", "grid.js", "page.js"):
        assert f"arp_nb/widgets/static/{wanted}" in names
    assert any(name.endswith("labextensions/arp-nb/package.json") for name in names)
    assert any(name.endswith("labextensions/arp-nb/install.json") for name in names)


def test_nothing_in_the_wheel_is_a_source_of_the_front_end(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if name.endswith(".ts") or "node_modules" in name]


@pytest.mark.parametrize("name", ["LICENSES.txt", "third-party-licenses.json"])
def test_the_licences_of_what_is_bundled_come_along(wheel: Path, name: str) -> None:
    with zipfile.ZipFile(wheel) as files:
        (path,) = [one for one in files.namelist() if one.endswith(f"/static/{name}")]
        text = files.read(path).decode()
    assert "slickgrid" in text
    assert "Michael Leibman" in text
    assert "Permission is hereby granted" in text


def test_the_server_extension_is_listed_as_ok(installed: Path) -> None:
    said = listed(installed, "jupyter_server.extension.serverextension")
    plain = re.sub(r"\x1b\[\d+m", "", said)
    assert re.search(r"arp_nb\.extension\s+enabled", plain)
    assert re.search(r"arp_nb\.extension\s+OK", plain)


def test_the_labextension_is_listed_as_ok(installed: Path) -> None:
    said = listed(installed, "jupyterlab.labextensions")
    line = next(line for line in said.splitlines() if "arp-nb" in line)
    assert "enabled" in line
    assert "OK" in line
