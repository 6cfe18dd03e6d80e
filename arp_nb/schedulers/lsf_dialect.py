"""Which columns this site's ``bjobs`` knows, and whether it speaks JSON: asked once, remembered.

IBM Spectrum LSF 10.1, "bjobs -o": fields differ by version and fix pack, and products that are
compatible know fewer; ``-json`` came with 10.1.0.2. What is refused is left out, one field after
the other, and without ``-json`` the same columns are asked for with a delimiter, the one free
text last. Without ``-o`` (before 9.1) there is no reading states: default columns are cut and
hold names with blanks, so that no parser could tell a state from a name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: what a job cannot be read without, then what is worth having
_FIELDS = (
    "jobid", "stat", "queue", "exec_host", "proj_name", "submit_time", "start_time",
    "finish_time", "jobindex", "exit_code", "exit_reason", "kill_reason", "suspend_reason",
    "pend_reason", "max_mem", "memlimit", "runtimelimit", "nalloc_slot", "job_description",
)  # fmt: skip
_NEEDED = frozenset({"jobid", "stat"})
#: what all products know; the name is where they keep the index of an array's element
_PLAIN = (
    "jobid", "stat", "queue", "exec_host", "proj_name", "submit_time", "start_time",
    "finish_time", "job_name",
)  # fmt: skip
#: so many fields are left out one by one, then all that is not everywhere
_ONE_BY_ONE = 3
#: hold free text of users, which may hold the delimiter
_FREE = ("job_description", "job_name")
_REASONS = frozenset({"exit_reason", "kill_reason", "suspend_reason", "pend_reason"})
_DELIMITER = "|"
_BAD_FIELD = re.compile(r"<(\w{1,40})> in the format string is not a valid field", re.ASCII)
_REFUSED = re.compile(r"(?:illegal|invalid|unknown) option|Usage: *bjobs", re.IGNORECASE)
#: a usage that lists it is about another option: one that searches, or a column's
_KNOWS_JSON = "[-json"


def lacks(stderr: str, option: str) -> bool:
    """Whether ``bjobs`` refused a command for an option that its usage does not list."""
    return _REFUSED.search(stderr) is not None and f"[{option}" not in stderr


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to ask ``bjobs``."""

    fields: tuple[str, ...] = _FIELDS
    is_json: bool = True

    @property
    def options(self) -> tuple[str, ...]:
        """Options of the command."""
        if self.is_json:
            return ("-json", "-o", " ".join(self.fields))
        return ("-noheader", "-o", f"{' '.join(self._columns)} delimiter='{_DELIMITER}'")

    @property
    def _columns(self) -> tuple[str, ...]:
        """Columns without JSON: one free text at most, and last."""
        free = [one for one in _FREE if one in self.fields][:1]
        plain = [one for one in self.fields if one not in {*_FREE, *_REASONS}]
        return (*plain, *free)

    def after(self, exit_code: int, stdout: str, stderr: str) -> Dialect | None:
        """Return what to try next after an answer; None if it was an answer."""
        if exit_code == 0 or "{" in stdout:
            return None
        bad = {one.lower() for one in _BAD_FIELD.findall(stderr)} & set(self.fields)
        if bad and not bad & _NEEDED:
            left = tuple(one for one in self.fields if one not in bad)
            few = len(left) < len(_FIELDS) - _ONE_BY_ONE or "jobindex" in bad
            if few and not set(left) <= set(_PLAIN):
                left = tuple(one for one in _PLAIN if one in {*left, "job_name"})
            return replace(self, fields=left)
        is_refused = not stdout.strip() and _REFUSED.search(stderr) is not None
        if self.is_json and is_refused and _KNOWS_JSON not in stderr:
            return replace(self, is_json=False)
        return None

    def as_json(self, stdout: str, stderr: str) -> str:
        """Return an answer as JSON of the same records; as it is if it is that already.

        A line that does not hold all columns is no record: a user's text may break lines.
        """
        if self.is_json:
            return stdout
        columns: Sequence[str] = [one.upper() for one in self._columns]
        records: list[dict[str, str]] = []
        for line in stdout.split("\n"):
            values = line.split(_DELIMITER, len(columns) - 1)
            if len(values) == len(columns):
                records.append(dict(zip(columns, map(str.strip, values), strict=True)))
        records += (
            {"JOBID": one, "ERROR": f"Job <{one}> is not found"}
            for one in re.findall(r"^Job <([\d\[\]]{1,30})> is not found", stderr, re.MULTILINE)
        )
        return json.dumps({"COMMAND": "bjobs", "JOBS": len(records), "RECORDS": records})
