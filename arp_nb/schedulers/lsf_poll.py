"""How one poll after the other is read: what changed anew, and the rest as it was."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from arp_nb.errors import SchedulerError
from arp_nb.model import Element
from arp_nb.schedulers.base import Poll
from arp_nb.schedulers.command import Output
from arp_nb.schedulers.lsf_arrays import Arrays
from arp_nb.schedulers.lsf_parse import reading
from arp_nb.schedulers.lsf_records import SLICE, NotApart, in_steps, pieces, record_of, records
from arp_nb.schedulers.lsf_times import day_of
from arp_nb.schedulers.turns import at_once

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Mapping
    from datetime import datetime

    from arp_nb.model import Reading

logger = logging.getLogger(__name__)

_INDEX_OF_NAME = re.compile(r"\[(\d+)\]$", re.ASCII)
_NOT_FOUND = re.compile(r"is not found|no matching job", re.IGNORECASE)
_NOT_FOUND_LINE = re.compile(r"^Job <(\d+(?:\[\d+\])?)> is not found", re.MULTILINE)


class _Known(NamedTuple):
    """A record that was read before, and by which of the ids asked for."""

    #: of the record, as it was first read: of an equal one none is kept beside it
    text: str
    native_id: str
    job_id: str
    #: its index in the array that was asked for; 0 of all others
    element: int
    reading: Reading


class Answer:
    """One poll's answer, as far as it has been read."""

    def __init__(self, asked: frozenset[str], now: datetime) -> None:
        self.now = now
        self._asked = asked
        self._today = day_of(now)
        self._readings: dict[str, Reading] = {}
        #: of arrays: index -> reading; counted from -1 down where no index is told
        self.arrays: dict[str, dict[int, Reading]] = {}
        self._unknown: set[str] = set()

    def add(self, record: Any, text: str = "") -> _Known | None:
        """Read a record; None where it says nothing of the state of a job asked for."""
        native_id = _native_id(record, self._asked)
        if native_id is None:
            return None
        if "ERROR" in record:
            if _NOT_FOUND.search(str(record["ERROR"])):
                self._unknown.add(native_id)
            else:
                logger.warning("LSF job %s: %.200s", native_id, record["ERROR"])
            return None
        one = reading(record, self._today)
        if one is None:
            return None
        job_id: str = record["JOBID"]
        index = int(index_of(record)[:9] or 0) if native_id == job_id else 0
        known = _Known(text, native_id, job_id, index, one)
        self.add_known(known)
        return known

    def add_known(self, known: _Known) -> bool:
        """Take in what is read already, unless the record is of another id now."""
        _, native_id, job_id, index, one = known
        if native_id not in self._asked or (native_id != job_id and job_id in self._asked):
            return False
        if index:
            self.arrays.setdefault(native_id, {})[index] = one
        elif native_id not in self._readings:
            self._readings[native_id] = one
        else:
            listed = self.arrays.setdefault(native_id, {-1: self._readings[native_id]})
            listed[-1 - len(listed)] = one
        return True

    def deny(self, native_ids: Collection[str]) -> None:
        """Take in that LSF knows no such jobs."""
        self._unknown.update(native_ids)

    def join(self, other: Answer) -> None:
        """Take in what another command said of others of these jobs."""
        self._readings |= other._readings
        self._unknown |= other._unknown
        for native_id, listed in other.arrays.items():
            self.arrays.setdefault(native_id, {}).update(listed)

    def poll(self, arrays: Arrays, *, has_history: bool) -> Poll:
        """Return what was read; an array that was asked for by its one id is one reading."""
        for native_id, listed in self.arrays.items():
            whole = arrays.reading(native_id, listed, self.now, has_history=has_history)
            if whole is None:
                self._readings.pop(native_id, None)
                self._unknown.add(native_id)
            else:
                self._readings[native_id] = whole
        arrays.forget_idle(self.now)
        return Poll(self._readings, frozenset(self._unknown - self._readings.keys()))


