"""What in a script would lose its job's id or its report, and the line that keeps them. Pure.

Line by line, and modest: a script is a program, and what it does cannot be told by reading.
Comment lines count only where the scheduler reads them (``#BSUB``, ``#SBATCH``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: lines that are looked at, each so far
_LINES, _LINE_CHARS = 5_000, 2_000
#: more of them help nobody
_MOST = 8

_LOST_ID = "its job's id is then known from its output only"
_LOST_ADDRESS = "its job cannot report"
#: a call, or a line with options for the scheduler
_COMMAND = r"(?:^#[A-Z]+\b|\b{command}\b)"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One thing to look for.

    ``{command}`` stands for the submit command's name, ``{found}`` for what was found.
    """

    pattern: str
    says: str
    directive: bool = False
    first_line: bool = False
    #: matters only where a later line submits
    before: bool = False


_RULES = (
    _Rule(
        r"^#!\s*\S*sh\s.*-\w*l",
        "bash -l reads the login files again, which may take our {command} off the PATH: "
        f"{_LOST_ID}. Begin with #!/bin/bash",
        first_line=True,
    ),
    _Rule(
        r"(?:^|[\s;&|(])(?:ssh|rsh|gsissh)\s.*\b{command}\b",
        f"over ssh the environment stays behind: {_LOST_ADDRESS}, and {_LOST_ID}. Write ssh HOST "
        '"BATCH_UPDATE_URL=$BATCH_UPDATE_URL {command} …", or let the admin set a command_prefix',
    ),
    _Rule(
        r"(?:^|[\s;&|(`=\"'])/[\w./+-]*/{command}(?![\w./-])",
        f"the path goes past our {{command}}: {_LOST_ID}. Write {{command}} alone",
    ),
    _Rule(  # IBM, "bsub -env"
        r"(?:^|\s)-env\s+[\"']?none\b(?!.*BATCH_UPDATE_URL)",
        f"-env none leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. Write -env BATCH_UPDATE_URL",
        directive=True,
    ),
    _Rule(
        _COMMAND + r".*\s-env\s+[\"']?(?!all\b|ALL\b|none\b)(?!.*BATCH_UPDATE_URL)(\w+)",
        f"-env {{found}} leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. "
        'Write -env "{found},BATCH_UPDATE_URL"',
        directive=True,
    ),
    _Rule(  # sbatch(1), "--export"
        r"--export[=\s]+[\"']?(?:NONE|NIL)\b",
        f"--export=NONE leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. Write "
        "--export=BATCH_UPDATE_URL",
        directive=True,
    ),
    _Rule(
        _COMMAND
        + r".*\s--export[=\s]+[\"']?(?!ALL\b|NONE\b|NIL\b)(?!.*BATCH_UPDATE_URL)([\w,=]+)",
        f"--export={{found}} leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. Write "
        "--export={found},BATCH_UPDATE_URL",
        directive=True,
    ),
    _Rule(
        r"(?:^|[\s;&|(])(?:ba|z|k)?sh\s+(?:-\w*l\w*\b|--login\b).*\b{command}\b",
        "a login shell may take our {command} off the PATH: " + f"{_LOST_ID}. Write bash -c",
    ),
    _Rule(
        r"(?:^|[\s;&|(])env\s+-i?\s.*\b{command}\b",
        f"env -i leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. Write env -i "
        "BATCH_UPDATE_URL=$BATCH_UPDATE_URL PATH=$PATH",
    ),
    _Rule(
        r"^\s*(?:module\s+(?:purge|load\s+\S*(?:lsf|slurm))|ml\s+purge)\b",
        "modules may take our {command} off the PATH: " + f"{_LOST_ID}. Put the line of "
        "{command} before it, or afterwards export PATH=…:$PATH as it was",
        before=True,
    ),
    _Rule(
        r"^\s*(?:(?:export\s+)?PATH=|setenv\s+PATH\s|set\s+path\s*=)(?!.*\$\{?(?:PATH|path)\b)",
        "a PATH without $PATH loses our {command}: " + f"{_LOST_ID}. Add :$PATH to it",
    ),
    _Rule(
        r"^\s*unset\s+.*\bBATCH_UPDATE_URL\b",
        f"without BATCH_UPDATE_URL {_LOST_ADDRESS}. Leave it",
    ),
)


def warnings(text: str, submit_commands: Sequence[str]) -> tuple[str, ...]:
    """Return one warning for each rule that a script's text breaks, with the line's number."""
    if not submit_commands:
        return ()
    found: dict[int, str] = {}
    names = "(?:" + "|".join(map(re.escape, submit_commands)) + ")"
    rules = [re.compile(rule.pattern.replace("{command}", names)) for rule in _RULES]
    lines = tuple(_lines(text))
    submits = [number for number, line, _ in lines if any(map(line.count, submit_commands))]
    last = submits[-1] if submits else 0
    for number, line, is_directive in lines:
        here = next((one for one in submit_commands if one in line), "")
        for place, (rule, pattern) in enumerate(zip(_RULES, rules, strict=True)):
            if place in found or not _may_break(
                rule, number, last, here, is_directive=is_directive
            ):
                continue
            match = pattern.search(line)
            if match is not None:
                says = rule.says.replace("{command}", here or submit_commands[0])
                says = says.replace("{found}", match[1] if match.lastindex else "")
                found[place] = f"Line {number}: {says}."
    return tuple(found.values())[:_MOST]


def may_lose_id(told: Sequence[str]) -> bool:
    """Whether one of these warnings says that a submit command may run past our own."""
    return any(_LOST_ID in one for one in told)


def _may_break(rule: _Rule, number: int, last: int, here: str, *, is_directive: bool) -> bool:
    """Whether a line is one that a rule is about; ``last`` is the last line that submits."""
    if rule.first_line:
        return number == 1
    if is_directive:
        return rule.directive
    # to look for what is not there costs most
    return (not rule.before or number < last) and ("{command}" not in rule.pattern or bool(here))


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the lines that do something, with their numbers, and whether a scheduler reads it."""
    for number, line in enumerate(text.split("\n")[:_LINES], 1):
        kept = line[:_LINE_CHARS]
        is_directive = kept.startswith(("#BSUB", "#SBATCH"))
        if kept.lstrip().startswith("#") and not is_directive and number > 1:
            continue
        yield number, kept, is_directive
