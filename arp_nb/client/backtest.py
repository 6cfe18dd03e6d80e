"""What autorun would have done on past runs, and what a predicate says: nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb.client import markup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.client.tables import Snapshot

_SHOWN = 20


class Backtest:
    """On which of the last runs a batch def would have fired, and what that would have cost.

    Attributes
    ----------
    runs
        One entry for each run, newest first: ``run``, ``fires``, ``why``, ``said``, ``seen``.
    fires
        On how many of them it would have fired.
    jobs
        How many jobs that would have been.
    core_hours
        What they would have used, by the history of its jobs; None where there is none.
    based_on
        From how many past jobs that is known.
    said
        All of it in words.
    """

    def __init__(self, answer: Mapping[str, Any], now: Snapshot) -> None:
        self.runs: list[dict[str, Any]] = list(answer["runs"])
        self.fires = int(answer["fires"])
        self.jobs = int(answer["jobs"])
        self.core_hours: float | None = answer["core_hours"]
        self.core_hours_per_job: float | None = answer["core_hours_per_job"]
        self.based_on = int(answer["based_on"])
        self.said = str(answer["said"])
        self._now = now

    @property
    def df(self) -> Any:
        """A DataFrame with one row for each run."""
        from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

        return frames.backtest(self.runs, self._now)

    def __repr__(self) -> str:
        lines = [self.said, *(_line(one) for one in self.runs[:_SHOWN])]
        if len(self.runs) > _SHOWN:
            lines.append(f"… and {len(self.runs) - _SHOWN:,} more: .df")
        return "\n".join(map(markup.plain, lines))

    def _repr_html_(self) -> str:
        more = len(self.runs) - _SHOWN
        tail = f"<p>… and {more:,} more: <code>.df</code></p>" if more > 0 else ""
        return (
            f"<p>{markup.escape(self.said, 2000)}</p>"
            + markup.table(
                ("run", "", "why", "when (UTC)"),
                (
                    (
                        markup.escape(one["run"]),
                        markup.outcome("fires" if one["fires"] else "skipped"),
                        markup.escape(one["said"]),
                        markup.time(one["event_at"]),
                    )
                    for one in self.runs[:_SHOWN]
                ),
            )
            + tail
        )


def _line(one: Mapping[str, Any]) -> str:
    return f"run {one['run']}: {'fires' if one['fires'] else 'no'}. {one['said']}".rstrip()


class Check:
    """What was found when a predicate was read, and judged for a run.

    Attributes
    ----------
    ok
        Whether it can be understood.
    problem, at
        What is wrong with it, and at which character of it, counted from 0.
    holds, seen
        What it says of the run, with the values that it saw; None without a run to judge.
    names
        The names that may stand in it here.
    reads
        Those that do.
    """

    def __init__(self, predicate: str, answer: Mapping[str, Any]) -> None:
        self.predicate = predicate
        self.ok = bool(answer["ok"])
        self.problem = str(answer["problem"])
        self.at: int | None = answer["at"]
        self.holds: bool | None = answer["holds"]
        self.seen: dict[str, Any] = dict(answer["seen"])
        self.names = [str(one) for one in answer["names"]]
        self.reads = [str(one) for one in answer["reads"]]

    def __bool__(self) -> bool:
        return self.ok

    @property
    def words(self) -> str:
        """What was found, in one sentence."""
        if not self.ok:
            return self.problem
        seen = ", ".join(f"{name} = {value!r}" for name, value in self.seen.items())
        with_it = f", with {seen}" if seen else ""
        if self.holds is None:
            return "It can be understood; there is no run to judge it for."
        if self.holds:
            return f"It holds{with_it}."
        return f"It does not hold{with_it}.{f' {self.problem}' if self.problem else ''}"

    def __repr__(self) -> str:
        lines = [self.predicate, self.words]
        if self.at is not None and "\n" not in self.predicate:
            lines.insert(1, f"{' ' * self.at}^")
        return "\n".join(map(markup.plain, lines))

    def _repr_html_(self) -> str:
        at = len(self.predicate) if self.at is None else self.at
        begin, rest = self.predicate[:at], self.predicate[at:]
        marked = f"<b>{markup.escape(rest, 2000)}</b>" if rest else ""
        return (
            f"<p><code>{markup.escape(begin, 2000)}{marked}</code></p>"
            f"<p>{markup.escape(self.words, 2000)}</p>"
        )
