"""One job, and lists of jobs, as a notebook sees them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from arp_nb import errors, quantities, reports, status
from arp_nb.client import markup
from arp_nb.client.log import MOST_BYTES, Log, read
from arp_nb.model import JobState
from arp_nb.parts import described

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arp_nb.client.live import Live
    from arp_nb.client.tables import Row, Snapshot
    from arp_nb.client.transport import Transport

#: a wait ends here too: only a person can say how it goes on
OVER = frozenset(state.value for state in JobState if state.is_final) | {JobState.UNCERTAIN.value}


class Job:
    """One definition applied to one run. Its attributes are read anew at each use.

    Examples
    --------
    >>> job = board.job(17)  # doctest: +SKIP
    >>> job.status, job.counters  # doctest: +SKIP
    ('RUN', {'Events': 7})
    """

    def __init__(self, transport: Transport, live: Live, job_id: int) -> None:
        self._transport = transport
        self._live = live
        self._id = job_id

    @property
    def row(self) -> Row:
        """Everything known of it, as it travels. `NotFound` if there is no such job."""
        known = self._live.job(self._id)
        if known is not None:
            return known
        answer: Row = self._transport.call("GET", f"/jobs/{self._id}")
        return answer

    @property
    def id(self) -> int:
        """Our number of it."""
        return self._id

    @property
    def run(self) -> int:
        """The run that it works on."""
        return int(self.row["run"])

    @property
    def hash(self) -> str:
        """The name of its definition."""
        return str(self.row["hash"])

    @property
    def state(self) -> JobState:
        """Where it stands."""
        return JobState(self.row["state"])

    @property
    def is_over(self) -> bool:
        """Whether it ended, or only a person can say how it goes on."""
        return self.row["state"] in OVER

    @property
    def status(self) -> str:
        """The word that people see, which is the scheduler's own where it said one."""
        return self._live.peek_status(self.row)

    @property
    def native_id(self) -> str | None:
        """The scheduler's number of it; None until it is known."""
        known: str | None = self.row["native_id"]
        return known

    @property
    def reason(self) -> str:
        """Why it is as it is, in the scheduler's or the script's words."""
        return str(self.row["reason"])

    @property
    def exit_code(self) -> int | None:
        """The exit code, where one is known."""
        code: int | None = self.row["exit_code"]
        return code

    @property
    def report(self) -> dict[str, Any]:
        """The JSON that it posted, merged."""
        return dict(self.row["report"])

    @property
    def counters(self) -> dict[str, Any]:
        """The values of its counters, by name."""
        return {one.key: one.value for one in reports.counters(self.row["report"])}

    @property
    def cause(self) -> str:
        """Why it did not end well, as "memory" or "killed"; empty where it did."""
        return str(self.row["cause"])

    @property
    def parts(self) -> dict[str, Any]:
        """Its array's elements and its subjobs by the scheduler's words, and extra jobs."""
        return dict(self.row["parts"])

    def log(
        self, offset: int = -MOST_BYTES, limit: int = MOST_BYTES, native_id: str | None = None
    ) -> Log:
        """Return its log; of a very long one the end, or the piece that you say.

        Parameters
        ----------
        offset
            First byte wanted; negative: that many bytes before the end.
        limit
            How many bytes at most.
        native_id
            The scheduler's number of a subjob, or of an element of its array ("123[4]").
        """
        return read(self._transport, self._id, offset, limit, native_id)

    def details(self) -> Log:
        """Return all that the scheduler says of it (``bjobs -l``)."""
        return Log(self._transport.call("GET", f"/jobs/{self._id}/details")["text"])

    def history(self) -> Any:
        """Return every change of its state, oldest first, as a DataFrame."""
        from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

        answer = self._transport.call("GET", f"/jobs/{self._id}/history")
        return frames.history(answer["transitions"], self._live.peek())

    def snapshot(self) -> dict[str, Any]:
        """Return what was run, as it was then: definition, command, script, environment, host.

        ``snapshot()["script"]["text"]`` is the script; ``script`` and ``environment`` are None
        for a job that has not started. The HTTP API names the fields.
        """
        answer: dict[str, Any] = self._transport.call("GET", f"/jobs/{self._id}/snapshot")
        return answer

    def elements(self, word: str | None = None) -> Any:
        """Return the elements of its array as a DataFrame; ``word`` keeps those that say it."""
        from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

        rows: list[Row] = []
        while True:
            params: dict[str, int | str] = {"offset": len(rows), "limit": 1000}
            if word is not None:
                params["state"] = word
            page = self._transport.call("GET", f"/jobs/{self._id}/elements", params=params)
            rows += page["elements"]
            if not page["elements"] or len(rows) >= page["total"]:
                return frames.elements(rows, self._live.peek())

    def attempts(self) -> JobList:
        """Return the chain of reruns that it is in, oldest first."""
        answer = self._transport.call("GET", f"/jobs/{self._id}/attempts")
        made = [Job(self._transport, self._live, row["id"]) for row in answer["jobs"]]
        return JobList(made, live=self._live)

    def kill(self, subjobs: bool = True, native_ids: Sequence[str] | None = None) -> None:  # noqa: FBT001, FBT002
        """Ask the scheduler to end it. It is over once its state says so.

        Parameters
        ----------
        subjobs
            Whether to end what was submitted inside it, too.
        native_ids
            End only these: the scheduler's numbers of subjobs or extra jobs.
        """
        body: dict[str, Any] = {"subjobs": subjobs}
        if native_ids is not None:
            body["native_ids"] = list(native_ids)
        self._learn(self._transport.call("POST", f"/jobs/{self._id}:kill", body, repeatable=True))

    def resolve(self, native_id: str | None = None, *, again: bool = False) -> Job:
        """Say what became of its submission, of which nobody knows whether it made a job.

        Either it is the scheduler's job ``native_id``, or it is given up and submitted again;
        then the new job is returned.
        """
        body = {"native_id": native_id, "submit_again": again}
        row = self._transport.call("POST", f"/jobs/{self._id}:resolve", body, repeatable=True)
        self._learn(row)
        return Job(self._transport, self._live, row["id"])

    def delete(self) -> None:
        """Drop the row; the job itself lives on. `restore` undoes it."""
        self._transport.call("DELETE", f"/jobs/{self._id}")
        self._live.forget("jobs", [self._id])

    def restore(self) -> None:
        """Undo `delete`."""
        self._learn(self._transport.call("POST", f"/jobs/{self._id}:restore", repeatable=True))

    def rerun(
        self,
        parameters: str | None = None,
        extra_parameters: str = "",
        *,
        memory: str | float | None = None,
        time: str | float | None = None,
    ) -> Job:
        """Apply the same definition to the same run again; return the new job.

        Parameters
        ----------
        parameters, extra_parameters
            In place of its own parameters, and behind them.
        memory, time
            What its submit commands ask for, whatever the script says: "16G", "2h".
        """
        body = {
            "parameters": parameters,
            "extra_parameters": extra_parameters,
            "memory_mb": None if memory is None else quantities.memory_mb(memory),
            "time_s": None if time is None else quantities.time_s(time),
            "idempotency_key": uuid.uuid4().hex,
        }
        row = self._transport.call("POST", f"/jobs/{self._id}:rerun", body, repeatable=True)
        self._learn(row)
        return Job(self._transport, self._live, row["id"])

    def wait(self, timeout_s: float | None = None) -> Job:
        """Wait until it is over, or until only a person can say how it goes on.

        Raises
        ------
        TimeoutError
            It was not over in time.
        """
        self._make_known()
        wait_for(self._live, [self._id], timeout_s)
        return self

    def _make_known(self) -> None:
        """Ask for a job that is too new for the live tables: they take it for deleted."""
        if self._live.job(self._id) is None:
            row = self.row
            if row["experiment_id"] == self._live.experiment_id and row["deleted_at"] is None:
                self._live.learn("jobs", [row])

    def _learn(self, row: Mapping[str, Any]) -> None:
        if "state" in row and "revision" in row:
            self._live.learn("jobs", [dict(row)])

    def __repr__(self) -> str:
        row = self.row
        text = f"Job {self._id}: {row['hash']} on run {row['run']}, {self.status}"
        return markup.plain(text)

    def _repr_html_(self) -> str:
        return one_job(self.row, self._live.peek())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and other._id == self._id

    def __hash__(self) -> int:
        return hash(self._id)


