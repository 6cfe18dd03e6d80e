"""A process that writes to a store without end, until it is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path


def run_and_kill(
    module: str, kind: str, folder: Path, after_line: str, wait_s: float
) -> list[str]:
    """Run a module on a store, kill it so long after it said a line; return what it said."""
    command = [sys.executable, "-W", "error", "-m", module, kind, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith(after_line):
                break
        time.sleep(wait_s)
        process.kill()
        rest = process.stdout.read().splitlines(keepends=True)
    return [line for line in lines + rest if line.endswith("\n")]  # the last may be torn
