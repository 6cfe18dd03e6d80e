"""The notebooks run from top to bottom, offline, with a manager and jobs of their own."""

from __future__ import annotations

import os
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
        if path.stem == "control_page":  # it shows an experiment that is there
            stage.board().close()
        client = NotebookClient(
            notebook, timeout=180, resources={"metadata": {"path": str(stage.work)}}
        )
        client.execute()
    if path.stem == "01_quickstart":
        check_quickstart(notebook)


def check_quickstart(notebook: Any) -> None:
    by_source = {cell.source: cell.get("outputs", []) for cell in notebook.cells}
    watched = next(out for source, out in by_source.items() if "watch()" in source)
    # it was empty of ends when the cell returned; the cells after it let it change
    assert "✓ DONE" in watched[0].data["text/html"]
    results = next(out for source, out in by_source.items() if "jobs.wide" in source)
    assert "lysozyme" in results[-1].data["text/html"]
    assert "NaN" not in results[-1].data["text/html"]
    stderr = [out for outs in by_source.values() for out in outs if out.get("name") == "stderr"]
    assert not stderr, f"{stderr} (kernel of {sys.executable})"
