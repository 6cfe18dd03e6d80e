"""Find the manager of a store, or start it: what every caller on this machine begins with.

The manager listens on a Unix socket in the store's folder. Where nobody listens, a small
supervisor is started, detached from the caller, which then starts the manager; of several
callers at once one wins the store's lock, and all end up with the same manager. Only the
standard library is used, so that a notebook's kernel pays nothing for it.
"""

from __future__ import annotations

import errno
import http.client
import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arp_nb.errors import ManagerError
from arp_nb.settings import store_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET_NAME = "manager.sock"
LOG_NAME = "manager.log"
RECORD_NAME = "manager.json"
#: Linux takes 107; the rest is left for names that scripts add beside it
MAX_SOCKET_PATH_BYTES = 100
#: exit status of a supervisor that found the lock taken
EXIT_BUSY = 3
#: what a supervisor answers while it knows no reason yet
NOT_READY = "The batch manager is not ready yet."

_MAX_LOG_BYTES = 5_000_000
_STATUS_PATH = "/arp/api/status"
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.2
#: short at first, because the reason of a failing start is read between two attempts
_FIRST_ASK_S, _LONGEST_ASK_S = 0.5, 8.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a manager listens."""

    socket: Path

    @property
    def store(self) -> Path:
        """The folder of its store."""
        return self.socket.parent


def socket_path(store: Path) -> Path:
    """Return the path of the manager's socket.

    Raises
    ------
    ManagerError
        The path is longer than a Unix socket may have.
    """
    path = store / SOCKET_NAME
    size_bytes = len(os.fsencode(path))
    if size_bytes > MAX_SOCKET_PATH_BYTES:
        raise ManagerError(
            f"The store's folder {store} has too long a name: a Unix socket in it would need "
            f"{size_bytes} bytes, {MAX_SOCKET_PATH_BYTES} are possible. Set the variable "
            "ARP_STORE to a folder with a shorter path, on a local disk."
        )
    return path


def find(store: str | os.PathLike[str] | None = None) -> Address | None:
    """Return the address of the running manager of a store; None if nobody listens.

    A manager that is just being restarted counts as running: its supervisor listens, and
    requests wait until it is back.
    """
    path = socket_path(store_folder(store))
    _refuse_anothers(path.parent)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (BlockingIOError, TimeoutError):
            pass  # its queue is full: somebody listens
        except PermissionError as error:
            raise ManagerError(
                f"{path} belongs to another account. Set ARP_STORE to a folder of your own."
            ) from error
        except OSError:
            return None
    return Address(path)


def find_or_start(store: str | os.PathLike[str] | None = None, timeout_s: float = 30.0) -> Address:
    """Return the address of a manager that answers, starting it where there is none.

    Raises
    ------
    ManagerError
        It could not be started, or did not answer in time. The text says why, and what to do.
    """
    folder = store_folder(store)
    socket_path(folder)
    deadline = time.monotonic() + timeout_s
    pause_s, ask_s = _FIRST_PAUSE_S, _FIRST_ASK_S
    while True:
        address = find(folder)
        if address is None:
            _start(folder, deadline)
        elif _answers(address, ask_s):
            return address
        refusal = _refusal(folder)
        if refusal:
            raise ManagerError(refusal)
        if time.monotonic() > deadline:
            raise ManagerError(_too_late(folder, timeout_s, listens=address is not None))
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        ask_s = min(2 * ask_s, _LONGEST_ASK_S, max(0.1, deadline - time.monotonic()))


def _too_late(folder: Path, timeout_s: float, *, listens: bool) -> str:
    if not listens and not (folder / SOCKET_NAME).exists():
        return (
            f"The batch manager cannot be reached: another process holds {folder}, and the socket "
            f"{SOCKET_NAME} there is gone. End it with `jupyter arp manager stop`, which harms no "
            f"job, and try again.{_log_tail(folder)}"
        )
    return f"The batch manager did not answer within {timeout_s:g} s.{_log_tail(folder)}"


def make_private(folder: Path) -> None:
    """Make a folder that only its owner can use, with those above it, whatever the umask.

    Raises
    ------
    ManagerError
        It is another account's, who could put a link in it that we would follow.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    _refuse_anothers(folder)


