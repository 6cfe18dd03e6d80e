"""Which line of a log says that something went wrong: one rule for every reader of logs.

The batch client gives the first such line as the reason of a failed job, and the page of a
log goes from one to the next.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: what such a line holds, in upper or lower case
WORDS = (
    "error",
    "exception",
    "traceback",
    "fatal",
    "segmentation fault",
    "core dumped",
    "killed",
    "abort",
    "denied",
    "no such file",
    "not found",
    "cannot ",
    "can't ",
    "out of memory",
)
#: the same, only as a word of its own: a detector may zoom
WHOLE_WORDS = ("oom",)
#: what LSF says of a job that it ended, as TERM_MEMLIMIT; only as it is written here
ENDED = "TERM_"
_ERROR = re.compile(
    "|".join(
        [
            *map(re.escape, WORDS),
            *(rf"\b{word}\b" for word in WHOLE_WORDS),
            f"(?-i:{ENDED})",
        ]
    ),
    re.IGNORECASE | re.ASCII,
)
#: taken out of a line before it is looked at: "0 errors"
_NO_ERROR = re.compile(r"\b(?:0|no|without) (?:errors?|exceptions?)\b", re.IGNORECASE)
_TRACEBACK = "Traceback (most recent call last)"
_LINE_CHARS = 300


def is_error(line: str) -> bool:
    """Whether a line of a log tells of an error."""
    return _ERROR.search(_NO_ERROR.sub("", line)) is not None


def first_error(text: str) -> str:
    """Return the line that says what went wrong; of a traceback its last line."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if _TRACEBACK in line:
            after = [one for one in lines[number + 1 :] if one and not one[0].isspace()]
            return (after[0] if after else line).strip()[:_LINE_CHARS]
        if is_error(line):
            return line.strip()[:_LINE_CHARS]
    return ""


def error_starts(text: str) -> Iterator[int]:
    """Yield where in a text each line that tells of an error begins; line feeds end lines."""
    lower = text.lower()
    # a quick look first: a megabyte mostly holds none of them
    if not (any(word in lower for word in WORDS + WHOLE_WORDS) or ENDED in text):
        return
    done = 0
    for found in _ERROR.finditer(text):
        if found.start() < done:
            continue
        begin = text.rfind("\n", 0, found.start()) + 1
        end = text.find("\n", found.end())
        done = len(text) if end < 0 else end + 1
        if is_error(text[begin:done]):
            yield begin
