"""What the evidence of a submission amounts to. Pure: the same case, the same verdict.

The one rule behind all of it: *Submit failed* is said only where no job can have been made.
What is not known is waited for, searched for, and then called *uncertain*, for a person to
decide; nothing here ever leads to a second start of a script.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from arp_nb import marks
from arp_nb.batch_client.spool import is_of_signal
from arp_nb.model import JobState, Phase, Role
from arp_nb.ports import Submission, Submitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arp_nb.batch_client.spool import Call, Evidence, Exit
    from arp_nb.schedulers.base import Marked

_LAST_LINES = 4
_LAST_LINES_CHARS = 600
#: words of a submit command that gave up waiting: its job may exist all the same
_GAVE_UP = re.compile(
    r"tim(?:ed|e)[ -]?out|not respond|communicat|connect|try(?:ing)? again|retry|still trying",
    re.IGNORECASE,
)
#: a scheduler that does not answer a search is asked again for so long before *uncertain*
SILENT_FOR_S = 60.0
#: … and for so long where the submit command itself said that it made no job
SILENT_REFUSED_S = 10.0
#: a scheduler's own word that it has no job of this command
_NOT_SUBMITTED = re.compile(r"not submitted", re.IGNORECASE)
#: so many empty answers, apart in time, are a denial: a fresh job may not be listed at once
DENIALS = 2


class SubmittedIds(Protocol):
    """Finds ids in what was printed; see `arp_nb.schedulers.base.Scheduler`."""

    def __call__(self, output: str, *, alone: bool = False) -> tuple[str, ...]:
        """Return them, each once; ``alone``: nobody but the submit command printed it."""


class Search(enum.Enum):
    """What came of asking the scheduler for a submission's tag."""

    NOT_ASKED = enum.auto()
    CANNOT = enum.auto()  #: this scheduler has no way to search
    SILENT = enum.auto()  #: it did not answer
    ANSWERED = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that a verdict rests on."""

    spool_id: str
    job_id: int
    evidence: Evidence
    #: how people call the scheduler
    title: str
    submitted_ids: SubmittedIds
    now_s: float
    #: what the clock would show, had nobody set it since the submission is followed
    steady_s: float
    slow_after_s: float
    uncertain_after_s: float
    search: Search = Search.NOT_ASKED
    #: oldest first
    tagged: tuple[Marked, ...] = ()
    #: empty answers so far, this one included
    denials: int = 0
    #: for how long the scheduler has not answered searches
    silent_s: float = 0.0
    #: since when an id stands in the output that no wrapper has seen; None: there is none
    output_since_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to tell the manager, and what to do next."""

    told: Submission
    #: nobody has started it, and nobody can be about to: start it
    start: bool = False
    #: ask the scheduler for the tag, and judge again
    search: bool = False
    #: nothing more can come of it
    closed: bool = False
    #: look again only now and then
    rarely: bool = False


def conclude(case: Case) -> Verdict:
    """Judge a submission. The order is that of recovery: id, exit, lock, start."""
    evidence = case.evidence
    ids = _ids(case)
    if ids:
        return _submitted(case, ids)
    if evidence.fenced is not None:
        return _failed(case, f"The script was not started: {evidence.fenced}")
    if evidence.exit is not None:
        return _ended(case, evidence.exit)
    if evidence.lock_held:
        return _running(case)
    if evidence.there and evidence.started_at_s is None:
        return Verdict(told=_told(case, JobState.STARTING), start=True)
    return _broken(case)


def output_ids(case: Case) -> tuple[str, ...]:
    """Ids in what the script itself printed, on either stream."""
    evidence = case.evidence
    texts = [evidence.out, evidence.err]
    if evidence.exit is None:
        texts = [text[: text.rfind("\n") + 1] for text in texts]
    found = [one for text in texts for one in case.submitted_ids(text)]
    return tuple(dict.fromkeys(found))


def last_lines(evidence: Evidence) -> str:
    """Return the last lines that script or submit command printed, stderr before stdout."""
    for text in (evidence.err, evidence.out):
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        if lines:
            return "\n".join(lines[-_LAST_LINES:])[-_LAST_LINES_CHARS:]
    return ""


def _ids(case: Case) -> tuple[Submitted, ...]:
    """Find the scheduler's jobs, first known first, each id once."""
    found: dict[str, Submitted] = {}
    for call in case.evidence.calls:
        for one in _named(case, call):
            found.setdefault(one, Submitted(one, "wrapper", call.nonce))
    if not found and _output_counts(case):
        for one in output_ids(case):
            found[one] = Submitted(one, "output")
    _add_tagged(found, case.tagged)
    return tuple(found.values())


