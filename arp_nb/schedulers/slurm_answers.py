"""What ``scancel`` and ``scontrol`` say of single jobs, and the accounting, put in words. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arp_nb.errors import SchedulerError
from arp_nb.schedulers.base import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arp_nb.model import Reading

#: the second is for ``--full`` with a signal
_TERMINATING = re.compile(
    r"^scancel: (?:Terminating|Signal \d+ to(?: [a-z]+){0,3}) job (\S+)", re.MULTILINE
)
_REFUSED = re.compile(r"^scancel: error: Kill job error on job id (\S+): (.*)$", re.MULTILINE)
_ALREADY = ("already completing or completed", "Invalid job id")
#: slurm_strerror(3): the controller said nothing, so the job may go on or end
_UNANSWERED = (
    "Unable to contact slurm controller", "Communication connection failure", "Socket timed out",
    "Zero Bytes were transmitted", "Message receive failure", "Message send failure",
    "temporarily unable to accept job",
)  # fmt: skip
_STDOUT = re.compile(r"^ +StdOut=(/.*)$", re.MULTILINE)
_FACT = r"^(?: *|.* ){}=(\S+)"
#: sbatch(1), "filename pattern"; a number pads with zeros, up to ten
_PATTERN = re.compile(r"%([0-9]{0,2})([%A-Za-z])", re.ASCII)
_MOST_ZEROS = 10
#: of an answer that cannot be read
_SHOWN = 60
#: stands for the index of an element in the path of a whole array (NO_VAL, slurm.h)
_NO_INDEX = "4294967294"


def check_whole(command: str, stdout: str, delimiter: str) -> None:
    """Refuse a list that broke off, or that is none: of whom it lacks nothing would be known.

    Raises
    ------
    SchedulerError
        It is not empty, and holds no record, or its last line has no end.
    """
    if stdout.strip() and not (delimiter in stdout and stdout.endswith("\n")):
        raise SchedulerError(
            f"{command}: its answer broke off, or is no list of jobs: {stdout[-_SHOWN:]!r}"
        )


def described(native_id: str, reading: Reading) -> str:
    """Say what the accounting knows of a job that the controller has forgotten."""
    memory, peak = reading.asked_memory_mb, reading.peak_memory_mb
    facts = {
        "JobId": native_id,
        "JobState": reading.native_state,
        "Reason": reading.reason,
        "ExitCode": None if reading.exit_code is None else str(reading.exit_code),
        "Signal": None if reading.signal is None else str(reading.signal),
        "Partition": reading.queue,
        "NodeList": reading.host,
        "Submit": reading.submitted_at and reading.submitted_at.isoformat(),
        "Start": reading.started_at and reading.started_at.isoformat(),
        "End": reading.ended_at and reading.ended_at.isoformat(),
        "CPUs": None if reading.cores is None else str(reading.cores),
        "Memory asked": None if memory is None else f"{memory:g} MB",
        "Memory, peak": None if peak is None else f"{peak:g} MB",
        "Comment": reading.tag,
    }
    lines = [f"{name}={value}" for name, value in facts.items() if value]
    return "\n".join([*lines, "(from Slurm's accounting; its controller has forgotten it)\n"])


def kill_answers(stderr: str, asked: Sequence[str]) -> Mapping[str, Answer]:
    """Read what ``scancel --verbose`` said of each job; those it said nothing of are left out.

    A job that has ended, or is not known any more, counts as accepted: there is nothing left
    to end.
    """
    told = set(_TERMINATING.findall(stderr))  # said before it asks: an error may follow
    refused = dict(_REFUSED.findall(stderr))
    answers = {}
    for native_id in asked:
        why = refused.get(native_id)
        if why is not None and any(words in why for words in _UNANSWERED):
            continue
        if why is not None:
            is_over = any(words in why for words in _ALREADY)
            said = f"Job {native_id} has already finished: {why}" if is_over else why
            answers[native_id] = Answer(accepted=is_over, said=said)
        elif native_id in told:
            answers[native_id] = Answer(accepted=True, said=f"Terminating job {native_id}")
    return answers


def output_path(text: str) -> str | None:
    """Find where a job's output goes in ``scontrol show job``; None where it does not say.

    Names stand above and may hold line breaks: the last such line is Slurm's own. Of what
    stands for something in a file's name, ``scontrol`` puts in some and leaves others as they
    are (22.05: ``%N``, ``%4j``). An array as a whole has no file.
    """
    text = text.partition("\n\n")[0]
    found = _STDOUT.findall(text)
    if not found or "\0" in found[-1] or _NO_INDEX in found[-1]:
        return None
    return _expanded(found[-1], text)


def _expanded(path: str, text: str) -> str | None:
    job_id, array, index = (_fact(text, name) for name in ("JobId", "ArrayJobId", "ArrayTaskId"))
    facts = {
        "%": "%", "j": job_id, "J": job_id, "A": array or job_id, "a": index,
        "N": _fact(text, "BatchHost"), "n": "0", "t": "0", "s": "batch",
    }  # fmt: skip
    unknown = False

    def put_in(match: re.Match[str]) -> str:
        nonlocal unknown
        width, name = match.groups()
        if name not in facts:
            return match[0]  # sbatch leaves it as it is
        value = facts[name]
        unknown = unknown or value is None
        zeros = min(int(width or 0), _MOST_ZEROS)
        return value.zfill(zeros) if value and value.isdigit() else value or ""

    whole = _PATTERN.sub(put_in, path)
    return None if unknown else whole


def _fact(text: str, name: str) -> str | None:
    """Return a value of ``scontrol show job``, which holds no blanks; None if it has none."""
    found = re.search(_FACT.format(name), text, re.MULTILINE)
    return found[1] if found else None
