"""How each column of a DataFrame travels: decided once for all of its rows.

The decision looks at the dtype, at the smallest and largest of whole numbers, and at a
sample of texts; never row by row at numbers or categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from pandas.api import types as dtypes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    #: one column, or a stretch of one
    Values: TypeAlias = pd.Series[Any]

#: rows that a decision about texts looks at
SAMPLE = 1000
#: texts longer than this on average are sent only for the rows in view
LONG_CHARS = 200
#: whole numbers up to here are exact in f64
EXACT = 2**53
_I32 = 2**31
_I64 = 2**63

Travel = Literal["bool", "i32", "f64", "i64", "time", "dict", "text", "remote"]
#: what the numbers of a dtype are read as before they are packed
Read = Literal["bool", "int64", "uint64", "float64", "time", "duration", "category", "text"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a column travels, and what a page must know to show it."""

    travel: Travel
    read: Read
    #: the smallest and largest whole number that still travel so
    least: int = 0
    most: int = 0
    #: what else the column's head says
    integer: bool = False
    #: what it was before it became text
    was: str = ""
    #: time zone of times, as ``Europe/Zurich``; empty for naive ones
    zone: str = ""
    #: significant digits of numbers with less than 64 bits; 0: all
    digits: int = 0
    #: times of which the sample holds whole days only
    days: bool = False

    @property
    def more(self) -> Mapping[str, Any]:
        """What the head of the column says beside its type."""
        said = {
            "integer": self.integer,
            "was": self.was,
            "zone": self.zone,
            "digits": self.digits,
            "days": self.days,
            "duration": self.read == "duration",
        }
        return {name: value for name, value in said.items() if value}

    def holds(self, values: Values) -> bool:
        """Whether other values of the same column can travel so too."""
        if self.read == "text" or self.read in {"category", "bool", "time", "duration"}:
            return not _is_object(values) or self.read == "text"
        other = kind_of(values)
        if other.read == "text":
            return False
        if self.read == "float64":
            return other.read == "float64" or other.travel in {"i32", "f64"}
        if self.travel == other.travel:
            return True
        order = ("i32", "f64", "i64")
        return (
            other.read != "float64"
            and self.travel in order
            and other.travel in order
            and order.index(other.travel) <= order.index(self.travel)
        )


def kind_of(values: Values) -> Kind:
    """Decide how a column travels."""
    for is_such, decide in _BY_DTYPE:
        if is_such(values.dtype):
            return decide(values)
    return _text(values, "" if dtypes.is_string_dtype(values.dtype) else str(values.dtype))


def strings(values: Values) -> list[str | None]:
    """Return each value as text; None for what is missing."""
    missing = values.isna().to_numpy(dtype=bool)
    objects = values.to_numpy(dtype=object)
    return [
        None if gone else one if type(one) is str else in_words(one)
        for one, gone in zip(objects.tolist(), missing.tolist(), strict=True)
    ]


def in_words(value: object) -> str:
    """Return any object as text, also one that cannot be printed."""
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - code of others: whatever it raises
        return f"({type(value).__name__} that cannot be shown: {type(error).__name__})"


def whole_numbers(values: Values, read: Read) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return whole numbers, 0 where one is missing, and where that is."""
    missing = values.isna().to_numpy(dtype=bool)
    if _is_object(values):
        known = values.where(~missing, 0)
        return np.array(known.tolist(), dtype=read), missing
    if missing.any():
        return values.to_numpy(dtype=read, na_value=0), missing
    return values.to_numpy(dtype=read), missing


def _is_object(values: Values) -> bool:
    return bool(dtypes.is_object_dtype(values.dtype))


def _is_duration(dtype: Any) -> bool:
    return bool(dtypes.is_timedelta64_dtype(dtype)) or str(dtype).startswith("duration[")


def _category(values: Values) -> Kind:
    return Kind("dict", "category", was=_unless_text(values.cat.categories))


def _float(values: Values) -> Kind:
    bits = getattr(values.dtype, "itemsize", 8) * 8
    return Kind("f64", "float64", digits={16: 4, 32: 7}.get(bits, 0))


def _time(values: Values) -> Kind:
    zone = values.dt.tz
    sample = sampled(values)
    days = bool((sample.dropna() == sample.dropna().dt.normalize()).all())
    return Kind("time", "time", zone="" if zone is None else str(zone), days=days)


def _whole(values: Values, read: Literal["int64", "uint64"], was: str = "") -> Kind:
    numbers, missing = whole_numbers(values, read)
    known = numbers[~missing] if missing.any() else numbers
    least, most = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    if least > -_I32 and most < _I32:
        return Kind("i32", read, 1 - _I32, _I32 - 1)
    if least >= -EXACT and most <= EXACT:
        return Kind("f64", read, -EXACT, EXACT, integer=True)
    if least > -_I64 and most < _I64:
        return Kind("i64", read, 1 - _I64, _I64 - 1)
    return _text(values, was or str(values.dtype))


def _of_object(values: Values) -> Kind:
    """Look into a column of Python objects: if all are of one kind, they travel as that."""
    found = dtypes.infer_dtype(values, skipna=True)
    if found == "boolean":
        return Kind("bool", "bool")
    if found == "integer":
        try:
            return _whole(values, "int64", "int")
        except OverflowError:
            return _text(values, "int")
    if found in {"floating", "mixed-integer-float"}:
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        exact = found == "floating" or not (np.abs(numbers) > EXACT).any()
        return Kind("f64", "float64") if exact else _text(values, "int, float")
    if found in {"string", "empty"}:
        return _text(values, "")
    return _text(values, _types(sampled(values)))


def _types(sample: Values) -> str:
    """Name the types in a sample, the commonest first."""
    names = [type(one).__name__ for one in sample.dropna()]
    return ", ".join(sorted(set(names), key=names.count, reverse=True)[:3])


def _text(values: Values, was: str) -> Kind:
    sample = [one for one in strings(sampled(values)) if one is not None]
    chars = sum(map(len, sample))
    if chars > LONG_CHARS * len(sample):
        return Kind("remote", "text", was=was)
    often = 2 * len(set(sample)) <= len(sample)
    return Kind("dict" if often else "text", "text", was=was)


def sampled(values: Values) -> Values:
    """Return at most `SAMPLE` rows from all over the column."""
    if len(values) <= SAMPLE:
        return values
    return values.iloc[np.linspace(0, len(values) - 1, SAMPLE).astype(np.intp)]


def _unless_text(categories: pd.Index[Any]) -> str:
    plain = dtypes.is_string_dtype(categories.dtype) or dtypes.is_object_dtype(categories.dtype)
    return "" if plain else str(categories.dtype)


#: the first that fits decides: a category of numbers is a category
_BY_DTYPE: tuple[tuple[Callable[[Any], bool], Callable[[Values], Kind]], ...] = (
    (lambda dtype: isinstance(dtype, pd.CategoricalDtype), _category),
    (dtypes.is_bool_dtype, lambda _: Kind("bool", "bool")),
    (dtypes.is_datetime64_any_dtype, _time),
    (_is_duration, lambda _: Kind("f64", "duration")),
    (dtypes.is_unsigned_integer_dtype, lambda values: _whole(values, "uint64")),
    (dtypes.is_integer_dtype, lambda values: _whole(values, "int64")),
    (dtypes.is_float_dtype, _float),
    (dtypes.is_object_dtype, _of_object),
)