def _add_tagged(found: dict[str, Submitted], tagged: Sequence[Marked]) -> None:
    """Add what a search found: a command's first job, unless it named another, is its own.

    Two jobs of one command are no chain: a scheduler that hung made more than it says. What
    was submitted inside a job is a subjob, but something must be the job itself.
    """
    calls = {one.nonce for one in found.values() if one.nonce}
    for inside in (False, True):
        for one in tagged:
            mark = marks.parse(one.tag)
            if (mark is not None and mark.inside) is not inside or one.native_id in found:
                continue
            call = "" if mark is None else mark.call
            role = Role.EXTRA if call and call in calls else Role.SIBLING
            if inside:
                role = Role.SUBJOB if found else Role.SIBLING
            elif call:
                calls.add(call)
            found[one.native_id] = Submitted(one.native_id, "tag", call, role)


def _output_counts(case: Case) -> bool:
    """Whether an id in the output may be believed: no wrapper can still name another."""
    if case.evidence.exit is not None:
        return not any(call.alive for call in case.evidence.calls)
    since_s = case.output_since_s
    waited = since_s is not None and _age_s(case, since_s) >= case.slow_after_s
    return waited and not case.evidence.calls


def _submitted(case: Case, ids: tuple[Submitted, ...]) -> Verdict:
    evidence = case.evidence
    notes: list[str] = []
    sources = {one.source for one in ids}
    if sources == {"output"}:
        notes.append("id from output only")
    if "tag" in sources:
        notes.append(f"found in {case.title} by its tag")
    extra = sum(one.role is Role.EXTRA for one in ids)
    if extra:
        jobs = "1 more job" if extra == 1 else f"{extra} more jobs"
        notes.append(f"{case.title} made {jobs} of one submit command")
    ended = evidence.exit
    if ended is not None and ended.code:
        notes.append(f"script ended with exit code {ended.code} after submitting")
    if ended is not None and ended.signal:
        notes.append(f"script was killed by signal {ended.signal} after submitting")
    closed = _is_over(case)
    told = _told(case, JobState.PENDING, notes=tuple(notes))
    told = replace(told, native_ids=ids)
    # a chain whose later link was cut: its jobs are siblings all the same; and a command that
    # hung may have made more jobs than it said
    doubtful = any(
        (call.is_cut_off and not _named(case, call)) or _was_slow(case, call)
        for call in evidence.calls
    )
    if closed and doubtful and case.search is Search.NOT_ASKED:
        return Verdict(told=told, search=True)
    return Verdict(told=told, closed=closed)


def _was_slow(case: Case, call: Call) -> bool:
    ended_at_s = call.ended_at_s
    return ended_at_s is not None and ended_at_s - call.began_at_s >= case.slow_after_s


def _ended(case: Case, ended: Exit) -> Verdict:
    """Judge a script that has ended and has shown no id."""
    calls = case.evidence.calls
    if ended.error:
        return _failed(case, ended.error)
    if any(call.alive for call in calls):
        return _submitting(case)
    if ended.signal and case.evidence.lock_held:
        return _running(case)  # it left a child behind, which may be a submit command
    if _wants_search(case):
        told = _told(case, JobState.STARTING, phase=_phase(case))
        return Verdict(told=told, search=case.search is Search.NOT_ASKED)
    doubt = _doubt(case, ended)
    return _uncertain(case, doubt) if doubt else _failed(case, _why_no_job(case, ended))


def _wants_search(case: Case) -> bool:
    """Whether the scheduler has not yet said enough to judge by."""
    if case.search is Search.ANSWERED:
        return bool(case.evidence.calls) and case.denials < DENIALS
    patience_s = SILENT_REFUSED_S if _said_not_submitted(case) else SILENT_FOR_S
    silent = case.search is Search.SILENT and case.silent_s < patience_s
    return silent or case.search is Search.NOT_ASKED


def _doubt(case: Case, ended: Exit) -> str:
    """Say why a job may exist although the script ended without naming one; "" if none can."""
    calls = case.evidence.calls
    if case.search is Search.SILENT and not _said_not_submitted(case):
        return f"{case.title} does not answer."
    if any(call.is_cut_off for call in calls):
        return "The submit command was cut off before it answered."
    if case.evidence.unseen:
        return "A submit command ran that could not be watched."
    if ended.signal:
        # it may have been killed while a submit command ran that no wrapper saw
        return f"The script was killed by signal {ended.signal} before it named a job."
    if is_of_signal(ended.code):
        return "The script's last command was killed before it named a job."
    return "" if case.search is Search.ANSWERED else _doubt_unsearchable(case, ended)


def _doubt_unsearchable(case: Case, ended: Exit) -> str:
    """As `_doubt`, by the commands' own words: the scheduler has no way to search."""
    calls = case.evidence.calls
    if not calls:
        return "" if ended.code else "The script named no job."
    return "" if _was_refused(case) else "The submit command named no job."


