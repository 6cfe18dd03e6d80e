"""What stands on a ``bsub`` command line, and on the ``#BSUB`` lines of a script. Pure."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from . import indexes

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "ARP's local scheduler"
DEFAULT_QUEUE = "normal"

_WITH_VALUE = {
    "-q": "queue", "-J": "name", "-Jd": "description", "-P": "project", "-i": "input",
    "-n": "slots", "-W": "run_limit", "-M": "memory_limit", "-cwd": "cwd",
    "-o": "output", "-oo": "output", "-e": "error", "-eo": "error",
}  # fmt: skip
#: asked of a cluster, and without a meaning on one machine that is the user's own
_VALUE_IGNORED = frozenset({
    "-R", "-m", "-G", "-g", "-app", "-u", "-sla", "-sp", "-U", "-c", "-v", "-S", "-D",
    "-env", "-C", "-F", "-p", "-T", "-We", "-L", "-hl", "-notify",
})  # fmt: skip
_FLAGS_IGNORED = frozenset({"-x", "-N", "-B", "-Ne", "-Nd", "-r", "-rn", "-ptl", "-hl", "-Zs"})
_REFUSED = {
    "-w": "dependencies between jobs",
    "-b": "start times",
    "-t": "termination times",
    "-E": "pre-execution commands",
    "-Ep": "post-execution commands",
    "-k": "checkpoints",
    "-f": "file transfer",
    "-pack": "packs of jobs",
}
#: a pseudo-terminal (-Ip, -Is) is not made: the job has the terminal of its `bsub`
_FLAGS: Mapping[str, Mapping[str, Any]] = {
    "-K": {"wait": True},
    "-H": {"held": True},
    "-I": {"interactive": True},
    "-Ip": {"interactive": True},
    "-Is": {"interactive": True},
}
_MEMORY = re.compile(r"(\d{1,15})(?:([KMGT])B?)?", re.ASCII | re.IGNORECASE)
#: a bare number is kilobytes, LSF's own default ("LSF_UNIT_FOR_LIMITS" in lsf.conf)
_PER_MB = {"K": 1024 / 1e6, "M": 2**20 / 1e6, "G": 2**30 / 1e6, "T": 2**40 / 1e6}


class Refused(Exception):
    """The command line asks for something that cannot be had; the text is for the user."""


class Options(NamedTuple):
    """What `bsub` was told. Empty and None mean: not said."""

    queue: str = ""
    name: str = ""
    description: str = ""
    project: str = ""
    input: str = ""
    output: str = ""
    output_new: bool = False
    error: str = ""
    error_new: bool = False
    cwd: str = ""
    slots: int = 0
    run_limit_s: float | None = None
    memory_limit_mb: float | None = None
    wait: bool = False
    held: bool = False
    interactive: bool = False
    #: the words of the job's command
    command: tuple[str, ...] = ()

    def over(self, under: Options) -> Options:
        """Return these options, and those of a script where these say nothing."""
        output = self if self.output else under
        error = self if self.error else under
        return Options(
            queue=self.queue or under.queue,
            name=self.name or under.name,
            description=self.description or under.description,
            project=self.project or under.project,
            input=self.input or under.input,
            output=output.output,
            output_new=output.output_new,
            error=error.error,
            error_new=error.error_new,
            cwd=self.cwd or under.cwd,
            slots=self.slots or under.slots,
            run_limit_s=self.run_limit_s or under.run_limit_s,
            memory_limit_mb=self.memory_limit_mb or under.memory_limit_mb,
            wait=self.wait or under.wait,
            held=self.held or under.held,
            interactive=self.interactive or under.interactive,
            command=self.command,
        )


def parse(words: list[str]) -> Options:
    """Read a ``bsub`` command line without its first word.

    Raises
    ------
    Refused
        An option is unknown, lacks its value, or is not to be had here.
    """
    options = Options()
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        option = rest.pop(0)
        if option == "--":
            break
        if option in _FLAGS:
            options = options._replace(**_FLAGS[option])
        elif option in _REFUSED:
            raise Refused(f"{option}: {NAME} has no {_REFUSED[option]}. Job not submitted.")
        elif option in _WITH_VALUE or option in _VALUE_IGNORED:
            if not rest:
                raise Refused(f"bsub: option requires an argument -- {option[1:]}")
            options = _with(options, option, rest.pop(0))
        elif option not in _FLAGS_IGNORED:
            raise Refused(f"bsub: option {option} is not known to {NAME}. Job not submitted.")
    return options._replace(command=tuple(rest))


def _with(options: Options, option: str, value: str) -> Options:
    if option == "-env" and value.strip().lower() != "all":
        raise Refused(
            f"-env {value}: {NAME} always passes the whole environment on (-env all). "
            "Job not submitted."
        )
    changes: dict[str, Any] = {}
    field = _WITH_VALUE.get(option)
    if field in {"output", "error"}:
        changes[f"{field}_new"] = option in {"-oo", "-eo"}
    if field == "slots":
        changes[field] = _slots(value)
    elif field == "run_limit":
        changes["run_limit_s"] = _run_limit_s(value)
    elif field == "memory_limit":
        changes["memory_limit_mb"] = _memory_limit_mb(value)
    elif field is not None:
        changes[field] = value
    return options._replace(**changes)


def _slots(value: str) -> int:
    smallest = value.split(",", 1)[0]
    if not smallest.isascii() or not smallest.isdigit() or int(smallest) < 1:
        raise Refused(f"-n {value}: a number of slots is needed. Job not submitted.")
    return min(int(smallest), 1_000_000)


def _run_limit_s(value: str) -> float | None:
    """Read ``[hours:]minutes[/host]``; zero is no limit."""
    parts = value.split("/", 1)[0].split(":")
    if len(parts) > 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise Refused(f"-W {value}: a run limit is [hours:]minutes. Job not submitted.")
    minutes = int(parts[-1]) + (60 * int(parts[0]) if len(parts) == 2 else 0)
    return 60.0 * min(minutes, 10_000_000) or None


def _memory_limit_mb(value: str) -> float | None:
    """Read ``16000``, ``16GB``; zero is no limit."""
    match = _MEMORY.fullmatch(value.strip())
    if match is None:
        raise Refused(f"-M {value}: a memory limit is a number, or 16GB. Job not submitted.")
    return round(int(match[1]) * _PER_MB[(match[2] or "K").upper()], 1) or None


def array(name: str) -> tuple[indexes.Array, list[int]] | None:
    """Read the array that a job's name (-J) asks for, with its indexes; None: it is no array.

    Raises
    ------
    Refused
        Its index list makes no sense, or is too long; in LSF's words.
    """
    try:
        asked = indexes.array(name)
        return None if asked is None else (asked, indexes.elements(asked.indexes))
    except ValueError as error:
        raise Refused(f"{name}: Bad job array index list. Job not submitted. ({error})") from error
    except OverflowError as error:
        raise Refused(f"Job array index too large. Job not submitted. ({error})") from error


def target(word: str, command: str) -> indexes.Target:
    """Read an id on a command line.

    Raises
    ------
    Refused
        It is none.
    """
    try:
        return indexes.target(word)
    except ValueError as error:
        from .usage import USAGE  # noqa: PLC0415 - only for this

        raise Refused(f"{word}: {NAME} understands only: {USAGE[command]}") from error


def embedded(script: str) -> Options:
    """Read the ``#BSUB`` lines of a script; what stands after the options is a comment."""
    words: list[str] = []
    for line in script.splitlines():
        if line.startswith("#BSUB") and line[5:6] in {" ", "\t"}:
            try:
                words += shlex.split(line[5:], comments=True)
            except ValueError as error:
                raise Refused(f"{line}: {error}. Job not submitted.") from error
    return parse(words)._replace(command=())


def command_line(words: tuple[str, ...]) -> str:
    """Join the command's words to the line that a shell runs, as LSF joins them.

    Words with spaces are kept together, and a dollar or a quote is kept from the shell; other
    words pass as they are, so that ``bsub echo 'a;b'`` runs ``b``: scripts rely on it.
    """
    return " ".join((*words[:1], *map(_quoted, words[1:])))


def _quoted(word: str) -> str:
    if not word:
        return '""'
    if "'" in word and any(mark in word for mark in '"$\\`'):
        return shlex.quote(word)
    if any(mark in word for mark in '"$\\`'):
        return f"'{word}'"
    if "'" in word or any(mark.isspace() for mark in word):
        return f'"{word}"'
    return word
