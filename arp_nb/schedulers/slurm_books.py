"""Slurm keeps two books, and this puts them together: its list, and its accounting. No I/O.

The list (``squeue``) is true at once and forgets; the accounting (``sacct``) is late, knows
exit codes and peaks, and shows for a second an array as one job with the end of one of its
elements. So the list decides which records there are, and the accounting only completes the
record of the same name; alone it speaks for what the list has forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from arp_nb.schedulers.base import Poll
from arp_nb.schedulers.slurm_parse import reading_of, whole_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from arp_nb.model import Reading
    from arp_nb.schedulers.slurm_parse import Key, Listed

ByJob: TypeAlias = "Mapping[str, Sequence[Listed]]"

#: an end is in the accounting a second after it is in the list (22.05); so long we wait for
#: it, for nobody asks again how a job ended
ACCOUNTED_WITHIN_S = 15.0
_MOST_ENDS = 20_000
_MOST_ARRAYS = 100


def by_job(listed: Iterable[Listed], asked: Iterable[str]) -> ByJob:
    """Sort out the records of those jobs, arrays and heterogeneous jobs that are asked for."""
    wanted = {whole_id(one) for one in asked}
    found: defaultdict[str, list[Listed]] = defaultdict(list)
    for one in listed:
        if one.job_id in wanted:
            found[one.job_id].append(one)
    return found


class Books:
    """What polls have learned of ends."""

    def __init__(self) -> None:
        #: told whole, as the accounting has them; only a requeue can change them
        self._ends: dict[str, Reading] = {}
        #: elements of arrays that had ended, for the list forgets them while others run
        self._elements: dict[str, dict[Key, Listed]] = {}
        #: in the list as ended, and not in the accounting yet: since when
        self._awaited: dict[str, float] = {}

    def to_be_accounted(self, asked: Iterable[str], listed: ByJob) -> list[str]:
        """Return the ids that the accounting must be asked for; mostly none."""
        ids = []
        for one in asked:
            records = listed.get(whole_id(one), ())
            reading = reading_of(one, records)
            if reading is None or reading.state.is_final:
                if one not in self._ends:
                    ids.append(one)
                continue
            self._ends.pop(one, None)  # requeued: another end is to come
            if _is_array(records) and one not in self._elements:
                ids.append(one)  # seen for the first time: some of it may be forgotten already
        return ids

    def read(
        self,
        asked: Collection[str],
        listed: ByJob,
        accounts: ByJob | None,
        *,
        now_s: float,
        has_accounting: bool = True,
    ) -> Poll:
        """Put both together.

        Parameters
        ----------
        asked
            Ids.
        listed
            What the list has of them.
        accounts
            What the accounting has of `to_be_accounted`; None: it should, and does not answer.
        now_s
            By a clock that is never set.
        has_accounting
            Whether the site keeps one: without it the list's word is the last.
        """
        found: dict[str, Reading] = {}
        late: set[str] = set()
        for one in asked:
            records = listed.get(whole_id(one), ())
            if one in self._ends:
                found[one] = self._ends[one]
                continue
            told = (accounts or {}).get(whole_id(one), ())
            reading = reading_of(one, self._together(whole_id(one), records, told))
            if reading is None or not (records or reading.state.is_final):
                continue  # one that only the accounting has running is a runaway
            found[one] = reading
            if not reading.state.is_final or not has_accounting:
                continue
            if accounts is None or _lacks(one, records, told):
                late.add(one)
            else:
                self._ends[one] = reading
        # without an answer of the accounting, a job that is off the list may have ended well
        denied = frozenset(asked) - found.keys() if accounts is not None else frozenset()
        for one in self._still_awaited(asked, late, now_s):
            del found[one]
        self._keep_few()
        return Poll(found, denied)

    def _together(
        self, job_id: str, records: Sequence[Listed], told: Iterable[Listed]
    ) -> Sequence[Listed]:
        if not records:
            return tuple(told)
        ends: Mapping[Key, Listed] = _ends(told)
        if _is_array(records):
            ends = self._remembered(job_id, records, ends)
        elif not ends:
            return records
        return [
            *(_completed(one, ends.get(one.key)) for one in records),
            *_forgotten(records, ends.values()),
        ]

    def _remembered(
        self, job_id: str, records: Iterable[Listed], ends: Mapping[Key, Listed]
    ) -> Mapping[Key, Listed]:
        known = self._elements.setdefault(job_id, {})
        for one in records:
            if not one.reading.state.is_final:
                known.pop(one.key, None)
            elif one.key not in known:
                known[one.key] = one
        known |= ends
        return known

    def _still_awaited(
        self, asked: Iterable[str], late: Collection[str], now_s: float
    ) -> list[str]:
        """Of those whose end the accounting does not know yet, return whom we wait for.

        The others that are awaited were not asked for: the poll behind a kill is about the
        killed alone, and must not begin their wait anew.
        """
        for one in asked:
            if one in late:
                self._awaited.setdefault(one, now_s)
            else:
                self._awaited.pop(one, None)
        return [one for one in late if now_s - self._awaited[one] < ACCOUNTED_WITHIN_S]

    def _keep_few(self) -> None:
        for some, most in (
            (self._ends, _MOST_ENDS),
            (self._elements, _MOST_ARRAYS),
            (self._awaited, _MOST_ENDS),
        ):
            while len(some) > most:
                some.pop(next(iter(some)))


def _is_array(records: Iterable[Listed]) -> bool:
    return any(one.element is not None or one.waiting for one in records)


def _ends(told: Iterable[Listed]) -> dict[Key, Listed]:
    return {one.key: one for one in told if one.reading.state.is_final}


def _lacks(native_id: str, records: Sequence[Listed], told: Iterable[Listed]) -> bool:
    """Whether the accounting lacks the end of a record that the list has."""
    ends = _ends(told)
    return any(
        one.key not in ends
        for one in records
        if one.reading.state.is_final and reading_of(native_id, [one]) is not None
    )


def _completed(record: Listed, end: Listed | None) -> Listed:
    """Put in the accounting's end of a record, with what only the list knows of it.

    The accounting has a size of ``16?`` for a while (22.05), and never why a job ended.
    """
    listed = record.reading
    if end is None or not listed.state.is_final:
        return record
    ended = end.reading
    same = listed.native_state == ended.native_state
    return record._replace(
        reading=replace(
            ended,
            reason=ended.reason or (listed.reason if same else ""),
            queue=ended.queue or listed.queue,
            host=ended.host or listed.host,
            tag=ended.tag or listed.tag,
            cores=ended.cores or listed.cores,
            asked_memory_mb=ended.asked_memory_mb or listed.asked_memory_mb,
            asked_time_s=ended.asked_time_s or listed.asked_time_s,
        )
    )


def _forgotten(records: Sequence[Listed], ends: Iterable[Listed]) -> list[Listed]:
    """Return the ended elements of an array that the list has not any more."""
    single = {one.element for one in records}
    several = [one.waiting for one in records if one.waiting]
    return [
        end
        for end in ends
        if end.element is not None
        and end.element not in single
        and not any(end.element in indices for indices in several)
    ]
