"""Jobs as a page shows them: many by column, and what is wide only for those in view."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson

from arp_nb import columns, reports
from arp_nb.causes import cause
from arp_nb.model import JobState, Phase
from arp_nb.status import status
from arp_nb.store.base import JobFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from arp_nb.model import Experiment
    from arp_nb.rows import WideRow
    from arp_nb.store.base import Store

#: rows of one frame
MOST_ROWS = 50_000
#: jobs of one window
MOST_WIDE = 200
#: a window ends early, with one job at least, once its reports are so long together: whoever
#: writes the answer keeps others waiting
_MOST_WIDE_CHARS = 1_000_000
#: ids that one search finds
MOST_FOUND = 10_000
#: points of a sparkline
_SPARK = 24
#: a frame ends early, as if its limit were reached, once its texts are so long
_MOST_CHARS = 16_000_000

#: columns of a frame, in order → the field of `arp_nb.model.Job` and how it travels
COLUMNS: Mapping[str, tuple[str, str]] = {
    "id": ("id", "whole"),
    "run": ("run", "whole"),
    "definition_id": ("definition_id", "whole"),
    "hash": ("hash", "words"),
    "version": ("version", "whole"),
    "state": ("state", "words"),
    "status": ("", "status"),
    "phase": ("phase", "words"),
    "native_state": ("native_state", "words"),
    "native_id": ("native_id", "words"),
    "user": ("user", "words"),
    "parameters": ("parameters", "words"),
    "location": ("location", "words"),
    "trigger": ("trigger", "words"),
    "queue": ("queue", "words"),
    "host": ("host", "words"),
    "reason": ("reason", "words"),
    "exit_code": ("exit_code", "whole"),
    "signal": ("signal", "whole"),
    "peak_memory_mb": ("peak_memory_mb", "floats"),
    "cores": ("cores", "whole"),
    "asked_memory_mb": ("asked_memory_mb", "floats"),
    "asked_time_s": ("asked_time_s", "floats"),
    "cause": ("", "cause"),
    "error_line": ("error_line", "words"),
    "parts": ("parts", "words"),
    "requested": ("requested_at", "times"),
    "submitted": ("submitted_at", "times"),
    "started": ("started_at", "times"),
    "ended": ("ended_at", "times"),
    "changed": ("changed_at", "times"),
    "attempt": ("attempt", "whole"),
    "rerun_of": ("rerun_of", "whole"),
    "root_id": ("root_id", "whole"),
    "kill_by": ("kill_by", "words"),
    "kill_at": ("kill_at", "times"),
    "reported_at": ("reported_at", "times"),
    "revision": ("revision", "whole"),
}
_FIELDS = tuple(field for field, _ in COLUMNS.values() if field)
_STATUS_OF = tuple(_FIELDS.index(name) for name in ("state", "phase", "native_state", "location"))
_CAUSE_OF = tuple(
    _FIELDS.index(name)
    for name in (
        "state", "native_state", "reason", "signal", "peak_memory_mb", "asked_memory_mb",
    )
)  # fmt: skip
_WITH_CAUSE = frozenset(
    state.value for state in JobState if state.is_final and state is not JobState.DONE
)
_MAKE: Mapping[str, Callable[..., columns.Column]] = {
    "whole": columns.whole,
    "floats": columns.floats,
    "times": columns.times,
}


@dataclass(frozen=True, slots=True)
class Window:
    """The wide values of some jobs."""

    #: changes above this revision are not, or not all, in the rows
    revision: int
    rows: Sequence[WideRow]
    #: jobs that were asked for and are not told, for the rows are long: ask again for them
    left: Sequence[int]


class JobTable:
    """Answers for tables of very many jobs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def frame(
        self,
        experiment: Experiment,
        *,
        before: int | None = None,
        limit: int = MOST_ROWS,
        counters: Sequence[str] = (),
    ) -> bytes:
        """Jobs by column, newest first, as `arp_nb.columns` writes them.

        ``before`` keeps jobs with lower ids. ``counters`` become columns of numbers, such as
        ``counter:Events``. Deleted jobs are left out.
        """
        limit = min(limit, MOST_ROWS)
        revision = await self._store.revision()  # before the rows: a later change is told again
        total = await self._store.count_jobs(experiment.id)
        which = JobFilter(experiment_id=experiment.id, before_id=before, limit=limit + 1)
        names = (*_FIELDS, "report") if counters else _FIELDS

        def make(pieces: Iterator[Sequence[Sequence[Any]]]) -> bytes:
            table = _Table(tuple(dict.fromkeys(counters)))
            next_before = table.fill(pieces, limit)
            head, buffers = columns.frame(
                table.columns(),
                total=total,
                epoch=self._store.epoch,
                revision=revision,
                next_before=next_before,
            )
            return columns.encode(head, buffers)

        return await self._store.job_values(which, names, make)

    async def window(self, experiment: Experiment, ids: Collection[int]) -> Window:
        """Report, notes, sparkline and estimate of some jobs of an experiment."""
        revision = await self._store.revision()
        which = JobFilter(experiment_id=experiment.id, ids=ids, limit=MOST_WIDE)
        # in the reader's thread: a report may be long, and others wait for the loop
        names = ("id", "state", "notes", "report")
        jobs, is_cut = await self._store.job_values(which, names, _wide_rows)
        left = (
            sorted((one for one in set(ids) if one < jobs[-1].id), reverse=True) if is_cut else ()
        )
        wanted = {(job.id, key) for job in jobs for key in (job.spark_key, job.max_key) if key}
        series = await self._store.counter_series(wanted, _SPARK)
        return Window(revision, [job.row(series) for job in jobs], left)

    async def search(self, experiment: Experiment, text: str) -> Sequence[int]:
        """Ids of jobs whose reason, notes or report hold a text, newest first."""
        return await self._store.jobs_holding(experiment.id, text, MOST_FOUND)


