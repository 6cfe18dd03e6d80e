"""``/arp/api/jobs`` and the jobs of an experiment: list, apply, and what is done with one."""

# ruff: noqa: FAST003, TC001, TC003 - FastAPI reads annotations at run time, and `exp` in a dependency
from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field, StrictInt

from arp_nb.errors import Conflict, InvalidValue
from arp_nb.manager import ApplyRequest, Outcome
from arp_nb.manager.apply import More
from arp_nb.manager.elements import MOST_ELEMENTS, PAGE_OF_ELEMENTS
from arp_nb.model import JobState
from arp_nb.quantities import MOST_MEMORY_MB, MOST_TIME_S
from arp_nb.rows import element_row, job_row, scheduler_job_row, transition_row
from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.bodies import Body
from arp_nb.web.caller import By, Id, InExperiment, Managed

router = APIRouter(tags=["jobs"])
_MAX_IDS = 10_000
_STATES = ", ".join(state.value for state in JobState)
JobId = Annotated[StrictInt, Field(ge=1, lt=2**63)]
Key = Annotated[str, Field(min_length=1, max_length=200)]
NativeId = Annotated[str, Field(min_length=1, max_length=64)]


class Application(Body):
    """A definition, by its hash, to be applied to runs."""

    definition: str
    #: "12, 20-32", "20-", "all", or a list of numbers
    runs: str | list[StrictInt]
    parameters: str | None = None
    existing: Literal["skip", "again"] = "skip"
    dry_run: bool = False
    idempotency_key: Key | None = None


class Rerun(Body):
    """A job to be run again, with its own parameters unless others are given."""

    parameters: str | None = None
    extra_parameters: str = ""
    #: MB (10^6 bytes) and seconds to ask for, whatever the script asks for
    memory_mb: Annotated[float, Field(gt=0, le=MOST_MEMORY_MB)] | None = None
    time_s: Annotated[float, Field(gt=0, le=MOST_TIME_S)] | None = None
    idempotency_key: Key | None = None


class Kill(Body):
    """What is to end: the job with its subjobs or without, or only some of its parts."""

    subjobs: bool = True
    #: ids of subjobs or extra jobs to end, and nothing else
    native_ids: Annotated[list[NativeId], Field(min_length=1, max_length=_MAX_IDS)] | None = None


class Resolution(Body):
    """What an uncertain submission was: this job, or none, so that it may be submitted again."""

    native_id: str | None = None
    submit_again: bool = False


class Ids(Body):
    """Jobs to do something with."""

    ids: Annotated[list[JobId], Field(max_length=_MAX_IDS)]


class Killed(Ids):
    """Jobs to end, with their subjobs or without."""

    subjobs: bool = True


@router.get("/experiments/{exp}/jobs", response_model=answers.Jobs)
async def list_jobs(
    *,
    manager: Managed,
    experiment: InExperiment,
    state: str | None = None,
    runs: str | None = None,
    hash_: Annotated[str | None, Query(alias="hash")] = None,
    user: str | None = None,
    since: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int | None, Query(ge=1, le=100_000)] = None,
    deleted: bool = False,
    only_deleted: bool = False,
) -> Json:
    """Jobs, newest first: a page of them, or with ``since`` those changed after a revision."""
    listed = await manager.jobs.list(
        experiment,
        states=_states(state),
        runs=runs,
        hash=hash_,
        user=user,
        since=since,
        before=before,
        limit=limit,
        deleted=deleted,
        only_deleted=only_deleted,
    )
    return Json(
        {
            "epoch": listed.epoch,
            "revision": listed.revision,
            "jobs": [job_row(one) for one in listed.jobs],
            "next_before": listed.next_before,
        }
    )


def _states(text: str | None) -> list[JobState] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",") if word.strip()]
    try:
        return [JobState(word) for word in words]
    except ValueError as error:
        raise InvalidValue(f"There is no such state in {text!r}. There are: {_STATES}.") from error


@router.post(
    "/experiments/{exp}/jobs:apply",
    status_code=201,
    response_model=answers.Applied,
    responses={200: {"model": answers.DryRun, "description": "what would be run"}},
)
async def apply(manager: Managed, experiment: InExperiment, by: By, body: Application) -> Json:
    """Make a job for each run, or tell with ``dry_run`` what would be run."""
    answer = await manager.jobs.apply(experiment, ApplyRequest(**dict(body)), by)
    said = {
        "understood": answer.understood,
        "skipped": [asdict(one) for one in answer.skipped],
        "warnings": list(answer.warnings),
    }
    if body.dry_run:
        return Json({**said, "dry_run": [asdict(one) for one in answer.dry_run]})
    jobs = [job_row(one) for one in answer.jobs]
    return Json({**said, "jobs": jobs, "repeated": answer.repeated}, 201)


async def _one(
    manager: Managed,
    job_id: int,
    act: Callable[[list[int], str], Awaitable[Sequence[Outcome]]],
    by: str,
) -> Json:
    """Do with one job what is usually done with several, and answer with its row."""
    await manager.jobs.get(job_id)
    outcome = (await act([job_id], by))[0]
    if not outcome.ok:
        raise Conflict(outcome.message)
    return Json(job_row(await manager.jobs.get(job_id)))


