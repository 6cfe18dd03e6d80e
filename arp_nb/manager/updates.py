"""Posts of running jobs: checked, bounded, and answered once they are durable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from arp_nb import reports
from arp_nb.errors import Forbidden, NotFound, TooManyRequests
from arp_nb.manager.capabilities import MASK
from arp_nb.rows import job_row
from arp_nb.status import shown
from arp_nb.store.base import JobFilter, ReportPost

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from datetime import datetime

    from arp_nb.manager.context import Context
    from arp_nb.model import Experiment, Job

#: posts that wait for the disk at once; a sender beyond it is asked to wait
MAX_WAITING = 5000
MAX_WAITING_BYTES = 64 * 1024 * 1024
#: for how long it is remembered when a job's address ends, and of how many jobs
_REMEMBER_S = 5.0
_MAX_REMEMBERED = 20_000
#: rows that are made at a time: posts come in between
_ROWS = 500


class Updates:
    """Takes posts to update addresses, and answers with all that was posted."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting = 0
        self._waiting_bytes = 0
        #: job id → (when we looked, when its address ends or None while it lives, its location)
        self._ends: dict[int, tuple[datetime, datetime | None, str]] = {}

    async def post(self, token: str, body: bytes) -> None:
        """Merge a post into its job's report; returns when that is durable.

        Raises
        ------
        Forbidden
            The token is wrong, or the job ended too long ago.
        NotFound
            The job is not kept any more.
        InvalidValue, TooLarge
            See `arp_nb.reports.parse`; the report is as it was.
        TooManyRequests
            More posts wait for the disk than can be held.
        """
        job_id = self._context.capabilities.job_id(token)
        location = await self._check_alive(job_id)
        # scripts may report their own address; its key must not be shown with the report
        patch = reports.parse(body.replace(token.encode(), _masked(token)))
        if self._waiting >= MAX_WAITING or self._waiting_bytes + len(body) > MAX_WAITING_BYTES:
            raise TooManyRequests(
                "More posts come than the disk can take. Post again in a second."
            )
        self._waiting += 1
        self._waiting_bytes += len(body)
        try:
            post = ReportPost(job_id=job_id, patch=patch, at=self._context.clock())
            await self._context.store.merge_reports([post])
        finally:
            self._waiting -= 1
            self._waiting_bytes -= len(body)
        await self._context.routes.arrived(location)

    async def batches_status(self, experiment: Experiment) -> AsyncGenerator[list[dict[str, Any]]]:
        """Yield every stored value of each job, under the names that scripts have always used.

        Newest jobs first, some at a time: a page of them at least, of no jobs an empty one.
        """
        which = JobFilter(experiment_id=experiment.id, limit=_ROWS)
        more = True
        while more:
            jobs, more = await self._context.store.jobs_page(which)
            yield [self._whole(experiment, job) for job in jobs]
            if more:
                which = replace(which, before_id=jobs[-1].id)

    def _whole(self, experiment: Experiment, job: Job) -> dict[str, Any]:
        row: Mapping[str, Any] = job_row(job)
        word = shown(row["status"], job.state, job.location, self._context.health.now)
        posted = {name: value for name, value in job.report.items() if name not in row}
        return {
            **posted,
            **row,
            "job_database_id": job.id,
            "lsf_id": job.native_id,
            "status": word,
            "counters": job.report.get("counters", {}),
            "run_num": job.run,
            "experiment": experiment.name,
        }

    async def _check_alive(self, job_id: int) -> str:
        """Return the location of a job whose address still works."""
        at = self._context.clock()
        known = self._ends.get(job_id)
        if known is None or (at - known[0]).total_seconds() > _REMEMBER_S:
            try:
                job = await self._context.store.job(job_id)
            except NotFound:
                raise NotFound(
                    f"Job {job_id} is not kept any more, so its report cannot be changed."
                ) from None
            if len(self._ends) >= _MAX_REMEMBERED:
                self._ends.clear()
            ends_at = self._context.capabilities.expires_at(job)
            known = self._ends[job_id] = (at, ends_at, job.location)
        if known[1] is not None and at >= known[1]:
            raise Forbidden(
                f"Job {job_id} ended too long ago: its update address worked until "
                f"{known[1]:%Y-%m-%d %H:%M} UTC."
            )
        return known[2]


def _masked(token: str) -> bytes:
    return f"{token.partition('-')[0]}-{MASK}".encode()
