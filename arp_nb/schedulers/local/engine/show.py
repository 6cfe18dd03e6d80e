"""The command ``bjobs``: as a table, at length (``-l``), or by fields (``-o``, ``-json``)."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from . import indexes, start
from .book import Book
from .options import NAME, Refused, target
from .records import DONE, ENDED, EXIT, PEND, PSUSP, RUN, UNFINISHED, USUSP, WAITING
from .supervise import output_path
from .usage import USAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .indexes import Target
    from .records import Job

#: which states an option shows
SHOWN: Mapping[str, frozenset[str]] = {
    "-a": UNFINISHED | ENDED,
    "-d": ENDED,
    "-p": WAITING,
    "-r": frozenset({RUN}),
    "-s": frozenset({PSUSP, USUSP}),
}
_FLAGS: Mapping[str, Mapping[str, Any]] = {
    **{option: {"states": states} for option, states in SHOWN.items()},
    "-A": {"arrays": True},
    "-json": {"json": True},
    "-w": {"wide": True},
    "-l": {"long": True},
    "-noheader": {"header": False},
}
_FILTERS = {"-q": "queue", "-J": "name", "-Jd": "description", "-P": "project"}


def moment(at: float | None, form: str) -> str:
    """Write a moment in this machine's time; "-": there is none."""
    return "-" if at is None else time.strftime(form, time.localtime(at))


_STAMP = "%b %d %H:%M:%S %Y"

#: field of -o → its value; the names are LSF's
FIELDS: Mapping[str, Callable[[Job], str]] = {
    "jobid": lambda job: str(job.id),
    "jobindex": lambda job: str(job.element),
    "stat": lambda job: job.state,
    "user": lambda job: job.user,
    "queue": lambda job: job.queue,
    "job_name": lambda job: job.shown_name,
    "job_description": lambda job: job.description or "-",
    "proj_name": lambda job: job.project,
    "from_host": lambda job: job.host,
    "exec_host": lambda job: job.host if job.started_at else "-",
    "command": lambda job: os.fsdecode(job.command),
    "sub_cwd": lambda job: os.fsdecode(job.cwd),
    "submit_time": lambda job: moment(job.submitted_at, _STAMP),
    "start_time": lambda job: moment(job.started_at, _STAMP),
    "finish_time": lambda job: moment(job.ended_at, _STAMP),
    "exit_code": lambda job: "-" if job.exit_code is None else str(job.exit_code),
    "exit_reason": lambda job: job.reason or "-",
    "max_mem": lambda job: f"{job.peak_memory_mb} Mbytes" if job.peak_memory_mb else "-",
    "memlimit": lambda job: f"{job.memory_limit_mb} Mbytes" if job.memory_limit_mb else "-",
    "runtimelimit": lambda job: f"{job.run_limit_s / 60:.1f}" if job.run_limit_s else "-",
    "slots": lambda job: str(job.slots),
    "nalloc_slot": lambda job: str(job.slots) if job.started_at else "-",
}


class _Wanted(NamedTuple):
    targets: list[Target]
    states: frozenset[str] | None
    filters: dict[str, str]
    fields: list[str] | None
    json: bool
    wide: bool
    long: bool
    header: bool
    arrays: bool = False


def bjobs(folder: str, words: list[str]) -> int:
    """Show jobs; exit codes as LSF's: 254 if there are none, 255 if an id is unknown."""
    wanted = _parse(words)
    unknown_fields = [name for name in wanted.fields or () if name not in FIELDS]
    if unknown_fields:
        _say(f"<{unknown_fields[0].upper()}> in the format string is not a valid field name.")
        return 99
    with Book(folder) as book:
        book.look()
        if book.can_start():  # its supervisor was killed before it took a job
            start.supervisor(folder)
        jobs, missing = _found(book, wanted)
        shown = [job for job in jobs if _matches(job, wanted)]
        if not wanted.json:
            for one in missing:
                _say(f"Job <{one}> is not found")
        if not shown and not missing:
            _say(_none(wanted.states))
            return 254
        _print(book, shown, missing, wanted)
    return 255 if missing and (not wanted.json or not shown) else 0


