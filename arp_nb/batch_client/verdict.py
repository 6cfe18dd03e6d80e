"""What the evidence of a submission amounts to. Pure: the same case, the same verdict.

The one rule behind all of it: *Submit failed* is said only where no job can have been made.
What is not known is waited for, searched for, and then called *uncertain*, for a person to
decide; nothing here ever leads to a second start of a script.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arp_nb import marks
from arp_nb.batch_client.case import Search, age_s, last_lines
from arp_nb.batch_client.doubts import doubt, wants_search, why_no_job
from arp_nb.batch_client.left_behind import notes_of
from arp_nb.model import JobState, Phase, Role
from arp_nb.ports import Submission, Submitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arp_nb.batch_client.case import Case
    from arp_nb.batch_client.spool import Call, Exit
    from arp_nb.schedulers.base import Marked


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
    waited = since_s is not None and age_s(case, since_s) >= case.slow_after_s
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
    notes += notes_of(evidence.calls)
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
    if wants_search(case):
        told = _told(case, JobState.STARTING, phase=_phase(case))
        return Verdict(told=told, search=case.search is Search.NOT_ASKED)
    why = doubt(case, ended)
    return _uncertain(case, why) if why else _failed(case, why_no_job(case, ended))


def _running(case: Case) -> Verdict:
    """Judge a script, or a child it left behind, that still runs and has shown no id."""
    started_s = case.evidence.started_at_s
    ran_s = 0.0 if started_s is None else age_s(case, started_s)
    if ran_s >= case.uncertain_after_s:
        return _uncertain(
            case, f"The script has run for {ran_s / 60:.0f} minutes and shown no job id."
        )
    return _submitting(case)


def _submitting(case: Case) -> Verdict:
    phase = _phase(case)
    began_s = [call.began_at_s for call in case.evidence.calls]
    if began_s and age_s(case, min(began_s)) >= case.uncertain_after_s:
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
    if age_s(case, pending[-1].began_at_s) >= case.slow_after_s:
        return Phase.SLOW
    return Phase.SUBMITTING


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
