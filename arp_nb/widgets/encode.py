"""Rows of a DataFrame as the buffers of one frame (`arp_nb.columns`), with numpy.

Only the rows that are asked for are looked at, so that the first rows of a million come as
fast as those of a thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from arp_nb import columns
from arp_nb.widgets.kinds import strings, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arp_nb.widgets.kinds import Kind, Values

    Numbers = np.ndarray[Any, Any]

#: units of times and durations, in each ms
_PER_MS = {"ms": 1, "us": 1000, "ns": 1_000_000}
_NOT_A_TIME = np.iinfo(np.int64).min
_NULL_CODE = {1: 2**8 - 1, 2: 2**16 - 1, 4: 2**32 - 1}


def pack(name: str, kind: Kind, values: Values, more: Mapping[str, Any]) -> columns.Column:
    """Return one column of a frame.

    Parameters
    ----------
    name
        By which messages call it.
    kind
        How it travels, decided by `kinds.kind_of` for the whole column.
    values
        The rows that are asked for.
    more
        What its head says beside, as its title.
    """
    said = {**kind.more, **more}
    if kind.travel == "remote":
        return columns.Column(name, "remote", len(values), (), said)
    if kind.read == "text" and kind.travel == "text":
        made = columns.texts(name, strings(values))
        return columns.Column(name, "text", made.rows, made.buffers, said)
    if kind.travel == "dict":
        codes, words = _category(values) if kind.read == "category" else _factorized(values)
        return _dictionary(name, codes, words, said)
    numbers = _READ[kind.travel](values, kind)
    return columns.Column(name, kind.travel, len(values), (numbers.tobytes(),), said)


def row_ids(ids: Numbers) -> columns.Column:
    """Return the column of row ids: the first of each frame."""
    return columns.Column("id", "i32", len(ids), (ids.astype("<i4").tobytes(),), {})


def cells(kind: Kind, values: Values) -> list[Any]:
    """Return values as they stand in a delta: plain JSON, None for what is missing.

    Infinite numbers, and whole ones beyond 2^53, travel as text.
    """
    if kind.read == "bool":
        return [
            None if one == columns.NULL_BOOL else one == 1 for one in _bools(values, kind).tolist()
        ]
    if kind.travel in {"dict", "text", "remote"}:
        return [None if one is None else plain(one) for one in strings(values)]
    if kind.travel in {"i32", "i64"} or kind.integer:
        numbers, missing = whole_numbers(values, kind.read)
        as_text = kind.travel == "i64"
        return [
            None if gone else str(one) if as_text else one
            for one, gone in zip(numbers.tolist(), missing.tolist(), strict=True)
        ]
    return [_finite(one) for one in _READ[kind.travel](values, kind).tolist()]


def plain(text: str) -> str:
    """Return a text that JSON and UTF-8 can hold: half a surrogate pair becomes U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _finite(number: float) -> Any:
    if number != number:  # noqa: PLR0124 - that is what NaN is
        return None
    return number if abs(number) != float("inf") else f"{'-' if number < 0 else ''}Infinity"


def _bools(values: Values, _: Kind) -> Numbers:
    missing = values.isna().to_numpy(dtype=bool)
    if not missing.any():
        return values.to_numpy(dtype=bool).astype(np.uint8)
    if values.dtype == object:
        values = values.where(~missing, other=False)
        return np.where(missing, columns.NULL_BOOL, values.to_numpy(dtype=bool)).astype(np.uint8)
    known = values.to_numpy(dtype=bool, na_value=False)
    return np.where(missing, columns.NULL_BOOL, known).astype(np.uint8)


def _i32(values: Values, kind: Kind) -> Numbers:
    numbers, missing = whole_numbers(values, kind.read)
    return np.where(missing, columns.NULL_I32, numbers).astype("<i4")


def _i64(values: Values, kind: Kind) -> Numbers:
    numbers, missing = whole_numbers(values, kind.read)
    kept = numbers.astype("<i8")
    kept[missing] = columns.NULL_I64
    return kept


def _f64(values: Values, kind: Kind) -> Numbers:
    if kind.read == "duration":
        return _ms(values, "timedelta64") / 1e3
    if kind.read == "float64":
        numbers: Numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        return numbers.astype("<f8", copy=False)
    numbers, missing = whole_numbers(values, kind.read)
    return np.where(missing, np.nan, numbers).astype("<f8")


def _times(values: Values, _: Kind) -> Numbers:
    return _ms(values, "datetime64")


def _ms(values: Values, what: str) -> Numbers:
    """Return times since 1970, or durations, in ms."""
    arrow = getattr(values.dtype, "pyarrow_dtype", None)
    if arrow is not None:
        zone = getattr(arrow, "tz", None)
        dtype: Any = f"{what}[{arrow.unit}{f', {zone}' if zone else ''}]"
        values = values.astype(dtype)
    ticks = values.array.asi8  # type: ignore[attr-defined] # every array of times has it
    if values.dt.unit == "s":
        ms = ticks * 1e3
    else:  # whole ms apart: the ticks of a time in ns are beyond what a float holds
        whole, rest = np.divmod(ticks, _PER_MS[values.dt.unit])
        ms = whole + rest / _PER_MS[values.dt.unit]
    ms = np.asarray(ms, dtype="<f8")
    ms[ticks == _NOT_A_TIME] = np.nan
    return ms


def _category(values: Values) -> tuple[Numbers, list[str]]:
    """Return codes and words of categories, those only that occur."""
    codes = values.cat.codes.to_numpy()
    used = np.unique(codes[codes >= 0])
    words = [str(one) for one in values.cat.categories[used]]
    return np.where(codes < 0, -1, np.searchsorted(used, codes)), words


def _factorized(values: Values) -> tuple[Numbers, list[str]]:
    texts = values if pd.api.types.is_string_dtype(values.dtype) else None
    if texts is None or values.dtype == object:
        texts = pd.Series(strings(values), dtype=object)
    codes, words = pd.factorize(texts)
    return np.asarray(codes), [str(one) for one in words]


def _dictionary(
    name: str, codes: Numbers, words: list[str], said: Mapping[str, Any]
) -> columns.Column:
    code_bytes = next(size for size, null in _NULL_CODE.items() if len(words) <= null)
    kept = np.where(codes < 0, _NULL_CODE[code_bytes], codes).astype(f"<u{code_bytes}")
    packed = columns.texts(name, words)
    more = {**said, "code_bytes": code_bytes}
    return columns.Column(name, "dict", len(codes), (kept.tobytes(), *packed.buffers), more)


_READ: Mapping[str, Callable[[Values, Kind], Numbers]] = {
    "bool": _bools,
    "i32": _i32,
    "i64": _i64,
    "f64": _f64,
    "time": _times,
}
