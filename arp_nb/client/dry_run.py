"""What an *apply* would do, without doing it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from arp_nb.client import markup

if TYPE_CHECKING:
    from collections.abc import Mapping


class DryRun:
    """The exact command and environment that each run's script would get.

    Attributes
    ----------
    runs
        One entry for each run: ``run``, ``argv``, ``environment`` (secrets are masked).
    skipped
        Runs that would get no job, each with the reason.
    understood
        How the runs were understood.
    warnings
        What you should know before the jobs start; usually nothing.
    """

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.runs: list[dict[str, Any]] = list(answer["dry_run"])
        self.skipped = [(one["run"], one["why"]) for one in answer.get("skipped", ())]
        self.understood = str(answer.get("understood", ""))
        self.warnings = [str(one) for one in answer.get("warnings", ())]

    def __repr__(self) -> str:
        return "\n".join([self.commands(), *markup.notes(self.warnings)])

    def commands(self) -> str:
        """Return the commands as text, without the warnings."""
        lines = [f"{len(self.runs):,} jobs would be made, none was"]
        lines += [f"run {one['run']}: {shlex.join(one['argv'])}" for one in self.runs[:20]]
        if len(self.runs) > 20:
            lines.append(f"… and {len(self.runs) - 20:,} more")
        lines += [f"run {run}: none, {why}" for run, why in self.skipped[:20]]
        return "\n".join(map(markup.plain, lines))

    def _repr_html_(self) -> str:
        lines = [
            (
                markup.escape(one["run"]),
                f"<code>{markup.escape(shlex.join(one['argv']), 2000)}</code>",
                _environment(one.get("environment") or {}),
            )
            for one in self.runs[:20]
        ]
        lines += [
            (markup.escape(run), f"none: {markup.escape(why)}", "")
            for run, why in self.skipped[:20]
        ]
        title = f"<p>{len(self.runs):,} jobs would be made, none was.</p>"
        table = markup.table(("run", "command", "environment"), lines)
        return title + table + markup.notes_html(self.warnings)


def _environment(values: Mapping[str, str]) -> str:
    text = "\n".join(
        f"{markup.escape(name)}={markup.escape(values[name], 2000)}" for name in sorted(values)
    )
    return f"<details><summary>{len(values)} variables</summary><pre>{text}</pre></details>"
