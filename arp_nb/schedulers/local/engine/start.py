"""How a supervisor comes to be, out of any process, threads or not."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from . import processes

FOLDER_VARIABLE = "ARP_LOCAL_DIR"
#: the folder that Python executes: the one with ``__main__.py``
PROGRAM = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: what a supervisor inherits; the rest is of whoever happened to start it, secrets included
_KEPT = (FOLDER_VARIABLE, "ARP_LOCAL_GRACE_S", "ARP_LOCAL_BOOT_ID_FILE", "TZ", "LANG")


def argv(*words: str) -> list[str]:
    """Return the command line of one of our programs: no site packages, no user settings."""
    return [sys.executable, "-I", "-S", "-E", PROGRAM, *words]


def supervisor(folder: str) -> None:
    """Start a supervisor for whichever job may start; return once it stands alone."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment[FOLDER_VARIABLE] = folder
    log = os.path.join(folder, "supervisors.log")
    child = os.posix_spawn(
        sys.executable,
        argv("supervise"),
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        ],
    )
    # It forks at once, see `detach`: nothing of it stays our child. Who ignores SIGCHLD has none.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)


def detach() -> None:
    """Leave the session, the descriptors and the parent that this process was born with."""
    if os.fork():
        os._exit(0)
    os.setsid()
    # the script's shim tells by an inherited lock whether the script is alive: let it go
    processes.close_from(3)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.chdir("/")
