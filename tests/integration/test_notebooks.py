"""The notebooks run from top to bottom, offline, with a manager and jobs of their own."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from arp_nb.demo.stage import Stage

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_notebook_runs_from_top_to_bottom(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    notebook.metadata.kernelspec.name = "python3"
    with Stage() as stage:
        # what a notebook that fails leaves there ends with the stage
        monkeypatch.setenv("TMPDIR", str(stage.temporary))
        if path.stem == "control_page":  # it shows an experiment that is there
            stage.board().close()
        client = NotebookClient(
            notebook, timeout=180, resources={"metadata": {"path": str(stage.work)}}
        )
        client.execute()
    match path.stem:
        case "01_quickstart":
            check_quickstart(notebook)
        case "02_autorun":
            check_autorun(notebook)


def check_quickstart(notebook: Any) -> None:
    by_source = {cell.source: cell.get("outputs", []) for cell in notebook.cells}
    watched = next(out for source, out in by_source.items() if "watch()" in source)
    # it was empty of ends when the cell returned; the cells after it let it change
    assert "✓ DONE" in watched[0].data["text/html"]
    results = next(out for source, out in by_source.items() if "jobs.wide" in source)
    assert "lysozyme" in results[-1].data["text/html"]
    assert "NaN" not in results[-1].data["text/html"]
    check_quiet(notebook)


def check_autorun(notebook: Any) -> None:
    everything = "\n".join(map(text, notebook.cells))
    folder = re.findall(r'"(/.*/arp-demo-[^/"]+)', everything)[0]
    assert not Path(folder).exists()
    unchecked, whole = (
        text(cell) for cell in notebook.cells if cell.source == "board.autorun.ledger"
    )
    assert unchecked.splitlines() == ["run 1, frames: skipped. Autorun was not checked."]
    for run in (2, 4):
        assert re.search(rf"^run {run}, frames: fired\. Started job", whole, re.MULTILINE)
        assert re.search(rf"^run {run}, spots: fired\. Started job", whole, re.MULTILINE)
    assert re.search(r"^run 3, spots: skipped\..*beam = off", whole, re.MULTILINE)
    assert re.search(r"^run 5, frames: skipped\..*the shutter was closed", whole, re.MULTILINE)
    watched = next(cell for cell in notebook.cells if "ledger.watch()" in cell.source)
    # it was empty of these when the cell returned
    assert "✓ fired" in watched.outputs[-1].data["text/html"]
    assert "the shutter was closed" in watched.outputs[-1].data["text/html"]
    assert "It would have fired on 1 of the last 5 runs" in everything
    assert "stopped all autorun" in everything
    check_quiet(notebook)


def check_quiet(notebook: Any) -> None:
    """Nobody who reads it sees a warning."""
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", ())]
    stderr = [one for one in outputs if one.get("name") == "stderr"]
    assert not stderr, f"{stderr} (kernel of {sys.executable})"


def text(cell: Any) -> str:
    """What a cell printed and showed, as text."""
    return "\n".join(
        one.get("text", "") or one.get("data", {}).get("text/plain", "")
        for one in cell.get("outputs", ())
    )