def _none(states: frozenset[str] | None) -> str:
    if states is None:
        return "No unfinished job found"
    return "No suspended job found" if states == SHOWN["-s"] else "No job found"


def _found(book: Book, wanted: _Wanted) -> tuple[list[Job], list[str]]:
    """Return the jobs in question, and what was asked for and is not there."""
    if not wanted.targets:
        return (book.unfinished() if wanted.states is None else book.all_jobs()), []
    # one query, for whole jobs may be thousands
    jobs = book.jobs(one.id for one in wanted.targets if one.indexes is None)
    known = {job.id for job in jobs}
    missing = []
    for one in wanted.targets:
        if one.indexes is None:
            some: Sequence[Job] = () if one.id not in known else jobs[:1]
        else:
            some = book.of(one)
            jobs += some
        if not some:
            missing.append(indexes.text(one))
    return jobs, missing


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _parse(words: list[str]) -> _Wanted:
    wanted = _Wanted([], None, {}, None, json=False, wide=False, long=False, header=True)
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in _FLAGS:
            wanted = wanted._replace(**_FLAGS[word])
        elif word in {"-o", "-u", *_FILTERS}:
            if not rest:
                raise Refused(f"bjobs: option requires an argument -- {word[1:]}")
            wanted = _with(wanted, word, rest.pop(0))
        elif word.startswith("-"):
            raise Refused(f"bjobs: {word}: {NAME} understands: {USAGE['bjobs']}")
        else:
            wanted.targets.append(target(word, "bjobs"))
    if wanted.json and wanted.fields is None:
        raise Refused(f"bjobs: -json needs -o: {USAGE['bjobs']}")
    return wanted


def _with(wanted: _Wanted, option: str, value: str) -> _Wanted:
    if option == "-o":
        return wanted._replace(fields=value.lower().split())
    if option in _FILTERS:
        wanted.filters[_FILTERS[option]] = value
    return wanted  # -u: all jobs here are of one user


def _matches(job: Job, wanted: _Wanted) -> bool:
    if wanted.states is None:
        wished = bool(wanted.targets) or job.state in UNFINISHED
    else:
        wished = job.state in wanted.states
    return wished and all(
        value in {getattr(job, name), job.shown_name if name == "name" else None}
        for name, value in wanted.filters.items()
    )


def _print(book: Book, jobs: list[Job], missing: list[str], wanted: _Wanted) -> None:
    if wanted.long:
        lines = [details(book, job) for job in jobs]
    elif wanted.arrays:
        # its states choose an array; it is counted whole
        whole = book.jobs({job.id for job in jobs})
        lines = array_table(whole, wide=wanted.wide, header=wanted.header)
    elif wanted.json:
        lines = [_json(jobs, missing, wanted.fields or [])]
    elif wanted.fields is not None:
        lines = [" ".join(wanted.fields).upper()] if wanted.header else []
        lines += [" ".join(FIELDS[name](job) for name in wanted.fields) for job in jobs]
    else:
        lines = _table(jobs, wanted)
    sys.stdout.buffer.write(os.fsencode("".join(f"{line}\n" for line in lines)))
    sys.stdout.buffer.flush()


def _json(jobs: list[Job], missing: list[str], fields: list[str]) -> str:
    records = [
        {name.upper(): FIELDS[name](job) for name in fields}
        for job in jobs
    ] + [{"JOBID": one, "ERROR": f"Job <{one}> is not found"} for one in missing]  # fmt: skip
    whole = {"COMMAND": "bjobs", "JOBS": len(records), "RECORDS": records}
    return json.dumps(whole, ensure_ascii=True, indent=1)


_ROW = "{:<7} {:<7} {:<5} {:<10} {:<11} {:<11} {:<10} {}"


def _table(jobs: list[Job], wanted: _Wanted) -> list[str]:
    lines = []
    if wanted.header and jobs:
        lines.append(
            _ROW.format(
                "JOBID", "USER", "STAT", "QUEUE", "FROM_HOST", "EXEC_HOST", "JOB_NAME",
                "SUBMIT_TIME",
            )
        )  # fmt: skip
    for job in jobs:
        name = job.shown_name if wanted.wide else shortened(job.shown_name)
        cells = (str(job.id), job.user, job.state, job.queue, job.host, FIELDS["exec_host"](job))
        lines.append(_ROW.format(*cells, name, moment(job.submitted_at, "%b %d %H:%M")))
    return lines


