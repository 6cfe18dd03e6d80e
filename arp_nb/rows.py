"""The JSON that travels: one row type for each noun, made from `arp_nb.model` alone.

Used by the manager's HTTP face and change feed; read by the client, the pages and people.
Times are ISO 8601 in UTC (``2026-11-22T14:02:11.123456+00:00``) or null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from arp_nb.causes import cause_of
from arp_nb.status import status

if TYPE_CHECKING:
    from datetime import datetime

    from arp_nb.model import (
        Definition,
        Element,
        Experiment,
        Job,
        Run,
        SchedulerJob,
        ScriptCheck,
        Transition,
    )
    from arp_nb.ports import Health


class ExperimentRow(TypedDict):
    """An experiment."""

    id: int
    name: str
    instrument: str
    active: bool
    created_at: str
    revision: int


class RunRow(TypedDict):
    """A run."""

    id: int
    experiment_id: int
    run: int
    started_at: str | None
    ended_at: str | None
    parameters: dict[str, Any]
    type: str
    #: who told of it last: "api", or a run source
    source: str
    first_file_at: str | None
    all_files_at: str | None
    nonrec_files_at: str | None
    #: how often somebody told a later end than before; two sources may differ
    reopened: int
    #: taken out of autorun
    excluded_at: str | None
    excluded_by: str | None
    excluded_why: str
    revision: int


class CheckRow(TypedDict):
    """What was found at an executable's path."""

    problem: str
    warnings: list[str]
    sha256: str | None
    host: str | None
    checked_at: str | None


class DefinitionRow(TypedDict):
    """The current version of a definition."""

    id: int
    experiment_id: int
    name: str
    version: int
    executable: str
    parameters: str
    quoted_parameters: bool
    arguments: str
    trigger: str
    autorun: bool
    autorun_by: str | None
    autorun_at: str | None
    #: the version that was consented to
    consent_version: int | None
    #: why autorun waits: "", "user", "edit", "script"
    paused_why: str
    paused_by: str | None
    paused_at: str | None
    paused_said: str
    location: str
    predicate: str
    run_types: str
    after: str
    run_param: str
    run_value: str
    most_at_once: int
    most_per_hour: int
    check: CheckRow
    changed_by: str
    changed_at: str
    deleted_at: str | None
    deleted_by: str | None
    revision: int


class JobRow(TypedDict):
    """A job, without its lease, spool id and argv."""

    id: int
    experiment_id: int
    run: int
    definition_id: int
    hash: str
    version: int
    state: str
    status: str
    phase: str
    native_state: str
    native_id: str | None
    user: str
    parameters: str
    location: str
    trigger: str
    queue: str
    host: str
    reason: str
    notes: list[str]
    exit_code: int | None
    signal: int | None
    peak_memory_mb: float | None
    cores: int | None  #: slots or CPUs that it was given
    asked_memory_mb: float | None
    asked_time_s: float | None
    #: what it is submitted with in place of what its script asks for
    override_memory_mb: float | None
    override_time_s: float | None
    cause: str  #: of one that failed; see `arp_nb.causes`
    error_line: str
    log_path: str
    #: elements, subjobs and extra jobs by number; `arp_nb.parts`
    parts: dict[str, Any]
    requested: str
    submitted: str | None
    started: str | None
    ended: str | None
    changed: str
    attempt: int
    rerun_of: int | None
    #: the first of its chain of reruns
    root_id: int | None
    kill_by: str | None
    kill_at: str | None
    deleted_at: str | None
    deleted_by: str | None
    report: dict[str, Any]
    reported_at: str | None
    revision: int


class WideRow(TypedDict):
    """What the wide cells of a job show, for the few jobs in view."""

    id: int
    report: dict[str, Any]
    notes: list[str]
    #: the first counter that is a number, over time; a few points
    spark: list[float]
    #: in how many seconds the counter with a ``max`` reaches it; null: cannot be told
    left_s: float | None


def iso(at: datetime | None) -> str | None:
    """Return a time as it travels."""
    return None if at is None else at.isoformat()


def experiment_row(experiment: Experiment) -> ExperimentRow:
    """Make the row of an experiment."""
    return {
        "id": experiment.id,
        "name": experiment.name,
        "instrument": experiment.instrument,
        "active": experiment.active,
        "created_at": experiment.created_at.isoformat(),
        "revision": experiment.revision,
    }


def run_row(run: Run) -> RunRow:
    """Make the row of a run."""
    return {
        "id": run.id,
        "experiment_id": run.experiment_id,
        "run": run.number,
        "started_at": iso(run.started_at),
        "ended_at": iso(run.ended_at),
        "parameters": dict(run.parameters),
        "type": run.type,
        "source": run.source,
        "first_file_at": iso(run.first_file_at),
        "all_files_at": iso(run.all_files_at),
        "nonrec_files_at": iso(run.nonrec_files_at),
        "reopened": run.reopened,
        "excluded_at": iso(run.excluded_at),
        "excluded_by": run.excluded_by,
        "excluded_why": run.excluded_why,
        "revision": run.revision,
    }


