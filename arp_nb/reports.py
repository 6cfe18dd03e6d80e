"""What a job reports of itself: reading a post, merging it, and reading counters out of it.

A post is JSON. An object is a merge patch (RFC 7396): it changes what it names, goes deep,
and null deletes. A list ``[{"key": …, "value": …}]`` replaces all counters. The merged
object is the job's *report*; what it has under ``counters`` is shown:

* a scalar ``7``,
* a value and its colour ``[7, "red"]``,
* an object ``{"value": 7, "color": "red", "unit": "Hz", "max": 100, "url": …, "image": …}``.

Whatever a job posts is data. Colours and links are checked when they are read, not when they
come: a bad one is left out, and its value is still shown.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from arp_nb.errors import InvalidValue, TooLarge

#: a merge patch, or the counters that replace all others
Patch = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Scalar = str | int | float | bool | None
P = TypeVar("P", bound=tuple[Any, ...])

MAX_BYTES = 256 * 1024  #: of one post, and of the merged report
MAX_DEPTH = 16
MAX_COUNTERS = 200
#: of one counter's series; `thin` brings a longer one down to half of it
SERIES_LIMIT = 1000
_MAX_URL = 2048
_MAX_SHOWN = 200
_MAX_INT = 2**63

#: strings as wholes, so that brackets within them do not count; an open one goes to the end
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_HEX_COLOUR = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_COLOUR_NAMES = """
aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet
brown burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan
darkblue darkcyan darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta
darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen darkslateblue
darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey
dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray
green greenyellow grey honeydew hotpink indianred indigo ivory khaki lavender lavenderblush
lawngreen lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen
lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray lightslategrey
lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue
mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise
mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive
olivedrab orange orangered orchid palegoldenrod palegreen paleturquoise palevioletred papayawhip
peachpuff peru pink plum powderblue purple rebeccapurple red rosybrown royalblue saddlebrown
salmon sandybrown seagreen seashell sienna silver skyblue slateblue slategray slategrey snow
springgreen steelblue tan teal thistle tomato turquoise violet wheat white whitesmoke yellow
yellowgreen
"""
#: the named colours of CSS Color Module Level 4
COLOURS = frozenset(_COLOUR_NAMES.split())


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter as it is shown."""

    key: str
    value: Scalar
    color: str | None = None
    unit: str | None = None
    #: the value at which it is complete; gives progress
    max: float | None = None
    url: str | None = None
    image: str | None = None


# -- reading a post --------------------------------------------------------------------


def parse(body: bytes) -> Patch:
    """Read a post.

    Raises
    ------
    TooLarge
        It has too many bytes, levels or counters.
    InvalidValue
        It is not JSON, or holds what cannot be kept: NaN, infinity, NUL, a name twice.
    """
    if len(body) > MAX_BYTES:
        raise TooLarge(f"A post may have {MAX_BYTES:,} bytes; this one has {len(body):,}.")
    _check_depth(body)
    try:
        read = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except UnicodeDecodeError as error:
        raise InvalidValue(f"The post is not UTF-8 text: {error}.") from error
    except json.JSONDecodeError as error:
        raise InvalidValue(f"The post is not JSON: {error}.") from error
    if b"\\u" in body:  # only an escape can smuggle these in
        _check_strings(read)
    return _patch(read)


def _check_depth(body: bytes) -> None:
    """Count levels before the decoder does, which recurses into each of them."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _TOKENS.findall(body):
        if token in {b"[", b"{"}:
            depth += 1
            if depth > MAX_DEPTH:
                raise TooLarge(f"A post may be {MAX_DEPTH} levels deep; this one is deeper.")
        elif token in {b"]", b"}"}:
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidValue(f"The post names {_short(twice)} twice in one object.")
    return made


def _refuse_constant(word: str) -> NoReturn:
    raise InvalidValue(f"{word} is not a value of JSON; post null or a text instead.")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InvalidValue(f"The number {_short(text)} is larger than can be kept.")
    return value


def _int(text: str) -> int:
    if len(text) <= 20 and -_MAX_INT <= (value := int(text)) < _MAX_INT:
        return value
    raise InvalidValue(f"The whole number {_short(text)} does not fit into 64 bits.")


def _check_strings(read: Any) -> None:
    todo = [read]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            todo.extend(one)
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(one)
        elif isinstance(one, str) and _FORBIDDEN.search(one):
            raise InvalidValue("A text in the post holds a NUL or half a surrogate pair.")


def _patch(read: Any) -> Patch:
    if isinstance(read, dict):
        return read
    if not isinstance(read, list):
        raise InvalidValue(
            'A post is an object, as {"counters": {"Events": 7}}, or a list of '
            f'{{"key": …, "value": …}}; this is {_short(read)}.'
        )
    if len(read) > MAX_COUNTERS:
        raise TooLarge(f"A report may have {MAX_COUNTERS} counters, not {len(read):,}.")
    keys: set[str] = set()
    for item in read:
        if not (isinstance(item, dict) and isinstance(item.get("key"), str) and "value" in item):
            raise InvalidValue(
                f'Each item of a list is {{"key": text, "value": …}}; this is {_short(item)}.'
            )
        if item["key"] in keys:
            raise InvalidValue(f"The list has the key {_short(item['key'])} twice.")
        keys.add(item["key"])
    return read


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:60]}…"


# -- merging ---------------------------------------------------------------------------


def merge(report: Mapping[str, Any], patch: Patch) -> dict[str, Any]:
    """Return the report with a patch applied; neither argument is changed.

    Raises
    ------
    TooLarge
        The report would have more bytes or counters than are kept.
    """
    if isinstance(patch, Mapping):
        merged = patched(report, patch)
    else:
        merged = {**report, "counters": _replaced(patch)}
    counters = merged.get("counters")
    if isinstance(counters, (dict, list)) and len(counters) > MAX_COUNTERS:
        raise TooLarge(f"A report may have {MAX_COUNTERS} counters, not {len(counters):,}.")
    size_bytes = len(json.dumps(merged, ensure_ascii=False, separators=(",", ":")).encode())
    if size_bytes > MAX_BYTES:
        raise TooLarge(f"The report would have {size_bytes:,} bytes; {MAX_BYTES:,} are kept.")
    return merged


def patched(target: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with a merge patch applied, however large; neither is changed."""
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            merged[name] = patched(merged.get(name), value)
        else:
            merged[name] = value
    return merged


