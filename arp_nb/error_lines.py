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
#: what is taken out before anything is looked for, as "0 errors": in lower case, and beginning
#: with a plain text, which is what makes looking for it cheap
_NO_ERRORS = tuple(
    re.compile(rf" {one}(?:(?<=\b0 {one})|(?<=\bno {one})|(?<=\bwithout {one}))s?\b".encode())
    for one in ("error", "exception")
)
_WORDS = tuple(
    re.compile(pattern.encode())
    for pattern in [*map(re.escape, WORDS), *(rf"{one}(?<=\b{one})\b" for one in WHOLE_WORDS)]
)
_ENDED = re.compile(ENDED.encode())
_TRACEBACK = "Traceback (most recent call last)"
_LINE_CHARS = 300


def is_error(line: str) -> bool:
    """Whether a line of a log tells of an error."""
    return next(error_starts(line), None) is not None


def first_error(text: str) -> str:
    """Return the line that says what went wrong; of a traceback its last line."""
    begin = next(error_starts(text), None)
    lines = [] if begin is None else text[begin:].splitlines()
    for number, line in enumerate(lines):
        if _TRACEBACK in line:
            after = [one for one in lines[number + 1 :] if one and not one[0].isspace()]
            return (after[0] if after else line).strip()[:_LINE_CHARS]
        if is_error(line):
            return line.strip()[:_LINE_CHARS]
    return ""


def error_starts(text: str) -> Iterator[int]:
    """Yield where in a text each line that tells of an error begins; line feeds end lines.

    One pass for each word costs a tenth of what one pattern of all of them costs: a log of a
    gigabyte is looked through by this.
    """
    plain = text.encode("ascii", "replace")  # a character stays where it was, as one byte
    lower = plain.lower()
    for nothing in _NO_ERRORS:
        lower = nothing.sub(_blank, lower)
    ahead = {
        word: found.start()
        for word in (*_WORDS, _ENDED)
        if (found := word.search(plain if word is _ENDED else lower))
    }
    while ahead:
        first = min(ahead.values())
        yield plain.rfind(b"\n", 0, first) + 1
        end = plain.find(b"\n", first)
        if end < 0:
            return
        for word in [word for word, at in ahead.items() if at < end]:
            found = word.search(plain if word is _ENDED else lower, end)
            if found is None:
                del ahead[word]
            else:
                ahead[word] = found.start()


def _blank(found: re.Match[bytes]) -> bytes:
    return b" " * len(found[0])