class JobList(list[Job]):
    """Jobs that one request made or found.

    Attributes
    ----------
    skipped
        Runs that got no job, each with the reason.
    understood
        How the runs of the request were understood.
    warnings
        What you should know before the jobs start; usually nothing.
    """

    def __init__(
        self,
        jobs: Iterable[Job] = (),
        *,
        live: Live,
        skipped: Sequence[tuple[int, str]] = (),
        understood: str = "",
        warnings: Sequence[str] = (),
    ) -> None:
        super().__init__(jobs)
        self._live = live
        self.skipped = list(skipped)
        self.understood = understood
        self.warnings = list(warnings)

    def wait(self, timeout_s: float | None = None) -> JobList:
        """Wait until each is over. `TimeoutError` if they were not in time."""
        wait_for(self._live, [job.id for job in self], timeout_s)
        return self

    @property
    def df(self) -> Any:
        """A DataFrame of these jobs."""
        from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

        return frames.jobs([job.row for job in self], self._live.peek())

    def __repr__(self) -> str:
        lines = [repr(job) for job in self[:20]]
        if len(self) > 20:
            lines.append(f"… and {len(self) - 20:,} more")
        lines += [markup.plain(f"run {run}: {why}") for run, why in self.skipped[:5]]
        lines += markup.notes(self.warnings)
        return "\n".join(lines) or "no jobs"

    def _repr_html_(self) -> str:
        now = self._live.peek()
        text = markup.freshness(now) + markup.jobs([job.row for job in self], now)
        if self.skipped:
            runs = ", ".join(str(run) for run, _ in self.skipped[:20])
            why = self.skipped[0][1]
            more = ", …" if len(self.skipped) > 20 else ""
            text += f"<p>Left out: run {markup.escape(runs)}{more} ({markup.escape(why)})</p>"
        return text + markup.notes_html(self.warnings)