def _replaced(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counters of a list, as an object; what else stands in an item makes it an object."""
    counters: dict[str, Any] = {}
    for item in items:
        more = {name: value for name, value in item.items() if name != "key" and value is not None}
        if "value" in more:
            counters[item["key"]] = more["value"] if len(more) == 1 else more
    return counters


# -- reading counters ------------------------------------------------------------------


def counters(report: Mapping[str, Any]) -> list[Counter]:
    """Return a report's counters in the order in which they were first posted."""
    found = report.get("counters")
    if isinstance(found, list) and all(
        isinstance(one, Mapping) and isinstance(one.get("key"), str) for one in found
    ):
        found = _replaced(found)
    if not isinstance(found, Mapping):
        return []
    return [_counter(key, value) for key, value in found.items()]


def numbers(report: Mapping[str, Any]) -> dict[str, float]:
    """Return the counters that are numbers: those of which a series is kept."""
    values = {one.key: _number(one.value) for one in counters(report)}
    return {key: value for key, value in values.items() if value is not None}


def number(report: Mapping[str, Any], key: str) -> float | None:
    """Return one counter if it is a number; for tables of very many jobs."""
    found = report.get("counters")
    if not isinstance(found, Mapping):
        return numbers(report).get(key) if isinstance(found, list) else None
    posted = found.get(key)
    if isinstance(posted, Mapping):
        posted = posted.get("value")
    elif isinstance(posted, list) and len(posted) == 2 and isinstance(posted[1], str | None):
        posted = posted[0]
    return _number(posted)


def _counter(key: str, posted: Any) -> Counter:
    if _is_scalar(posted):
        return Counter(key, posted)
    if isinstance(posted, Mapping) and "value" in posted:
        unit = posted.get("unit")
        return Counter(
            key,
            _shown(posted["value"]),
            color=_colour(posted.get("color")),
            unit=unit[:_MAX_SHOWN] if isinstance(unit, str) else None,
            max=_number(posted.get("max")),
            url=_url(posted.get("url")),
            image=_url(posted.get("image")),
        )
    if isinstance(posted, list) and len(posted) == 2 and isinstance(posted[1], str | None):
        return Counter(key, _shown(posted[0]), color=_colour(posted[1]))
    return Counter(key, _shown(posted))


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None


def _shown(value: Any) -> Scalar:
    """Give a shape that we do not know as its own JSON: never hide what a job posted."""
    if _is_scalar(value):
        scalar: Scalar = value
        return scalar
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _colour(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    word = value.strip().lower()
    return word if word in COLOURS or _HEX_COLOUR.fullmatch(word) else None


def _url(value: Any) -> str | None:
    """Give an address that a page may link to; None for ``javascript:``, ``file:`` and such."""
    if not isinstance(value, str) or len(value) > _MAX_URL or _UNPRINTABLE.search(value):
        return None
    try:
        parts = urlsplit(value)
        named = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a bad port, or half an IPv6 address
        return None
    # a user's name before the host makes one site look like another
    return value if named and "@" not in parts.netloc else None


# -- series ----------------------------------------------------------------------------


def thin(points: Sequence[P], limit: int) -> list[P]:
    """Return at most ``limit`` (≥ 2) points of a series, evenly spread in time.

    A point is a tuple that begins with its time in seconds; what follows rides along. The
    first and the last are always kept; between them those that come at least one step after
    the one kept before. Values are never averaged: each point shown is one that was posted.
    """
    if len(points) <= limit:
        return list(points)
    first, last = points[0], points[-1]
    span_s = last[0] - first[0]
    if limit <= 2 or span_s <= 0:
        return [first, last]
    # a power of two, so that what was thinned before stays as it is until the step doubles:
    # with steps that creep, the oldest points would be lost bit by bit
    step_s = 2.0 ** math.ceil(math.log2(span_s / (limit - 2)))
    kept = [first]
    for point in points[1:-1]:
        if point[0] - kept[-1][0] >= step_s:
            kept.append(point)
    return [*kept, last]
