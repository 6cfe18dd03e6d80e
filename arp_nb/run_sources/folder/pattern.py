"""Patterns of file names with the number of a run, read without anything that runs for ever."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from arp_nb.errors import InvalidValue

_MOST_TEXT = 400
_MOST_SEGMENTS = 12
_MOST_WILDCARDS = 8
_MOST_NUMBER = 10**9
_FIELD = re.compile(
    r"\{(?P<name>[a-z]*)(?::0(?P<digits>[1-9])d)?\}|(?P<wild>[*?])|(?P<brace>[{}])"
)
_RUN, _EXPERIMENT = "run", "experiment"
#: where a number or a name would not be told from what stands beside it
_BESIDE = re.compile(
    r"[}][{]|[0-9]\{run|\{run[^}]*\}[0-9]|[*?]\{experiment|\{experiment\}[*?]", re.ASCII
)


class Bound(NamedTuple):
    """What a name, and those of the folders above it, told so far."""

    run: int | None = None
    experiment: str | None = None


@dataclass(frozen=True, slots=True)
class _Segment:
    regex: re.Pattern[str]
    #: of each number in it, how many digits it has at the least, filled with zeros; 0: any
    digits: tuple[int, ...]
    experiments: int
    #: where nothing but one name can match
    literal: str | None


class Pattern:
    """A path below the watched folder: ``run{run:04d}/*.h5``.

    ``{run}`` is the number of a run, ``{run:04d}`` the number with zeros up to four digits,
    ``{experiment}`` the name of an experiment; ``*`` is any text in a name, ``?`` one character,
    and ``/`` stands between folders. All else is meant literally.

    Parameters
    ----------
    text
        As it stands in config.toml.
    where
        What an error begins with.

    Raises
    ------
    InvalidValue
        It has no ``{run}``, or something that is not allowed.
    """

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        names = text.split("/")
        if not 0 < len(text) <= _MOST_TEXT or not text.isprintable():
            raise InvalidValue(f"{where} must be a text of 1 to {_MOST_TEXT} characters")
        if len(names) > _MOST_SEGMENTS or any(name in {"", ".", ".."} for name in names):
            raise InvalidValue(
                f"{where} must be a path below the folder, like run{{run}}/*.h5; got {text!r}"
            )
        if "**" in text:
            raise InvalidValue(f"{where}: ** is not known; write */ for each folder between")
        self._segments = [_segment(name, f"{where} = {text!r}") for name in names]
        if not any(one.digits for one in self._segments):
            raise InvalidValue(f"{where} must say where the run's number stands: {{run}}")
        #: whether a name tells the experiment
        self.has_experiment = any(one.experiments for one in self._segments)

    def __len__(self) -> int:
        return len(self._segments)

    def literal(self, index: int) -> str | None:
        """Return the only name that can match there, if there is one."""
        return self._segments[index].literal

    def match(self, index: int, name: str, bound: Bound) -> Bound | None:
        """Match one name of a path.

        Parameters
        ----------
        index
            Which name: 0 is the first below the watched folder.
        bound
            What the names before it told: another number there is no match.
        """
        segment = self._segments[index]
        found = segment.regex.fullmatch(name)
        if found is None:
            return None
        run, experiment = bound
        for number, digits in enumerate(segment.digits):
            text = found[f"r{number}"]
            value = int(text)
            exact = not digits or text == f"{value:0{digits}d}"
            if not exact or value > _MOST_NUMBER or run not in {None, value}:
                return None
            run = value
        for number in range(segment.experiments):
            text = found[f"e{number}"]
            if experiment not in {None, text}:
                return None
            experiment = text
        return Bound(run, experiment)


def _segment(name: str, where: str) -> _Segment:
    if _BESIDE.search(name):
        raise InvalidValue(
            f"{where}: {{run}} and {{experiment}} cannot be told from what stands beside them"
        )
    parts: list[str] = []
    digits: list[int] = []
    experiments = wildcards = at = 0
    for one in _FIELD.finditer(name):
        parts.append(re.escape(name[at : one.start()]))
        at = one.end()
        if one["brace"]:
            raise InvalidValue(f"{where}: a brace stands alone")
        if one["wild"]:
            wildcards += 1
            parts.append("*" if one["wild"] == "*" else ".")
        elif one["name"] == _RUN:
            parts.append(f"(?<![0-9])(?P<r{len(digits)}>[0-9]{{1,10}})(?![0-9])")
            digits.append(int(one["digits"] or 0))
        elif one["name"] == _EXPERIMENT and one["digits"] is None:
            parts.append(f"(?P<e{experiments}>[A-Za-z0-9_-]{{1,64}})")
            experiments += 1
        else:
            raise InvalidValue(f"{where}: only {{run}} and {{experiment}} may stand in braces")
    if wildcards + len(digits) + experiments > _MOST_WILDCARDS or experiments + len(digits) > 3:
        raise InvalidValue(f"{where} has too many wildcards in one name")
    parts.append(re.escape(name[at:]))
    literal = name if len(parts) == 1 else None
    return _Segment(re.compile(_joined(parts), re.DOTALL), tuple(digits), experiments, literal)


def _joined(parts: list[str]) -> str:
    """Join the parts so that no ``*`` is tried again once what follows it was found.

    What stands between two ``*`` is taken where it comes first: so the time grows with the
    length of a name, and not with its power.
    """
    chunks: list[list[str]] = [[]]
    for part in parts:
        if part == "*":
            chunks.append([])
        else:
            chunks[-1].append(part)
    first, *others = ("".join(chunk) for chunk in chunks)
    if not others:
        return first
    between = [f"(?>.*?{chunk})" for chunk in others[:-1]]
    return first + "".join(between) + f".*{others[-1]}"
