"""Looks at a script as the user who is to run it, before anything runs."""

from __future__ import annotations

import hashlib
import os
import pwd
import socket
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.model import ScriptCheck

if TYPE_CHECKING:
    from collections.abc import Sequence

OK = "ok"
_TEXT_BYTES = 1_000_000
_HASHED_BYTES = 64_000_000
#: how compiled programs begin on the systems that we run on
_BINARY = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def check_script(executable: str, submit_commands: Sequence[str]) -> ScriptCheck:
    """Look at a script. Blocks for as long as its file server does.

    Parameters
    ----------
    executable
        Path as the user gave it; any text.
    submit_commands
        The commands of which the script should call one.
    """
    host = socket.gethostname()
    at = datetime.now(UTC)
    problem = _problem(executable, host)
    if problem:
        return ScriptCheck(problem=problem, host=host, checked_at=at)
    try:
        text, digest = _contents(Path(executable))
    except OSError as error:
        # it may still be run: a script that is executable and not readable fails, a program not
        warning = f"Cannot be read by {_user()} on {host}: {error.strerror}."
        return ScriptCheck(problem=OK, warnings=(warning,), host=host, checked_at=at)
    return ScriptCheck(
        problem=OK,
        warnings=_warnings(text, submit_commands),
        sha256=digest,
        host=host,
        checked_at=at,
    )


def not_checked(why: str) -> ScriptCheck:
    """Return the check that could not be made."""
    return ScriptCheck(problem=f"not checked: {why}", host=socket.gethostname())


def was_checked(check: ScriptCheck) -> bool:
    """Whether the file was looked at, whatever was found."""
    return not check.problem.startswith("not checked")


def _problem(executable: str, host: str) -> str:
    """Say what is wrong with a path, in words; empty if it can be run."""
    if "\0" in executable:
        return "Holds a NUL character, which no path can."
    if not executable.startswith("/"):
        near = Path(executable).expanduser() if executable.startswith("~") else None
        advice = f" Did you mean {near}?" if near is not None and near.is_absolute() else ""
        return f"Must be an absolute path.{advice}"
    return _problem_of_file(Path(executable), host)


def _problem_of_file(path: Path, host: str) -> str:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return f"No such file on {host}."
    except OSError as error:
        return f"Cannot be reached by {_user()} on {host}: {error.strerror}."
    if stat.S_ISDIR(mode):
        return "Is a folder, not a script."
    if not stat.S_ISREG(mode):
        return "Is not a file."
    if not os.access(path, os.X_OK):
        return (
            f"Not executable for {_user()} on {host}: mode is {stat.S_IMODE(mode):04o}. "
            f"Run chmod +x {path}"
        )
    return ""


def _contents(path: Path) -> tuple[bytes, str]:
    """Read the beginning of a file, and the digest of it."""
    digest = hashlib.sha256()
    beginning = b""
    with path.open("rb") as file:
        read = 0
        while read < _HASHED_BYTES and (piece := file.read(_TEXT_BYTES)):
            beginning = beginning or piece
            read += len(piece)
            digest.update(piece)
    return beginning, digest.hexdigest()


def _warnings(text: bytes, submit_commands: Sequence[str]) -> tuple[str, ...]:
    if text.startswith(_BINARY):
        return ()
    warnings = []
    if not text.startswith(b"#!"):
        warnings.append("Has no first line such as #!/bin/bash: it may not start.")
    if submit_commands and not any(command.encode() in text for command in submit_commands):
        command = submit_commands[0]
        warnings.append(f"Calls no {command} that could be found: its job id may never be known.")
    return tuple(warnings)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's number without a name
        return str(os.getuid())
