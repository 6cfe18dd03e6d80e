"""How LSF's words are read. Pure: text in, facts out.

Text comes from outside and is never trusted to be whole or sane: what makes no sense is left
out, with a warning, and is never taken for the end of a job.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, Any

from arp_nb import marks
from arp_nb.causes import TERMS
from arp_nb.errors import SchedulerError
from arp_nb.model import JobState, Reading
from arp_nb.native import LSF
from arp_nb.schedulers.arrays import WEIGHT
from arp_nb.schedulers.base import Answer, Marked
from arp_nb.schedulers.cores import cores
from arp_nb.schedulers.lsf_records import in_steps
from arp_nb.schedulers.lsf_times import moment_on

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

logger = logging.getLogger(__name__)

#: bjobs' STAT column
STATES: Mapping[str, JobState] = {word: one.state for word, one in LSF.items()}
_ENDS = frozenset(word for word, state in STATES.items() if state.is_final)
#: They say how post-processing went, which changes no end, as in `lsf_history`: "The DONE or EXIT
#: job states do not indicate whether post-processing is complete" (IBM Spectrum LSF 10.1, "About
#: job states"). Of the job's own end only the exit code can tell that it was a bad one.
_POST = frozenset({"POST_DONE", "POST_ERR"})
#: LSF says that somebody asked for the end
_ASKED_FOR = tuple(term for term, cause in TERMS.items() if cause == "killed")

#: whole: "Job <7> is being terminated" is printed by scripts too
_SUBMITTED = re.compile(r"Job <(\d+)> is submitted\b")
_WORD = re.compile(r"[A-Z][A-Z_]{1,15}", re.ASCII)
#: not 0: `bkill 0` ends every job of the user
_ID = re.compile(r"[1-9]\d{0,17}(?:\[[1-9]\d{0,17}\])?", re.ASCII)
_NONE_AT_ALL = re.compile(r"^No (?:unfinished |matching )?job found", re.MULTILINE)
_NOT_FOUND = re.compile(r"^Job <[\d\[\]]{1,30}> is not found", re.MULTILINE)
_ALREADY_ENDED = re.compile(r"already finished|no matching job", re.IGNORECASE)
_ACCEPTED = re.compile(r"is being terminated|operation is in progress", re.IGNORECASE)
_OF_JOB = re.compile(r"^Job <(\d+(?:\[\d+\])?)>.*$", re.MULTILINE)
_MEMORY = re.compile(r"([\d.]+) *([KMGT])?(?:i?B|bytes?)?", re.ASCII | re.IGNORECASE)
_RUN_LIMIT = re.compile(
    r"(\d{1,9}(?:\.\d{1,6})?)(?: ?min(?:utes)?)?(?:/\S{1,200})?|(\d{1,6}):(\d{2}):(\d{2})",
    re.ASCII,
)
#: Linux has so many
_SIGNALS = 65
_PER_MB = {"K": 1024 / 1e6, "M": 2**20 / 1e6, "G": 2**30 / 1e6, "T": 2**40 / 1e6}


def submitted_ids(output: str) -> tuple[str, ...]:
    """Find the ids in what ``bsub``, or a whole script, printed; each once, in order."""
    return tuple(dict.fromkeys(_SUBMITTED.findall(output)))


@lru_cache(maxsize=1 << 15)  # each poll asks for the same ones
def is_id(native_id: str) -> bool:
    """Whether LSF could have given this id: nothing else may reach a command line."""
    return _ID.fullmatch(native_id) is not None


def reading(record: Mapping[str, Any], today: int) -> Reading | None:
    """Read one record of ``bjobs``; None, with a warning, where it makes no sense.

    Parameters
    ----------
    record
        Column → text, as ``-json`` prints them.
    today
        As from `lsf_times.day_of`: for moments without a year.
    """
    value = record.get("STAT")
    native = value if isinstance(value, str) else ""
    state = STATES.get(native)
    if state is None:
        if not _WORD.fullmatch(native):
            logger.warning("LSF job %s: no state in its record", record.get("JOBID"))
            return None
        # A new LSF may know new words. Saying "running" keeps us polling; any other guess
        # would end the job in our books while it goes on in the cluster.
        logger.warning("LSF job %s: unknown state %r", record.get("JOBID"), native)
        state = JobState.RUNNING
    is_end = native in _ENDS
    get = record.get
    reason = _text(get("EXIT_REASON")) or _text(get("KILL_REASON")) if is_end else _waits(record)
    if state is JobState.FAILED and reason.startswith(_ASKED_FOR):
        state = JobState.KILLED
    code = _exit_code(_text(get("EXIT_CODE"))) if is_end else None
    if native in _POST and code:
        state = JobState.FAILED
    if native == "POST_ERR" and not reason:
        reason = "post-processing failed"
    return Reading(
        state=state,
        native_state=intern(native),  # such names are few, of very many jobs
        reason=reason,
        exit_code=code,
        signal=signal_of(code),
        queue=intern(_text(get("QUEUE"))),
        host=intern(_text(get("EXEC_HOST"))),
        peak_memory_mb=memory_mb(_text(get("MAX_MEM"))),
        cores=cores(_text(get("NALLOC_SLOT"))),
        asked_memory_mb=memory_mb(_text(get("MEMLIMIT"))),
        asked_time_s=run_limit_s(_text(get("RUNTIMELIMIT"))),
        submitted_at=moment_on(_text(get("SUBMIT_TIME")), today),
        started_at=moment_on(_text(get("START_TIME")), today),
        # of a job that is not over, this is LSF's estimate
        ended_at=moment_on(_text(get("FINISH_TIME")), today) if is_end else None,
        tag=_tag(_text(get("JOB_DESCRIPTION")), _text(get("PROJ_NAME"))),
    )


def _tag(description: str, project: str) -> str:
    """Return where our mark is; a script may have a description of its own."""
    return project if marks.parse(project) is not None else description or project


def _text(value: Any) -> str:
    """Return what a column says as clean text; LSF writes "-" for nothing."""
    return "" if value == "-" or not isinstance(value, str) else value.strip()


def _waits(record: Mapping[str, Any]) -> str:
    """Return why a job waits or is stopped; empty for one that runs."""
    if record["STAT"] in {"PSUSP", "USUSP", "SSUSP"}:
        return _text(record.get("SUSPEND_REASON")) or _text(record.get("PEND_REASON"))
    return _text(record.get("PEND_REASON")) if record["STAT"] == "PEND" else ""


def _exit_code(text: str) -> int | None:
    is_code = text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 255
    return int(text) if is_code else None


def signal_of(code: int | None) -> int | None:
    """Read the signal out of an exit code: 128 and more, as shells have it ("bjobs -l")."""
    return code - 128 if code is not None and 128 < code < 128 + _SIGNALS else None


@lru_cache(maxsize=1 << 10)
def run_limit_s(text: str) -> float | None:
    """Read a run limit: minutes, ``60.0/hostA``, or ``01:00:00`` (LSB_HMS_TIME_FORMAT)."""
    match = _RUN_LIMIT.fullmatch(text)
    if match is None:
        return None
    minutes, hours, of_hour, seconds = match.groups()
    if minutes is not None:
        return round(float(minutes) * 60, 1)
    return float(int(hours) * 3600 + int(of_hour) * 60 + int(seconds))


@lru_cache(maxsize=1 << 14)
def memory_mb(text: str) -> float | None:
    """Read "5 Mbytes", "1.2 Gbytes" into megabytes of 10^6 bytes; None where it is neither."""
    match = _MEMORY.fullmatch(text)
    if match is None:
        return None
    try:
        return round(float(match[1]) * _PER_MB[(match[2] or "M").upper()], 1)
    except ValueError:
        return None


def found(
    exit_code: int, stdout: str, stderr: str, today: int
) -> Generator[None, None, tuple[Marked, ...]]:
    """Read the jobs with a mark of ours that a search listed, oldest first; an array is one.

    In steps of a few milliseconds, for `at_once` or `in_turns`.

    Raises
    ------
    SchedulerError
        The search was not done: *not found* was not said.
    """
    if "{" not in stdout:
        if _NONE_AT_ALL.search(stderr) or _NONE_AT_ALL.search(stdout):
            return ()
        said = stderr.strip() or stdout.strip() or f"exit code {exit_code}"
        raise SchedulerError(f"this LSF cannot search for our mark on jobs: {said}")
    jobs: dict[str, Marked] = {}

    def take(record: Any) -> None:
        one = _marked(record, today)
        before = jobs.get(one.native_id) if one is not None else None
        if one is None or (
            before is not None and WEIGHT.get(one.state, 0) <= WEIGHT.get(before.state, 0)
        ):
            return
        jobs[one.native_id] = one

    yield from in_steps(stdout, take, jobs.clear)
    return tuple(jobs[job_id] for job_id in sorted(jobs, key=int))


def _marked(record: Any, today: int) -> Marked | None:
    """Return what a record tells of a job that bears a mark of ours; None of any other."""
    job_id = record.get("JOBID") if isinstance(record, dict) else None
    if not isinstance(job_id, str) or not job_id.isdigit() or not is_id(job_id):
        return None
    one = reading(record, today)
    if one is None or marks.parse(one.tag) is None:
        return None
    return Marked(
        native_id=job_id,
        tag=one.tag,
        state=one.state,
        native_state=one.native_state,
        submitted_at=one.submitted_at,
    )


def knows_none(said: str) -> bool:
    """Whether LSF said, in so many words, that it knows none of the jobs asked for."""
    return _NONE_AT_ALL.search(said) is not None or _NOT_FOUND.search(said) is not None


def kill_answers(exit_code: int, said: str, asked: Sequence[str]) -> Mapping[str, Answer]:
    """Read ``bkill``'s answers, one line for each job.

    Raises
    ------
    SchedulerError
        It failed, and none of the jobs is in its answer.
    """
    lines = {match[1]: match[0].strip() for match in _OF_JOB.finditer(said)}
    if exit_code != 0 and not lines.keys() & set(asked):
        raise SchedulerError(f"bkill: {said.strip() or f'exit code {exit_code}'}")
    answers = {}
    for native_id in asked:
        line = lines.get(native_id)
        if line is None:
            answers[native_id] = Answer(exit_code == 0, said.strip() or "bkill said nothing of it")
        else:
            accepted = _ACCEPTED.search(line) or _ALREADY_ENDED.search(line)
            answers[native_id] = Answer(accepted is not None, line)
    return answers
