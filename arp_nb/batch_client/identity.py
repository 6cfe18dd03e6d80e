"""Whether a scheduler job is still ours: schedulers use their ids again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from arp_nb.model import Reading

_TAG = re.compile(r"arp-(\d+)-", re.ASCII)
#: clocks of hosts differ, and we may know of a job some time after the scheduler does
_TOLERANCE = timedelta(minutes=10)


def is_another(job_id: int, submitted_at: datetime | None, reading: Reading) -> bool:
    """Whether a reading under a job's id is about somebody else's, later job.

    The tag decides where there is one. Else a job that was submitted long after ours
    cannot be ours.
    """
    tag = _TAG.match(reading.tag)
    if tag is not None:
        return int(tag[1]) != job_id
    if submitted_at is None or reading.submitted_at is None:
        return False
    return reading.submitted_at - submitted_at > _TOLERANCE
