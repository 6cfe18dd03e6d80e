"""``board.jobs``: all jobs of an experiment, live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb import errors
from arp_nb.client import markup
from arp_nb.client.job import Job, JobList, wait_for
from arp_nb.client.watch import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arp_nb.client.live import Live
    from arp_nb.client.tables import Snapshot
    from arp_nb.client.transport import Transport


class Jobs(Watched):
    """The jobs of a board, as a table that changes by itself.

    Examples
    --------
    >>> board.jobs.df.query("status == 'EXIT'")  # doctest: +SKIP
    >>> board.jobs.wide("smalldata")  # doctest: +SKIP
    """

    def __init__(self, transport: Transport, live: Live) -> None:
        super().__init__(live)
        self._transport = transport
        #: what is selected in each open widget, as inclusive ranges of ids
        self._selected: dict[str, Sequence[Sequence[int]]] = {}

    @property
    def df(self) -> Any:
        """A snapshot of the table as a DataFrame, oldest job first."""
        frames = _frames()
        now = self._live.snapshot()
        return frames.jobs(list(now.jobs.values()), now)

    @property
    def selected(self) -> Any:
        """The jobs that are selected in this board's open widgets, as a DataFrame like `df`."""
        frames = _frames()
        now = self._live.snapshot()
        picked = [one for several in list(self._selected.values()) for one in several]
        rows = [
            row
            for row in now.jobs.values()
            if any(first <= row["id"] <= last for first, last in picked)
        ]
        return frames.jobs(rows, now)

    def note_selection(self, widget: str, ranges: Sequence[Sequence[int]] | None) -> None:
        """Take what is selected in a widget: inclusive ranges of ids; None once it is closed."""
        if ranges is None:
            self._selected.pop(widget, None)
        else:
            self._selected[widget] = ranges

    def counters(self) -> Any:
        """Return all counters of all jobs, one a row: job, run, hash, key, value, unit, time."""
        frames = _frames()
        now = self._live.snapshot()
        return frames.counters(list(now.jobs.values()), now)

    def wide(self, hash: str) -> Any:  # noqa: A002 - it is the word for it everywhere
        """Return one row per run: its parameters, and the counters of its latest DONE job."""
        frames = _frames()
        now = self._live.snapshot()
        known = {row["hash"] for row in now.jobs.values()}
        known |= {row["name"] for row in now.definitions.values()}
        if hash not in known:
            raise errors.NotFound(
                f"There is no batch def {hash!r}; there are: {', '.join(sorted(known)) or 'none'}."
            )
        return frames.wide(now.jobs.values(), now.runs.values(), hash, now)

    def wait(self, timeout_s: float | None = None) -> JobList:
        """Wait until every job that is there now is over; return those that were not.

        Raises
        ------
        TimeoutError
            Some were not over in time.
        """
        now = self._live.snapshot()
        jobs = [Job(self._transport, self._live, one) for one in sorted(now.jobs)]
        left = JobList([job for job in jobs if not job.is_over], live=self._live)
        wait_for(self._live, [job.id for job in left], timeout_s)
        return left

    def __iter__(self) -> Iterator[Job]:
        for job_id in sorted(self._live.snapshot().jobs):
            yield Job(self._transport, self._live, job_id)

    def __len__(self) -> int:
        return len(self._live.snapshot().jobs)

    def __repr__(self) -> str:
        return describe(self._live.snapshot())

    def _repr_html_(self) -> str:
        self._live.start()
        now = self._live.peek()
        return markup.freshness(now) + markup.jobs(list(now.jobs.values()), now)


def describe(now: Snapshot) -> str:
    """Count the jobs by their status, in one line, and say if that may be old."""
    counts: dict[str, int] = {}
    for row in now.jobs.values():
        word = now.status(row)
        counts[word] = counts.get(word, 0) + 1
    each = ", ".join(f"{number:,} {word}" for word, number in sorted(counts.items()))
    text = f"{len(now.jobs):,} jobs" + (f": {each}" if each else "")
    if now.stale:
        text += f" (as of {now.as_of.astimezone():%H:%M:%S}; may be old: {now.why})"
    return markup.plain(text)


def _frames() -> Any:
    from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

    return frames
