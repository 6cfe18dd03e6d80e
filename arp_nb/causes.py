"""Why a job did not end well, as one word to sort and count by. Pure.

Only what the scheduler, or a person's act, says is named: where neither says anything, it was
the script. `CAUSES` lists the words in the order in which pages show them.

=========== =====================================================================
word        what it means, and what helps
=========== =====================================================================
script      it ended with an exit code or a signal of its own: look at its log
memory      it used more than it asked for: rerun with more
time        it ran into its limit: rerun with more
resources   another limit: processes, threads, swap, files, disk
cluster     a node or a daemon failed, or the job made room for another: rerun
killed      somebody asked for the end
submission  there is no scheduler job: the script or its submit command failed
=========== =====================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arp_nb.model import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.model import Job

CAUSES = ("script", "memory", "time", "resources", "cluster", "killed", "submission")

#: LSF's word for who or what ended a job (IBM Spectrum LSF 10.1, "Termination reasons
#: displayed by bacct, bhist and bjobs"); only those that are not the script's own doing
TERMS: Mapping[str, str] = {
    "TERM_MEMLIMIT": "memory",
    "TERM_SWAP": "memory",
    "TERM_CPULIMIT": "time",
    "TERM_RUNLIMIT": "time",
    "TERM_DEADLINE": "time",
    "TERM_WINDOW": "time",
    "TERM_PROCESSLIMIT": "resources",
    "TERM_THREADLIMIT": "resources",
    "TERM_EXTERNAL_SIGNAL": "script",
    "TERM_OWNER": "killed",
    "TERM_ADMIN": "killed",
    "TERM_FORCE_OWNER": "killed",
    "TERM_FORCE_ADMIN": "killed",
    "TERM_BUCKET_KILL": "killed",
    "TERM_REQUEUE_OWNER": "killed",
    "TERM_REQUEUE_ADMIN": "cluster",
    "TERM_PREEMPT": "cluster",
    "TERM_LOAD": "cluster",
    "TERM_CWD_NOTEXIST": "script",
    "TERM_CHKPNT": "cluster",
    "TERM_RMS": "cluster",
    "TERM_CSM_ALLOC": "cluster",
    "TERM_DATA": "cluster",
    "TERM_KUBE": "cluster",
    "TERM_MC_RECALL": "cluster",
    "TERM_REMOVE_HUNG_JOB": "cluster",
    "TERM_RC": "cluster",
    "TERM_REQUEUE_RC": "cluster",
    "TERM_ZOMBIE": "cluster",
    "TERM_ORPHAN_SYSTEM": "cluster",
    "TERM_SLURM": "cluster",
    "TERM_UNKNOWN": "script",
    "TERM_PRE_EXEC_FAIL": "cluster",
    "TERM_OTHER": "script",
}
#: Slurm's states that say why (squeue(1), "JOB STATE CODES")
WORDS: Mapping[str, str] = {
    "OUT_OF_MEMORY": "memory",
    "TIMEOUT": "time",
    "DEADLINE": "time",
    "NODE_FAIL": "cluster",
    "BOOT_FAIL": "cluster",
    "PREEMPTED": "cluster",
    "LAUNCH_FAILED": "cluster",
    "RECONFIG_FAIL": "cluster",
    "CANCELLED": "killed",
}
_KILL_SIGNAL = 9
#: a peak is sampled: one so near to the limit was at it
_AT_LIMIT = 0.98


def cause(
    state: JobState,
    native_state: str,
    reason: str,
    *,
    signal: int | None,
    peak_memory_mb: float | None,
    asked_memory_mb: float | None,
) -> str:
    """Return one of `CAUSES`, or "" of a job that has not failed, or of which nobody knows."""
    if state is JobState.DONE or not state.is_final or state is JobState.LOST:
        return ""
    if state is JobState.SUBMIT_FAILED:
        return "submission"
    if state is not JobState.FAILED:
        return "killed"
    word = reason.partition(":")[0].partition(";")[0].strip()
    named = WORDS.get(native_state) or TERMS.get(word)
    if named is not None:
        return named
    at_limit = (
        signal == _KILL_SIGNAL
        and asked_memory_mb is not None
        and peak_memory_mb is not None
        and peak_memory_mb >= _AT_LIMIT * asked_memory_mb > 0
    )
    return "memory" if at_limit else "script"


def cause_of(job: Job) -> str:
    """Return the `cause` of a job."""
    return cause(
        job.state,
        job.native_state,
        job.reason,
        signal=job.signal,
        peak_memory_mb=job.peak_memory_mb,
        asked_memory_mb=job.asked_memory_mb,
    )
