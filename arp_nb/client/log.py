"""A job's log as text, in bounded pieces however long it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from arp_nb.client import markup

if TYPE_CHECKING:
    from arp_nb.client.transport import Transport

#: of a log that nobody asked a certain piece of: its end
MOST_BYTES = 10_000_000
#: of one request
_PIECE_BYTES = 1_000_000
_SHOWN_LINES = 1000
_SHOWN_CHARS = 2000
#: a bare CR is a progress bar's
_LINE_END = re.compile("\r\n|\r|\n")


class Log(str):
    """A job's log, or a piece of it: text that a notebook shows line by line.

    Attributes
    ----------
    missing
        Why there is nothing, in words; empty when there is something.
    offset
        Where it begins in the whole log, in bytes.
    size_bytes
        How long the whole log was when it was read.
    """

    __slots__ = ("missing", "offset", "size_bytes")
    missing: str
    offset: int
    size_bytes: int

    def __new__(
        cls, text: str, missing: str = "", *, offset: int = 0, size_bytes: int = 0
    ) -> Self:
        """Make a log of its text."""
        made = super().__new__(cls, text)
        made.missing = missing
        made.offset = offset
        made.size_bytes = size_bytes
        return made

    def _repr_html_(self) -> str:
        if not self:
            return f"<i>{markup.escape(self.missing or 'The log is empty.')}</i>"
        lines = _LINE_END.split(self)
        notes = []
        if self.offset:
            notes.append(f"{self.offset:,} of {self.size_bytes:,} bytes stand before this.")
        if len(lines) > _SHOWN_LINES:
            notes.append(f"These are its last {_SHOWN_LINES:,} lines of {len(lines):,}.")
        note = f"<p><i>{' '.join(notes)}</i></p>" if notes else ""
        text = "\n".join(markup.escape(line, _SHOWN_CHARS) for line in lines[-_SHOWN_LINES:])
        return f'{note}<pre style="max-height:30em;overflow:auto">{text}</pre>'


def read(
    transport: Transport, job_id: int, offset: int, limit: int, native_id: str | None = None
) -> Log:
    """Read a piece of a log, as `arp_nb.client.job.Job.log` says."""
    pieces: list[str] = []
    begin, left = None, limit
    while True:
        params: dict[str, int | str] = {
            "offset": offset,
            "limit": max(1, min(left, _PIECE_BYTES)),
        }
        if native_id is not None:
            params["native_id"] = native_id
        chunk = transport.call("GET", f"/jobs/{job_id}/log", params=params)
        if begin is None:
            begin = chunk["offset"]
        pieces.append(chunk["text"])
        offset = chunk["next_offset"]
        left -= offset - chunk["offset"]
        if left <= 0 or offset <= chunk["offset"] or offset >= chunk["size_bytes"]:
            size_bytes = chunk["size_bytes"]
            return Log("".join(pieces), chunk["missing"], offset=begin, size_bytes=size_bytes)
