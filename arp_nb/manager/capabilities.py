"""The key in a job's update address: who has it may change that job's report, nothing else.

It is an HMAC over the store's epoch and the job's id, so that it can be derived again and is
stored nowhere. It dies some days after the job's last end. Jobs' scripts print it, therefore
`Capabilities.mask` takes it out of every text that we show.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from arp_nb.errors import Forbidden

if TYPE_CHECKING:
    from datetime import datetime

    from arp_nb.model import Job

PATH = "//ws/logbook/client_status/"
#: what stands in place of a key
MASK = "…"
#: characters of a text that is kept with a job
MAX_TOLD = 2000
#: of a key
DIGITS = 32
_TOKEN = re.compile(r"([0-9]{1,18})-[0-9a-f]{32}", re.ASCII)
#: a key in any text, or its beginning at the text's end; also one that is not ours, in an address
_SHOWN = re.compile(
    r"(?<![0-9])(?P<job>[0-9]{1,18})-(?P<key>[0-9a-f]{32}|[0-9a-f]{4,31}\Z)(?![0-9a-f])"
    r"|(?P<address>client_status/[0-9]{1,18}-)[0-9A-Fa-f]+",
    re.ASCII,
)
#: what stands in each of them, quick to look for: a log has megabytes, and mostly no key
_MAYBE = re.compile(r"-(?<=[0-9]-)(?:[0-9a-f]{32}|[0-9a-f]{4,31}\Z)", re.ASCII)
_ADDRESS = "client_status/"
_LEADING = re.compile(r"\A-?[0-9a-f]{4,32}(?![0-9a-f])", re.ASCII)


class Capabilities:
    """Makes and checks the keys of one store."""

    def __init__(self, epoch: str, key: bytes, days: float) -> None:
        self._epoch = epoch
        self._key = key
        self._keep = timedelta(days=days)

    def token(self, job_id: int) -> str:
        """Return what ends a job's update address: ``450-9f86…``."""
        return f"{job_id}-{self._code(job_id)}"

    def job_id(self, token: str) -> int:
        """Return the job whose token this is.

        Raises
        ------
        Forbidden
            It is no token of this store; a bare job id is none either.
        """
        match = _TOKEN.fullmatch(token)
        if match is None or not hmac.compare_digest(self.token(int(match[1])), token):
            raise Forbidden(
                "This is not the update address of a job. Post to the whole address in "
                "BATCH_UPDATE_URL, as the job was given it."
            )
        return int(match[1])

    def expires_at(self, job: Job) -> datetime | None:
        """Return when the job's address stops to work; None while the job is not over."""
        if not job.state.is_final:
            return None
        return (job.ended_at or job.changed_at) + self._keep

    def mask(self, text: str) -> str:
        """Return a text with the keys in it replaced."""
        if _ADDRESS not in text and not _MAYBE.search(text):
            return text
        return _SHOWN.sub(self._masked, text)

    def mask_piece(self, text: str, job_id: int) -> str:
        """Mask a piece of a job's log that may begin in the middle of the job's own key."""
        match = _LEADING.match(text)
        if match and self.token(job_id).endswith(match[0]):
            text = MASK + text[match.end() :]
        return self.mask(text)

    def _masked(self, match: re.Match[str]) -> str:
        if match["address"]:
            return match["address"] + MASK
        code = self._code(int(match["job"]))
        return f"{match['job']}-{MASK}" if code.startswith(match["key"]) else match[0]

    def _code(self, job_id: int) -> str:
        said = f"{self._epoch}:{job_id}".encode()
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()[:DIGITS]


def told_text(capabilities: Capabilities, text: str) -> str:
    """Return what a client or scheduler told as it may be kept: no key, no NUL, not endless."""
    if len(text) > MAX_TOLD:
        text = f"{text[:MAX_TOLD]}…"
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()  # half surrogate pairs
    return capabilities.mask(text.replace("\0", " "))
