"""How Slurm's answers are read. Pure: text in, facts out.

We ask ``squeue`` and ``sacct`` for columns with a delimiter of our own, new for each command:
comments and names may hold line breaks and anything else, and what lacks the delimiter is no
record. JSON, which both offer, was 13 to 18 times as long for 300 jobs (22.05), took 6 to 8 times
the time, and differs from version to version (its openapi plugins are named after theirs).
"""

from __future__ import annotations

import logging
import pwd
import re
from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from arp_nb import marks
from arp_nb.model import Element, JobState, PastChange, Reading
from arp_nb.native import SLURM
from arp_nb.schedulers.arrays import fold
from arp_nb.schedulers.base import Marked
from arp_nb.schedulers.cores import cores
from arp_nb.schedulers.slurm_values import (
    duration_s,
    exit_of,
    indices,
    memory_mb,
    minutes_s,
    moment,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

logger = logging.getLogger(__name__)

#: squeue(1), "-o": the mark last, for it is the only free text
SQUEUE = ("%i", "%T", "%P", "%N", "%V", "%S", "%e", "%m", "%l", "%C", "%r", "%k")
#: sacct(1), "Job Accounting Fields"
SACCT = (
    "JobID", "State", "Partition", "NodeList", "Submit", "Start", "End", "ReqMem",
    "TimelimitRaw", "Reason", "ExitCode", "MaxRSS", "ReqCPUS", "NNodes", "AllocCPUS", "Comment",
)  # fmt: skip
_PEAK = SACCT.index("MaxRSS")

_SUBMITTED = re.compile(r"^Submitted batch job ([1-9]\d{0,9})\b", re.ASCII | re.MULTILINE)
#: sbatch(1), "--parsable": the id alone, or with the cluster's name
_PARSABLE = re.compile(r"^([1-9]\d{0,9})(?:;[\w.-]{1,64})?$", re.ASCII | re.MULTILINE)
#: a job, an element of an array, or a part of a heterogeneous job
_ID = re.compile(r"([1-9]\d{0,9})(?:_(\d{1,7})|\+(\d{1,3}))?", re.ASCII)
_LISTED = re.compile(r"([1-9]\d{0,9})(?:_(\d{1,7})|_\[([\d,:%-]+)\]|\+(\d{1,3}))?", re.ASCII)
_WORD = re.compile(r"[A-Z][A-Z_]{2,30}", re.ASCII)
_BY = re.compile(r"CANCELLED by (\d{1,10})", re.ASCII)
_NOTHING = frozenset({"", "(null)", "None", "N/A", "None assigned", "Unknown", "NONE"})
#: what stands there is left over from when the job waited
_UNEXPLAINED = frozenset({JobState.RUNNING, JobState.DONE, JobState.KILLED})


#: indices of elements that are told together: a range where they are one, for it is small
Indices: TypeAlias = "range | tuple[int, ...]"
Key: TypeAlias = "tuple[int | None, int | None, Indices]"


class Listed(NamedTuple):
    """One record: a job, some elements of an array, or a part of a heterogeneous job."""

    job_id: str
    #: of an element that is told by itself
    element: int | None
    #: of waiting elements that are told together
    waiting: Indices
    #: of a heterogeneous job: which of its parts it is
    part: int | None
    reading: Reading

    @property
    def key(self) -> Key:
        """What its record in the other book has, too."""
        return self.element, self.part, self.waiting


def submitted_ids(output: str, *, alone: bool) -> tuple[str, ...]:
    """Find the ids in what a script printed; ``alone``: in what ``sbatch`` itself printed.

    A bare number, as ``sbatch --parsable`` prints it, is an id only there.
    """
    found = _SUBMITTED.findall(output)
    if alone and not found:
        found = _PARSABLE.findall(output)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=1 << 15)  # each poll asks for the same ones
def is_id(native_id: str) -> bool:
    """Whether Slurm could have given this id: nothing else may reach a command line."""
    return _ID.fullmatch(native_id) is not None


