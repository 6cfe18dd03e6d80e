"""An environment with what we are measured against, apart from our own: ``build/peers``.

Other grids would otherwise stand in every JupyterLab that the browser tests open. The environment
finds what they share with this project in the environment that runs the benchmark.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from benchmarks.figures import Missing

ROOT = Path(__file__).resolve().parents[1]
_PINS = Path(__file__).with_name("peers.txt")
_TIMEOUT_S = 600


def python() -> Path:
    """Return the interpreter of the environment, made anew where its pins are others.

    Raises
    ------
    Missing
        The peers cannot be installed here, as without a network.
    """
    folder = ROOT / "build" / "peers"
    interpreter = folder / "bin" / "python"
    made_of = folder / "made-of.txt"
    shared = sysconfig.get_paths()["purelib"]
    wanted = f"{sys.executable}\n{shared}\n{_PINS.read_text('utf-8')}"
    if made_of.is_file() and made_of.read_text("utf-8") == wanted:
        return interpreter
    print("installing the peers into build/peers …", file=sys.stderr, flush=True)
    venv.create(folder, clear=True, with_pip=False, symlinks=True)
    own = next((folder / "lib").glob("python3.*")) / "site-packages"
    # `site.addsitedir` and not the bare path: an editable install is a .pth file in there
    (own / "shared.pth").write_text(f"import site; site.addsitedir({shared!r})\n", "utf-8")
    argv = [sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--quiet"]
    argv += ["--no-deps", "--disable-pip-version-check", "--requirement", str(_PINS)]
    try:
        done = subprocess.run(argv, check=False, timeout=_TIMEOUT_S, capture_output=True)
    except subprocess.TimeoutExpired:
        raise Missing(f"the peers: pip took more than {_TIMEOUT_S} s") from None
    if done.returncode:
        raise Missing(f"the peers: {done.stderr.decode(errors='replace').strip()[-300:]}")
    made_of.write_text(wanted, "utf-8")
    return interpreter
