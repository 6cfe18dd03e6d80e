"""What is kept of each start: a note for whoever looks later, never a reason not to start."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.starts import Start
    from arp_nb.store.base import Store

_log = logging.getLogger(__name__)
#: characters that a batch client may tell of one start; its own bounds are far lower
_MOST_CHARS = 1_000_000


async def keep(
    store: Store, job_id: int, spool_id: str, start: Start | None, checked_sha256: str | None
) -> None:
    """Keep a start, held against the script that was checked; a failure is only logged."""
    if start is None:
        return
    if _chars(start) > _MOST_CHARS:
        _log.warning("What job %d is started with is too long to be kept", job_id)
        return
    try:
        await store.keep_start(job_id, spool_id, replace(start, checked_sha256=checked_sha256))
    except Exception as error:  # noqa: BLE001 - whatever it is, the job must start
        _log.warning("What job %d is started with is not kept: %s", job_id, error)


def _chars(start: Start) -> int:
    login = start.login
    maps: tuple[Mapping[str, str], ...] = (start.variables, login.values)
    return (
        len(start.script.text)
        + sum(map(len, login.names))
        + sum(len(name) + len(text) for one in maps for name, text in one.items())
    )