@router.get("/jobs/{job_id:int}", response_model=answers.Job)
async def get_job(manager: Managed, job_id: Id) -> Json:
    """One job, deleted or not."""
    return Json(job_row(await manager.jobs.get(job_id)))


@router.get("/jobs/{job_id:int}/details", response_model=answers.Details)
async def get_details(manager: Managed, job_id: Id) -> Json:
    """Everything the scheduler says of the job."""
    return Json({"text": await manager.jobs.details(job_id)})


@router.get("/jobs/{job_id:int}/history", response_model=answers.History)
async def get_history(manager: Managed, job_id: Id) -> Json:
    """Every change of the job's state, and its scheduler jobs."""
    transitions, scheduler_jobs = await manager.jobs.history(job_id)
    return Json(
        {
            "transitions": [transition_row(one) for one in transitions],
            "scheduler_jobs": [scheduler_job_row(one) for one in scheduler_jobs],
        }
    )


@router.get("/jobs/{job_id:int}/attempts", response_model=answers.Attempts)
async def get_attempts(manager: Managed, job_id: Id) -> Json:
    """Return all jobs of the chain of reruns that the job is in, oldest first."""
    return Json({"jobs": [job_row(one) for one in await manager.jobs.attempts(job_id)]})


@router.get("/jobs/{job_id:int}/elements", response_model=answers.Elements)
async def get_elements(
    manager: Managed,
    job_id: Id,
    offset: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ELEMENTS)] = PAGE_OF_ELEMENTS,
    state: Annotated[str | None, Query(max_length=40)] = None,
) -> Json:
    """Elements of the job's arrays, in order; ``state`` keeps those with the scheduler's word."""
    page = await manager.jobs.elements(job_id, offset, limit, state)
    rows = [element_row(one) for one in page.elements]
    return Json({"total": page.total, "elements": rows})


@router.get("/jobs/{job_id:int}/snapshot", response_model=answers.Snapshot)
async def get_snapshot(manager: Managed, job_id: Id) -> Json:
    """Tell what was run: definition, argv, script, environment and host, as they were then.

    ``script`` holds the first 64 kB of its text, ``environment`` what we gave it, and of the
    login environment names and a few harmless values. Both are null for a job that has not
    started.
    """
    return Json(await manager.jobs.snapshot(job_id))


@router.get("/jobs/{job_id:int}/points", response_model=answers.Points)
async def get_points(manager: Managed, job_id: Id, key: str | None = None) -> Json:
    """Points of the job's counters over time, thinned."""
    return Json({"points": await manager.jobs.points(job_id, key)})


@router.delete("/jobs/{job_id:int}", response_model=answers.Job)
async def delete_job(manager: Managed, job_id: Id, by: By) -> Json:
    """Take the job off the page; the job lives on."""
    return await _one(manager, job_id, manager.jobs.delete, by)


@router.post("/jobs/{job_id:int}:kill", response_model=answers.Job)
async def kill_job(manager: Managed, job_id: Id, by: By, body: Kill | None = None) -> Json:
    """Ask for the job's end, or that of some of its parts: a request until it is shown."""
    asked = body or Kill()
    if asked.native_ids is not None:
        await manager.jobs.kill_parts(job_id, asked.native_ids, by)
        return Json(job_row(await manager.jobs.get(job_id)))
    return await _one(manager, job_id, partial(manager.jobs.kill, subjobs=asked.subjobs), by)


@router.post("/jobs/{job_id:int}:restore", response_model=answers.Job)
async def restore_job(manager: Managed, job_id: Id, by: By) -> Json:
    """Undo a deletion."""
    return await _one(manager, job_id, manager.jobs.restore, by)


@router.post("/jobs/{job_id:int}:rerun", status_code=201, response_model=answers.Job)
async def rerun_job(manager: Managed, job_id: Id, by: By, body: Rerun | None = None) -> Json:
    """Make a new job for the same run."""
    asked = body or Rerun()
    made = await manager.jobs.rerun(
        job_id,
        asked.parameters,
        asked.extra_parameters,
        asked.idempotency_key,
        by,
        more=More(asked.memory_mb, asked.time_s),
    )
    return Json(job_row(made), 201)


@router.post("/jobs/{job_id:int}:resolve", response_model=answers.Job)
async def resolve_job(manager: Managed, job_id: Id, by: By, body: Resolution) -> Json:
    """Say what an uncertain submission was."""
    resolved = await manager.jobs.resolve(
        job_id, native_id=body.native_id, submit_again=body.submit_again, by=by
    )
    return Json(job_row(resolved))


@router.post("/jobs:kill", response_model=answers.Results)
async def kill_jobs(manager: Managed, by: By, body: Killed) -> Json:
    """Ask for the end of several jobs."""
    done = await manager.jobs.kill(body.ids, by, subjobs=body.subjobs)
    return Json({"results": [asdict(one) for one in done]})


@router.post("/jobs:delete", response_model=answers.Results)
async def delete_jobs(manager: Managed, by: By, body: Ids) -> Json:
    """Take several jobs off the page."""
    return Json({"results": [asdict(one) for one in await manager.jobs.delete(body.ids, by)]})


@router.post("/jobs:restore", response_model=answers.Results)
async def restore_jobs(manager: Managed, by: By, body: Ids) -> Json:
    """Undo several deletions."""
    return Json({"results": [asdict(one) for one in await manager.jobs.restore(body.ids, by)]})
