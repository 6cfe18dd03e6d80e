"""The commands around the manager's process; ``jupyter arp manager`` has the same ones."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from arp_nb.daemon import claim, record
from arp_nb.daemon.host import this_host
from arp_nb.daemon.listeners import Listeners, bind
from arp_nb.daemon.lock import is_locked, take_lock
from arp_nb.daemon.supervisor import Supervisor, say
from arp_nb.discovery import EXIT_BUSY, LOG_NAME, SOCKET_NAME, ask_status, find, make_private
from arp_nb.errors import ArpError, ManagerError, StoreBusy
from arp_nb.settings import load, store_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from arp_nb.daemon.host import Host

_REFUSE_AFTER_S = 30.0
_STOP_S = 25.0
_PAUSE_S = 0.05


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands; return the exit status."""
    options = _parser().parse_args(arguments)
    store = store_folder(options.store)
    try:
        match options.command:
            case "run":
                return run(store, detach=options.detach, refuse_after_s=options.refuse_after_s)
            case "status":
                return status(store)
            case "stop":
                return stop(store)
            case _:
                return move(store)
    except ArpError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m arp_nb.daemon", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    helps = {
        "run": "run a manager and keep it alive",
        "status": "tell what runs",
        "stop": "stop the manager; jobs live on",
        "move": "make this host the one that runs your manager",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--store", metavar="FOLDER", help="its folder (default: ARP_STORE)")
        if name == "run":
            command.add_argument("--detach", action="store_true", help="return once it listens")
            command.add_argument(
                "--refuse-after-s",
                type=float,
                default=float(os.environ.get("ARP_REFUSE_AFTER_S", _REFUSE_AFTER_S)),
                help="answer 503 after so long without a manager (default: %(default)s)",
            )
    return parser


def run(store: Path, *, detach: bool, refuse_after_s: float = _REFUSE_AFTER_S) -> int:
    """Take the store and supervise a manager; with ``detach`` in a process of its own.

    Raises
    ------
    StoreBusy
        Another host has the claim.
    ManagerError, InvalidValue
        The folder, the sockets or the settings cannot be used.
    """
    host = this_host()
    claim.check(host, store)
    _make_private(store)
    try:
        lock = take_lock(store)
    except StoreBusy as error:
        say(str(error))
        return EXIT_BUSY
    record.remove(store)  # of one that was killed: what it says is no longer so
    try:
        listeners = bind(store, load(store))
    except ArpError:
        os.close(lock)
        raise
    for notice in listeners.notices:
        say(notice)
    claim.take(host, store)
    if detach and os.fork():
        # lock and sockets live on in the child; nothing here may clean them up
        os._exit(0)
    return _supervise(store, host, lock, listeners, refuse_after_s)


def _supervise(
    store: Path, host: Host, lock: int, listeners: Listeners, refuse_after_s: float
) -> int:
    try:
        return Supervisor(store, host, lock, listeners, refuse_after_s).run()
    finally:
        with contextlib.suppress(OSError):
            (store / SOCKET_NAME).unlink(missing_ok=True)
        record.remove(store)
        listeners.close()
        os.close(lock)


def _make_private(store: Path) -> None:
    try:
        make_private(store)
        if store.stat().st_mode & 0o077:
            store.chmod(0o700)
    except OSError as error:
        raise ManagerError(
            f"The store's folder {store} cannot be used: {error.strerror}. Set ARP_STORE to a "
            "folder of your own."
        ) from error


def status(store: Path) -> int:
    """Print what runs; exit status 1 if nothing does."""
    address = find(store)
    if address is None:
        held = " Its lock is held, though: it is starting or ending." if is_locked(store) else ""
        sys.stdout.write(f"No batch manager runs for {store}.{held}\n")
        return 1
    known = record.read(store)
    lines = [f"A batch manager listens at {address.socket}."]
    if known is not None:
        lines.append(f"host {known.host}, update port {known.update_port}")
        for role, process in (("supervisor", known.supervisor), ("manager", known.manager)):
            state = f"pid {process.pid}" if process and process.runs() else "not there"
            lines.append(f"{role}: {state}")
    try:
        said = ask_status(address, timeout_s=10.0)
        lines.append(f"version {said.get('version')}, revision {said.get('revision')}")
        lines += [f"note: {notice}" for notice in said.get("notices", [])]
        lines += _autorun(said.get("autorun") or {})
        code = 0
    except (OSError, http.client.HTTPException, ManagerError) as error:
        lines.append(f"It does not answer: {error} See {store / LOG_NAME}.")
        code = 1
    sys.stdout.write("\n".join(lines) + "\n")
    return code


def _autorun(told: Mapping[str, Any]) -> Iterator[str]:
    """Say whether autorun acts, and which run sources are down."""
    cannot = told.get("cannot", [])
    yield f"autorun: {' '.join(['does not act:', *cannot]) if cannot else 'acts'}"
    for one in told.get("sources", []):
        yield f"run source {one['name']}: {'ok' if one['ok'] else 'DOWN, ' + one['said']}"


def stop(store: Path, timeout_s: float = _STOP_S) -> int:
    """End supervisor and manager, and wait for that.

    Raises
    ------
    ManagerError
        Who holds the lock is not known, or does not end.
    """
    deadline = time.monotonic() + timeout_s
    told: set[int] = set()
    while is_locked(store):
        known = record.read(store)
        candidates = () if known is None else (known.supervisor, known.manager)
        running = [one.pid for one in candidates if one is not None and one.runs()]
        # the supervisor tells its manager; a manager without one is told itself
        if running and not told & set(running):
            told.add(running[0])
            with contextlib.suppress(ProcessLookupError):
                os.kill(running[0], signal.SIGTERM)
        if time.monotonic() > deadline:
            raise ManagerError(
                f"The batch manager of {store} did not end within {timeout_s:g} s"
                f" (processes: {', '.join(map(str, running)) or 'not known'})."
            )
        time.sleep(_PAUSE_S)
    sys.stdout.write("The batch manager is stopped.\n" if told else "No batch manager ran.\n")
    return 0


def move(store: Path) -> int:
    """Take the claim over for this host and store."""
    host = this_host()
    claim.write(host, store)
    sys.stdout.write(f"Your batch manager now belongs to {host.name}, store {store}.\n")
    return 0
