"""The schedulers' own words for where a job stands: one table for code, pages, docs and tests.

A word is shown as it is. What it means to us is the state; how it looks is a hue and a shape
of the style sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arp_nb.model import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping

_S = JobState


@dataclass(frozen=True, slots=True)
class Native:
    """A scheduler's word."""

    word: str
    state: JobState
    hue: str  #: wait, run, done, fail or look
    shape: str  #: an icon's name
    meaning: str


def _table(*rows: Native) -> Mapping[str, Native]:
    return {row.word: row for row in rows}


#: bjobs(1), section "Output", column STAT, and "Job states" in IBM Spectrum LSF 10.1
#: "Foundations"; the local scheduler uses the same words
LSF = _table(
    Native("PEND", _S.PENDING, "wait", "clock", "waits in its queue"),
    Native("PROV", _S.PENDING, "wait", "clock", "given to a host that is being powered up"),
    Native("WAIT", _S.PENDING, "wait", "clock", "waits for its turn within a chunk job"),
    Native("PSUSP", _S.SUSPENDED, "look", "pause", "held by its owner or an admin"),
    Native("RUN", _S.RUNNING, "run", "run", "runs"),
    Native("USUSP", _S.SUSPENDED, "look", "pause", "stopped by its owner or an admin"),
    Native("SSUSP", _S.SUSPENDED, "look", "pause", "stopped by LSF: load, a window, preemption"),
    Native("DONE", _S.DONE, "done", "tick", "ended with exit code 0"),
    Native("EXIT", _S.FAILED, "fail", "cross", "ended any other way"),
    Native("POST_DONE", _S.DONE, "done", "tick", "ended, and its post-processing too"),
    Native("POST_ERR", _S.DONE, "look", "tick", "did well, but its post-processing failed"),
    Native("UNKWN", _S.RUNNING, "look", "ask", "its host does not answer LSF: not an end"),
    Native(
        "ZOMBI", _S.RUNNING, "look", "ask",
        "killed, or to be run again, while its host does not answer: not an end yet",
    ),
)  # fmt: skip

#: squeue(1), section "JOB STATE CODES", of 22.05 and those that came later
SLURM = _table(
    Native("PENDING", _S.PENDING, "wait", "clock", "waits for its resources"),
    Native("CONFIGURING", _S.PENDING, "wait", "clock", "its nodes are being made ready"),
    Native("POWER_UP_NODE", _S.PENDING, "wait", "clock", "its nodes are being powered up"),
    Native("EXPEDITING", _S.PENDING, "wait", "clock", "to be requeued at once"),
    Native("REQUEUED", _S.PENDING, "wait", "clock", "ended, and is being put back in the queue"),
    Native("REQUEUE_FED", _S.PENDING, "wait", "clock", "put back in the queue by a federation"),
    Native("REQUEUE_HOLD", _S.SUSPENDED, "look", "pause", "back in the queue and held"),
    Native("SPECIAL_EXIT", _S.SUSPENDED, "look", "pause", "back in the queue, held and marked"),
    Native("RESV_DEL_HOLD", _S.SUSPENDED, "look", "pause", "held: its reservation was deleted"),
    Native("RUNNING", _S.RUNNING, "run", "run", "runs"),
    Native("COMPLETING", _S.RUNNING, "run", "run", "some of its nodes still clean up: not an end"),
    Native("STAGE_OUT", _S.RUNNING, "run", "run", "its files are being moved: not an end"),
    Native("SIGNALING", _S.RUNNING, "run", "run", "is being sent a signal"),
    Native("RESIZING", _S.RUNNING, "run", "run", "is about to change its size"),
    Native("UPDATE_DB", _S.RUNNING, "run", "run", "is being written to the accounting"),
    Native("SUSPENDED", _S.SUSPENDED, "look", "pause", "stopped, its cores given to others"),
    Native("STOPPED", _S.SUSPENDED, "look", "pause", "stopped by SIGSTOP, its cores kept"),
    Native("COMPLETED", _S.DONE, "done", "tick", "ended with exit code 0 on all nodes"),
    Native("FAILED", _S.FAILED, "fail", "cross", "ended with another code, or otherwise failed"),
    Native("CANCELLED", _S.KILLED, "fail", "cross", "ended by its owner or an admin"),
    Native("TIMEOUT", _S.FAILED, "fail", "cross", "ended at its time limit"),
    Native("OUT_OF_MEMORY", _S.FAILED, "fail", "cross", "used more memory than it asked for"),
    Native("NODE_FAIL", _S.FAILED, "fail", "cross", "ended by the failure of a node"),
    Native("PREEMPTED", _S.FAILED, "fail", "cross", "ended to make room for another job"),
    Native("DEADLINE", _S.FAILED, "fail", "cross", "ended at its deadline"),
    Native("BOOT_FAIL", _S.FAILED, "fail", "cross", "its nodes did not come up"),
    Native("LAUNCH_FAILED", _S.FAILED, "fail", "cross", "could not be started on its nodes"),
    Native("RECONFIG_FAIL", _S.FAILED, "fail", "cross", "its nodes could not be made ready"),
    Native(
        "REVOKED", _S.RUNNING, "look", "ask",
        "another cluster of the federation has started it: not an end",
    ),
)  # fmt: skip

#: by the name of the scheduler
BY_SCHEDULER: Mapping[str, Mapping[str, Native]] = {"lsf": LSF, "slurm": SLURM}
