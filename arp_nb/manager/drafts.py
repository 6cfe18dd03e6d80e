"""What a definition may say: checked before it is saved, with words for whoever wrote it."""

from __future__ import annotations

import difflib
import re
import shlex
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arp_nb.errors import InvalidValue
from arp_nb.model import Arguments, DefinitionDraft, Trigger
from arp_nb.predicates import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
#: what a word of the parameters may hold: nothing that a shell acts on
_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./-]+", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_MAX_PATH = 4096
_MAX_PARAMETERS = 32_768
_TYPES: Mapping[str, type] = {
    "name": str,
    "executable": str,
    "parameters": str,
    "quoted_parameters": bool,
    "arguments": Arguments,
    "trigger": Trigger,
    "location": str,
    "predicate": str,
    "run_types": str,
    "after": str,
    "run_param": str,
    "run_value": str,
    "most_at_once": int,
    "most_per_hour": int,
}
_IN_WORDS: Mapping[type, str] = {str: "text", bool: "true or false", int: "a whole number"}
_MAX_TEXT = 200
_MAX_LIMIT = 100_000
_RUN_TYPE = re.compile(r"[A-Za-z0-9_.:-]{1,40}", re.ASCII)


def draft_of(given: Mapping[str, Any]) -> DefinitionDraft:
    """Make a checked draft of JSON. `InvalidValue` where a field is missing or unknown."""
    missing = [name for name in ("name", "executable") if not given.get(name)]
    if missing:
        raise InvalidValue(f"A batch def needs {' and '.join(missing)}.")
    return checked(DefinitionDraft(**_values(given)))


def changed(draft: DefinitionDraft, changes: Mapping[str, Any]) -> DefinitionDraft:
    """Return a checked draft with changes, as JSON names them."""
    return checked(replace(draft, **_values(changes)))


def checked(draft: DefinitionDraft) -> DefinitionDraft:
    """Return the draft without white space around its fields, or refuse it in words."""
    clean = replace(
        draft,
        name=draft.name.strip(),
        executable=draft.executable.strip(),
        parameters=draft.parameters.strip(),
    )
    if not _NAME.fullmatch(clean.name):
        raise InvalidValue(
            f"{clean.name[:80]!r} cannot be a hash: 1 to 64 letters, digits, '_' and '-'."
        )
    _check_executable(clean.executable)
    words(clean.parameters, quoted=clean.quoted_parameters)
    return _when_checked(clean)


def _when_checked(draft: DefinitionDraft) -> DefinitionDraft:
    """Check what says when, and how often, autorun may start it."""
    parse(draft.predicate)
    types = [one.strip() for one in draft.run_types.split(",") if one.strip()]
    for one in types:
        if not _RUN_TYPE.fullmatch(one):
            raise InvalidValue(f"{one[:80]!r} cannot be a run's type; say it as in 'DATA, DARK'.")
    clean = replace(draft, run_types=", ".join(types), predicate=draft.predicate.strip())
    clean = replace(clean, after=clean.after.strip(), run_param=clean.run_param.strip())
    if clean.after and not _NAME.fullmatch(clean.after):
        raise InvalidValue(f"{clean.after[:80]!r} cannot be the hash of a batch def.")
    if clean.after == clean.name:
        raise InvalidValue("A batch def cannot run after itself.")
    for name in ("run_types", "run_param", "run_value"):
        text = getattr(clean, name)
        if len(text) > _MAX_TEXT or _CONTROL.search(text):
            raise InvalidValue(f"{name} is one line of at most {_MAX_TEXT} characters.")
    for name in ("most_at_once", "most_per_hour"):
        if not 0 <= getattr(clean, name) <= _MAX_LIMIT:
            raise InvalidValue(f"{name} is a number from 0 (no limit) to {_MAX_LIMIT:,}.")
    return clean


def words(parameters: str, *, quoted: bool) -> tuple[str, ...]:
    """Split parameters into arguments.

    Raises
    ------
    InvalidValue
        A word holds what a shell would act on, and the definition does not quote.
    """
    if len(parameters) > _MAX_PARAMETERS:
        raise InvalidValue(
            f"The parameters have {len(parameters):,} characters; {_MAX_PARAMETERS:,} may be."
        )
    if quoted:
        return _quoted_words(parameters)
    for word in parameters.split():
        if not _WORD.fullmatch(word):
            bad = next(letter for letter in word if not _WORD.fullmatch(letter))
            raise InvalidValue(
                f"The parameter {word[:80]!r} holds {bad!r}. Scripts pass parameters on to a "
                "shell, so only letters, digits and _@%+=:,./- are allowed; allow quoted "
                "parameters (quoted_parameters) if your script quotes what it is given."
            )
    return tuple(parameters.split())


def _quoted_words(parameters: str) -> tuple[str, ...]:
    if _CONTROL.search(parameters):
        raise InvalidValue("The parameters hold a control character, as a line break or NUL.")
    try:
        return tuple(shlex.split(parameters))
    except ValueError as error:
        raise InvalidValue(f"The quotes in the parameters do not match: {error}.") from error


def _check_executable(path: str) -> None:
    if _CONTROL.search(path):
        raise InvalidValue("The executable's path holds a control character, as NUL.")
    if len(path) > _MAX_PATH:
        raise InvalidValue(f"The executable's path has {len(path):,} characters; that is no path.")
    if not path.startswith("/"):
        raise InvalidValue(f"Must be an absolute path. Did you mean {_absolute(path)}?")


def _absolute(path: str) -> str:
    try:
        expanded = Path(path).expanduser()
    except RuntimeError:  # ~name of nobody we know
        expanded = Path(path.partition("/")[2])
    return str(Path.home() / expanded)


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in _TYPES:
            near = difflib.get_close_matches(name, _TYPES, n=1)
            advice = f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(_TYPES)}."
            raise InvalidValue(f"A batch def has no {str(name)[:40]!r}.{advice}")
        values[name] = _value(name, value)
    return values


def _value(name: str, value: Any) -> Any:
    wanted = _TYPES[name]
    if isinstance(value, wanted) and not (wanted is int and isinstance(value, bool)):
        return value
    if wanted in {Arguments, Trigger}:
        try:
            return wanted(value)
        except ValueError:
            allowed = ", ".join(repr(one.value) for one in wanted)
            raise InvalidValue(f"{name} is one of {allowed}, not {value!r}.") from None
    raise InvalidValue(f"{name} must be {_IN_WORDS[wanted]}.")


assert set(_TYPES) == {one.name for one in fields(DefinitionDraft)}  # a new field needs a type
