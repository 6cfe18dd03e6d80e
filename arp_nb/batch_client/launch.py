"""Starts the shim of one submission; the only place that starts a process that outlives us."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from arp_nb.batch_client import shim

_SHIM = Path(shim.__file__)
_TIMEOUT_S = 30.0
#: what a Python outside the system's folders may need to find its own libraries
_PASSED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


async def launch(folder: Path) -> str:
    """Start the shim of a folder; return "" once it has claimed the start, else why not.

    That another shim was faster is no failure: the script is being run, once.
    """
    return await asyncio.to_thread(_launch, folder)


def _launch(folder: Path) -> str:
    argv = [sys.executable, "-I", "-S", "-E", str(_SHIM), str(folder)]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={name: os.environ[name] for name in _PASSED if name in os.environ},
            cwd="/",
            start_new_session=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the shim did not start: {error}"
    if done.returncode in {0, shim.EXIT_LOST}:
        return ""
    return done.stderr.decode(errors="replace").strip() or f"the shim ended: {done.returncode}"
