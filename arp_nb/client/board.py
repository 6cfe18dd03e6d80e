"""``Board``: one experiment, as a notebook or script works with it."""

from __future__ import annotations

import importlib
import uuid
import warnings
from typing import TYPE_CHECKING, Any, Literal, Self, overload
from urllib.parse import quote

from arp_nb.client import markup
from arp_nb.client.autorun import Autorun
from arp_nb.client.definitions import Definitions
from arp_nb.client.dry_run import DryRun
from arp_nb.client.job import Job, JobList
from arp_nb.client.jobs import Jobs, describe
from arp_nb.client.live import Live
from arp_nb.client.outcomes import Outcomes
from arp_nb.client.runs import Runs
from arp_nb.client.selection import job_id, job_ids, run_numbers
from arp_nb.client.watch import Watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arp_nb.client.log import Log
    from arp_nb.client.tables import Snapshot
    from arp_nb.client.transport import Transport

#: of one request; more are sent in several
_MOST_IDS = 5000


class Board(Watched):
    """An experiment with its batch defs, runs and jobs. `arp_nb.connect` makes it.

    In a notebook it shows itself, and what it shows changes by itself.

    Attributes
    ----------
    experiment
        Its name.
    definitions, runs, jobs
        The three tables; each has a ``df``.
    autorun
        What starts by itself: its ledger, a backtest, and its switches.
    """

    def __init__(self, transport: Transport, experiment: Mapping[str, Any]) -> None:
        self.experiment = str(experiment["name"])
        self._transport = transport
        self._root = f"/experiments/{quote(self.experiment, safe='')}"
        super().__init__(Live(transport, self.experiment, int(experiment["id"])))
        self.definitions = Definitions(transport, self._live, self._root)
        self.runs = Runs(transport, self._live, self._root)
        self.jobs = Jobs(transport, self._live)
        self.autorun = Autorun(transport, self._live, self._root, self.definitions)

    @overload
    def apply(
        self,
        name: str,
        runs: str | int | Iterable[int],
        parameters: str | None = ...,
        *,
        dry_run: Literal[False] = ...,
        existing: Literal["skip", "again"] = ...,
    ) -> JobList: ...
    @overload
    def apply(
        self,
        name: str,
        runs: str | int | Iterable[int],
        parameters: str | None = ...,
        *,
        dry_run: Literal[True],
        existing: Literal["skip", "again"] = ...,
    ) -> DryRun: ...
    def apply(
        self,
        name: str,
        runs: str | int | Iterable[int],
        parameters: str | None = None,
        *,
        dry_run: bool = False,
        existing: Literal["skip", "again"] = "skip",
    ) -> JobList | DryRun:
        """Make jobs of a batch def and runs.

        Parameters
        ----------
        name
            The batch def's name: the hash.
        runs
            ``"12, 20-32"``, ``"20-"``, ``"all"``, a number or a list of numbers.
        parameters
            In place of those of the batch def, for these jobs only.
        dry_run
            Make nothing; return the exact commands and environments instead.
        existing
            For a run that has a job of it already: ``"skip"`` it, or do it ``"again"``.

        Raises
        ------
        InvalidValue
            The runs cannot be understood, or do not exist; or the parameters are refused.
        NotFound
            There is no such batch def.
        """
        body = {
            "definition": name,
            "runs": run_numbers(runs),
            "parameters": parameters,
            "existing": existing,
            "dry_run": dry_run,
            # the same key again, after a broken connection, makes no second job
            "idempotency_key": uuid.uuid4().hex,
        }
        answer = self._transport.call("POST", f"{self._root}/jobs:apply", body, repeatable=True)
        if dry_run:
            return DryRun(answer)
        return self._made(answer)

    def _made(self, answer: dict[str, Any]) -> JobList:
        self._live.learn("jobs", answer["jobs"])
        return JobList(
            [self._job(row["id"]) for row in answer["jobs"]],
            live=self._live,
            skipped=[(one["run"], one["why"]) for one in answer["skipped"]],
            understood=str(answer["understood"]),
            warnings=answer.get("warnings", ()),
        )

    def job(self, id: int) -> Job:  # noqa: A002 - the word of the tables
        """Return one job by its id. `NotFound` if there is none."""
        job = self._job(job_id(id))
        job.row  # noqa: B018 - asks for it, so that a wrong id is told here
        return job

    def _job(self, number: int) -> Job:
        return Job(self._transport, self._live, number)

    def log(self, id: int) -> Log:  # noqa: A002 - as above
        """Return a job's log; `Job.log` gives other pieces of it."""
        return self._job(job_id(id)).log()

    def rerun(
        self,
        jobs: Any,
        extra_parameters: str = "",
        parameters: str | None = None,
        *,
        memory: str | float | None = None,
        time: str | float | None = None,
    ) -> JobList:
        """Apply jobs' definitions to their runs again.

        Parameters
        ----------
        jobs
            Ids, jobs, or a DataFrame with a column ``id``.
        extra_parameters
            Added to each job's own parameters.
        parameters
            In place of each job's own parameters.
        memory, time
            What is asked for, whatever the scripts say: "16G", "2h".
        """
        made = [
            self._job(one).rerun(parameters, extra_parameters, memory=memory, time=time)
            for one in job_ids(jobs)
        ]
        return JobList(made, live=self._live)

    def kill(self, jobs: Any, *, subjobs: bool = True) -> Outcomes:
        """Ask the scheduler to end jobs, with their subjobs; takes what `rerun` takes."""
        return self._each("kill", jobs, subjobs=subjobs)

    def delete(self, jobs: Any) -> Outcomes:
        """Drop rows; the jobs live on. `restore` undoes it."""
        done = self._each("delete", jobs)
        self._live.forget("jobs", [one["id"] for one in done if one["ok"]])
        return done

    def restore(self, jobs: Any) -> Outcomes:
        """Undo `delete`."""
        return self._each("restore", jobs)

    def _each(self, action: str, jobs: Any, **more: bool) -> Outcomes:
        results: list[dict[str, Any]] = []
        ids = job_ids(jobs)
        for first in range(0, len(ids), _MOST_IDS):
            body = {"ids": ids[first : first + _MOST_IDS], **more}
            answer = self._transport.call("POST", f"/jobs:{action}", body, repeatable=True)
            results += answer["results"]
        return Outcomes(action, results)

    @property
    def transport(self) -> Transport:
        """The way to the manager, for widgets."""
        return self._transport

    @property
    def stale(self) -> bool:
        """Whether what is shown may be old, because the connection is down."""
        return self._live.snapshot().stale

    @property
    def revision(self) -> int:
        """Up to which change everything is known."""
        return self._live.snapshot().revision

    def snapshot(self) -> Snapshot:
        """Return everything known now, as plain rows."""
        return self._live.snapshot()

    def changes(self) -> Iterator[Snapshot]:
        """Give what is known now, and again after each change, until the board is closed."""
        self._live.start()
        seen = -1
        while not self._live.is_closed:
            now = self._live.wait_change(seen, timeout_s=1.0)
            if now != seen:
                seen = now
                yield self._live.peek()

    def close(self) -> None:
        """End the thread and the connections. What was applied goes on."""
        self._stop_watch()
        self._live.close()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        now = self._live.snapshot()
        defs = len(now.definitions)
        text = f"Board {self.experiment}: {defs} batch defs, {len(now.runs)} runs, {describe(now)}"
        return f"{text}\n{markup.plain(now.stop)}".rstrip()

    def _repr_html_(self) -> str:
        self._live.start()
        now = self._live.peek()
        names = ", ".join(markup.escape(row["name"]) for row in now.definitions.values()) or "none"
        return (
            f"<h4>{markup.escape(self.experiment)}</h4>{markup.freshness(now)}{markup.stop(now)}"
            f"<p>Batch defs: {names}. {len(now.runs):,} runs. {markup.escape(describe(now))}</p>"
            f"{markup.jobs(list(now.jobs.values()), now)}"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Return the control page for where there are widgets, and a table for elsewhere."""
        page = _control_page(self)
        if page and not self._live.peek().epoch:
            # a line only: to load all jobs here would hold up the page, which loads them itself
            text = f"Batch jobs of {self.experiment}. Run this cell to see them."
            return {"text/plain": text, "text/html": f"<p>{markup.escape(text)}</p>", **page}
        return {"text/plain": repr(self), "text/html": self._repr_html_(), **page}


def _control_page(board: Board) -> dict[str, Any]:
    """Return how its control page is shown; nothing where there can be no widgets."""
    shell = importlib.import_module("IPython").get_ipython()
    if getattr(shell, "kernel", None) is None:
        return {}
    try:
        # by name: widgets stand above, and are needed only where a notebook shows them
        return dict(importlib.import_module("arp_nb.widgets.board").shown(board))
    except ImportError as error:
        warnings.warn(str(error), stacklevel=2)
        return {}
