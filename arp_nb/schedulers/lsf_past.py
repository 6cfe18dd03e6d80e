"""Asks ``bhist`` what became of jobs that LSF's list has forgotten."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from arp_nb.errors import SchedulerError
from arp_nb.schedulers import lsf_history, lsf_parse
from arp_nb.schedulers.base import Poll
from arp_nb.schedulers.command import chunks
from arp_nb.schedulers.turns import in_turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from arp_nb.model import Reading
    from arp_nb.schedulers.command import Output
    from arp_nb.schedulers.lsf_poll import Answer, PollReader

logger = logging.getLogger(__name__)

#: of ``bhist``: a job may have ended long ago (IBM Spectrum LSF 10.1, "bhist -n")
_ALL_FILES = ("-n", "0")
#: so many times as long as other commands they may take: those of a busy site are gigabytes
_TIMES = 3.0
#: a poll waits so long for what the history tells of arrays; if in vain, not soon again
_SETTLE_S, _SETTLES_APART_S = 10.0, 600.0
#: of what a failed command printed
_SHOWN = 300
#: of a shell, or env(1): there is no such command
_NO_COMMAND = 127


class NoHistory(SchedulerError):
    """There is no ``bhist`` on the other side of a prefix."""


class Past:
    """What the event files tell.

    Parameters
    ----------
    query
        Runs a command that only asks; takes ``timeout_s``.
    timeout_s
        Of other commands.
    """

    def __init__(
        self,
        query: Callable[..., Awaitable[Output]],
        *,
        timeout_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._query = query
        self._timeout_s = timeout_s
        self._now = now
        self._unsettled_until_s = float("-inf")

    async def ends(self, asked: Sequence[str]) -> Poll:
        """Return the ends of jobs, and those of which there never was any.

        Raises
        ------
        SchedulerError
            It did not answer.
        """
        told = await self._recent(asked)
        older = [one for one in asked if one not in told]
        told |= await self._all(older)
        # bhist may leave out, without a word, one of several that it does not know
        missing = [one for one in older if one not in told]
        if missing and len(missing) < len(older):
            told |= await self._all(missing)
        ended = {one: told[one] for one in asked if one in told and told[one].state.is_final}
        return Poll(ended, frozenset(asked) - told.keys())

    async def settle(self, reader: PollReader, answer: Answer) -> bool:
        """Ask of arrays that are new to us: what left the list before we came.

        False if there is nobody to be asked, so that the list's word is the last.
        """
        arrays = reader.unsettled(answer)
        if not arrays or time.monotonic() < self._unsettled_until_s:
            return True
        limit_s = min(self._timeout_s, _SETTLE_S)
        try:
            for some in chunks(arrays):
                # where it broke off, what it did not come to would look as if it never was
                told = await self._bhist(some, *_ALL_FILES, timeout_s=limit_s, must_be_whole=True)
                reader.settle(answer, some, told)
        except NoHistory:
            return False
        except SchedulerError as error:
            # the ends of these arrays are asked of it one by one, as those of jobs are
            logger.info("elements that left arrays: %s", error)
            self._unsettled_until_s = time.monotonic() + _SETTLES_APART_S
        return True

    async def _recent(self, asked: Sequence[str]) -> dict[str, Reading]:
        """Return the ends that the newest event file alone tells, from the submission on.

        Not of arrays: it may hold only some of their elements.
        """
        told: dict[str, Reading] = {}
        try:
            for some in chunks(asked):
                told |= await self._bhist(some)
        except SchedulerError as error:
            logger.info("all event files are asked for, too: %s", error)
        return {
            one: reading
            for one, reading in told.items()
            if reading.state.is_final and reading.submitted_at and not reading.elements
        }

    async def _all(self, asked: Sequence[str]) -> dict[str, Reading]:
        told: dict[str, Reading] = {}
        for some in chunks(asked):
            limit_s = _TIMES * self._timeout_s
            told |= await self._bhist(some, *_ALL_FILES, timeout_s=limit_s)
        return told

    async def _bhist(
        self,
        native_ids: Sequence[str],
        *options: str,
        timeout_s: float | None = None,
        must_be_whole: bool = False,
    ) -> Mapping[str, Reading]:
        output = await self._query("bhist", "-l", *options, *native_ids, timeout_s=timeout_s)
        told = await in_turns(lsf_history.steps(output.stdout, self._now()))
        broke_off = not told or (must_be_whole and output.exit_code != 0)
        if broke_off and not lsf_parse.knows_none(output.said):
            kind = NoHistory if output.exit_code == _NO_COMMAND else SchedulerError
            raise kind(f"bhist: {output.said[:_SHOWN] or output.exit_code}")
        return told
