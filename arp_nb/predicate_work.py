"""What predicates can do with values: operators and functions that refuse what has no meaning."""

from __future__ import annotations

import ast
import operator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: whole numbers beyond this are worked out as floats, so that none grows without end
_WHOLE = 2**63
_MOST_EXPONENT = 64
#: of a value that is shown
_SHOWN_CHARS = 120
#: of a value that is worked with: how long a predicate takes is bounded by these
MOST_TEXT, MOST_PARTS, MOST_LEVELS = 10_000, 1000, 20


class Trouble(Exception):
    """A predicate cannot be worked out for these values; the text says why."""


def bounded(value: Any) -> Any:
    """Return a value that work on it cannot make grow."""
    if type(value) is int and abs(value) >= _WHOLE:
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    return value


def admitted(name: str, value: Any) -> Any:
    """Return a value to work with.

    Raises
    ------
    Trouble
        It is so large, or nested so deeply, that work on it could take long.
    """
    parts = chars = 0
    level = [value]
    for _ in range(MOST_LEVELS):
        parts += len(level)
        chars += sum(len(one) for one in level if isinstance(one, str))
        if parts > MOST_PARTS + 1 or chars > MOST_TEXT:
            break
        inner = chain.from_iterable(_inside(one) for one in level)
        level = list(islice(inner, MOST_PARTS + 2))
        if not level:
            return bounded(value)
    raise Trouble(
        f"{name} is too large for a predicate: a text has at most {MOST_TEXT:,} characters, "
        f"a list {MOST_PARTS:,} values."
    )


def _inside(value: Any) -> Iterable[Any]:
    match value:
        case dict():
            return chain.from_iterable(value.items())
        case list() | tuple():
            return value
        case _:
            return ()


def shown(value: Any) -> Any:
    """Return a value as the ledger keeps it: a number, or a text that is not long."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < _WHOLE else f"{bounded(value):g}"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _kind(value: Any) -> str:
    match value:
        case bool():
            return f"the answer {value}"
        case int() | float():
            return f"the number {bounded(value):g}"
        case str():
            return f"the text {shown(value)!r}"
        case None:
            return "nothing (null)"
        case _:
            return "a list or object"


def _of_numbers(work: Callable[[Any, Any], Any], sign: str) -> Callable[[Any, Any], Any]:
    def worked(left: Any, right: Any) -> Any:
        for one in (left, right):
            if not isinstance(one, int | float):
                raise Trouble(f"{sign} is for numbers, and {_kind(one)} is none.")
        return bounded(work(bounded(left), bounded(right)))

    return worked


def _power(left: Any, right: Any) -> Any:
    if abs(right) > _MOST_EXPONENT:
        raise Trouble(f"An exponent is at most {_MOST_EXPONENT}.")
    found = float(left) ** right
    if isinstance(found, complex):
        raise Trouble(f"{left:g} has no power {right:g}.")
    return found


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(left: Any, right: Any) -> bool:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if not numbers and not (isinstance(left, str) and isinstance(right, str)):
            raise Trouble(f"{_kind(left)} cannot be compared with {_kind(right)}.")
        return compare(left, right)

    return compared


def _equal(left: Any, right: Any) -> bool:
    # '6' == 6 would be false for ever: whoever writes it means something else
    if _is_scalar(left) and _is_scalar(right) and isinstance(left, str) != isinstance(right, str):
        raise Trouble(f"{_kind(left)} cannot be compared with {_kind(right)}.")
    return bool(left == right)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, bool | int | float | str)


def _within(left: Any, right: Any) -> bool:
    if isinstance(right, str) and not isinstance(left, str):
        raise Trouble(f"{_kind(left)} cannot stand in {_kind(right)}.")
    if not isinstance(right, str | list | tuple | dict):
        raise Trouble(f"Nothing can be in {_kind(right)}.")
    if isinstance(right, list | tuple) and right and _is_scalar(left):
        text = isinstance(left, str)
        if all(_is_scalar(one) and isinstance(one, str) != text for one in right):
            kind = "numbers" if text else "texts"
            raise Trouble(f"{_kind(left)} cannot be in a list of {kind}.")
    return left in right


def _signed(work: Callable[[Any], Any], sign: str) -> Callable[[Any], Any]:
    def worked(value: Any) -> Any:
        if not isinstance(value, int | float):
            raise Trouble(f"{sign} is for numbers, and {_kind(value)} is none.")
        return work(value)

    return worked


def _length(value: Any) -> int:
    if not isinstance(value, str | list | dict | tuple):
        raise Trouble(f"{_kind(value)} has no length.")
    return len(value)


def _lower(value: Any) -> str:
    if not isinstance(value, str):
        raise Trouble(f"lower is for texts, and {_kind(value)} is none.")
    return value.lower()


def _extreme(pick: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    def picked(*values: Any) -> Any:
        several = values[0] if len(values) == 1 and isinstance(values[0], list) else values
        if not several or not all(isinstance(one, int | float) for one in several):
            raise Trouble(f"{name} is for one or more numbers.")
        return bounded(pick(several))

    return picked


def _rounded(value: Any, digits: Any = 0) -> Any:
    if not isinstance(value, int | float) or type(digits) is not int or abs(digits) > 20:
        raise Trouble("round takes a number, and how many digits.")
    return round(value, digits)


FUNCTIONS_OF_VALUES: Mapping[str, Callable[..., Any]] = {
    "abs": _signed(abs, "abs"),
    "len": _length,
    "lower": _lower,
    "max": _extreme(max, "max"),
    "min": _extreme(min, "min"),
    "round": _rounded,
}
OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _of_numbers(operator.add, "+"),
    ast.Sub: _of_numbers(operator.sub, "-"),
    ast.Mult: _of_numbers(operator.mul, "*"),
    ast.Div: _of_numbers(operator.truediv, "/"),
    ast.FloorDiv: _of_numbers(operator.floordiv, "//"),
    ast.Mod: _of_numbers(operator.mod, "%"),
    ast.Pow: _of_numbers(_power, "**"),
    ast.USub: _signed(operator.neg, "-"),
    ast.UAdd: _signed(operator.pos, "+"),
    ast.Not: operator.not_,
    ast.Eq: _equal,
    ast.NotEq: lambda left, right: not _equal(left, right),
    ast.Lt: _ordered(operator.lt),
    ast.LtE: _ordered(operator.le),
    ast.Gt: _ordered(operator.gt),
    ast.GtE: _ordered(operator.ge),
    ast.In: _within,
    ast.NotIn: lambda left, right: not _within(left, right),
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
