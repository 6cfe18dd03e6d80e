"""Handing jobs to a batch client, until their scripts may start.

A lease is a word that the client must give back, and that says in itself until when it
holds. A lease that has run out frees the job, and so does a new manager; from STARTING on
there is no lease any more, and nobody may ever start the script again.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING

from arp_nb.manager.autorun.held import held
from arp_nb.manager.command_lines import update_url, variables
from arp_nb.manager.context import with_notes
from arp_nb.manager.seat import default_of
from arp_nb.manager.starts import keep
from arp_nb.model import JobState, Phase, Trigger
from arp_nb.ports import SubmitRequest
from arp_nb.store.base import JobChange, JobFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from arp_nb.manager.context import Context
    from arp_nb.model import Definition, Job, ScriptCheck
    from arp_nb.starts import Start

#: requested jobs that are read at a time
_LOOKED_AT = 500


class Leases:
    """REQUESTED → LEASED → STARTING, and back."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def lease(
        self, locations: Sequence[str], limit: int, not_in: Collection[str] = ()
    ) -> Sequence[SubmitRequest]:
        """Take up to ``limit`` requested jobs for these locations, oldest first."""
        async with self._context.books:
            await self._free_expired()
            jobs = await self._requested(locations, limit, not_in)
            at = self._context.clock()
            default = await self._default(locations)
            tokens = [_lease_token(at, self._context.settings.lease_s) for _ in jobs]
            changes = [
                JobChange(
                    job_id=job.id,
                    at=at,
                    expect=(JobState.REQUESTED,),
                    state=JobState.LEASED,
                    set={"lease_token": token, "location": job.location or default},
                    by="batch client",
                )
                for job, token in zip(jobs, tokens, strict=True)
            ]
            done = await self._context.store.change_jobs(changes) if changes else ()
        names = {one.id: one.name for one in await self._context.store.experiments()}
        return [
            await self._request(job, token, names[job.experiment_id], job.location or default)
            for job, token, ok in zip(jobs, tokens, done, strict=True)
            if ok
        ]

    async def starting(
        self,
        job_id: int,
        lease_token: str,
        spool_id: str,
        check: ScriptCheck,
        start: Start | None = None,
    ) -> bool:
        """Make LEASED → STARTING durable; the same call again says True again."""
        store = self._context.store
        async with self._context.books:
            job = await store.job(job_id)
            if job.state is JobState.STARTING and job.spool_id == spool_id:
                return True
            if await held(self._context, [job]):  # since it was leased
                await self._back(job_id, lease_token, "autorun, which waits")
                return False
            definition = await store.definition(job.definition_id, job.version)
            notes = with_notes(job.notes, _differences(definition, check))
            change = JobChange(
                job_id=job_id,
                at=self._context.clock(),
                expect=(JobState.LEASED,),
                expect_lease=lease_token,
                state=JobState.STARTING,
                set={"spool_id": spool_id, "phase": Phase.NONE, "notes": notes},
                by="batch client",
            )
            # handed in at once and in this order, so that one commit does for both
            _, (done,) = await asyncio.gather(
                keep(store, job_id, spool_id, start, definition.checked_sha256),
                store.change_jobs([change]),
            )
        if done:
            await self._keep_check(job, check)
        return done

    async def give_back(self, job_id: int, lease_token: str) -> bool:
        """LEASED → REQUESTED: the client could not even look at it now."""
        async with self._context.books:
            return await self._back(job_id, lease_token, "batch client")

    async def _back(self, job_id: int, lease_token: str, by: str) -> bool:
        change = JobChange(
            job_id=job_id,
            at=self._context.clock(),
            expect=(JobState.LEASED,),
            expect_lease=lease_token,
            state=JobState.REQUESTED,
            set={"lease_token": None},
            by=by,
        )
        (done,) = await self._context.store.change_jobs([change])
        return done

    async def refused(
        self, job_id: int, lease_token: str, reason: str, check: ScriptCheck
    ) -> bool:
        """LEASED → SUBMIT_FAILED: no script was started."""
        store = self._context.store
        at = self._context.clock()
        change = JobChange(
            job_id=job_id,
            at=at,
            expect=(JobState.LEASED,),
            expect_lease=lease_token,
            state=JobState.SUBMIT_FAILED,
            set={"reason": reason, "ended_at": at},
            by="batch client",
        )
        async with self._context.books:
            (done,) = await store.change_jobs([change])
        if done:
            await self._keep_check(await store.job(job_id), check)
        return done

    async def _keep_check(self, job: Job, check: ScriptCheck) -> None:
        """Keep what was found at the script's path, unless that is known."""
        definition = await self._context.store.definition(job.definition_id, job.version)
        if replace(definition.check, checked_at=check.checked_at) != check:
            await self._context.store.set_check(job.definition_id, job.version, check)

    async def _free_expired(self) -> None:
        at = self._context.clock()
        await self._free(lambda job: _has_expired(job.lease_token, at))

    async def free_all(self) -> None:
        """Void all leases: who held them ended with the manager before this one."""
        async with self._context.books:
            await self._free(lambda _: True)

    async def _free(self, is_free: Callable[[Job], bool]) -> None:
        leased = await self._context.store.jobs(JobFilter(states=(JobState.LEASED,), deleted=True))
        at = self._context.clock()
        changes = [
            JobChange(
                job_id=job.id,
                at=at,
                expect=(JobState.LEASED,),
                expect_lease=job.lease_token,
                state=JobState.REQUESTED,
                set={"lease_token": None},
                by="lease ran out",
            )
            for job in leased
            if is_free(job)
        ]
        if changes:
            await self._context.store.change_jobs(changes)

    async def _requested(
        self, locations: Sequence[str], limit: int, not_in: Collection[str]
    ) -> Sequence[Job]:
        """Find the oldest requested jobs that can go to one of these locations."""
        found: list[Job] = []
        which = JobFilter(
            states=(JobState.REQUESTED,),
            locations={"", *locations},
            by_autorun=None if self._context.standing.stop is None else False,
            deleted=True,
            oldest_first=True,
            limit=_LOOKED_AT,
        )
        while True:
            looked = await self._context.store.jobs(which)
            there = [job for job in looked if str(PurePath(job.argv[0]).parent) not in not_in]
            waits = await held(self._context, there)
            found += (job for job in there if job.id not in waits)
            if len(found) >= limit or len(looked) < _LOOKED_AT:
                return found[:limit]
            which = replace(which, after_id=looked[-1].id)

    async def _default(self, locations: Sequence[str]) -> str:
        configured = self._context.settings.default_location
        return configured or default_of(tuple(locations))

    async def _request(
        self, job: Job, lease_token: str, experiment: str, location: str
    ) -> SubmitRequest:
        context = self._context
        definition = await context.store.definition(job.definition_id, job.version)
        url = update_url(context.update_base, context.capabilities.token(job.id))
        extra = context.settings.environment
        return SubmitRequest(
            job_id=job.id,
            lease_token=lease_token,
            user=job.user,
            location=location,
            experiment=experiment,
            run=job.run,
            argv=job.argv,
            environment=variables(
                experiment, job.run, job=str(job.id), location=location, url=url, extra=extra
            ),
            sha256=definition.check.sha256,
            consent_sha256=await self._consented(job),
            memory_mb=job.override_memory_mb,
            time_s=job.override_time_s,
        )

    async def _consented(self, job: Job) -> str | None:
        """Return the script's text that autorun was checked for; None: a person applied it.

        What one person consents to starts nothing as another.
        """
        if job.trigger is Trigger.MANUAL:
            return None
        current = await self._context.store.definition(job.definition_id)
        is_theirs = current.autorun and current.autorun_by == job.user
        return (is_theirs and current.consent_sha256) or ""


def _differences(definition: Definition, check: ScriptCheck) -> tuple[str, ...]:
    before = definition.check
    if before.sha256 is None or check.sha256 is None or before.sha256 == check.sha256:
        return ()
    return ("the script was changed since it was last looked at",)


def _lease_token(at: datetime, lease_s: float) -> str:
    until = at + timedelta(seconds=lease_s)
    return f"{secrets.token_hex(8)}@{until.timestamp():.3f}"


def _has_expired(lease_token: str | None, at: datetime) -> bool:
    try:
        until = datetime.fromtimestamp(float((lease_token or "").partition("@")[2]), UTC)
    except (ValueError, OverflowError, OSError):
        return True  # not one of ours, so nobody can give it back
    return at >= until
