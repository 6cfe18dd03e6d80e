"""LSF's long listings, of ``bjobs -l`` and ``bhist -l``: their lines, and where output goes.

Lines are folded at 80 columns, wherever that is: the rest stands below what follows the moment.
So it is indented by 21 columns, and by 26 where moments have a year (IBM Spectrum LSF 10.1,
"lsf.conf", LSB_DISPLAY_YEAR), and may begin with a blank of its own.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_INDENT = len("Sun Nov 22 18:47:57: ")
_INDENT_WITH_YEAR = len("Sun Nov 22 18:47:57 2026: ")
_HAS_YEAR = re.compile(r"^\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}: ", re.ASCII | re.MULTILINE)


def unfolded(text: str) -> str:
    """Join the lines that were folded."""
    text = text.replace("\r", "")
    indent = _INDENT_WITH_YEAR if _HAS_YEAR.search(text) else _INDENT
    return text.replace("\n" + " " * indent, "")


_SUBMIT_LINE = re.compile(
    r"^\w{3} \w{3} +\d+ [\d:]+(?: \d{4})?: Submitted from host .*$", re.MULTILINE
)
_OUTPUT = re.compile(r"\bOutput File(?: \([a-z]+\))? *<(.*?)>(?=[,;]|$)", re.MULTILINE)
_CWD = re.compile(r"(?<!Execution )\bCWD *<(.*?)>(?=[,;]|$)", re.MULTILINE)
_EXECUTION_CWD = re.compile(r"\bExecution CWD *<(.*?)>(?=[,;]|$)", re.MULTILINE)
_EXECUTION_HOME = re.compile(r"\bExecution Home *<(.*?)>(?=[,;]|$)", re.MULTILINE)


def output_path(text: str, native_id: str, home: str) -> PurePosixPath | None:
    """Find where a job's output goes in ``bjobs -l``; None where it has no file.

    Parameters
    ----------
    text
        As printed: folded at 80 columns, or not (``-UF``).
    native_id
        What ``%J`` and ``%I`` in the path stand for.
    home
        What ``$HOME`` stands for, where the text does not say.
    """
    text = unfolded(text)
    # the lines above hold the job's name and command, which may look like anything
    submitted = list(_SUBMIT_LINE.finditer(text))
    if not submitted:
        return None
    rest = text[submitted[-1].start() :]
    output = _OUTPUT.search(submitted[-1][0])
    if output is None:
        return None
    if "%I" in output[1] and f"Job <{native_id}[" in text:
        return None  # an array has no file: each of its elements has one
    home = _first(_EXECUTION_HOME, rest) or home
    folder = _first(_EXECUTION_CWD, rest) or _first(_CWD, submitted[-1][0])
    job_id, _, index = native_id.rstrip("]").partition("[")
    named = output[1].replace("%J", job_id).replace("%I", index or "0")
    if named.endswith("/"):
        named += f"{job_id}.out"
    path = PurePosixPath(_at_home(folder, home), _at_home(named, home))
    return path if path.is_absolute() and "\0" not in named else None


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _at_home(path: str, home: str) -> str:
    for mark in ("$HOME", "~"):
        if path == mark or path.startswith(mark + "/"):
            return home + path[len(mark) :]
    return path
