"""Something to try everything with: two scripts, and a temporary store to run them in.

>>> from arp_nb import demo
>>> scripts = demo.copy_scripts("my-scripts")  # doctest: +SKIP
"""

from __future__ import annotations

import shutil
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
NOTEBOOK = "01_quickstart.ipynb"
AUTORUN_NOTEBOOK = "02_autorun.ipynb"
CONTROL_PAGE = "control_page.ipynb"


def copy_scripts(folder: str | Path) -> Path:
    """Copy the demonstration's scripts to a folder of yours; return its absolute path.

    Files that are there already stay as they are. ``logs`` is made beside them.
    """
    target = Path(folder).expanduser().absolute()
    (target / "logs").mkdir(parents=True, exist_ok=True)
    for source in sorted(SCRIPTS.iterdir()):
        copy = target / source.name
        if source.suffix in {".sh", ".py"} and not copy.exists():
            shutil.copyfile(source, copy)
            copy.chmod(0o755 if source.suffix == ".sh" else 0o644)
    return target


def notebook(name: str) -> Path:
    """Return the path of one of our notebooks: in the package, or in its source tree."""
    places = (Path(__file__).parent / "notebooks", Path(__file__).parents[2] / "notebooks")
    for place in places:
        if (place / name).is_file():
            return place / name
    raise FileNotFoundError(f"{name} is not in this installation.")
