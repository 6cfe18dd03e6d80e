"""Runs one submission's script, detached, at most once; started by path, standard library only.

``python -I -S -E shim.py FOLDER`` forks and answers by its exit code: 0 the script is being
run, 3 somebody else has started it, 1 it could not be started, in words on stderr. The child
goes on in a session of its own, so that no end of a process of ours ends the script.

What it leaves in FOLDER is the truth that recovery starts from:

``lock``   held by the shim and, by inheritance, by the script. The kernel drops it with them.
``start``  made with O_EXCL and durable *before* the script runs. Whoever makes it decides:
           a second shim, or a shim that comes after a recovery has fenced it off, does nothing.
``out``, ``err``  what the script printed.
``exit``   durable; how the script ended, or in words why it never ran.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

#: descriptor of the lock in the script; below 10, for plain shells know only one digit
LOCK_FD = 7
#: where no login says anything else
PLAIN_UMASK = 0o022
#: a lock is only ever probed for an instant, or held by the shim that won
LOCK_WAIT_S = 10
STARTED, LOST = b"s", b"l"
EXIT_LOST = 3
RECORD_TRIES = 120


def main(folder: Path) -> int:
    """Fork; return to the caller once the child has, or has not, got hold of the start."""
    report, answer = os.pipe()
    if os.fork() == 0:
        os.close(report)
        _child(folder, answer)
    os.close(answer)
    with os.fdopen(report, "rb") as pipe:
        said = pipe.read()
    if said == STARTED:
        return 0
    if said == LOST:
        return EXIT_LOST
    sys.stderr.write(said.decode(errors="replace") or "the shim ended without a word")
    return 1


def _child(folder: Path, answer: int) -> None:
    """Run the script and leave; never returns."""
    try:
        os.setsid()
        _detach_streams()
        os.chdir(folder)
        request = json.loads(Path("request").read_bytes())
        if not _start():
            os.write(answer, LOST)
            os._exit(EXIT_LOST)
        os.write(answer, STARTED)
        os.close(answer)
    except BaseException as error:  # noqa: BLE001 - told to the caller, whatever it is
        os.write(answer, f"{type(error).__name__}: {error}".encode(errors="replace"))
        os._exit(1)
    try:
        _record_stubbornly("exit", _run(request))
    finally:
        os._exit(0)


def _detach_streams() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


def _start() -> bool:
    """Take the lock, then claim the start; False if another has it."""
    lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    signal.alarm(LOCK_WAIT_S)
    fcntl.flock(lock, fcntl.LOCK_EX)
    signal.alarm(0)
    if lock != LOCK_FD:
        os.dup2(lock, LOCK_FD)
        os.close(lock)
    try:
        start = os.open("start", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(start, "wb") as file:
        file.write(json.dumps({"pid": os.getpid(), "at": time.time()}).encode())
        file.flush()
        os.fsync(file.fileno())
    _sync_folder()
    return True


def _run(request: dict[str, Any]) -> dict[str, Any]:
    """Run the script to its end; say how it ended."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    argv = request["argv"]
    cwd = next(filter(_can_enter, request["folders"]), "/")
    try:
        # also a disk without room for them is told: nothing has run then
        out, err = (os.open(name, flags, 0o600) for name in ("out", "err"))
        script = subprocess.Popen(
            argv,
            env=request["environment"] | {"PWD": cwd},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            pass_fds=(LOCK_FD,),
            umask=request.get("umask", PLAIN_UMASK),
        )
    except (OSError, ValueError) as error:
        return {"code": None, "signal": None, "error": _why(argv[0], error), "at": time.time()}
    record: dict[str, Any] = {"code": None, "signal": None, "error": ""}
    code = script.wait()
    record["signal" if code < 0 else "code"] = abs(code)
    record["at"] = time.time()
    return record


def _can_enter(folder: str) -> bool:
    return Path(folder).is_dir() and os.access(folder, os.X_OK)


def _why(executable: str, error: OSError | ValueError) -> str:
    """Say to a scientist why their script could not be started."""
    words = getattr(error, "strerror", None) or str(error)
    advice = ""
    if getattr(error, "errno", None) == errno.ENOEXEC:
        advice = " Its first line must say what runs it, such as #!/bin/bash."
    elif getattr(error, "errno", None) == errno.ENOENT and Path(executable).exists():
        advice = " The file is there, so the program named in its first line is not."
    return f"{executable} cannot be started: {words}.{advice}"


def _record_stubbornly(name: str, content: dict[str, Any]) -> None:
    """As `_record`; a disk that is full now may have room in a minute."""
    for wait_s in (0.5,) * RECORD_TRIES:
        try:
            _record(name, content)
        except OSError:
            time.sleep(wait_s)
        else:
            return


def _record(name: str, content: dict[str, Any]) -> None:
    """Write a file so that it is there whole, and durable, or not at all."""
    part = Path(f".{name}.{os.getpid()}")
    with part.open("wb") as file:
        file.write(json.dumps(content).encode())
        file.flush()
        os.fsync(file.fileno())
    part.replace(name)
    _sync_folder()


def _sync_folder() -> None:
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
