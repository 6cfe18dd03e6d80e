"""What stands on a ``bsub`` command line, and on the ``#BSUB`` lines of a script. Pure."""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

NAME = "ARP's local scheduler"
DEFAULT_QUEUE = "normal"

_WITH_VALUE = {
    "-q": "queue", "-J": "name", "-Jd": "description", "-P": "project", "-i": "input",
    "-n": "slots", "-W": "run_limit", "-cwd": "cwd",
    "-o": "output", "-oo": "output", "-e": "error", "-eo": "error",
}  # fmt: skip
#: asked of a cluster, and without a meaning on one machine that is the user's own
_VALUE_IGNORED = frozenset({
    "-R", "-M", "-m", "-G", "-g", "-app", "-u", "-sla", "-sp", "-U", "-c", "-v", "-S", "-D",
    "-env", "-C", "-F", "-p", "-T", "-We", "-L", "-hl", "-notify",
})  # fmt: skip
_FLAGS_IGNORED = frozenset({"-x", "-N", "-B", "-Ne", "-Nd", "-r", "-rn", "-ptl", "-hl", "-Zs"})
_REFUSED = {
    "-w": "dependencies between jobs",
    "-I": "interactive jobs",
    "-Ip": "interactive jobs",
    "-Is": "interactive jobs",
    "-H": "held jobs",
    "-b": "start times",
    "-t": "termination times",
    "-E": "pre-execution commands",
    "-Ep": "post-execution commands",
    "-k": "checkpoints",
    "-f": "file transfer",
    "-pack": "packs of jobs",
}


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
    wait: bool = False
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
            wait=self.wait or under.wait,
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
        if option == "-K":
            options = options._replace(wait=True)
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
    if option == "-J" and "[" in value and value.rstrip().endswith("]"):
        raise Refused(f"-J {value}: {NAME} has no job arrays. Job not submitted.")
    changes: dict[str, Any] = {}
    field = _WITH_VALUE.get(option)
    if field in {"output", "error"}:
        changes[f"{field}_new"] = option in {"-oo", "-eo"}
    if field == "slots":
        changes[field] = _slots(value)
    elif field == "run_limit":
        changes["run_limit_s"] = _run_limit_s(value)
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