def wait_for(live: Live, ids: Sequence[int], timeout_s: float | None) -> None:
    """Wait until all jobs are over; a job whose row was deleted is not waited for."""
    left = list(ids)

    def all_over(rows: Mapping[int, Row]) -> bool:
        left[:] = [one for one in left if one in rows and rows[one]["state"] not in OVER]
        return not left

    if live.wait(all_over, timeout_s):
        return
    now = live.peek()
    if live.is_closed:
        raise errors.ManagerError("The board was closed while it waited.")
    doubt = f" The connection is down ({now.why})" if now.stale else ""
    some = ", ".join(map(str, left[:5])) + (", …" if len(left) > 5 else "")
    raise TimeoutError(f"{len(left)} not over after {timeout_s:g} s: job {some}.{doubt}")


def one_job(row: Row, now: Snapshot) -> str:
    """Return all that a person wants to know of one job, as HTML."""
    times = " → ".join(
        f"{name} {markup.escape(row[name])[:19].replace('T', ' ')}"
        for name in ("requested", "submitted", "started", "ended")
        if row[name]
    )
    word = markup.status_of(now.status(row), JobState(row["state"]))
    lines = [
        ("job", f"{row['id']}: {markup.escape(row['hash'])} on run {row['run']}"),
        ("status", word + (f" {markup.escape(row['reason'])}" if row["reason"] else "")),
        (status.title(row["location"]), markup.escape(row["native_id"] or "no id yet")),
        ("parameters", markup.escape(row["parameters"])),
        ("times (UTC)", times),
        ("report", markup.report(row["report"])),
        ("parts", markup.escape(described(row["parts"]))),
        ("notes", markup.escape("; ".join(row["notes"]))),
    ]
    return markup.freshness(now) + markup.pairs([line for line in lines if line[1]])