class _Table:
    """Columns that grow while rows are read."""

    def __init__(self, counters: tuple[str, ...]) -> None:
        self._counters: dict[str, list[float | None]] = {name: [] for name in counters}
        self._statuses = _Statuses()
        self._words = {
            name: columns.Words(name)
            for name, (_, kind) in COLUMNS.items()
            if kind in {"words", "status", "cause"}
        }
        self._lists: dict[str, list[Any]] = {
            name: [] for name in COLUMNS if name not in self._words
        }

    def fill(self, pieces: Iterator[Sequence[Sequence[Any]]], limit: int) -> int | None:
        """Take up to ``limit`` rows; return where the next frame begins, None if there is none."""
        ids = self._lists["id"]
        for piece in pieces:
            room = limit - len(ids)
            if room > 0:
                self._take(piece[:room])
            if len(piece) > room or sum(one.chars for one in self._words.values()) > _MOST_CHARS:
                return int(ids[-1])
        return None

    def _take(self, rows: Sequence[Sequence[Any]]) -> None:
        fields = iter(values := tuple(zip(*rows, strict=True)))
        for name, (_, kind) in COLUMNS.items():
            if kind == "status":
                keys = zip(*(values[at] for at in _STATUS_OF), strict=True)
                self._words[name].extend(map(self._statuses.__getitem__, keys))
            elif kind == "cause":
                said = zip(*(values[at] for at in _CAUSE_OF), strict=True)
                self._words[name].extend(map(_cause, said))
            elif kind == "words":
                self._words[name].extend(next(fields))
            else:
                self._lists[name].extend(next(fields))
        if self._counters:
            for text in values[-1]:
                report = orjson.loads(text)  # one at a time: they may be long
                for name, numbers in self._counters.items():
                    numbers.append(reports.number(report, name))

    def columns(self) -> list[columns.Column]:
        """Return all columns, in order."""
        made = [
            self._words[name].column()
            if name in self._words
            else _MAKE[kind](name, self._lists[name])
            for name, (_, kind) in COLUMNS.items()
        ]
        return made + [
            columns.floats(f"counter:{name}", numbers) for name, numbers in self._counters.items()
        ]


def _cause(said: tuple[str, str, str, int | None, float | None, float | None]) -> str:
    state, native_state, reason, signal, peak_memory_mb, asked_memory_mb = said
    if state not in _WITH_CAUSE:  # most, of very many
        return ""
    return cause(
        JobState(state),
        native_state,
        reason,
        signal=signal,
        peak_memory_mb=peak_memory_mb,
        asked_memory_mb=asked_memory_mb,
    )


class _Statuses(dict[tuple[str, str, str, str], str]):
    """The word for each (state, phase, native state, location), found once."""

    def __missing__(self, key: tuple[str, str, str, str]) -> str:
        state, phase, native_state, location = key
        word = self[key] = status(JobState(state), Phase(phase), native_state, location)
        return word


class _Wide:
    """One job of a window, before its series are known."""

    def __init__(self, job_id: int, state: str, notes: str, report_json: str) -> None:
        self.id = job_id
        self._notes: list[str] = orjson.loads(notes)
        self._report: dict[str, Any] = orjson.loads(report_json)
        report = self._report
        self._is_over = JobState(state).is_final
        self.spark_key = next(iter(reports.numbers(report)), None)
        #: of the first counter that tells how far it will go
        self.max_key: str | None = None
        self._max = 0.0
        for one in reports.counters(report):
            if one.max is not None and isinstance(one.value, int | float):
                self.max_key, self._max = one.key, one.max
                break

    def row(self, series: Mapping[tuple[int, str], Sequence[tuple[float, float]]]) -> WideRow:
        """Return the row."""
        spark = series[self.id, self.spark_key] if self.spark_key else ()
        left_s = None
        if self.max_key and not self._is_over:
            left_s = left(series[self.id, self.max_key], self._max)
        return {
            "id": self.id,
            "report": self._report,
            "notes": self._notes,
            "spark": [value for _, value in spark],
            "left_s": left_s,
        }


def _wide_rows(pieces: Iterator[Sequence[Sequence[Any]]]) -> tuple[list[_Wide], bool]:
    """Read jobs until they are too long together; return whether there are more."""
    jobs: list[_Wide] = []
    chars = 0
    for job_id, state, notes, report in chain.from_iterable(pieces):
        chars += len(notes) + len(report)
        if jobs and chars > _MOST_WIDE_CHARS:
            return jobs, True
        jobs.append(_Wide(job_id, state, notes, report))
    return jobs, False


def left(points: Sequence[tuple[float, float]], most: float) -> float | None:
    """Return in how many seconds a counter reaches ``most``, counted from its last point.

    The rate is that of the points since it last went back, as it does when a job begins anew.
    None where no rate can be told.
    """
    first = len(points) - 1
    while first > 0 and points[first - 1][1] <= points[first][1]:
        first -= 1
    if first < 0:
        return None
    (begin_s, low), (end_s, high) = points[first], points[-1]
    if high >= most:
        return 0.0
    if end_s <= begin_s or high <= low:
        return None
    return (most - high) * (end_s - begin_s) / (high - low)
