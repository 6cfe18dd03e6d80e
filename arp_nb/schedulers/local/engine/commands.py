"""The commands of the local scheduler, by the names and the exit codes of LSF."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from typing import TYPE_CHECKING

from . import start
from .book import Book
from .options import NAME, Refused, target
from .records import UNFINISHED, WAITING

if TYPE_CHECKING:
    from collections.abc import Callable


def main(words: list[str]) -> int:
    """Run one command; return its exit code."""
    name, rest = words[0], words[1:]
    folder = os.environ.get(start.FOLDER_VARIABLE, "")
    if not os.path.isabs(folder):
        _say(f"{name}: {start.FOLDER_VARIABLE} does not name the folder of {NAME}")
        return 255
    if name == "supervise":
        start.detach()
    if rest[:1] == ["-V"]:
        _say(f"{NAME}: it has the commands of LSF, and is none")
        return 0
    if rest[:1] == ["-h"]:
        from .usage import USAGE  # noqa: PLC0415 - as below

        _say(f"Usage: {USAGE[name]}")
        return 255
    try:
        return _command(name)(folder, rest)
    except Refused as refusal:
        _say(str(refusal))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python complains at its end
    except (OSError, RuntimeError, sqlite3.Error) as error:
        _say(f"{name}: {NAME}: {error}")
    return 255


def _command(name: str) -> Callable[[str, list[str]], int]:
    # only what one command needs is loaded: each of them is a process
    if name == "supervise":
        from . import supervise  # noqa: PLC0415

        return lambda folder, _: supervise.supervise(folder)
    if name == "bsub":
        from . import submit  # noqa: PLC0415

        return submit.bsub
    if name in {"bkill", "bstop", "bresume"}:
        from . import control  # noqa: PLC0415

        return {"bkill": control.bkill, "bstop": control.bstop, "bresume": control.bresume}[name]
    return bpeek if name == "bpeek" else _list_command(name)


def _list_command(name: str) -> Callable[[str, list[str]], int]:
    if name == "bjobs":
        from . import show  # noqa: PLC0415

        return show.bjobs
    if name == "bhist":
        from . import history  # noqa: PLC0415

        return history.bhist
    from . import queues  # noqa: PLC0415

    return queues.bqueues


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def bpeek(folder: str, words: list[str]) -> int:
    """Print what a running job has written so far."""
    from . import supervise  # noqa: PLC0415 - as above
    from .usage import USAGE  # noqa: PLC0415

    if len(words) != 1:
        raise Refused(USAGE["bpeek"])
    asked = target(words[0], "bpeek")
    with Book(folder) as book:
        book.look()
        live = [job for job in book.of(asked) if job.state in UNFINISHED]
        if not live:
            raise Refused(f"Job <{words[0]}> is not found")
        job = next((one for one in live if one.state not in WAITING), None)
        if job is None:
            raise Refused(f"Job <{words[0]}> : Not yet started.")
        path = supervise.output_path(book, job)
        if path is None:
            raise Refused(f"Job <{words[0]}> : Its output is where its bsub -I was called.")
        sys.stdout.write("<< output from stdout >>\n")
        sys.stdout.flush()
        _copy(path)
    return 0


def _copy(path: bytes) -> None:
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
        while piece := file.read(1 << 16):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
