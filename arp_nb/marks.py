"""The marks by which our jobs are found again in a scheduler's books. Pure.

``arp-<job>-<nonce>`` marks a submission. Each submit command adds its own nonce, which the
wrapper makes: ``….c4242-1764240000`` called by the script, ``….j77-1764240300`` called
inside one of the jobs it made. So a chain is told from one command that made several jobs:
its marks differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"(arp-([1-9][0-9]{0,17})-[0-9a-z]{1,64})(?:\.([cj])([0-9-]{1,40}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mark says."""

    #: of the submission
    tag: str
    job_id: int
    #: of the submit command; empty where no wrapper made one
    call: str = ""
    #: submitted from inside a job
    inside: bool = False

    @property
    def spool_id(self) -> str:
        """Of the submission; another store counts its jobs from 1, too, and has others."""
        return self.tag.removeprefix("arp-")


def parse(text: str) -> Mark | None:
    """Read a mark; None of any other text."""
    match = _MARK.fullmatch(text)
    if match is None:
        return None
    tag, job_id, kind, call = match.groups()
    return Mark(tag, int(job_id), call or "", inside=kind == "j")


def is_of(text: str, tag: str) -> bool:
    """Whether a mark is of a submission: all its commands, inside jobs or not."""
    return text == tag or text.startswith(f"{tag}.")
