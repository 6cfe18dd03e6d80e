"""What predicates can do with values: operators and functions that refuse what has no meaning.

Whatever is done is charged by how much is looked at: a judgement comes to its end, or to the end
of what it may do, within about two milliseconds.
"""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sized

#: whole numbers beyond this are worked out as floats, so that none grows without end
_WHOLE = 2**63
_MOST_EXPONENT = 64
#: of a value that is shown
_SHOWN_CHARS = 120
#: of a number in it; Python refuses to write one of more than 4,300 digits
_SHOWN_BITS = 400
#: of a value that is worked with
MOST_TEXT, MOST_PARTS, MOST_LEVELS = 10_000, 1000, 20
#: of one judgement; the unit is to look at one value of a list, which takes 10 to 40 ns
MOST_WORK = 100_000
#: what each operation costs, whatever it works on
_STEP = 20
#: so many characters cost one unit, as measured at their worst: where texts are compared, where
#: one is looked through for another, and where each place of it is compared to the end
_CHARS, _CHARS_THROUGH, _CHARS_TO_THE_END = 50, 16, 250
#: how often a value is looked at to weigh it
_WEIGHING = 3


class Trouble(Exception):
    """A predicate cannot be worked out for these values; the text says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A list or an object, weighed once: who passes it on does not look into it."""

    value: Sized
    #: what it costs to look at all that is in it
    weight: int
    #: of what stands in it
    kinds: frozenset[type]

    def __len__(self) -> int:
        return len(self.value)


class Work:
    """What one judgement does, and may still do."""

    def __init__(self) -> None:
        self.done = 0

    def charge(self, units: int) -> None:
        """Count work that is about to be done.

        Raises
        ------
        Trouble
            It would be too much.
        """
        if self.done + units > MOST_WORK:
            raise Trouble(
                "It has too much to look at in these values: name long lists and texts less often."
            )
        self.done += units

    def charged(self, table: Mapping[Any, Callable[..., Any]]) -> dict[Any, Callable[..., Any]]:
        """Return operators or functions that are charged for what they are given."""
        return _Charged(self, table)

    def charging(self, does: Callable[..., Any]) -> Callable[..., Any]:
        """Return one of them."""
        cost: Callable[..., int] = _COSTS.get(does, _weights)

        def worked(*given: Any) -> Any:
            self.charge(_STEP + cost(*given))
            return does(*given)

        return worked

    def admitted(self, name: str, value: Any) -> Any:
        """Return a value to work with, charged for being weighed, and shown."""
        found = admitted(name, value)
        self.charge(_STEP + _WEIGHING * _weights(found))
        return found


