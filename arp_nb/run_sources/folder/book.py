"""What was seen of the runs of a folder, and what follows from it. Knows no file and no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from arp_nb.run_sources.news import RunNews

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from arp_nb.run_sources.folder.scan import Files, Key, Scan, Seen


@dataclass(slots=True)
class _Rest:
    """When some files changed last, and since when they rest."""

    known: frozenset[int] = frozenset()
    changed_at: datetime | None = None
    #: by the monotonic clock
    since_s: float = 0.0


@dataclass(slots=True)
class _Run:
    first_at: datetime | None = None
    ended_at: datetime | None = None
    nonrec_at: datetime | None = None
    all: _Rest = field(default_factory=_Rest)
    nonrec: _Rest = field(default_factory=_Rest)
    sentinel: _Rest = field(default_factory=_Rest)
    sidecar: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    #: its files are there now
    is_there: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """When a scan was made."""

    now: datetime
    #: the monotonic clock: rest is measured by it, for the other one is set now and then
    tick_s: float
    #: nobody looked since then; None: somebody did, so that what is new happened now
    since: datetime | None = None


#: nobody ever looked: what is there carries its own times
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Book:
    """Keeps what was seen of each run.

    Parameters
    ----------
    quiet_s
        Files that have not changed for so long are complete.
    has_sentinel
        A run ends when its sentinel appears, not when its files rest.
    has_nonrec
        It is known which files are no recordings.
    """

    def __init__(self, quiet_s: float, *, has_sentinel: bool, has_nonrec: bool) -> None:
        self._quiet_s = quiet_s
        self._has_sentinel = has_sentinel
        self._has_nonrec = has_nonrec
        self._runs: dict[Key, _Run] = {}
        #: experiments that were looked at before
        self._experiments: frozenset[str] = frozenset()

    @property
    def sidecars(self) -> Mapping[Key, int]:
        """Signatures of the files with parameters that were read."""
        return {key: run.sidecar for key, run in self._runs.items() if run.sidecar is not None}

    def take(self, scan: Scan, experiments: Collection[str], when: Moment) -> list[RunNews]:
        """Take in what a scan saw; return what is new, by experiment and number.

        An experiment that was not looked at before is new with all that is there.
        """
        for key in [key for key in self._runs if key[0] not in experiments]:
            del self._runs[key]
        news = []
        for key, run in self._runs.items():
            run.is_there = key in scan.runs and bool(scan.runs[key].all.signatures)
        for key in sorted(scan.runs):
            seen = scan.runs[key]
            run = self._runs.get(key) or _Run()
            if not seen.all.signatures and key not in self._runs:
                continue  # a sentinel alone is no run
            self._runs[key] = run
            before = _facts(key, run)
            at = when if key[0] in self._experiments else Moment(when.now, when.tick_s, NEVER)
            self._see(run, seen, at)
            if _facts(key, run) != before:
                news.append(_facts(key, run))
        self._experiments = frozenset(experiments)
        return news

    def all(self) -> Sequence[RunNews]:
        """Return all that is known, by experiment and number."""
        return [_facts(key, self._runs[key]) for key in sorted(self._runs)]

    def due_s(self) -> float | None:
        """When, by the monotonic clock, files will have rested for long enough; None: all do."""
        since = [
            rest.since_s
            for run in self._runs.values()
            if run.is_there
            for rest in self._restless(run)
        ]
        return min(since) + self._quiet_s if since else None

    def _restless(self, run: _Run) -> list[_Rest]:
        """Return what must rest before there is more to tell of a run."""
        nonrec, told = run.nonrec.changed_at, run.nonrec_at
        is_late = self._has_nonrec and nonrec is not None and (told is None or told < nonrec)
        waits = [run.nonrec] if is_late else []
        if not self._is_settled(run) and (run.ended_at or not self._has_sentinel):
            waits.append(run.all)
        return waits

    @staticmethod
    def _is_settled(run: _Run) -> bool:
        last = run.all.changed_at
        return run.ended_at is not None and (last is None or last <= run.ended_at)

    def _see(self, run: _Run, seen: Seen, when: Moment) -> None:
        run.is_there = bool(seen.all.signatures)
        if run.first_at is None and run.is_there:
            run.first_at = _time(seen.all.first_s, when)
        for rest, files in (
            (run.all, seen.all), (run.nonrec, seen.nonrec), (run.sentinel, seen.sentinel),
        ):  # fmt: skip
            _change(rest, files, when)
        if seen.sidecar is not None and seen.sidecar != run.sidecar:
            run.sidecar = seen.sidecar
            run.parameters = seen.parameters if seen.parameters is not None else run.parameters
        if run.is_there:
            self._end(run, seen, when)

    def _end(self, run: _Run, seen: Seen, when: Moment) -> None:
        """Conclude that a run has ended; never of files that are not there."""
        sentinel = run.sentinel.changed_at if seen.sentinel.signatures else None
        if sentinel is not None and (run.ended_at is None or sentinel > run.ended_at):
            run.ended_at = sentinel
        ends_by_rest = run.ended_at is not None or not self._has_sentinel
        if ends_by_rest and not self._is_settled(run) and self._rests(run.all, when):
            run.ended_at = run.all.changed_at
        if not self._has_nonrec:
            return
        if seen.nonrec.signatures and self._rests(run.nonrec, when):
            run.nonrec_at = run.nonrec.changed_at
        elif run.nonrec_at is None and self._is_settled(run):
            run.nonrec_at = run.ended_at

    def _rests(self, rest: _Rest, when: Moment) -> bool:
        return rest.changed_at is not None and when.tick_s - rest.since_s >= self._quiet_s


def _change(rest: _Rest, files: Files, when: Moment) -> None:
    """Note what is new; what went away is no news, and what comes back unchanged neither."""
    if not files.signatures:
        return
    if not files.signatures <= rest.known:
        rest.changed_at = _time(files.last_s, when)
        # files that were there before may have been at rest for long
        age_s = 0.0 if when.since is None else when.now.timestamp() - files.touched_s
        rest.since_s = when.tick_s - max(age_s, 0.0)
    rest.known = frozenset(files.signatures)


def _time(told_s: float, when: Moment) -> datetime:
    """Return when something happened that was seen now."""
    if when.since is None:
        return when.now
    try:
        told = datetime.fromtimestamp(told_s, UTC)
    except (ValueError, OverflowError, OSError):
        return when.now
    return max(min(told, when.now), when.since)


def _facts(key: Key, run: _Run) -> RunNews:
    experiment, number = key
    return RunNews(
        experiment=experiment,
        number=number,
        started_at=run.first_at,
        first_file_at=run.first_at,
        ended_at=run.ended_at,
        all_files_at=run.ended_at,
        nonrec_files_at=run.nonrec_at,
        parameters=run.parameters,
    )