def whole_id(native_id: str) -> str:
    """Return the id of the array, or of the heterogeneous job, that an id is a part of."""
    return re.split(r"[_+]", native_id, maxsplit=1)[0]


class QueueReader:
    """Reads one list of ``squeue`` after the other, in the columns `SQUEUE`.

    Most jobs are as they were in the list before: their records are the same objects again.
    """

    def __init__(self) -> None:
        #: by the text of the record
        self._before: dict[str, Listed] = {}

    def read(self, stdout: str, delimiter: str) -> list[Listed]:
        """Read a list whose columns stand between delimiters that are new for each list."""
        before, after = self._before, {}
        listed: list[Listed] = []
        for line in stdout.split("\n"):
            if line.count(delimiter) != len(SQUEUE) - 1:
                continue  # a line break in the mark, which stands last, ends the record
            text = line.replace(delimiter, "\x1f")
            one = before.get(text) or _queued_one(line.split(delimiter))
            if one is not None:
                after[text] = one
                listed.append(one)
        self._before = after
        return listed


def _queued_one(record: Sequence[str]) -> Listed | None:
    native_id, word, queue, host, submitted, start, end, memory, limit, cpus, why, mark = record
    one = _reading(word, why)
    if one is None:
        return None
    nodes = _text(host)
    return _listed(
        native_id,
        replace(
            one,
            queue=intern(_text(queue)),
            host=intern(nodes),
            submitted_at=moment(submitted),
            # of a job that waits, this is Slurm's estimate
            started_at=None if one.state is JobState.PENDING else moment(start),
            # of one that has no nodes, or ended without any, this is what it asked for
            cores=cores(cpus) if nodes else None,
            ended_at=moment(end) if one.state.is_final else None,
            asked_memory_mb=memory_mb(memory),
            asked_time_s=duration_s(limit),
            tag=_text(mark),
        ),
    )


def accounted(stdout: str, delimiter: str) -> Iterator[Listed]:
    """Read what ``sacct`` knows, in the columns `SACCT`; steps are folded into their jobs."""
    peaks: defaultdict[str, float] = defaultdict(float)
    jobs: list[list[str]] = []
    for record in _records(stdout, delimiter, len(SACCT)):
        job, dot, _ = record[0].partition(".")
        if dot:
            peaks[job] = max(peaks[job], memory_mb(record[_PEAK]) or 0.0)
        else:
            jobs.append(record)
    for of_job in jobs:
        listed = _accounted_one(of_job, peaks.get(of_job[0]))
        if listed is not None:
            yield listed


def _accounted_one(record: Sequence[str], peak_memory_mb: float | None) -> Listed | None:
    (
        native_id, word, queue, host, submitted, start, end, memory, limit, why, ended, peak,
        asked_cpus, nodes, cpus, mark,
    ) = record  # fmt: skip
    # its "Reason" is always the one for which the job waited last (sacct(1))
    one = _reading(word, why)
    if one is None:
        return None
    is_over = one.state.is_final
    code, signal = exit_of(ended) if is_over else (None, None)
    return _listed(
        native_id,
        replace(
            one,
            reason="" if one.state is JobState.FAILED else one.reason,
            queue=intern(_text(queue)),
            host=intern(_text(host)),
            submitted_at=moment(submitted),
            started_at=moment(start),
            ended_at=moment(end) if is_over else None,
            exit_code=code,
            signal=signal,
            peak_memory_mb=peak_memory_mb or memory_mb(peak),
            cores=cores(cpus),
            asked_memory_mb=memory_mb(memory, asked_cpus, nodes),
            asked_time_s=minutes_s(limit),
            tag=_text(mark),
        ),
    )


def _records(stdout: str, delimiter: str, columns: int) -> Iterator[list[str]]:
    """Yield the records: lines that hold all columns; a line break in the last ends it."""
    for line in stdout.split("\n"):
        record = line.split(delimiter)
        if len(record) == columns:
            yield record


