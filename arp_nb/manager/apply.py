"""Applying a definition to runs: one job for each, made at most once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from arp_nb import quantities, run_ranges
from arp_nb.errors import InvalidValue, NotFound, TooLarge
from arp_nb.manager.capabilities import MASK
from arp_nb.manager.command_lines import argv_of, update_url, variables, without_secrets
from arp_nb.model import Job, Trigger
from arp_nb.ports import SubmitRequest
from arp_nb.store.base import JobFilter, JobsWanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arp_nb.manager.context import Context
    from arp_nb.manager.definitions import Definitions
    from arp_nb.model import Definition, Experiment
    from arp_nb.store.base import JobsMade

MAX_RUNS = 1000
_MAX_KEY = 200
_SKIPPED = "has a job of this batch def already"


@dataclass(frozen=True, slots=True)
class More:
    """What a rerun asks for in place of what its script asks for; None: as it was."""

    memory_mb: float | None = None
    time_s: float | None = None

    def check(self) -> None:
        """Refuse what no machine has.

        Raises
        ------
        InvalidValue
            An amount is out of bounds.
        """
        if self.memory_mb is not None:
            quantities.memory_mb(self.memory_mb)
        if self.time_s is not None:
            quantities.time_s(self.time_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """What a user asks for."""

    #: the definition's hash
    definition: str
    #: as `arp_nb.run_ranges.parse` reads them
    runs: str | Sequence[int]
    #: instead of the definition's own; None: the definition's
    parameters: str | None = None
    #: runs that have a job of this definition: leave them out, or make another job
    existing: Literal["skip", "again"] = "skip"
    dry_run: bool = False
    #: a repeated request with the same key answers with the first one's jobs
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A run that gets no job, and why."""

    run: int
    why: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would be run for one run; keys and secrets are masked."""

    run: int
    argv: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyAnswer:
    """What came of it."""

    understood: str
    jobs: Sequence[Job] = ()
    skipped: Sequence[Skipped] = ()
    #: the key was known: these are the jobs of the first request
    repeated: bool = False
    dry_run: Sequence[DryRun] = ()
    #: what the user should know before the jobs start
    warnings: Sequence[str] = ()


class Apply:
    """Makes jobs of definitions and runs."""

    def __init__(self, context: Context, definitions: Definitions) -> None:
        self._context = context
        self._definitions = definitions

    async def apply(self, experiment: Experiment, asked: ApplyRequest, by: str) -> ApplyAnswer:
        """Store a job for each run, or with ``dry_run`` tell what they would be.

        Raises
        ------
        InvalidValue, NotFound
            The runs cannot be read, or there is no such definition.
        Conflict
            The idempotency key was used for something else.
        """
        _check(asked)
        earlier = await self._answered(experiment, asked)
        if earlier is not None:
            return earlier
        definition = await self._definitions.named(experiment, asked.definition)
        known = [run.number for run in await self._context.store.runs(experiment.id)]
        understood = run_ranges.parse(asked.runs, known)
        if len(understood.runs) > MAX_RUNS:
            raise TooLarge(
                f"That is {len(understood.runs):,} runs ({understood.text[:80]}); at most "
                f"{MAX_RUNS:,} can be applied at once. Ask for them in parts."
            )
        location = definition.draft.location or await self._context.seat.default_location()
        await self._context.seat.check_location(location)
        parameters = definition.draft.parameters
        if asked.parameters is not None:
            parameters = asked.parameters.strip()
        argv_by_run = {
            run: argv_of(definition.draft, experiment.name, run, parameters)
            for run in understood.runs
        }
        if asked.dry_run:
            return await self._rehearse(experiment, definition, argv_by_run, asked, understood)
        wanted = JobsWanted(
            experiment_id=experiment.id,
            definition_id=definition.id,
            hash=definition.name,
            version=definition.version,
            parameters=parameters,
            argv_by_run=argv_by_run,
            user=by,
            location=location,
            trigger=Trigger.MANUAL,
            at=self._context.clock(),
            skip_existing=asked.existing == "skip",
            idempotency_key=asked.idempotency_key,
            fingerprint=_fingerprint(experiment, asked),
        )
        return await self._make(wanted, understood.text)

    async def rerun(
        self,
        old: Job,
        by: str,
        *,
        parameters: str | None = None,
        extra_parameters: str = "",
        more: More = More(),
        idempotency_key: str | None = None,
    ) -> Job:
        """Make a new job for the same run, with the definition's current version.

        A deleted definition is used as it last was, which the new job says. Parameters are the
        old job's own unless others are given; extra ones are added to them. So are the memory
        and time that it is to ask for, whatever its script says.
        """
        more.check()
        given = old.parameters if parameters is None else parameters
        whole = f"{given.strip()} {extra_parameters.strip()}".strip()
        made_id, notes = await self.make_again(
            old, by, parameters=whole, more=more, idempotency_key=idempotency_key
        )
        await self._context.add_notes(made_id, notes)
        self._context.work.bump()
        return await self._context.store.job(made_id)

    async def make_again(
        self,
        old: Job,
        by: str,
        *,
        parameters: str | None = None,
        more: More = More(),
        idempotency_key: str | None = None,
    ) -> tuple[int, Sequence[str]]:
        """Do `rerun` under the caller's lock; return the new job's id, and notes to add to it."""
        _check_key(idempotency_key)
        context = self._context
        definition = await context.store.definition(old.definition_id)
        given = old.parameters if parameters is None else parameters
        experiment = await self._experiment(old)
        made = await context.store.add_jobs(
            JobsWanted(
                experiment_id=old.experiment_id,
                definition_id=definition.id,
                hash=definition.name,
                version=definition.version,
                parameters=given,
                argv_by_run={old.run: argv_of(definition.draft, experiment.name, old.run, given)},
                user=by,
                location=definition.draft.location or old.location,
                trigger=Trigger.MANUAL,
                at=context.clock(),
                skip_existing=False,
                rerun_of={old.run: old.id},
                root_of={old.run: old.root_id or old.id},
                override_memory_mb=more.memory_mb or old.override_memory_mb,
                override_time_s=more.time_s or old.override_time_s,
                idempotency_key=idempotency_key,
                fingerprint=_digest(["rerun", old.id, given, more.memory_mb, more.time_s]),
            )
        )
        notes = []
        if definition.deleted_at is not None:
            notes.append(
                f"the batch def was deleted; run as it last was (version {definition.version})"
            )
        return made.job_ids[0], notes

    async def _answered(self, experiment: Experiment, asked: ApplyRequest) -> ApplyAnswer | None:
        """Return the first answer to a repeated request, whatever has changed since then."""
        key = asked.idempotency_key
        if key is None or asked.dry_run:
            return None
        fingerprint = _fingerprint(experiment, asked)
        made = await self._context.store.made_before(experiment.id, key, fingerprint)
        if made is None:
            return None
        answer = await self._answer(made)
        runs = {job.run for job in answer.jobs} | set(made.skipped_runs)
        return replace(answer, understood=run_ranges.describe(runs))

    async def _make(self, wanted: JobsWanted, understood: str) -> ApplyAnswer:
        answer = await self._answer(await self._context.store.add_jobs(wanted))
        return replace(answer, understood=understood)

    async def _answer(self, made: JobsMade) -> ApplyAnswer:
        self._context.work.bump()
        jobs: Sequence[Job] = ()
        if made.job_ids:
            jobs = await self._context.store.jobs(
                JobFilter(ids=made.job_ids, deleted=True, oldest_first=True)
            )
        return ApplyAnswer(
            understood="",
            jobs=jobs,
            skipped=[Skipped(run, _SKIPPED) for run in made.skipped_runs],
            repeated=made.repeated,
            warnings=await self._context.routes.warnings(jobs[0].location) if jobs else (),
        )

    async def _rehearse(
        self,
        experiment: Experiment,
        definition: Definition,
        argv_by_run: Mapping[int, tuple[str, ...]],
        asked: ApplyRequest,
        understood: run_ranges.Understood,
    ) -> ApplyAnswer:
        skipped: list[Skipped] = []
        if asked.existing == "skip":
            jobs = await self._context.store.jobs(
                JobFilter(experiment_id=experiment.id, runs=understood.runs)
            )
            taken = {job.run for job in jobs if job.definition_id == definition.id}
            skipped = [Skipped(run, _SKIPPED) for run in understood.runs if run in taken]
        left = [run for run in understood.runs if run not in {one.run for one in skipped}]
        location = definition.draft.location or await self._context.seat.default_location()
        around: Mapping[str, str] = {}
        rehearsed: list[DryRun] = []
        for run in left:
            ours = self._variables(experiment, run, location)
            if run == left[0]:
                around = await self._around(experiment, run, location, argv_by_run[run], ours)
            rehearsed.append(DryRun(run, argv_by_run[run], self._shown({**around, **ours})))
        return ApplyAnswer(
            understood=understood.text,
            skipped=skipped,
            dry_run=rehearsed,
            warnings=await self._context.routes.warnings(location) if rehearsed else (),
        )

    def _variables(self, experiment: Experiment, run: int, location: str) -> dict[str, str]:
        url = update_url(self._context.update_base, f"<job>-{MASK}")
        extra = self._context.settings.environment
        return variables(
            experiment.name, run, job="<job>", location=location, url=url, extra=extra
        )

    def _shown(self, environment: Mapping[str, str]) -> dict[str, str]:
        shown = without_secrets(environment)
        return {name: self._context.capabilities.mask(value) for name, value in shown.items()}

    async def _around(
        self,
        experiment: Experiment,
        run: int,
        location: str,
        argv: tuple[str, ...],
        ours: Mapping[str, str],
    ) -> Mapping[str, str]:
        """Ask for a script's whole environment; ours alone while no client is there."""
        if not await self._context.seat.is_taken():
            return ours
        request = SubmitRequest(
            job_id=0,
            lease_token="",  # there is no lease in a rehearsal
            user=self._context.user,
            location=location,
            experiment=experiment.name,
            run=run,
            argv=argv,
            environment=ours,
        )
        client = await self._context.seat.client()
        return await client.environment(request)

    async def _experiment(self, job: Job) -> Experiment:
        for one in await self._context.store.experiments():
            if one.id == job.experiment_id:
                return one
        raise NotFound(f"The experiment of job {job.id} does not exist.")


def _check(asked: ApplyRequest) -> None:
    if asked.existing not in {"skip", "again"}:
        raise InvalidValue(f"'existing' is 'skip' or 'again', not {asked.existing!r}.")
    _check_key(asked.idempotency_key)


def _check_key(key: str | None) -> None:
    if key is not None and not 0 < len(key) <= _MAX_KEY:
        raise InvalidValue(f"An idempotency key has 1 to {_MAX_KEY} characters.")


def _fingerprint(experiment: Experiment, asked: ApplyRequest) -> str:
    runs = asked.runs if isinstance(asked.runs, str) else sorted(asked.runs)
    said = ["apply", experiment.id, asked.definition, runs, asked.parameters, asked.existing]
    return _digest(said)


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
