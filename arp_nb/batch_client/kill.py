"""Passes kills on to the schedulers, many with one command, and never kills another's job."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from arp_nb.batch_client.identity import is_another
from arp_nb.errors import SchedulerError
from arp_nb.ports import KillAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from arp_nb.batch_client.health import Pulse
    from arp_nb.ports import KillRequest, ManagerPort
    from arp_nb.schedulers.base import Answer, Scheduler

log = logging.getLogger(__name__)

_IDLE_S = 30.0
_AGAIN_S = 5.0


class Killer:
    """Takes the manager's kill requests until one scheduler has been told of each.

    One for each scheduler, so that none waits for another that does not answer.

    Parameters
    ----------
    on_killed
        Called when the scheduler has taken kills: there will be something to poll.
    """

    def __init__(
        self,
        port: ManagerPort,
        scheduler: Scheduler,
        pulse: Pulse,
        on_killed: Callable[[], None],
    ) -> None:
        self._port = port
        self._scheduler = scheduler
        self._pulse = pulse
        self._on_killed = on_killed
        self._wake = asyncio.Event()

    def nudge(self) -> None:
        """Say that there may be something to kill."""
        self._wake.set()

    async def run(self) -> None:
        """Kill until cancelled."""
        while True:
            self._wake.clear()
            complete = False
            try:
                complete = await self.kill_once()
            except Exception:
                log.exception("killing: will go on")
            try:
                async with asyncio.timeout(_IDLE_S if complete else _AGAIN_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def kill_once(self) -> bool:
        """Pass on what is asked for; False if the scheduler did not answer."""
        scheduler = self._scheduler
        asked = [one for one in await self._port.kills() if one.location == scheduler.location]
        ids = sorted({native for one in asked for native in one.native_ids})
        forced = {native for one in asked if one.force for native in one.native_ids}
        if not ids:
            return True
        try:
            others = await self._others(asked, ids)
            answers: dict[str, Answer] = {}
            for force in (False, True):
                ours = [one for one in ids if one not in others and (one in forced) is force]
                answers |= await scheduler.kill(ours, force=force) if ours else {}
        except SchedulerError as error:
            self._pulse.failed(scheduler.location, str(error))
            return False
        told = [_answer(one, answers, others, scheduler.title) for one in asked]
        await self._port.kill_answers([one for one in told if one is not None])
        self._on_killed()
        return None not in told

    async def _others(self, asked: Sequence[KillRequest], ids: Sequence[str]) -> frozenset[str]:
        """Find the ids that meanwhile belong to jobs that are not ours."""
        submitted_at = {one.job_id: one.submitted_at for one in await self._port.watched()}
        poll = await self._scheduler.poll(ids)
        return frozenset(
            native
            for one in asked
            for native in one.native_ids
            if (reading := poll.readings.get(native)) is not None
            and is_another(one.job_id, submitted_at.get(one.job_id), reading)
        )


def _answer(
    request: KillRequest, answers: Mapping[str, Answer], others: frozenset[str], title: str
) -> KillAnswer | None:
    """Put together what was said of one job's scheduler jobs; None if one went unanswered."""
    said: list[str] = []
    accepted = True
    for native in request.native_ids:
        if native in others:
            said.append(f"{title} has given the id {native} to another job; it was not killed.")
            accepted = False
        elif native in answers:
            said.append(answers[native].said)
            accepted = accepted and answers[native].accepted
        else:
            return None
    return KillAnswer(
        job_id=request.job_id,
        native_ids=request.native_ids,
        accepted=accepted,
        said="\n".join(filter(None, said)),
    )