class PollReader:
    """Reads one poll after the other.

    Most jobs are as they were at the poll before: their readings are kept, and are the same
    objects again. With 10,000 jobs that is most of the work.
    """

    def __init__(self) -> None:
        #: by the text of the record
        self._before: dict[str, _Known] = {}
        self._arrays = Arrays()

    def read(
        self, exit_code: int, stdout: str, stderr: str, asked: Collection[str], now: datetime
    ) -> Poll:
        """Read one answer where there is no history: the list's word is the last.

        Raises
        ------
        SchedulerError
            Nothing was said of any job.
        """
        output = Output(exit_code, stdout, stderr)
        return self.poll(at_once(self.answer([output], asked, now)), has_history=False)

    def answer(
        self, outputs: Iterable[Output], asked: Collection[str], now: datetime
    ) -> Generator[None, None, Answer]:
        """Read one answer for many jobs, of as many commands as it took.

        The exit code does not matter where there are rows. In steps of a few milliseconds, for
        `at_once` or `in_turns`.

        Raises
        ------
        SchedulerError
            One of the commands said nothing of any job.
        """
        those = frozenset(asked)
        answer = Answer(those, now)
        after: dict[str, _Known] = {}
        for output in outputs:
            denied = _denied(output, those)
            if denied:
                answer.deny(denied)
                continue
            part = Answer(those, now)
            try:
                yield from self._apart(pieces(output.stdout), part, after)
            except NotApart:
                part = Answer(those, now)
                for number, record in enumerate(records(output.stdout), 1):
                    part.add(record)
                    if number % SLICE == 0:
                        yield
            answer.join(part)
        self._before = after
        return answer

    def _apart(
        self, found: Iterable[str], answer: Answer, after: dict[str, _Known]
    ) -> Generator[None, None, None]:
        before = self._before
        for number, piece in enumerate(found, 1):
            known = before.get(piece)
            if known is None or not answer.add_known(known):
                known = answer.add(record_of(piece), piece)
            if known is not None:
                after[known.text] = known
            if number % SLICE == 0:
                yield

    def unsettled(self, answer: Answer) -> list[str]:
        """Return the arrays of which the history is to be asked, by `settle`."""
        return self._arrays.unsettled(answer.arrays)

    def settle(
        self, answer: Answer, native_ids: Iterable[str], told: Mapping[str, Reading]
    ) -> None:
        """Take in what the history tells of arrays and their elements, by their ids."""
        self._arrays.settle({one: answer.arrays[one] for one in native_ids}, told)

    def poll(self, answer: Answer, *, has_history: bool) -> Poll:
        """Return what an answer tells; ends of arrays that are not settled are `Poll.unknown`."""
        return answer.poll(self._arrays, has_history=has_history)


def _denied(output: Output, asked: frozenset[str]) -> frozenset[str]:
    """Return those that LSF says it does not know, where it lists none at all."""
    if "{" in output.stdout:
        return frozenset()
    # the exit code of that is the site's choice ("lsf.conf", LSB_BJOBS_CONSISTENT_EXIT_CODE)
    denied = asked.intersection(_NOT_FOUND_LINE.findall(output.stderr))
    if not denied and output.exit_code != 0:
        said = output.stderr.strip() or output.stdout.strip() or output.exit_code
        raise SchedulerError(f"bjobs: {said}")
    return denied


def elements(
    native_id: str, stdout: str, today: int
) -> Generator[None, None, tuple[Element, ...]]:
    """Read the elements of an array, in order, in steps; () of a job that is none.

    Raises
    ------
    UnreadableOutput
        There is no whole answer in the text.
    """
    read: dict[int, Element] = {}

    def take(record: Any) -> None:
        if not isinstance(record, dict) or record.get("JOBID") != native_id:
            return
        index = index_of(record)
        one = reading(record, today) if index and "ERROR" not in record else None
        if one is not None:
            number = int(index[:9])
            read[number] = Element(index=number, native_id=f"{native_id}[{number}]", reading=one)

    yield from in_steps(stdout, take, read.clear)
    return tuple(read[number] for number in sorted(read))


def index_of(record: Mapping[str, Any]) -> str:
    """Return the index of an array's element; "" of a job that is none.

    Elements share the id; where the index has no column, the name has it.
    """
    index = record.get("JOBINDEX")
    if not isinstance(index, str) or not index.isdigit():
        match = _INDEX_OF_NAME.search(str(record.get("JOB_NAME", "")))
        index = match[1] if match else ""
    return "" if index == "0" else index


def _native_id(record: Any, asked: frozenset[str]) -> str | None:
    """Return by which of the ids asked for a record is known; None with a warning if by none."""
    job_id = record.get("JOBID") if isinstance(record, dict) else None
    if not isinstance(job_id, str):
        logger.warning("bjobs: a record without a job id was left out: %.200r", record)
        return None
    if job_id in asked:
        return job_id
    element = f"{job_id}[{index_of(record)}]"
    if element in asked:
        return element
    logger.warning("bjobs: a job that nobody asked for was left out: %.50s", job_id)
    return None
