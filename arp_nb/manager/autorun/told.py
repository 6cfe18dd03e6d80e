"""How autorun stands, as it travels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb.autorun_rows import stop_row

if TYPE_CHECKING:
    from arp_nb.autorun_rows import SourceRow
    from arp_nb.manager.autorun.backtest import Backtest
    from arp_nb.manager.autorun.consents import Difference
    from arp_nb.manager.autorun.standing import SourceStanding, Standing
    from arp_nb.manager.autorun.status import DefinitionStanding, Status


def source_row(source: SourceStanding) -> SourceRow:
    """Make the row of a run source."""
    return {
        "name": source.name,
        "kind": source.kind,
        "ok": source.ok,
        "since": source.since.isoformat(),
        "said": source.said,
        "gives": sorted(one.value for one in source.gives),
        "experiments": list(source.experiments),
    }


def standing_row(standing: Standing) -> dict[str, Any]:
    """Make what the change feed tells of autorun."""
    sources = [standing.sources[name] for name in sorted(standing.sources)]
    return {"stopped": stop_row(standing.stop), "sources": [source_row(one) for one in sources]}


def status_row(status: Status) -> dict[str, Any]:
    """Make what is told of autorun as a whole."""
    return {
        "stopped": stop_row(status.stop),
        "sources": [source_row(one) for one in status.sources],
        "cannot": list(status.cannot),
        "caveats": list(status.caveats),
    }


def counts_row(status: Status) -> dict[str, int]:
    """Make what is told of how much waits: lines of the ledger, and jobs that were made."""
    return {"waiting": status.waiting, "held": status.held}


def definition_standing_row(standing: DefinitionStanding) -> dict[str, Any]:
    """Make what is told of the autorun of one definition."""
    one, tally = standing.definition, standing.tally
    last = tally.last_fired_at
    return {
        "id": one.id,
        "name": one.name,
        "autorun": one.autorun,
        "autorun_by": one.autorun_by,
        "autorun_at": one.autorun_at and one.autorun_at.isoformat(),
        "paused_why": one.paused_why,
        "paused_said": one.paused_said,
        "trigger": one.draft.trigger.value,
        "problem": standing.problem,
        "waiting": tally.waiting,
        "held": standing.held,
        "active": tally.active,
        "fired": tally.fired,
        "last_fired_at": last and last.isoformat(),
    }


def backtest_row(found: Backtest) -> dict[str, Any]:
    """Make the answer of a backtest."""
    return {
        "runs": [
            {
                "run": one.run,
                "fires": one.fires,
                "why": one.why,
                "said": one.said,
                "seen": dict(one.seen),
                "event_at": one.event_at and one.event_at.isoformat(),
            }
            for one in found.runs
        ],
        "fires": found.fires,
        "jobs": found.jobs,
        "core_hours": found.core_hours,
        "core_hours_per_job": found.core_hours_per_job,
        "based_on": found.based_on,
        "said": found.said,
    }


def diff_row(found: Difference) -> dict[str, Any]:
    """Make the answer of a difference."""
    one = found.definition
    return {
        "autorun": one.autorun,
        "by": one.autorun_by,
        "at": one.autorun_at and one.autorun_at.isoformat(),
        "version": one.consent_version,
        "now_version": one.version,
        "paused_why": one.paused_why,
        "paused_said": one.paused_said,
        "changes": [
            {"field": name, "was": _plain(was), "now": _plain(now)}
            for name, was, now in found.changes
        ],
        "script_diff": found.script_diff,
        "script_missing": found.script_missing,
        "script_sha256": found.script_sha256,
    }


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)