def shortened(name: str) -> str:
    """Return as much of a name's end as has place in a column."""
    return name if len(name) <= 10 else "*" + name[-9:]


#: ``bjobs -A``: how many elements of each array stand where
_COUNTED = (PEND, DONE, RUN, EXIT, "SSUSP", USUSP, PSUSP)
_ARRAY_ROW = "{:<8} {:<10} {:>8} {:>6} {:>4} {:>4} {:>4} {:>4} {:>5} {:>5} {:>5}"


def array_table(jobs: Sequence[Job], *, wide: bool = False, header: bool = True) -> list[str]:
    """Return the lines of ``bjobs -A``: each array among these jobs, with its counts.

    ``-w`` shows all of its specification ("bjobs -A" in IBM Spectrum LSF 10.1).
    """
    lines = [_ARRAY_ROW.format("JOBID", "ARRAY_SPEC", "OWNER", "NJOBS", *_COUNTED)]
    for job_id in dict.fromkeys(job.id for job in jobs if job.element):
        some = [job for job in jobs if job.id == job_id]
        counts = [sum(job.state == word for job in some) for word in _COUNTED]
        spec = f"{some[0].name}[{some[0].array}]"
        shown = spec if wide else f"{spec:.10}"
        lines.append(_ARRAY_ROW.format(job_id, shown, some[0].user, len(some), *counts))
    return lines if header else lines[1:]


def named(values: Mapping[str, object]) -> str:
    """Write ``Name <value>`` pairs, as the long forms do."""
    # a line of its own would look like an event
    clean = {name: str(value).replace("\n", ";") for name, value in values.items()}
    return ", ".join(f"{name} <{value}>" for name, value in clean.items() if value)


def head(job: Job, *, with_state: bool) -> str:
    """Return the first line of a job's long form."""
    what = {
        "Job": job.native_id,
        "Job Name": job.shown_name,
        "User": job.user,
        "Project": job.project,
        "Status": job.state if with_state else "",
        "Queue": job.queue if with_state else "",
        "Command": os.fsdecode(job.command),
        "Job Description": job.description,
    }
    return named(what)


def details(book: Book, job: Job) -> str:
    """Return what ``bjobs -l`` prints of a job."""
    day = "%a %b %d %H:%M:%S"
    output = output_path(book, job)
    where = {
        "CWD": os.fsdecode(job.cwd),
        "Output File": "" if output is None else os.fsdecode(output),
    }
    submitted = (
        f"{moment(job.submitted_at, day)}: Submitted from host <{job.host}> to {NAME}, "
        f"{named(where)}, {job.slots} Slot(s) of {book.slots()};"
    )
    text = ["", head(job, with_state=True), submitted]
    if job.state in WAITING:
        text += [" PENDING REASONS:", f" {waits_for(job)};"]
    if job.started_at is not None:
        text.append(f"{moment(job.started_at, day)}: Started on <{job.host}>;")
    if job.state == USUSP:
        text += [" SUSPENDING REASONS:", f" {waits_for(job)};"]
    if job.ended_at is not None:
        how = "Done successfully." if job.state == DONE else "Exited."
        if job.state == EXIT and job.exit_code is not None:
            how = f"Exited with exit code {job.exit_code}."
        text.append(f"{moment(job.ended_at, day)}: {how}{job.reason and f' {job.reason}.'}")
    if job.peak_memory_mb is not None:
        text += ["", " MEMORY USAGE:", f" MAX MEM: {job.peak_memory_mb} Mbytes"]
    if job.run_limit_s is not None:
        text.append(f" RUNLIMIT {job.run_limit_s / 60:.1f} min")
    if job.memory_limit_mb is not None:
        text.append(f" MEMLIMIT {job.memory_limit_mb} Mbytes")
    return "\n".join((*text, ""))


def waits_for(job: Job) -> str:
    """Return why a job does not run, in LSF's words; "" of one that does."""
    return {
        PEND: "Job slot limit reached: 1 host",
        PSUSP: "The job was suspended by user while pending",
        USUSP: "The job was suspended by user",
    }.get(job.state, "")