def _reading(said: str, why: str) -> Reading | None:
    """Read a state and its reason; None, with a warning, where there is no state."""
    by = _BY.fullmatch(said)
    word = "CANCELLED" if by else said
    known = SLURM.get(word)
    if known is None:
        if not _WORD.fullmatch(word):
            logger.warning("Slurm: no state in a record: %.80r", said)
            return None
        # as for LSF: any other guess would end the job in our books while it goes on
        logger.warning("Slurm: unknown state %r", word)
    state = JobState.RUNNING if known is None else known.state
    reason = "" if state in _UNEXPLAINED else _text(why)
    if by:
        reason = f"cancelled by {_name_of(int(by[1]))}"
    return Reading(state=state, native_state=intern(word), reason=reason)


@lru_cache(maxsize=256)
def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return f"user {uid}"


def _text(value: str) -> str:
    return "" if value.strip() in _NOTHING else value.strip()


def _listed(native_id: str, reading: Reading) -> Listed | None:
    match = _LISTED.fullmatch(native_id)
    if match is None:
        logger.warning("Slurm: a record without a job id was left out: %.80r", native_id)
        return None
    job_id, index, waiting, part = match.groups()
    several = () if waiting is None else indices(waiting)
    if several is None:
        logger.warning("Slurm: indices of an array cannot be read: %.80r", native_id)
        return None
    return Listed(
        job_id,
        None if index is None else int(index),
        several,
        None if part is None else int(part),
        reading,
    )


def reading_of(native_id: str, records: Sequence[Listed]) -> Reading | None:
    """Make the one reading of an id out of its job's records; None if they lack it.

    A heterogeneous job is one job: it runs while a part of it does, and has failed if one has.
    """
    match = _ID.fullmatch(native_id)
    if match is None or not records:
        return None
    if match[2] is not None:
        index = int(match[2])
        ours = (one for one in records if index == one.element or index in one.waiting)
        return next((one.reading for one in ours), None)
    if match[3] is not None:
        part = int(match[3])
        return next((one.reading for one in records if one.part == part), None)
    if any(one.part is not None for one in records):
        return fold(((one.reading, 1) for one in records), together=True)
    if len(records) == 1 and records[0].element is None and not records[0].waiting:
        return records[0].reading
    return fold((one.reading, len(one.waiting) or 1) for one in records)


def elements(native_id: str, listed: Iterable[Listed]) -> tuple[Element, ...]:
    """Tell the elements of an array, or the parts of a heterogeneous job, in order.

    The first record of each counts.
    """
    found: dict[int, Element] = {}
    for one in listed:
        if one.job_id != native_id:
            continue
        sign, index = ("_", one.element) if one.part is None else ("+", one.part)
        for number in one.waiting if index is None else (index,):
            name = f"{native_id}{sign}{number}"
            found.setdefault(number, Element(index=number, native_id=name, reading=one.reading))
    return tuple(found[index] for index in sorted(found))


def marked(listed: Iterable[Listed]) -> dict[str, Marked]:
    """Tell the jobs that carry a mark of ours, by id; an array is one, and so is a het job."""
    of_job: defaultdict[str, list[Listed]] = defaultdict(list)
    for one in listed:
        if marks.parse(one.reading.tag) is not None:
            of_job[one.job_id].append(one)
    found: dict[str, Marked] = {}
    for job_id, records in of_job.items():
        reading = reading_of(job_id, records)
        if reading is not None:
            found[job_id] = Marked(
                native_id=job_id,
                tag=reading.tag,
                state=reading.state,
                native_state=reading.native_state,
                submitted_at=reading.submitted_at,
            )
    return found


def with_past(reading: Reading) -> Reading:
    """Tell with an end what came before it, at the times that the accounting keeps."""
    past = []
    if reading.started_at is not None:
        past.append(
            PastChange(at=reading.started_at, state=JobState.RUNNING, native_state="RUNNING")
        )
    if reading.ended_at is not None:
        past.append(
            PastChange(
                at=reading.ended_at,
                state=reading.state,
                native_state=reading.native_state,
                reason=reading.reason,
            )
        )
    return replace(reading, past=tuple(past))
