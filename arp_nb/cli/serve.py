"""``jupyter arp serve``: a Jupyter server with this extension, with the server's own options."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from arp_nb.errors import ArpError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def serve(options: argparse.Namespace) -> NoReturn:
    """Become a Jupyter server: its signals, exit status and output are its own."""
    argv = server_argv(options.options)
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606 - a list, no shell


def server_argv(options: Sequence[str]) -> list[str]:
    """Return the command that starts JupyterLab, or the plain server where there is no Lab."""
    for module in ("jupyterlab", "jupyter_server"):
        if importlib.util.find_spec(module) is not None:
            return [sys.executable, "-m", module, *options]
    raise ArpError("There is no Jupyter server here: pip install 'arp-nb[server]' jupyterlab")
