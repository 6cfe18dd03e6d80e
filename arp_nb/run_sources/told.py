"""What a source has told, so that it tells only what is new."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, NamedTuple

from arp_nb.run_sources.news import RunNews

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_FIELDS = tuple(one.name for one in fields(RunNews))


class Digested(NamedTuple):
    """News with their digest, which takes a while to make where there are very many."""

    news: RunNews
    digest: bytes


def digested(news: Iterable[RunNews]) -> list[Digested]:
    """Make the digests; in a thread, where there may be thousands."""
    return [Digested(one, _digest(one)) for one in news]


class Told:
    """Remembers a digest of each run that was told; ten thousand runs take about a megabyte."""

    def __init__(self) -> None:
        self._digests: dict[str, dict[int, bytes]] = {}

    def new(self, news: Iterable[RunNews]) -> Sequence[RunNews]:
        """Return what was not told so before, by experiment and number; it counts as told.

        Call it where nothing is awaited between this and the return of ``news``: who is
        cancelled in between has told nothing.
        """
        return self.take(digested(news))

    def take(self, news: Iterable[Digested]) -> Sequence[RunNews]:
        """Return what is new, as `new`, where the digests are made already."""
        found: dict[tuple[str, int], RunNews] = {}
        for one, digest in news:
            before = self._digests.setdefault(one.experiment, {})
            if before.get(one.number) != digest:
                before[one.number] = digest
                found[one.experiment, one.number] = one
        return [found[key] for key in sorted(found)]

    def keep(self, experiments: Collection[str]) -> None:
        """Forget all other experiments: what is looked at again later is told again, whole."""
        for gone in self._digests.keys() - {*experiments}:
            del self._digests[gone]

    def clear(self) -> None:
        """Forget all: everything is told again."""
        self._digests.clear()


def _digest(one: RunNews) -> bytes:
    text = json.dumps([getattr(one, name) for name in _FIELDS], default=_plain, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)
