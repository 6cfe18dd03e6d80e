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
#: lines of a here-document that are looked at
_BODY_LINES = 200

_LOST_ID = "its job's id is then known from its output only"
_LOST_ADDRESS = "its job cannot report"
#: a call, or a line with options for the scheduler
_COMMAND = r"^(?:#[A-Z]+\b|(?>.*?\b{command}\b))"  # only the first: else each one costs a line
#: where a shell, or a list of words in Python, expects the name of a command
_CALL = (
    r"(?:^|[;&|({`]|[\[,](?=\s?[\"'])|(?:^|[\s;])\w+=|\s-c\s|\beval\s)\s*[\"']?"
    r"(?:(?:\w+=[^\s;&|]*|exec|time|command|nohup|env|nice|sudo|setsid|timeout|if|then|elif|else"
    r"|while|until|do|!|-[^\s;&|]+|\d+\w?)\s+){0,6}"
)
_SSH = r"(?:^|[\s;&|(`])(?:ssh|rsh|gsissh)\s"
_LOGIN_SHELL = r"(?:^|[\s;&|(])(?:ba|z|k)?sh\s+(?:-\w*l\w*\b|--login\b)"


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
        r"^#!\s*(?:\S*/env\s+(?:-S\s*)?(?:\w+=\S*\s+)*)?\S*sh\s(?:.*\s)?(?:-\w*l\w*|--login)(?:\s|$)",
        "bash -l reads the login files again, which may take our {command} off the PATH: "
        f"{_LOST_ID}. Begin with #!/bin/bash",
        first_line=True,
    ),
    _Rule(
        _SSH + r".*\b{command}\b",
        f"over ssh the environment stays behind: {_LOST_ADDRESS}, and {_LOST_ID}. Write ssh HOST "
        '"BATCH_UPDATE_URL=$BATCH_UPDATE_URL {command} …", or let the admin set a command_prefix',
    ),
    _Rule(
        _CALL + r"(?:\$\w+|\$\{\w+\}|~)?(?:/[\w.+-]*)*/{command}(?![\w./-])",
        f"the path goes past our {{command}}: {_LOST_ID}. Write {{command}} alone",
    ),
    _Rule(  # IBM, "bsub -env"
        r"(?:^|[\s\"'=(])-env\s+[\"']?none\b(?!.*BATCH_UPDATE_URL)",
        f"-env none leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. Write -env BATCH_UPDATE_URL",
        directive=True,
    ),
    _Rule(
        _COMMAND + r".*\s-env\s+[\"']?(?!all\b|ALL\b|none\b)(?!.*BATCH_UPDATE_URL)(\w+)",
        f"-env {{found}} leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. "
        'Write -env "{found},BATCH_UPDATE_URL"',
        directive=True,
    ),
    _Rule(  # … "~" takes one away
        r"(?:^|[\s\"'=(])-env\s.*~\s*BATCH_UPDATE_URL\b",
        f"-env ~BATCH_UPDATE_URL leaves it behind: {_LOST_ADDRESS}. Take it out of -env",
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
    _Rule(  # sbatch(1), "INPUT ENVIRONMENT VARIABLES"
        r"(?:^|[\s;&|(])SBATCH_EXPORT[=\s]\s*[\"']?(?!ALL\b)(?!.*BATCH_UPDATE_URL)(\w+)",
        f"SBATCH_EXPORT={{found}} leaves BATCH_UPDATE_URL behind: {_LOST_ADDRESS}. Write "
        "SBATCH_EXPORT=BATCH_UPDATE_URL, with the names of what else goes along",
    ),
    _Rule(
        _LOGIN_SHELL + r".*\b{command}\b",
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
        r"(?:^|[;&|])\s*(?:then\s+|do\s+)?(?:\.|source)\s+[\"']?\S*"
        r"((?:profile|cshrc)\.lsf|/etc/profile|/\.(?:bash_|z)?profile|/\.z?login)(?![\w-])",
        "{found} may put other folders before our {command} on the PATH: "
        f"{_LOST_ID}. Put the "
        "line of {command} before it, or write OURS=$PATH before it and PATH=$OURS:$PATH after it",
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

_ELSEWHERE = re.compile(f"{_SSH}|{_LOGIN_SHELL}")
_HERE = re.compile(r"(?<!<)<<-?\s*\\?[\"']?([\w.-]+)")


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
    """Yield the lines that do something, with their numbers, and whether a scheduler reads it.

    One that goes on in the next counts as one, and what is fed to a shell elsewhere as a part of
    the line that feeds it.
    """
    lines = [line[:_LINE_CHARS] for line in text.split("\n")[:_LINES]]
    at = 0
    while at < len(lines):
        number, line = at + 1, lines[at]
        at += 1
        is_directive = line.startswith(("#BSUB", "#SBATCH"))
        if is_directive or line.lstrip().startswith("#"):
            if is_directive or number == 1:
                yield number, line, is_directive
            continue
        parts = [line]
        while parts[-1].endswith("\\") and at < len(lines):
            parts[-1] = parts[-1][:-1]
            parts.append(lines[at])
            at += 1
        whole = "".join(parts)[:_LINE_CHARS]
        body = _fed(whole, lines, at)
        at += len(body)
        told = (one.strip() for one in body if not one.lstrip().startswith("#"))
        yield number, "; ".join((whole, *told))[:_LINE_CHARS], False


def _fed(line: str, lines: Sequence[str], at: int) -> Sequence[str]:
    """Return the here-document that a line feeds to a shell elsewhere, with its last line."""
    if "<<" not in line or _ELSEWHERE.search(line) is None:
        return ()
    match = _HERE.search(line)
    if match is None:
        return ()
    for end in range(at, min(at + _BODY_LINES, len(lines))):
        if lines[end].strip() == match[1]:
            return lines[at : end + 1]
    return ()
