"""JSON answers, and the models that describe them in OpenAPI.

Answers are rows of `arp_nb.rows`, written by orjson as they are: validating each of 10,000
rows again would cost more than reading them from the store. That the models tell the truth
is held by a test, which checks every answer against them.
"""

from __future__ import annotations

from types import GenericAlias
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import orjson
from pydantic import BaseModel, ConfigDict, create_model
from starlette.responses import Response

from arp_nb import autorun_rows, rows, start_rows

_models: dict[str, type[BaseModel]] = {}


class Json(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write the content; ids of jobs may be keys."""
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)


def model(name: str, /, **fields: Any) -> type[BaseModel]:
    """Make the model of an answer from its fields' types; all of them are always there."""
    described: dict[str, Any] = {key: (_described(kind), ...) for key, kind in fields.items()}
    return create_model(name, __config__=ConfigDict(extra="forbid"), **described)


def many(kind: Any) -> Any:
    """Return the type of a list."""
    return GenericAlias(list, (kind,))


def _described(kind: Any) -> Any:
    """Replace the typed dictionaries in a type by models, which OpenAPI can show."""
    if is_typeddict(kind):
        name = kind.__name__
        if name not in _models:
            _models[name] = model(name, **get_type_hints(kind))
        return _models[name]
    if get_origin(kind) is list:
        return many(_described(get_args(kind)[0]))
    return kind


class Health(BaseModel):
    """Whether the batch client and the schedulers answer, and since when."""

    model_config = ConfigDict(extra="forbid")

    client: dict[str, Any]
    schedulers: dict[str, dict[str, Any]]


class Failure(BaseModel):
    """What every error answers: the error's class, and a text for people."""

    model_config = ConfigDict(extra="allow")

    error: str
    message: str


_STATE: dict[str, Any] = {
    "stopped": _described(autorun_rows.StopRow) | None,
    "sources": list[autorun_rows.SourceRow],
    "cannot": list[str],
    "caveats": list[str],
}
AutorunState = model("AutorunState", **_STATE)
Status = model(
    "Status",
    api_version=int,
    version=str,
    epoch=str,
    revision=int,
    user=str,
    host=str,
    mode=str,
    health=Health,
    locations=dict[str, str],
    not_offered=dict[str, str],
    default_location=str,
    update_base=str,
    first_posts=dict[str, str | None],
    autorun_acts=bool,
    autorun=AutorunState,
    notices=list[str],
)
Advised = dict[str, list[dict[str, Any]]]
_COUNTS: dict[str, Any] = {"waiting": int, "held": int}
AutorunOfAll = model("AutorunOfAll", **_STATE, **_COUNTS)
Stopped = model("Stopped", stopped=_described(autorun_rows.StopRow) | None, **_COUNTS)
DefinitionStanding = model(
    "DefinitionStanding",
    id=int,
    name=str,
    autorun=bool,
    autorun_by=str | None,
    autorun_at=str | None,
    paused_why=str,
    paused_said=str,
    trigger=str,
    problem=str,
    **_COUNTS,
    active=int,
    fired=int,
    last_fired_at=str | None,
)
Autorun = model("Autorun", **_STATE, acts=bool, **_COUNTS, definitions=many(DefinitionStanding))
Ledger = model("Ledger", entries=list[autorun_rows.EntryRow], more=bool)
Settled = model("Settled", entries=list[autorun_rows.EntryRow])
Tried = model(
    "Tried", run=int, fires=bool, why=str, said=str, seen=dict[str, Any], event_at=str | None
)
Backtest = model(
    "Backtest",
    runs=many(Tried),
    fires=int,
    jobs=int,
    core_hours=float | None,
    core_hours_per_job=float | None,
    based_on=int,
    said=str,
)
Tested = model(
    "Tested",
    ok=bool,
    problem=str,
    at=int | None,
    names=list[str],
    reads=list[str],
    holds=bool | None,
    seen=dict[str, Any],
    run=int | None,
)
Changed = model("Changed", field=str, was=Any, now=Any)
Consent = model(
    "Consent",
    autorun=bool,
    by=str | None,
    at=str | None,
    version=int | None,
    now_version=int,
    paused_why=str,
    paused_said=str,
    changes=many(Changed),
    script_diff=str,
    script_missing=str,
    script_sha256=str | None,
)
Experiment = _described(rows.ExperimentRow)
Experiments = model("Experiments", experiments=list[rows.ExperimentRow])
Definition = _described(rows.DefinitionRow)
Definitions = model("Definitions", definitions=list[rows.DefinitionRow])
Run = _described(rows.RunRow)
Runs = model("Runs", runs=list[rows.RunRow])
Job = _described(rows.JobRow)
Jobs = model("Jobs", epoch=str, revision=int, jobs=list[rows.JobRow], next_before=int | None)
Window = model("Window", revision=int, rows=list[rows.WideRow], left=list[int])
JobIds = model("JobIds", ids=list[int])
Skipped = model("Skipped", run=int, why=str)
Applied = model(
    "Applied",
    jobs=list[rows.JobRow],
    skipped=many(Skipped),
    understood=str,
    repeated=bool,
    warnings=list[str],
)
WouldRun = model("WouldRun", run=int, argv=list[str], environment=dict[str, str])
DryRun = model(
    "DryRun",
    understood=str,
    skipped=many(Skipped),
    dry_run=many(WouldRun),
    warnings=list[str],
)
Result = model("Result", id=int, ok=bool, message=str)
Results = model("Results", results=many(Result))
Log = model("Log", text=str, offset=int, next_offset=int, size_bytes=int, missing=str, source=str)
LogFound = model("LogFound", offset=int, line=str)
LogSearch = model("LogSearch", found=LogFound | None, reached=int, size_bytes=int, missing=str)
Details = model("Details", text=str)
History = model("History", transitions=list[dict[str, Any]], scheduler_jobs=list[dict[str, Any]])
Snapshot = model(
    "Snapshot",
    job=rows.JobRow,
    argv=list[str],
    spool_id=str | None,
    definition=rows.DefinitionRow,
    transitions=list[dict[str, Any]],
    scheduler_jobs=list[dict[str, Any]],
    script=_described(start_rows.ScriptRow) | None,
    environment=_described(start_rows.EnvironmentRow) | None,
    host=str | None,
    started_in=str | None,
    ran_as=str | None,
    umask=str | None,
)
Attempts = model("Attempts", jobs=list[rows.JobRow])
Elements = model("Elements", total=int, elements=many(_described(rows.ElementRow)))
Points = model("Points", points=list[dict[str, Any]])
LegacyStatus = model("LegacyStatus", success=bool, value=list[dict[str, Any]])
Preference = model("Preference", value=Any)
