"""Runs of an experiment: numbered stretches of data taking, with parameters."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from arp_nb.errors import Conflict, InvalidValue, NotFound
from arp_nb.store.deciding import RunFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from arp_nb.model import Experiment, Run
    from arp_nb.store.base import Store

_MAX_NUMBER = 10**9
_MAX_PARAMETERS_BYTES = 64 * 1024
_MAX_TYPE = 40
_MAX_REASON = 500
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


class Runs:
    """List runs, and say when they start and end."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def list(self, experiment: Experiment) -> Sequence[Run]:
        """All runs by number."""
        return await self._store.runs(experiment.id)

    async def get(self, experiment: Experiment, number: int) -> Run:
        """One run. `NotFound`."""
        found = await self._find(experiment, number)
        if found is None:
            raise NotFound(f"{experiment.name} has no run {number}.")
        return found

    async def put(
        self,
        experiment: Experiment,
        number: int,
        **known: Any,
    ) -> Run:
        """Add a run, or change what is given of it; parameters merge, null deletes.

        A time that lies ahead counts as now.

        Parameters
        ----------
        known
            Fields of `arp_nb.store.deciding.RunFacts`, but when it is told.
        """
        facts = RunFacts(number=number, told_at=self._clock(), **known)
        check(facts)
        return await self._store.put_run(experiment.id, facts)

    async def exclude(self, experiment: Experiment, number: int, by: str, why: str) -> Run:
        """Take a run out of autorun. `NotFound`, `InvalidValue` without a reason."""
        reason = " ".join(why.split())
        if not reason or len(reason) > _MAX_REASON:
            raise InvalidValue(
                f"Say why run {number} is taken out of autorun, in 1 to {_MAX_REASON} characters."
            )
        await self.get(experiment, number)
        return await self._store.exclude_run(
            experiment.id, number, by=by, at=self._clock(), why=reason
        )

    async def include(self, experiment: Experiment, number: int) -> Run:
        """Take a run into autorun again; what was decided meanwhile stays. `NotFound`."""
        await self.get(experiment, number)
        return await self._store.exclude_run(experiment.id, number, by=None, at=self._clock())

    async def start(
        self,
        experiment: Experiment,
        number: int,
        parameters: Mapping[str, Any] | None = None,
        kind: str = "",
    ) -> Run:
        """Say that a run, of a type, starts now. Repeating it keeps the first time."""
        found = await self._find(experiment, number)
        if found is not None and found.ended_at is not None:
            raise Conflict(f"Run {number} has ended; a run cannot start again.")
        started_at = None if found is not None and found.started_at else self._clock()
        return await self.put(
            experiment, number, started_at=started_at, parameters=parameters, type=kind
        )

    async def end(
        self,
        experiment: Experiment,
        number: int,
        parameters: Mapping[str, Any] | None = None,
        kind: str = "",
    ) -> Run:
        """Say that a run ends now. Repeating it keeps the first time. `NotFound`."""
        found = await self.get(experiment, number)
        ended_at = None if found.ended_at else self._clock()
        return await self.put(
            experiment, number, ended_at=ended_at, parameters=parameters, type=kind
        )

    async def _find(self, experiment: Experiment, number: int) -> Run | None:
        if not 0 <= number <= _MAX_NUMBER:
            return None
        found = await self._store.some_runs(experiment.id, [number])
        return found[0] if found else None


def check(facts: RunFacts) -> None:
    """Refuse facts that cannot be kept. `InvalidValue`."""
    check_run(facts)
    check_parameters(facts.parameters)
    check_type(facts.type)


def check_run(facts: RunFacts) -> None:
    """Refuse a number and times that cannot be kept: without them there is no run."""
    _check_number(facts.number)
    _check_times(*facts.times)


def _check_number(number: object) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= _MAX_NUMBER:
        raise InvalidValue(f"{number!r} is not a run number: 0 to {_MAX_NUMBER:,}.")


def _check_times(*times: object) -> None:
    for time in times:
        if time is None:
            continue
        if not isinstance(time, datetime):
            raise InvalidValue(f"{type(time).__name__} is no type of a time.")
        if time.utcoffset() is None:
            raise InvalidValue(f"The time {time.isoformat()} has no time zone; add 'Z' for UTC.")
        if not _FIRST_YEAR <= time.year < _LAST_YEAR:
            raise InvalidValue(
                f"{time.isoformat()} is no time of a run: {_FIRST_YEAR} to {_LAST_YEAR}."
            )


def check_type(kind: object) -> None:
    """Refuse a type that cannot be kept; definitions name several with commas between them."""
    fits = isinstance(kind, str) and len(kind) <= _MAX_TYPE and kind.isprintable()
    if not fits or "," in str(kind):
        raise InvalidValue(
            f"A run's type is one word of at most {_MAX_TYPE} letters, such as DATA."
        )


def check_parameters(parameters: Mapping[str, Any] | None) -> None:
    """Refuse parameters that cannot be kept."""
    if parameters is None:
        return
    try:
        text = json.dumps(dict(parameters), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(f"The run's parameters cannot be kept as JSON: {error}.") from error
    if len(text) > _MAX_PARAMETERS_BYTES:
        raise InvalidValue(
            f"The run's parameters have {len(text):,} bytes; {_MAX_PARAMETERS_BYTES:,} are kept."
        )
    if "\\u0000" in text:
        raise InvalidValue("The run's parameters hold a NUL.")
    try:
        orjson.dumps(dict(parameters))
    except TypeError as error:  # half a character, a number beyond 64 bits
        raise InvalidValue(f"The run's parameters cannot be kept: {error}.") from error