def check_row(check: ScriptCheck) -> CheckRow:
    """Make the row of a script check."""
    return {
        "problem": check.problem,
        "warnings": list(check.warnings),
        "sha256": check.sha256,
        "host": check.host,
        "checked_at": iso(check.checked_at),
    }


def definition_row(definition: Definition) -> DefinitionRow:
    """Make the row of a definition."""
    draft = definition.draft
    return {
        "id": definition.id,
        "experiment_id": definition.experiment_id,
        "name": draft.name,
        "version": definition.version,
        "executable": draft.executable,
        "parameters": draft.parameters,
        "quoted_parameters": draft.quoted_parameters,
        "arguments": draft.arguments.value,
        "trigger": draft.trigger.value,
        "autorun": definition.autorun,
        "autorun_by": definition.autorun_by,
        "autorun_at": iso(definition.autorun_at),
        "consent_version": definition.consent_version,
        "paused_why": definition.paused_why,
        "paused_by": definition.paused_by,
        "paused_at": iso(definition.paused_at),
        "paused_said": definition.paused_said,
        "location": draft.location,
        "predicate": draft.predicate,
        "run_types": draft.run_types,
        "after": draft.after,
        "run_param": draft.run_param,
        "run_value": draft.run_value,
        "most_at_once": draft.most_at_once,
        "most_per_hour": draft.most_per_hour,
        "check": check_row(definition.check),
        "changed_by": definition.changed_by,
        "changed_at": definition.changed_at.isoformat(),
        "deleted_at": iso(definition.deleted_at),
        "deleted_by": definition.deleted_by,
        "revision": definition.revision,
    }


def job_row(job: Job) -> JobRow:
    """Make the row of a job; its status is the one of the store (see `arp_nb.status.shown`)."""
    return {
        "id": job.id,
        "experiment_id": job.experiment_id,
        "run": job.run,
        "definition_id": job.definition_id,
        "hash": job.hash,
        "version": job.version,
        "state": job.state.value,
        "status": status(job.state, job.phase, job.native_state, job.location),
        "phase": job.phase.value,
        "native_state": job.native_state,
        "native_id": job.native_id,
        "user": job.user,
        "parameters": job.parameters,
        "location": job.location,
        "trigger": job.trigger.value,
        "queue": job.queue,
        "host": job.host,
        "reason": job.reason,
        "notes": list(job.notes),
        "exit_code": job.exit_code,
        "signal": job.signal,
        "peak_memory_mb": job.peak_memory_mb,
        "cores": job.cores,
        "asked_memory_mb": job.asked_memory_mb,
        "asked_time_s": job.asked_time_s,
        "override_memory_mb": job.override_memory_mb,
        "override_time_s": job.override_time_s,
        "cause": cause_of(job),
        "error_line": job.error_line,
        "log_path": job.log_path,
        "parts": dict(job.parts),
        "requested": job.requested_at.isoformat(),
        "submitted": iso(job.submitted_at),
        "started": iso(job.started_at),
        "ended": iso(job.ended_at),
        "changed": job.changed_at.isoformat(),
        "attempt": job.attempt,
        "rerun_of": job.rerun_of,
        "root_id": job.root_id,
        "kill_by": job.kill_by,
        "kill_at": iso(job.kill_at),
        "deleted_at": iso(job.deleted_at),
        "deleted_by": job.deleted_by,
        "report": dict(job.report),
        "reported_at": iso(job.reported_at),
        "revision": job.revision,
    }


def transition_row(transition: Transition) -> dict[str, Any]:
    """Make one line of a job's history."""
    return {
        "at": transition.at.isoformat(),
        "old": transition.old and transition.old.value,
        "new": transition.new.value,
        "native_state": transition.native_state,
        "reason": transition.reason,
        "by": transition.by,
    }


def scheduler_job_row(native: SchedulerJob) -> dict[str, Any]:
    """Make the row of one of a job's scheduler jobs."""
    return {
        "native_id": native.native_id,
        "source": native.source,
        "native_state": native.native_state,
        "state": native.state.value,
        "role": native.role.value,
        "elements": [list(one) for one in native.elements],
        "reason": native.reason,
        "exit_code": native.exit_code,
        "kill_by": native.kill_by,
    }


class ElementRow(TypedDict):
    """One element of an array."""

    index: int
    native_id: str
    native_state: str
    state: str
    exit_code: int | None
    reason: str
    host: str
    started: str | None
    ended: str | None


def element_row(element: Element) -> ElementRow:
    """Make the row of an element."""
    reading = element.reading
    return {
        "index": element.index,
        "native_id": element.native_id,
        "native_state": reading.native_state,
        "state": reading.state.value,
        "exit_code": reading.exit_code,
        "reason": reading.reason,
        "host": reading.host,
        "started": iso(reading.started_at),
        "ended": iso(reading.ended_at),
    }


def health_row(health: Health) -> dict[str, Any]:
    """Make the row of the health record."""
    return {
        "client": {"ok": health.client_ok, "since": health.client_since.isoformat()},
        "schedulers": {
            name: {
                "ok": one.ok,
                "since": one.since.isoformat(),
                "said": one.said,
                "answer_s": one.answer_s,
            }
            for name, one in sorted(health.schedulers.items())
        },
    }