def _was_refused(case: Case) -> bool:
    """Whether every submit command ended with an error, and none gave up waiting."""
    refused = all(call.exit_code and not call.is_cut_off for call in case.evidence.calls)
    return refused and not _GAVE_UP.search(case.evidence.err + case.evidence.out)


def _said_not_submitted(case: Case) -> bool:
    """Whether the scheduler denied the job through its submit command, in so many words."""
    calls = case.evidence.calls
    words = case.evidence.err + case.evidence.out
    return bool(calls) and _was_refused(case) and bool(_NOT_SUBMITTED.search(words))


def _why_no_job(case: Case, ended: Exit) -> str:
    words = last_lines(case.evidence)
    if case.evidence.calls and words:
        return words
    if ended.code:
        how = f"The script ended with exit code {ended.code} and printed no job id."
    else:
        how = "The script ended and printed no job id."
    return f"{how} Its last lines:\n{words}" if words else how


def _running(case: Case) -> Verdict:
    """Judge a script, or a child it left behind, that still runs and has shown no id."""
    started_s = case.evidence.started_at_s
    age_s = 0.0 if started_s is None else _age_s(case, started_s)
    if age_s >= case.uncertain_after_s:
        return _uncertain(
            case, f"The script has run for {age_s / 60:.0f} minutes and shown no job id."
        )
    return _submitting(case)


def _submitting(case: Case) -> Verdict:
    phase = _phase(case)
    began_s = [call.began_at_s for call in case.evidence.calls]
    if began_s and _age_s(case, min(began_s)) >= case.uncertain_after_s:
        return _uncertain(case, "The submit command has not answered.")
    return Verdict(
        told=_told(case, JobState.STARTING, phase=phase),
        search=phase is Phase.SLOW and case.search is Search.NOT_ASKED,
    )


def _broken(case: Case) -> Verdict:
    """Judge a start without an end: shim and script were killed, or the machine went down."""
    if any(call.alive for call in case.evidence.calls):
        return _submitting(case)
    if not case.evidence.there:
        return _uncertain(case, "What the spool knew of it is gone.")
    return _uncertain(case, "The script was cut off before it named a job.")


def _phase(case: Case) -> Phase:
    pending = [call for call in case.evidence.calls if _unanswered(case, call)]
    if not pending:
        return Phase.SCRIPT
    if _age_s(case, pending[-1].began_at_s) >= case.slow_after_s:
        return Phase.SLOW
    return Phase.SUBMITTING


def _age_s(case: Case, since_s: float) -> float:
    """Return for how long something is so; a clock that was set meanwhile makes nothing old.

    What was noted before that is as old as the steady clock says, what was noted after it as the
    clock itself says; the other of the two is off by the step.
    """
    ages_s = [now_s - since_s for now_s in (case.now_s, case.steady_s) if now_s >= since_s]
    return min(ages_s, default=0.0)


def _unanswered(case: Case, call: Call) -> bool:
    return call.exit_code is None and not _named(case, call)


def _named(case: Case, call: Call) -> tuple[str, ...]:
    return case.submitted_ids(call.said, alone=True)


def _uncertain(case: Case, why: str) -> Verdict:
    """Say uncertain, but only after a search; and go on looking, now and then."""
    if case.search is Search.NOT_ASKED:
        return Verdict(told=_told(case, JobState.STARTING, phase=_phase(case)), search=True)
    reason = f"{case.title} may or may not have this job. {why}"
    words = last_lines(case.evidence)
    if words:
        reason += f" Its last lines:\n{words}"
    return Verdict(told=_told(case, JobState.UNCERTAIN, reason=reason), rarely=True)


def _failed(case: Case, reason: str) -> Verdict:
    """Say failed; a child that the script left behind may still make a job, so look on."""
    over = _is_over(case)
    told = _told(case, JobState.SUBMIT_FAILED, reason=reason)
    return Verdict(told=told, closed=over, rarely=not over)


def _is_over(case: Case) -> bool:
    """Whether nothing of it runs any more: no shim, script, child of the script or wrapper."""
    evidence = case.evidence
    return not evidence.lock_held and not any(call.alive for call in evidence.calls)


def _told(
    case: Case,
    state: JobState,
    *,
    phase: Phase = Phase.NONE,
    reason: str = "",
    notes: tuple[str, ...] = (),
) -> Submission:
    order, ended = case.evidence.order, case.evidence.exit
    return Submission(
        job_id=case.job_id,
        spool_id=case.spool_id,
        state=state,
        phase=phase,
        reason=reason,
        notes=(*(order.notes if order else ()), *notes),
        script_exit_code=ended.code if ended else None,
    )
