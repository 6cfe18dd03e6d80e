"""Looks at a script as the user who is to run it, before anything runs."""

from __future__ import annotations

import codecs
import hashlib
import os
import pwd
import socket
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.batch_client import script_warnings
from arp_nb.model import ScriptCheck
from arp_nb.starts import ScriptText

if TYPE_CHECKING:
    from collections.abc import Sequence

OK = "ok"
_TEXT_BYTES = 1_000_000
_HASHED_BYTES = 64_000_000
#: of the text that is kept with each start
KEPT_BYTES = 65_536
#: how compiled programs begin on the systems that we run on
_BINARY = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


@dataclass(frozen=True, slots=True)
class Look:
    """What is said of a script, and its text as it was read for that."""

    check: ScriptCheck
    script: ScriptText


def look_at(executable: str, submit_commands: Sequence[str]) -> Look:
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
        check = ScriptCheck(problem=problem, host=host, checked_at=at)
        return Look(check, ScriptText(missing=problem))
    try:
        text, script = _contents(Path(executable))
    except OSError as error:
        # it may still be run: a script that is executable and not readable fails, a program not
        warning = f"Cannot be read by {_user()} on {host}: {error.strerror}."
        check = ScriptCheck(problem=OK, warnings=(warning,), host=host, checked_at=at)
        return Look(check, ScriptText(missing=warning))
    check = ScriptCheck(
        problem=OK,
        warnings=_warnings(text, submit_commands),
        sha256=script.sha256,
        host=host,
        checked_at=at,
    )
    return Look(check, script)


def not_checked(why: str) -> ScriptCheck:
    """Return the check that could not be made."""
    return ScriptCheck(problem=f"not checked: {why}", host=socket.gethostname())


def not_looked_at(why: str) -> Look:
    """Return the look that could not be taken."""
    return Look(not_checked(why), ScriptText(missing=f"Could not be read: {why}."))


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


def _contents(path: Path) -> tuple[bytes, ScriptText]:
    """Read the beginning of a file, and what is kept of it."""
    digest = hashlib.sha256()
    beginning = b""
    with path.open("rb") as file:
        read = 0
        while read < _HASHED_BYTES and (piece := file.read(_TEXT_BYTES)):
            beginning = beginning or piece
            read += len(piece)
            digest.update(piece)
        about = os.fstat(file.fileno())
    size_bytes = max(about.st_size, read)
    text, missing = _readable(beginning[:KEPT_BYTES], is_whole=size_bytes <= KEPT_BYTES)
    return beginning, ScriptText(
        text=text,
        missing=missing,
        cut=size_bytes > KEPT_BYTES and not missing,
        sha256=digest.hexdigest(),
        size_bytes=size_bytes,
        mode=stat.S_IMODE(about.st_mode),
    )


def _readable(beginning: bytes, *, is_whole: bool) -> tuple[str, str]:
    """Return the beginning of a script as text, or why there is none."""
    if beginning.startswith(_BINARY):
        return "", "Is a compiled program (binary), which has no text."
    if b"\0" in beginning:
        return "", "Is binary: it holds NUL bytes, as no text does."
    # a character that the cut went through is left out, and is no fault of the script's
    return codecs.getincrementaldecoder("utf-8")("replace").decode(beginning, is_whole), ""


def _warnings(text: bytes, submit_commands: Sequence[str]) -> tuple[str, ...]:
    if text.startswith(_BINARY):
        return ()
    warnings = []
    if not text.startswith(b"#!"):
        warnings.append("Has no first line such as #!/bin/bash: it may not start.")
    if submit_commands and not any(command.encode() in text for command in submit_commands):
        command = submit_commands[0]
        warnings.append(f"Calls no {command} that could be found: its job id may never be known.")
    text_of = text.decode(errors="replace")
    return (*warnings, *script_warnings.warnings(text_of, submit_commands))


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's number without a name
        return str(os.getuid())
