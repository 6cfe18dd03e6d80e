"""What the words of a submit command leave behind, so that its job cannot report. Pure.

A script is looked at before it runs (`arp_nb.batch_client.script_warnings`), but its words may
come from variables: what was really asked is known from the wrapper.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from arp_nb.batch_client.spool import Call

_ADDRESS = "BATCH_UPDATE_URL"
#: options without a value, as in the wrapper: the word after one of them may be the job's command
_BSUB_ALONE = frozenset({
    "-ar", "-B", "-datachk", "-H", "-h", "-hl", "-I", "-Ip", "-Is", "-IS", "-ISp", "-ISs", "-IX",
    "-K", "-N", "-Ne", "-r", "-rn", "-ti", "-tty", "-ul", "-V", "-x", "-XF", "-Zs",
})  # fmt: skip
_SBATCH_ALONE = frozenset({
    "-h", "-H", "-k", "-O", "-Q", "-s", "-v", "-V", "-W", "--contiguous", "--exclusive",
    "--get-user-env", "--help", "--hold", "--ignore-pbs", "--nice", "--no-kill", "--no-requeue",
    "--overcommit", "--oversubscribe", "--parsable", "--propagate", "--quiet", "--reboot",
    "--requeue", "--spread-job", "--stepmgr", "--test-only", "--usage", "--use-min-nodes",
    "--verbose", "--version", "--wait",
})  # fmt: skip
#: words that are looked at: no command has more options
_MOST = 400
_CHARS = 60
#: more notes of one script help nobody
_MOST_NOTES = 3


def left_behind(words: Sequence[str]) -> str:
    """Say which of a submit command's own options keeps the update address from its job.

    Returns a note for the job with what to write instead; empty where nothing is lost.
    """
    names = _names(_value(words, "-env", _BSUB_ALONE))  # IBM, "bsub -env"
    if _loses(names):
        better = ["all"] if f"~{_ADDRESS}" in names else [*_without_none(names), _ADDRESS]
        return _note(f"bsub -env {','.join(names)}", f'-env "{",".join(better)}"')
    names = _names(_value(words, "--export", _SBATCH_ALONE))  # sbatch(1), "--export"
    if _loses(names):
        better = [*_without_none(names), _ADDRESS]
        return _note(f"sbatch --export={','.join(names)}", f"--export={','.join(better)}")
    return ""


def notes_of(calls: Iterable[Call]) -> list[str]:
    """Return what keeps the jobs of one script from reporting, each cause once."""
    return sorted({call.note for call in calls if call.note})[:_MOST_NOTES]


def _value(words: Sequence[str], option: str, alone: Collection[str]) -> str:
    """Return the value of an option among the command's own, the last one if there are several."""
    found, at = "", 0
    while (
        at < min(len(words), _MOST) and words[at].startswith("-") and words[at] not in {"-", "--"}
    ):
        name, is_whole, value = words[at].partition("=")
        at += 1
        if not is_whole and name not in alone and not re.match(r"-[A-Za-z][0-9]", name):
            value = words[at] if at < len(words) else ""
            at += 1
        if name == option:
            found = value
    return found


def _names(value: str) -> list[str]:
    # their values may be secret
    return [name for one in value.split(",") if (name := one.strip().partition("=")[0])]


def _loses(names: Sequence[str]) -> bool:
    if f"~{_ADDRESS}" in names:
        return True
    return bool(names) and _ADDRESS not in names and not any(one.lower() == "all" for one in names)


def _without_none(names: Sequence[str]) -> list[str]:
    return [one for one in names if one.lower() not in {"none", "nil"}]


def _note(asked: str, better: str) -> str:
    said = asked if len(asked) <= _CHARS else f"{asked[:_CHARS]}…"
    instead = better if len(better) <= _CHARS else f"{_ADDRESS} among its names"
    return f"cannot report: {said} leaves {_ADDRESS} behind; write {instead}"
