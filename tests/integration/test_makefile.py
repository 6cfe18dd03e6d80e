"""What a newcomer is told whose machine lacks something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: answers to a check as a Python that lacks one thing, and fails at everything else
LACKS = """#!/bin/sh
case "$*" in
  *version_info*) exit {old} ;;
  *ensurepip*) exit {bare} ;;
  *) exit 99 ;;
esac
"""


def making(folder: Path, python: str) -> str:
    argv = ["make", f"PYTHON={python}", f"VENV={folder}/venv", f"{folder}/venv/bin/python"]
    made = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode != 0
    return made.stdout


def lacking(folder: Path, *, old: bool = False, bare: bool = False) -> str:
    python = folder / "python"
    python.write_text(LACKS.format(old=int(old), bare=int(bare)))
    python.chmod(0o755)
    return str(python)


def test_missing_python_is_named_with_the_line_that_installs_it(tmp_path: Path) -> None:
    said = making(tmp_path, "no-such-python")
    assert "sudo apt-get install python3 python3-venv" in said


def test_missing_venv_is_named_with_the_line_that_installs_it(tmp_path: Path) -> None:
    said = making(tmp_path, lacking(tmp_path, bare=True))
    assert "sudo apt-get install python3-venv" in said


def test_python_that_is_too_old_is_told(tmp_path: Path) -> None:
    assert "Python 3.11 or newer" in making(tmp_path, lacking(tmp_path, old=True))


@pytest.mark.parametrize("target", ["demo", "test", "lint", "bench", "soak", "docs"])
def test_target_is_there(target: str, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    argv = ["make", "--dry-run", f"VENV={venv}", f"PYTHON={sys.executable}", target]
    told = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    assert str(venv) in told.stdout
