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


@dataclass(frozen=True, slots=True)
class _Rule:
    """One thing to look for; ``{command}`` stands for the submit command's name."""

    pattern: str
    says: str
    directive: bool = False
    first_line: bool = False


_RULES = (
    _Rule(
        r"^#!\s*\S*sh\s.*-\w*l",
        "bash -l reads the login files again, which may take our {command} off the PATH: "
        f"{_LOST_ID}. Begin with #!/bin/bash",
        first_line=True,
    ),
    _Rule(
        r"(?:^|[\s;&|(])(?:g?ssh|rsh|gsissh)\s.*\b{command}\b",
        f"over ssh the environment stays behind: {_LOST_ADDRESS}, and {_LOST_ID}. Write ssh HOST "
        '"BATCH_UPDATE_URL=$BATCH_UPDATE_URL {command} …", or let the admin set a command_prefix',
    ),
    _Rule(
        r"(?:^|[\s;&|(`=\"'])/[\w./+-]*/{command}\b",
        f"the path goes past our {{command}}: {_LOST_ID}. Write {{command}} alone",
    ),
    _Rule(
        r"(?:^|\s)-env\s+[\"']?none\b",
        f"-env none leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. Write -env BATCH_UPDATE_URL",
        directive=True,
    ),
    _Rule(
        r"--export[=\s]+[\"']?(?:NONE|NIL)\b",
        f"--export=NONE leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. Write "
        "--export=BATCH_UPDATE_URL",
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
    ),
    _Rule(
        r"^\s*(?:export\s+)?PATH=(?!.*\$\{?PATH)",
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
    for number, line, is_directive in _lines(text):
        for place, (rule, pattern) in enumerate(zip(_RULES, rules, strict=True)):
            if place in found or (rule.first_line and number > 1):
                continue
            if (is_directive and not rule.directive) or not pattern.search(line):
                continue
            command = next((one for one in submit_commands if one in line), submit_commands[0])
            found[place] = f"Line {number}: {rule.says.replace('{command}', command)}."
    return tuple(found.values())[:_MOST]


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the lines that do something, with their numbers, and whether a scheduler reads it."""
    for number, line in enumerate(text.split("\n")[:_LINES], 1):
        kept = line[:_LINE_CHARS]
        is_directive = kept.startswith(("#BSUB", "#SBATCH"))
        if kept.lstrip().startswith("#") and not is_directive and number > 1:
            continue
        yield number, kept, is_directive
