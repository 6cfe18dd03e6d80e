"""The command ``bjobs``: as a table, at length (``-l``), or by fields (``-o``, ``-json``)."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from . import start
from .book import DONE, EXIT, PEND, RUN, UNFINISHED, Book
from .options import NAME, Refused
from .supervise import output_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .book import Job

_USAGE = (
    'bjobs [-a | -d | -p | -r] [-w | -l | -o "field ..." [-json]] [-noheader] [-u user] '
    "[-q queue] [-J name] [-Jd description] [-P project] [job_id ...]"
)
_FLAGS: Mapping[str, Mapping[str, Any]] = {
    "-a": {"states": frozenset({PEND, RUN, DONE, EXIT})},
    "-d": {"states": frozenset({DONE, EXIT})},
    "-p": {"states": frozenset({PEND})},
    "-r": {"states": frozenset({RUN})},
    "-json": {"json": True},
    "-w": {"wide": True},
    "-l": {"long": True},
    "-noheader": {"header": False},
}
_FILTERS = {"-q": "queue", "-J": "name", "-Jd": "description", "-P": "project"}


def _moment(at: float | None, form: str) -> str:
    return "-" if at is None else time.strftime(form, time.localtime(at))


_STAMP = "%b %d %H:%M:%S %Y"

#: field of -o → its value; the names are LSF's
FIELDS: Mapping[str, Callable[[Job], str]] = {
    "jobid": lambda job: str(job.id),
    "stat": lambda job: job.state,
    "user": lambda job: job.user,
    "queue": lambda job: job.queue,
    "job_name": lambda job: job.name,
    "job_description": lambda job: job.description or "-",
    "proj_name": lambda job: job.project,
    "from_host": lambda job: job.host,
    "exec_host": lambda job: job.host if job.started_at else "-",
    "command": lambda job: os.fsdecode(job.command),
    "sub_cwd": lambda job: os.fsdecode(job.cwd),
    "submit_time": lambda job: _moment(job.submitted_at, _STAMP),
    "start_time": lambda job: _moment(job.started_at, _STAMP),
    "finish_time": lambda job: _moment(job.ended_at, _STAMP),
    "exit_code": lambda job: "-" if job.exit_code is None else str(job.exit_code),
    "exit_reason": lambda job: job.reason or "-",
    "max_mem": lambda job: f"{job.peak_memory_mb} Mbytes" if job.peak_memory_mb else "-",
    "slots": lambda job: str(job.slots),
}


class _Wanted(NamedTuple):
    ids: list[int]
    states: frozenset[str] | None
    filters: dict[str, str]
    fields: list[str] | None
    json: bool
    wide: bool
    long: bool
    header: bool


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
        jobs = book.jobs(wanted.ids) if wanted.ids else book.all_jobs()
        known = {job.id for job in jobs}
        shown = [job for job in jobs if _matches(job, wanted)]
        missing = [one for one in wanted.ids if one not in known]
        if not wanted.json:
            for one in missing:
                _say(f"Job <{one}> is not found")
        if not shown and not missing:
            _say("No job found" if wanted.states else "No unfinished job found")
            return 254
        _print(book, shown, missing, wanted)
    return 255 if missing and (not wanted.json or not shown) else 0


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
        elif word.isascii() and word.isdigit() and len(word) <= 18:
            wanted.ids.append(int(word))
        else:
            raise Refused(f"bjobs: {word}: {NAME} understands: {_USAGE}")
    if wanted.json and wanted.fields is None:
        raise Refused(f"bjobs: -json needs -o: {_USAGE}")
    return wanted


def _with(wanted: _Wanted, option: str, value: str) -> _Wanted:
    if option == "-o":
        return wanted._replace(fields=value.lower().split())
    if option in _FILTERS:
        wanted.filters[_FILTERS[option]] = value
    return wanted  # -u: all jobs here are of one user


def _matches(job: Job, wanted: _Wanted) -> bool:
    if wanted.states is None:
        wished = bool(wanted.ids) or job.state in UNFINISHED
    else:
        wished = job.state in wanted.states
    return wished and all(getattr(job, name) == value for name, value in wanted.filters.items())


def _print(book: Book, jobs: list[Job], missing: list[int], wanted: _Wanted) -> None:
    if wanted.long:
        lines = [_long(book, job) for job in jobs]
    elif wanted.json:
        lines = [_json(jobs, missing, wanted.fields or [])]
    elif wanted.fields is not None:
        lines = [" ".join(wanted.fields).upper()] if wanted.header else []
        lines += [" ".join(FIELDS[name](job) for name in wanted.fields) for job in jobs]
    else:
        lines = _table(jobs, wanted)
    sys.stdout.buffer.write(os.fsencode("".join(f"{line}\n" for line in lines)))
    sys.stdout.buffer.flush()


def _json(jobs: list[Job], missing: list[int], fields: list[str]) -> str:
    records = [
        {name.upper(): FIELDS[name](job) for name in fields}
        for job in jobs
    ] + [{"JOBID": str(one), "ERROR": f"Job <{one}> is not found"} for one in missing]  # fmt: skip
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
        name = job.name if wanted.wide or len(job.name) <= 10 else "*" + job.name[-9:]
        cells = (str(job.id), job.user, job.state, job.queue, job.host, FIELDS["exec_host"](job))
        lines.append(_ROW.format(*cells, name, _moment(job.submitted_at, "%b %d %H:%M")))
    return lines


def _named(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} <{value}>" for name, value in values.items() if value != "")


def _long(book: Book, job: Job) -> str:
    day = "%a %b %d %H:%M:%S"
    what = {
        "Job": job.id,
        "Job Name": job.name,
        "User": job.user,
        "Project": job.project,
        "Status": job.state,
        "Queue": job.queue,
        "Command": os.fsdecode(job.command),
        "Job Description": job.description,
    }
    where = {
        "CWD": os.fsdecode(job.cwd),
        "Output File": os.fsdecode(output_path(book, job)),
    }
    submitted = (
        f"{_moment(job.submitted_at, day)}: Submitted from host <{job.host}> to {NAME}, "
        f"{_named(where)}, {job.slots} Slot(s) of {book.slots()};"
    )
    text = ["", _named(what), submitted]
    if job.state == PEND:
        text += [" PENDING REASONS:", " Job slot limit reached: 1 host;"]
    if job.started_at is not None:
        text.append(f"{_moment(job.started_at, day)}: Started on <{job.host}>;")
    if job.ended_at is not None:
        how = "Done successfully." if job.state == DONE else "Exited."
        if job.state == EXIT and job.exit_code is not None:
            how = f"Exited with exit code {job.exit_code}."
        text.append(f"{_moment(job.ended_at, day)}: {how}{job.reason and f' {job.reason}.'}")
    if job.peak_memory_mb is not None:
        text += ["", " MEMORY USAGE:", f" MAX MEM: {job.peak_memory_mb} Mbytes"]
    return "\n".join((*text, ""))


def details(book: Book, job: Job) -> str:
    """Return what ``bjobs -l`` prints of a job."""
    return _long(book, job)
