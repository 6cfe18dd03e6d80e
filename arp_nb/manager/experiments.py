"""Experiments: the names under which runs are taken and definitions are shared."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from arp_nb.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from arp_nb.model import Experiment
    from arp_nb.store.base import Store

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MAX_INSTRUMENT = 64


class Experiments:
    """List, find and create experiments."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def list(self) -> Sequence[Experiment]:
        """All experiments, active ones first."""
        return await self._store.experiments()

    async def get(self, name_or_id: str) -> Experiment:
        """Find an experiment by its name or its numeric id.

        Raises
        ------
        NotFound
            With the names that are near.
        """
        wanted = str(name_or_id)
        experiments = await self._store.experiments()
        for one in experiments:
            if one.name == wanted or str(one.id) == wanted:
                return one
        names = [one.name for one in experiments]
        near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
        advice = f" Did you mean {' or '.join(near)}?" if near else ""
        if not names:
            advice = " None exists yet: create it first, as connect(name, create=True) does."
        raise NotFound(f"There is no experiment {wanted[:80]!r}.{advice}")

    async def create(self, name: str, instrument: str = "") -> Experiment:
        """Add an experiment.

        Raises
        ------
        InvalidValue
            The name has other characters than letters, digits, ``_`` and ``-``.
        Conflict
            It is taken.
        """
        if not _NAME.fullmatch(name) or name.isdigit():
            raise InvalidValue(
                f"{name[:80]!r} cannot be an experiment's name: 1 to 64 letters, digits, '_' "
                "and '-', and not digits only."
            )
        if len(instrument) > _MAX_INSTRUMENT or not instrument.isprintable():
            raise InvalidValue(
                f"An instrument's name is at most {_MAX_INSTRUMENT} printable letters."
            )
        return await self._store.create_experiment(name, instrument, self._clock())

    async def set_active(self, name: str, active: bool) -> Experiment:  # noqa: FBT001 - its value is the point
        """Say whether an experiment is taking data."""
        experiment = await self.get(name)
        return await self._store.set_active(experiment.id, active=active)
