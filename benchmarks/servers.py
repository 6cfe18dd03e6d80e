"""A manager and a Jupyter server for a benchmark, each with everything below one folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb import discovery

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TOKEN = "a-token-of-this-benchmark"  # noqa: S105 - of a server that lives for minutes
_ROOT = str(Path(__file__).resolve().parents[1])
_START_S = 120


@contextmanager
def manager(folder: Path) -> Iterator[Path]:
    """Run a manager on the store below the folder, empty if there is none; yield its socket."""
    store = folder / "store"
    kept = {name: os.environ.get(name) for name in ("HOME", "ARP_STORE")}
    os.environ.update(HOME=str(folder), ARP_STORE=str(store))
    try:
        yield discovery.find_or_start(store).socket
    finally:
        stop = [sys.executable, "-m", "arp_nb.daemon", "stop"]
        subprocess.run(stop, check=False, timeout=30, stdout=subprocess.DEVNULL)
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def jupyter(
    folder: Path,
    *,
    extensions: Sequence[str] = (),
    python: Path | None = None,
    module: str = "jupyter_server",
    options: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a Jupyter server that serves the folder; yield its port.

    Parameters
    ----------
    extensions
        Modules of server extensions; none: those that are installed and enabled.
    python
        The interpreter; None: this one.
    module
        The application.
    options, variables
        More of its command line and its environment.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [str(python or sys.executable), "-m", module, "--no-browser", "--allow-root"]
    argv += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    argv += [f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}", *options]
    if extensions:
        argv.append(f"--ServerApp.jpserver_extensions={dict.fromkeys(extensions, True)}")
    environment = {**os.environ, **(variables or {})}
    paths = [environment.get("PYTHONPATH", ""), _ROOT]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    with (folder / "jupyter.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(port, process, folder / "jupyter.log")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = log.read_text("utf-8", "replace")[-2000:]
    raise SystemExit(f"The Jupyter server did not start within {_START_S} s:\n{said}")
