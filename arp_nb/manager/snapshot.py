"""Everything that is kept of one job, in one answer, with keys masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb.rows import definition_row, job_row, scheduler_job_row, transition_row
from arp_nb.start_rows import environment_row, script_row

if TYPE_CHECKING:
    from arp_nb.manager.capabilities import Capabilities
    from arp_nb.manager.context import Context
    from arp_nb.model import Job
    from arp_nb.starts import Start


async def snapshot_of(context: Context, job: Job) -> dict[str, Any]:
    """Return the job, its definition as it was then, its history, and what it started with.

    What it started with is null for a job that has not started, or was started by a version of
    this program that did not keep it.
    """
    store = context.store
    definition = await store.definition(job.definition_id, job.version)
    natives = await store.scheduler_jobs([job.id])
    start = None if job.spool_id is None else await store.start(job.spool_id)
    whole = {
        "job": job_row(job),
        "argv": job.argv,
        "spool_id": job.spool_id,
        "definition": definition_row(definition),
        "transitions": [transition_row(one) for one in await store.history(job.id)],
        "scheduler_jobs": [scheduler_job_row(one) for one in natives[job.id]],
        **_start_rows(start),
    }
    masked: dict[str, Any] = _masked(whole, context.capabilities)
    return masked


def _start_rows(start: Start | None) -> dict[str, Any]:
    if start is None:
        names = ("script", "environment", "host", "started_in", "ran_as", "umask")
        return dict.fromkeys(names)
    return {
        "script": script_row(start),
        "environment": environment_row(start),
        "host": start.host,
        "started_in": start.folder,
        "ran_as": start.user,
        "umask": None if start.umask is None else f"{start.umask:04o}",
    }


def _masked(value: Any, capabilities: Capabilities) -> Any:
    """Mask each text by itself: in JSON, what stands before a key may be written otherwise."""
    if isinstance(value, str):
        return capabilities.mask(value)
    if isinstance(value, dict):
        return {
            _masked(name, capabilities): _masked(one, capabilities) for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(one, capabilities) for one in value]
    return value
