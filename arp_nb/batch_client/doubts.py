"""Whether a script that has ended without naming a job may have made one all the same. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arp_nb.batch_client.case import Search, last_lines
from arp_nb.batch_client.spool import is_of_signal

if TYPE_CHECKING:
    from arp_nb.batch_client.case import Case
    from arp_nb.batch_client.spool import Exit

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
#: exit codes of a shell whose last command is not there, or cannot be run
_NOT_RUN = frozenset({126, 127})
#: so many empty answers, apart in time, are a denial: a fresh job may not be listed at once
DENIALS = 2


def wants_search(case: Case) -> bool:
    """Whether the scheduler has not yet said enough to judge by."""
    if case.search is Search.ANSWERED:
        return bool(case.evidence.calls) and case.denials < DENIALS
    patience_s = SILENT_REFUSED_S if _said_not_submitted(case) else SILENT_FOR_S
    silent = case.search is Search.SILENT and case.silent_s < patience_s
    return silent or case.search is Search.NOT_ASKED


def doubt(case: Case, ended: Exit) -> str:
    """Say why a job may exist although the script ended without naming one; "" if none can."""
    if case.search is Search.SILENT and not _said_not_submitted(case):
        return f"{case.title} does not answer."
    cut_off = _cut_off(case, ended)
    if cut_off:
        return cut_off
    if _may_have_gone_past(case, ended):
        return "Its script calls the submit command past ours, and named no job."
    return "" if case.search is Search.ANSWERED else _doubt_unsearchable(case, ended)


def _cut_off(case: Case, ended: Exit) -> str:
    """Say what was killed before it could name a job; "" if nothing was."""
    if any(call.is_cut_off for call in case.evidence.calls):
        return "The submit command was cut off before it answered."
    if case.evidence.unseen:
        return "A submit command ran that could not be watched."
    if ended.signal:
        # it may have been killed while a submit command ran that no wrapper saw
        return f"The script was killed by signal {ended.signal} before it named a job."
    if is_of_signal(ended.code):
        return "The script's last command was killed before it named a job."
    return ""


def _may_have_gone_past(case: Case, ended: Exit) -> bool:
    """Whether a submit command may have run that no wrapper saw, nor marked for a search."""
    order = case.evidence.order
    if case.evidence.calls or order is None or not order.may_bypass:
        return False
    refused = ended.code in _NOT_RUN or _NOT_SUBMITTED.search(case.evidence.err)
    return not (ended.code and refused)


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


def why_no_job(case: Case, ended: Exit) -> str:
    """Say why there is no job, in the submit command's words, or the script's last ones."""
    words = last_lines(case.evidence)
    if case.evidence.calls and words:
        return words
    if ended.code:
        how = f"The script ended with exit code {ended.code} and printed no job id."
    else:
        how = "The script ended and printed no job id."
    return f"{how} Its last lines:\n{words}" if words else how