class _Charged(dict[Any, "Callable[..., Any]"]):
    """Those of a table that are used: most are not, and judgements are many."""

    def __init__(self, work: Work, table: Mapping[Any, Callable[..., Any]]) -> None:
        super().__init__()
        self._work = work
        self._table = table

    def __missing__(self, key: Any) -> Callable[..., Any]:
        found = self[key] = self._work.charging(self._table[key])
        return found


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
    if isinstance(value, str):
        if len(value) > MOST_TEXT:
            raise _too_large(name)
        return value
    if not isinstance(value, list | tuple | dict):
        return bounded(value)
    parts, chars = 1, 0
    level: list[Any] = [value]
    for _ in range(MOST_LEVELS):
        kinds = frozenset(map(type, level))
        if any(issubclass(kind, str) for kind in kinds):
            chars += sum(len(one) for one in level if isinstance(one, str))
        # a list of numbers, the usual one, is not walked through
        nested = any(issubclass(kind, list | tuple | dict) for kind in kinds)
        level = list(_inside(level, MOST_PARTS + 2)) if nested else []
        parts += len(level)
        if parts > MOST_PARTS + 1 or chars > MOST_TEXT:
            break
        if not level:
            return Whole(value, parts + chars // _CHARS, frozenset(map(type, value)))
    raise _too_large(name)


def _inside(level: list[Any], most: int) -> Iterator[Any]:
    inner = (one for one in level if isinstance(one, list | tuple | dict))
    flat = (chain.from_iterable(one.items()) if isinstance(one, dict) else one for one in inner)
    return islice(chain.from_iterable(flat), most)


def _too_large(name: str) -> Trouble:
    return Trouble(
        f"{name} is too large for a predicate: a text has at most {MOST_TEXT:,} characters, "
        f"a list {MOST_PARTS:,} values."
    )


def _raw(value: Any) -> Any:
    return value.value if isinstance(value, Whole) else value


def _written(kind: type[list[Any] | tuple[Any, ...]]) -> Callable[..., Whole]:
    def written(*given: Any) -> Whole:
        # it weighs what stands in it
        value = kind(map(_raw, given))
        return Whole(value, 1 + _weights(*given), frozenset(map(type, value)))

    return written


def shown(value: Any) -> Any:
    """Return a value as the ledger keeps it: a number, or a text that is not long."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < _WHOLE else f"{bounded(value):g}"
    text = value if isinstance(value, str) else "".join(_pieces(_raw(value), _SHOWN_CHARS + 1))
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _pieces(value: Any, most: int) -> Iterator[str]:
    """Yield how a value is written, and no more of it than so many characters need."""
    match value:
        case dict():
            pairs = islice(value.items(), most)
            yield from _between("{", ((f"{key!r}: ", one) for key, one in pairs), "}", most)
        case list() | tuple():
            signs = "[]" if isinstance(value, list) else "()"
            parts = (("", one) for one in islice(value, most))
            yield from _between(signs[0], parts, signs[1], most)
        case int() if value.bit_length() > _SHOWN_BITS:
            yield repr(bounded(value))
        case _:
            yield repr(value)


def _between(begin: str, parts: Iterator[tuple[str, Any]], end: str, most: int) -> Iterator[str]:
    yield begin
    for index, (name, one) in enumerate(parts):
        if most <= 0:
            return
        for piece in (", " if index else "", name, *_pieces(one, most)):
            most -= len(piece)
            yield piece
    yield end


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
    return bool(_raw(left) == _raw(right))


def _unequal(left: Any, right: Any) -> bool:
    return not _equal(left, right)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, bool | int | float | str)


def _within(left: Any, right: Any) -> bool:
    if isinstance(right, str):
        if not isinstance(left, str):
            raise Trouble(f"{_kind(left)} cannot stand in {_kind(right)}.")
        return left in right
    if not isinstance(right, Whole):
        raise Trouble(f"Nothing can be in {_kind(right)}.")
    inside: Any = right.value
    if not isinstance(inside, dict) and inside and _is_scalar(left):
        text = isinstance(left, str)
        others = (float | int, "numbers") if text else (str, "texts")
        if all(issubclass(kind, others[0]) for kind in right.kinds):
            raise Trouble(f"{_kind(left)} cannot be in a list of {others[1]}.")
    return _raw(left) in inside


def _without(left: Any, right: Any) -> bool:
    return not _within(left, right)


def _signed(work: Callable[[Any], Any], sign: str) -> Callable[[Any], Any]:
    def worked(value: Any) -> Any:
        if not isinstance(value, int | float):
            raise Trouble(f"{sign} is for numbers, and {_kind(value)} is none.")
        return work(value)

    return worked


def _length(value: Any) -> int:
    if not isinstance(value, str | Whole):
        raise Trouble(f"{_kind(value)} has no length.")
    return len(value)


def _lower(value: Any) -> str:
    if not isinstance(value, str):
        raise Trouble(f"lower is for texts, and {_kind(value)} is none.")
    return value.lower()


def _extreme(pick: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    def picked(*values: Any) -> Any:
        several, kinds = values, frozenset(map(type, values))
        if len(values) == 1 and isinstance(values[0], Whole) and isinstance(_raw(values[0]), list):
            several, kinds = _raw(values[0]), values[0].kinds
        if not several or not all(issubclass(kind, int | float) for kind in kinds):
            raise Trouble(f"{name} is for one or more numbers.")
        return bounded(pick(several))

    return picked


def _rounded(value: Any, digits: Any = 0) -> Any:
    if not isinstance(value, int | float) or type(digits) is not int or abs(digits) > 20:
        raise Trouble("round takes a number, and how many digits.")
    return round(value, digits)


def _weights(*given: Any) -> int:
    """Return what it costs to look at values once."""
    units = 0
    for one in given:
        if isinstance(one, Whole):
            units += one.weight
        elif isinstance(one, str):
            units += len(one) // _CHARS
        units += 1
    return units


def _cost_of_finding(left: Any, right: Any) -> int:
    units = _weights(left, right)
    if isinstance(left, str) and isinstance(right, str):
        places = max(len(right) - len(left) + 1, 0)
        units += len(right) // _CHARS_THROUGH + len(left) * places // _CHARS_TO_THE_END
    return units


def _cost_of_lower(value: Any) -> int:
    return len(value) if isinstance(value, str) and not value.isascii() else _weights(value)


#: how lists are called where they are written: nobody can write that
LIST, TUPLE = "[]", "()"
FUNCTIONS_OF_VALUES: Mapping[str, Callable[..., Any]] = {
    "abs": _signed(abs, "abs"),
    "len": _length,
    "lower": _lower,
    "max": _extreme(max, "max"),
    "min": _extreme(min, "min"),
    "round": _rounded,
    LIST: _written(list),
    TUPLE: _written(tuple),
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
    ast.NotEq: _unequal,
    ast.Lt: _ordered(operator.lt),
    ast.LtE: _ordered(operator.le),
    ast.Gt: _ordered(operator.gt),
    ast.GtE: _ordered(operator.ge),
    ast.In: _within,
    ast.NotIn: _without,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
#: where it is not once through what is given
_COSTS: Mapping[Callable[..., Any], Callable[..., int]] = {
    FUNCTIONS_OF_VALUES[LIST]: lambda *given: len(given),
    FUNCTIONS_OF_VALUES[TUPLE]: lambda *given: len(given),
    _length: lambda *_: 0,
    operator.not_: lambda *_: 0,
    operator.is_: lambda *_: 0,
    operator.is_not: lambda *_: 0,
    _lower: _cost_of_lower,
    _within: _cost_of_finding,
    _without: _cost_of_finding,
}