def _refuse_anothers(folder: Path) -> None:
    try:
        owner = folder.stat().st_uid
    except OSError:
        return  # there is none yet, or it will be told where it is used
    if owner != os.geteuid():
        raise ManagerError(
            f"The folder {folder} belongs to another account. Set ARP_STORE to a folder of "
            "your own."
        )


def ask_status(address: Address, timeout_s: float) -> dict[str, Any]:
    """Return what the manager says of itself.

    Raises
    ------
    OSError, http.client.HTTPException
        It does not answer.
    ManagerError
        It answers that it cannot work, and why.
    """
    connection = _UnixConnection(address.socket, timeout_s)
    try:
        connection.request("GET", _STATUS_PATH)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    try:
        said = json.loads(body)
    except ValueError:
        said = {}
    if answer.status != http.client.OK or not isinstance(said, dict):
        text = said.get("message") if isinstance(said, dict) else None
        raise ManagerError(str(text or f"The batch manager answered {answer.status}."))
    return said


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's path, whatever the host's name."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except OSError:
            self.sock.close()
            raise


def _answers(address: Address, timeout_s: float) -> bool:
    try:
        ask_status(address, timeout_s)
    except (OSError, http.client.HTTPException):
        return False
    except ManagerError as error:
        if str(error) == NOT_READY:
            return False
        raise
    return True


def _start(folder: Path, deadline: float) -> None:
    """Start a supervisor, detached. It returns once the socket is bound, or says why not."""
    argv = [sys.executable, "-P", "-m", "arp_nb.daemon", "run", "--detach"]
    with _open_log(folder) as log:
        log_start_bytes = log.tell()
        try:
            ended = subprocess.run(
                [*argv, "--store", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(os.environ),
                start_new_session=True,
                timeout=max(1.0, deadline - time.monotonic()),
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ManagerError(f"The batch manager could not be started: {error}") from error
    if ended.returncode not in {0, EXIT_BUSY}:
        raise ManagerError(
            "The batch manager could not be started." + _log_tail(folder, log_start_bytes)
        )


def _open_log(folder: Path) -> Any:
    path = folder / LOG_NAME
    try:
        make_private(folder)
        if path.stat().st_size > _MAX_LOG_BYTES:
            path.replace(folder / f"{LOG_NAME}.1")
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> ManagerError:
    advice = "Set ARP_STORE to a folder that you may write."
    if error.errno == errno.ENOSPC:
        advice = "Free some space, or set ARP_STORE to a folder on another disk."
    return ManagerError(f"{path} cannot be written: {error.strerror}. {advice}")


def _log_tail(folder: Path, start_bytes: int = 0, lines: int = 5) -> str:
    path = folder / LOG_NAME
    try:
        with path.open("rb") as log:
            size_bytes = log.seek(0, os.SEEK_END)
            log.seek(max(start_bytes, size_bytes - 8192, 0))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return ""
    tail = "\n".join(text.strip().splitlines()[-lines:])
    return f" The end of {path}:\n{tail}" if tail else f" See {path}."


def _refusal(folder: Path) -> str:
    """Why the manager does not come up, where its supervisor has written it down."""
    try:
        record = json.loads((folder / RECORD_NAME).read_bytes())
    except (OSError, ValueError):
        return ""
    if not isinstance(record, dict) or not record.get("reason"):
        return ""
    return f"{record['reason']}{_log_tail(folder) if record.get('crashed') else ''}"


_SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "ACCESS_KEY")
_SECRET_PREFIXES = ("JPY_", "JUPYTERHUB_")


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's environment without its secrets; the manager outlives the caller."""
    kept = {
        name: value
        for name, value in ours.items()
        if not name.startswith(_SECRET_PREFIXES)
        and not any(word in name.upper() for word in _SECRET_WORDS)
    }
    # it runs in "/": relative entries, and a package found through the current folder, are lost
    paths = [str(Path(one).absolute()) for one in kept.get("PYTHONPATH", "").split(":") if one]
    home = str(Path(__file__).absolute().parent.parent)
    if home not in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *paths}:
        paths.insert(0, home)
    if paths:
        kept["PYTHONPATH"] = ":".join(paths)
    return kept
