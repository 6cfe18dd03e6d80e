"""What a source has told, so that it tells only what is new."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from arp_nb.run_sources.news import RunNews

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_FIELDS = tuple(one.name for one in fields(RunNews))


class Told:
    """Remembers a digest of each run that was told; ten thousand runs take about a megabyte."""

    def __init__(self) -> None:
        self._digests: dict[tuple[str, int], bytes] = {}

    def new(self, news: Iterable[RunNews]) -> Sequence[RunNews]:
        """Return what was not told so before, by experiment and number; it counts as told.

        Call it where nothing is awaited between this and the return of ``news``: who is
        cancelled in between has told nothing.
        """
        found: dict[tuple[str, int], RunNews] = {}
        for one in news:
            key, digest = (one.experiment, one.number), _digest(one)
            if self._digests.get(key) != digest:
                self._digests[key] = digest
                found[key] = one
        return [found[key] for key in sorted(found)]

    def keep(self, experiments: Collection[str]) -> None:
        """Forget all other experiments: what is looked at again later is told again, whole."""
        gone = [key for key in self._digests if key[0] not in experiments]
        for key in gone:
            del self._digests[key]

    def clear(self) -> None:
        """Forget all: everything is told again."""
        self._digests.clear()


def _digest(one: RunNews) -> bytes:
    text = json.dumps([getattr(one, name) for name in _FIELDS], default=_plain, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)
