"""Between rows of the tables and the nouns of `arp_nb.model`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from arp_nb.errors import InvalidValue
from arp_nb.model import (
    Arguments,
    Definition,
    DefinitionDraft,
    Experiment,
    Job,
    JobState,
    Phase,
    Role,
    Run,
    SchedulerJob,
    ScriptCheck,
    Transition,
    Trigger,
)

if TYPE_CHECKING:
    from sqlalchemy import Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(at: datetime) -> int:
    """Return microseconds since 1970; a time without a zone is a bug, and a TypeError."""
    return (at - _EPOCH) // _MICROSECOND


def to_us_or_none(at: datetime | None) -> int | None:
    """Return microseconds since 1970, or None as it is."""
    return None if at is None else (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Return the time, in UTC."""
    return _EPOCH + timedelta(microseconds=us)


def from_us_or_none(us: int | None) -> datetime | None:
    """Return the time, in UTC, or None as it is."""
    return None if us is None else _EPOCH + timedelta(microseconds=us)


def to_json(value: Any) -> str:
    """Return JSON text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise InvalidValue(f"This cannot be kept as JSON: {error}.") from error


def experiment_of(row: Row[Any]) -> Experiment:
    """Make an experiment of its row."""
    return Experiment(
        id=row.id,
        name=row.name,
        instrument=row.instrument,
        active=row.active,
        created_at=from_us(row.created_at),
        revision=row.revision,
    )


def run_of(row: Row[Any]) -> Run:
    """Make a run of its row."""
    return Run(
        id=row.id,
        experiment_id=row.experiment_id,
        number=row.number,
        started_at=from_us_or_none(row.started_at),
        ended_at=from_us_or_none(row.ended_at),
        parameters=orjson.loads(row.parameters),
        parameters_since_us=orjson.loads(row.parameters_since),
        type=row.type,
        source=row.source,
        first_file_at=from_us_or_none(row.first_file_at),
        all_files_at=from_us_or_none(row.all_files_at),
        nonrec_files_at=from_us_or_none(row.nonrec_files_at),
        reopened=row.reopened,
        excluded_at=from_us_or_none(row.excluded_at),
        excluded_by=row.excluded_by,
        excluded_why=row.excluded_why,
        revision=row.revision,
    )


def check_to_json(check: ScriptCheck) -> str:
    """Return a script check as it is kept."""
    return to_json(
        {
            "problem": check.problem,
            "warnings": check.warnings,
            "sha256": check.sha256,
            "host": check.host,
            "checked_at": to_us_or_none(check.checked_at),
        }
    )


def _check_of(text: str) -> ScriptCheck:
    kept = orjson.loads(text)
    return ScriptCheck(
        problem=kept["problem"],
        warnings=tuple(kept["warnings"]),
        sha256=kept["sha256"],
        host=kept["host"],
        checked_at=from_us_or_none(kept["checked_at"]),
    )


def definition_of(row: Row[Any]) -> Definition:
    """Make a definition of a joined row of its two tables."""
    draft = DefinitionDraft(
        name=row.name,
        executable=row.executable,
        parameters=row.parameters,
        quoted_parameters=row.quoted_parameters,
        arguments=Arguments(row.arguments),
        trigger=Trigger(row.trigger),
        location=row.location,
        predicate=row.predicate,
        run_types=row.run_types,
        after=row.after,
        run_param=row.run_param,
        run_value=row.run_value,
        most_at_once=row.most_at_once,
        most_per_hour=row.most_per_hour,
    )
    return Definition(
        id=row.id,
        experiment_id=row.experiment_id,
        version=row.version,
        draft=draft,
        autorun=row.autorun,
        autorun_by=row.autorun_by,
        autorun_at=from_us_or_none(row.autorun_at),
        consent_version=row.consent_version,
        consent_sha256=row.consent_sha256,
        paused_why=row.paused_why,
        paused_by=row.paused_by,
        paused_at=from_us_or_none(row.paused_at),
        paused_said=row.paused_said,
        check=_check_of(row.script_check),
        checked_sha256=row.checked_sha256,
        changed_by=row.changed_by,
        changed_at=from_us(row.changed_at),
        deleted_at=from_us_or_none(row.deleted_at),
        deleted_by=row.deleted_by,
        revision=row.revision,
    )


#: columns of a job that are kept as they are
_PLAIN = (
    "id", "experiment_id", "run", "definition_id", "hash", "version", "parameters", "user",
    "location", "native_state", "native_id", "reason", "exit_code", "signal", "queue", "host",
    "peak_memory_mb", "cores", "asked_memory_mb", "asked_time_s", "override_memory_mb",
    "override_time_s", "error_line", "log_path", "attempt", "rerun_of", "root_id", "kill_by",
    "kill_subjobs", "lease_token", "spool_id", "deleted_by", "revision",
)  # fmt: skip
_TIMES = ("submitted_at", "started_at", "ended_at", "kill_at", "deleted_at", "reported_at")


def job_of(row: Row[Any]) -> Job:
    """Make a job of its row."""
    plain = {name: getattr(row, name) for name in _PLAIN}
    times: dict[str, Any] = {name: from_us_or_none(getattr(row, name)) for name in _TIMES}
    return Job(
        **plain,
        **times,
        argv=tuple(orjson.loads(row.argv)),
        trigger=Trigger(row.trigger),
        state=JobState(row.state),
        phase=Phase(row.phase),
        notes=tuple(orjson.loads(row.notes)),
        parts=orjson.loads(row.parts),
        requested_at=from_us(row.requested_at),
        changed_at=from_us(row.changed_at),
        report=orjson.loads(row.report),
    )


def scheduler_job_of(row: Row[Any]) -> SchedulerJob:
    """Make a scheduler job of its row."""
    return SchedulerJob(
        native_id=row.native_id,
        source=row.source,
        nonce=row.nonce,
        native_state=row.native_state,
        state=JobState(row.state),
        role=Role(row.role),
        elements=tuple((word, number) for word, number in orjson.loads(row.elements)),
        reason=row.reason,
        exit_code=row.exit_code,
        kill_by=row.kill_by,
    )


def transition_of(row: Row[Any]) -> Transition:
    """Make one line of a job's history of its row."""
    return Transition(
        job_id=row.job_id,
        at=from_us(row.at),
        old=JobState(row.old),
        new=JobState(row.new),
        native_state=row.native_state,
        reason=row.reason,
        by=row.by,
    )
