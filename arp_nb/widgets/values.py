"""Values on their way into a column: what people typed, and what an update brings.

A column keeps its dtype: what does not fit is refused in words, never cut or turned over.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from functools import partial
from numbers import Number
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from pandas.api import types as dtypes

from arp_nb import errors
from arp_nb.widgets.kinds import in_words, sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from arp_nb.widgets.kinds import Kind, Values

_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_HALF = re.compile("[\ud800-\udfff]")
_LONGEST_SHOWN = 60


def parse(typed: Any, like: Values, kind: Kind, old: Any = None) -> Any:
    """Return what was typed as a value of a column.

    Parameters
    ----------
    typed
        Text, or None for nothing; numbers and truth values as they are.
    like
        The column, for its dtype.
    kind
        How it travels.
    old
        The value in its place: in a column of Python objects it tells the type.

    Raises
    ------
    InvalidValue
        It is none, and why; without the name of the column.
    """
    dtype = like.dtype
    text = typed if isinstance(typed, str) else "" if typed is None else str(typed)
    if typed is None or (not text.strip() and not _is_text(like, kind, old)):
        return _missing(dtype)
    if _HALF.search(text):  # some kinds of text columns would take it, and no file
        raise errors.InvalidValue("It holds half a character (a lone surrogate).")
    if isinstance(dtype, pd.CategoricalDtype):
        return one_of(text, dtype.categories)
    if kind.read in {"int64", "uint64"} or dtypes.is_integer_dtype(dtype):
        return _whole(text, dtype)
    readers: Mapping[str, Callable[[str], Any]] = {
        "bool": _truth,
        "float64": _number,
        "time": lambda one: _time(one, getattr(dtype, "tz", None) or kind.zone),
        "duration": _duration,
    }
    read = readers.get(kind.read)
    return read(text) if read else _as_before(text, dtype, old)


def one_of(text: str, among: Sequence[Any] | pd.Index[Any]) -> Any:
    """Return the choice that reads so. `InvalidValue` if there is none."""
    for one in among:
        if str(one) == text:
            return one
    listed = ", ".join(str(one) for one in list(among)[:10])
    raise errors.InvalidValue(f"{shown(text)} is none of: {listed}{', …' * (len(among) > 10)}.")


def untypable(like: Values, kind: Kind) -> str:
    """Return why nothing can be typed in a column; "" if something can, judged by a sample."""
    dtype = like.dtype
    if kind.read != "text" or dtypes.is_integer_dtype(dtype):
        return ""
    olds = sampled(like).dropna().tolist() if dtypes.is_object_dtype(dtype) else [None]
    if not olds or any(_maker(dtype, one) is not None for one in olds):
        return ""
    return _cannot_be_typed(dtype, olds[0])


def fit(new: Values, like: Values, name: str) -> Values:
    """Return other values with the dtype of a column.

    Raises
    ------
    InvalidValue
        One of them does not fit without loss.
    """
    dtype = like.dtype
    if new.dtype == dtype:
        return new
    empty = new.isna()
    if empty.any() and not can_be_empty(dtype):
        raise errors.InvalidValue(f"{name}: {_cannot_be_empty(dtype)}")
    said = ""
    try:
        if not _is_foreign(new[~empty], dtype):
            with np.errstate(over="ignore"):  # what became infinite is lost, and refused
                made = new.astype(dtype)
            if not _lost(new, made, dtype):
                return made
    except (TypeError, ValueError, OverflowError) as error:
        said = f" ({error})"
    raise errors.InvalidValue(f"{name} holds {dtype}: {_listed(new)} does not fit{said}.")


def alone(value: Any) -> Values:
    """Return one value as a column of objects: a list stays one value."""
    cell = np.empty(1, dtype=object)
    cell[0] = value
    return pd.Series(cell, dtype=object)


def default(dtype: Any) -> Any:
    """Return what stands in a new row where nothing is given: missing, 0 or False.

    `InvalidValue` if nothing can.
    """
    if can_be_empty(dtype):
        return None
    if isinstance(dtype, pd.IntervalDtype):
        raise errors.InvalidValue(_cannot_be_empty(dtype))
    return False if dtypes.is_bool_dtype(dtype) else 0


def can_be_empty(dtype: Any) -> bool:
    """Whether a column of this dtype can miss a value."""
    if isinstance(dtype, pd.SparseDtype | pd.IntervalDtype):
        dtype = dtype.subtype
    return not isinstance(dtype, np.dtype) or dtype.kind not in "iub"


def numbered(first: int, end: int, like: pd.Index[Any]) -> pd.Index[Any]:
    """Return the next labels of an index of whole numbers, of its dtype as long as they fit."""
    kept = getattr(like.dtype, "numpy_dtype", like.dtype)
    if isinstance(like, pd.RangeIndex) or end - 1 > np.iinfo(kept).max:
        return pd.RangeIndex(first, end, name=like.name)
    return pd.Index(range(first, end), dtype=like.dtype, name=like.name)


def shown(value: object) -> str:
    """Return a value for a message: quoted, and cut if it is long."""
    text = in_words(value)
    return f"'{text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + '…'}'"


def _is_text(like: Values, kind: Kind, old: Any) -> bool:
    if dtypes.is_object_dtype(like.dtype):
        return kind.read == "text" and (kind.was == "" or isinstance(old, str))
    return kind.read == "text" and bool(dtypes.is_string_dtype(like.dtype))


def _missing(dtype: Any) -> Any:
    if not can_be_empty(dtype):
        raise errors.InvalidValue(_cannot_be_empty(dtype))
    return None


def _cannot_be_empty(dtype: Any) -> str:
    what, nullable = "whole numbers", "Int64"
    if isinstance(dtype, pd.IntervalDtype):
        what, nullable = str(dtype), "interval[float64]"
    elif dtypes.is_bool_dtype(dtype):
        what, nullable = "true or false", "boolean"
    return f"it holds {what} and cannot be empty; a column of {nullable} can."


def _truth(text: str) -> bool:
    try:
        return _YES[text.strip().lower()]
    except KeyError:
        raise errors.InvalidValue(f"{shown(text)} is neither true nor false.") from None


def _whole(text: str, dtype: Any) -> int:
    try:
        number = int(text)
    except ValueError:
        near = _number(text)
        if near is None or not float(near).is_integer():
            raise errors.InvalidValue(f"{shown(text)} is not a whole number.") from None
        number = int(near)
    kept = getattr(dtype, "numpy_dtype", dtype)
    if isinstance(kept, np.dtype) and kept.kind in "iu":
        least, most = np.iinfo(kept).min, np.iinfo(kept).max
        if not least <= number <= most:
            raise errors.InvalidValue(f"{number} does not fit {kept}: {least} to {most}.")
    return number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        raise errors.InvalidValue(f"{shown(text)} is not a number.") from None
    if np.isinf(number) and "inf" not in text.lower():
        raise errors.InvalidValue(f"{shown(text)} is larger than a number can be.")
    return None if np.isnan(number) else number


def _time(text: str, zone: Any) -> pd.Timestamp:
    try:
        if not _DAY.match(text.strip()):
            raise ValueError  # noqa: TRY301 - pandas would guess: '1' as a day of this month
        made = pd.Timestamp(text.strip())
    except ValueError:
        raise errors.InvalidValue(
            f"{shown(text)} is not a time, such as 2026-11-22 14:02."
        ) from None
    if zone and made.tzinfo is None:
        try:
            return made.tz_localize(zone)
        except ValueError:
            raise errors.InvalidValue(
                f"{shown(text)} is there twice or never in {zone}: add an offset, as +01:00."
            ) from None
    if not zone and made.tzinfo is not None:
        raise errors.InvalidValue(f"{shown(text)} has a time zone; this column has none.")
    return made.tz_convert(zone) if zone else made


def _duration(text: str) -> pd.Timedelta:
    try:
        return pd.Timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        pass
    try:
        return pd.Timedelta(text)
    except (ValueError, OverflowError):
        raise errors.InvalidValue(
            f"{shown(text)} is not a duration, such as 1:30:00, '90 s' or '2 days'."
        ) from None


def _as_before(text: str, dtype: Any, old: Any) -> Any:
    """Read text as the type that stands in its place."""
    make = _maker(dtype, old)
    if make is None:
        raise errors.InvalidValue(_cannot_be_typed(dtype, old))
    try:
        return make(text)
    except (ValueError, InvalidOperation):
        what = dtype if old is None or isinstance(dtype, pd.PeriodDtype) else type(old).__name__
        raise errors.InvalidValue(f"{shown(text)} is no {what}.") from None


def _maker(dtype: Any, old: Any) -> Callable[[str], Any] | None:
    """Return what makes a value of text, as the one in its place; None: nothing does."""
    if isinstance(dtype, pd.PeriodDtype):
        return partial(pd.Period, freq=cast("Any", dtype.freq))
    if type(old) in _OF_TYPE:
        return partial(_OF_TYPE[type(old)], old)
    if dtypes.is_complex_dtype(dtype):
        return complex
    if not dtypes.is_object_dtype(dtype):
        return str if dtypes.is_string_dtype(dtype) else None
    if isinstance(old, bool):
        return _truth
    is_text = old is None or isinstance(old, str) or (dtypes.is_scalar(old) and pd.isna(old))
    is_number = isinstance(old, int | float | Decimal | complex)
    return type(old) if is_number else str if is_text else None


def _cannot_be_typed(dtype: Any, old: Any) -> str:
    kind = type(old).__name__ if dtypes.is_object_dtype(dtype) else dtype
    return f"A value of type {kind} cannot be typed here: grid.update(…) sets another."


def _timestamp(old: pd.Timestamp, text: str) -> pd.Timestamp:
    return _time(text, old.tzinfo)


#: how text is read where Python objects of such a type stand
_OF_TYPE: Mapping[type, Callable[[Any, str], Any]] = {
    pd.Timestamp: _timestamp,
    pd.Timedelta: lambda _, text: _duration(text),
    dt.date: lambda _, text: dt.date.fromisoformat(text.strip()),
    dt.time: lambda _, text: dt.time.fromisoformat(text.strip()),
}


def _is_foreign(values: Values, dtype: Any) -> bool:
    """Whether a value is of another kind, from which pandas would make something by its bits."""
    if isinstance(dtype, pd.CategoricalDtype):
        return not values.isin(dtype.categories).all()
    if dtypes.is_bool_dtype(dtype):
        return not values.isin([True, False]).all()
    if isinstance(dtype, pd.PeriodDtype) or _is_timely(dtype):
        return bool(np.any(_are_numbers(values)))
    if not dtypes.is_numeric_dtype(dtype):
        return False
    return _is_timely(values.dtype) or (
        dtypes.is_complex_dtype(values.dtype) and not dtypes.is_complex_dtype(dtype)
    )


def _is_timely(dtype: Any) -> bool:
    return bool(dtypes.is_datetime64_any_dtype(dtype) or dtypes.is_timedelta64_dtype(dtype))


def _lost(new: Values, made: Values, dtype: Any) -> bool:
    """Whether a conversion cut a value, or made it infinite."""
    if dtypes.is_integer_dtype(dtype):
        known = new.notna() & _are_numbers(new)
        return bool((made[known].astype(object) != new[known].astype(object)).any())
    if dtypes.is_float_dtype(dtype) and made.notna().any():
        known = made.notna() & new.notna()
        infinite = np.isinf(made[known].to_numpy("float64"))
        return bool((infinite & ~np.isinf(new[known].to_numpy("float64"))).any())
    if _is_timely(dtype):
        if dtypes.is_object_dtype(new.dtype):
            return any(map(_is_cut, new.dropna(), made.dropna()))
        return bool(_is_timely(new.dtype) and (made != new)[new.notna()].any())
    return False


def _is_cut(given: Any, made: Any) -> bool:
    """Whether a time or a duration is another than the one given, of which nothing is left out."""
    if isinstance(given, dt.timedelta):
        return bool(pd.Timedelta(given) != made)
    is_alike = isinstance(given, dt.datetime) and (given.tzinfo is None) == (made.tzinfo is None)
    return is_alike and bool(pd.Timestamp(given) != made)


def _are_numbers(values: Values) -> Any:
    """Tell of each value whether it is a number; texts are read, and others refused."""
    if dtypes.is_object_dtype(values.dtype):
        return values.map(lambda one: isinstance(one, Number))
    return dtypes.is_numeric_dtype(values.dtype)


def _listed(values: Values) -> str:
    first = values.dropna()
    return shown(first.iloc[0]) if len(first) == 1 else f"{values.dtype}"
