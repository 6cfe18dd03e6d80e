"""Which columns a grid shows, how they look, and which of them can be edited."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from arp_nb import errors
from arp_nb.widgets.encode import plain
from arp_nb.widgets.front import check_words
from arp_nb.widgets.kinds import Kind, kind_of
from arp_nb.widgets.values import can_be_empty, untypable

if TYPE_CHECKING:
    from arp_nb.widgets.kinds import Values
    from arp_nb.widgets.table import Ids, Table

_LONGEST_TITLE = 200
#: with more choices than this they are typed rather than listed
_MOST_CHOICES = 1000
#: least and most of a column's numbers
_BOUNDS = {"width": (1, 500), "decimals": (0, 20)}
_NAMELESS = "(no name)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How one column of a `Grid` looks and behaves.

    Parameters
    ----------
    title
        Heads the column; by default its name.
    unit
        Unit of its numbers, shown beside the title.
    help
        More about it, shown when the pointer rests on the title.
    editable
        Whether it can be changed; by default as ``Grid(editable=…)`` says.
    width
        In characters.
    hidden
        Not shown until it is chosen from the menu of columns.
    decimals
        Digits behind the point; by default as many as six figures need.
    choices
        The only values it may have.
    validate
        Called with each new value; what is wrong with it is returned as text, or raised as
        ``ValueError``. False refuses too; None and True accept.
    """

    title: str | None = None
    unit: str = ""
    help: str = ""
    editable: bool | None = None
    width: int | None = None
    hidden: bool = False
    decimals: int | None = None
    choices: Sequence[Any] | None = None
    validate: Callable[[Any], Any] | None = None

    def __new__(cls, **given: Any) -> Column:  # noqa: PYI034 - a frozen record
        """Refuse unknown keywords with advice, which a record alone would not give."""
        check_words("Column", given, [one.name for one in fields(cls)])
        return object.__new__(cls)

    def __post_init__(self) -> None:
        """Refuse what a page could not show. `InvalidValue`."""
        for name in ("title", "unit", "help"):
            if not isinstance(getattr(self, name), str | None):
                raise errors.InvalidValue(f"{name} is text, not {_typed(getattr(self, name))}.")
        for name in ("editable", "hidden"):
            if not isinstance(getattr(self, name), bool | None):
                given = _typed(getattr(self, name))
                raise errors.InvalidValue(f"{name} is True or False, not {given}.")
        for name, (least, most) in _BOUNDS.items():
            number = getattr(self, name)
            if number is not None and not (type(number) is int and least <= number <= most):
                raise errors.InvalidValue(
                    f"{name} is a whole number from {least} to {most}, not {number!r}."
                )
        choices: Any = self.choices
        if isinstance(choices, str) or not isinstance(choices, Iterable | None):
            raise errors.InvalidValue(f"choices is a list: choices=[{choices!r}].")
        if self.validate is not None and not callable(self.validate):
            raise errors.InvalidValue(
                f"validate is a function of a value, not {_typed(self.validate)}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A column as it is shown: one of the frame, or a level of its index."""

    label: Any
    title: str
    kind: Kind
    options: Column
    editable: bool
    #: position in the table; of a level of the index None
    column: int | None
    level: int = 0
    #: why nothing can be typed in it although it may be edited
    fixed: str = ""
    #: what the page is told of it beside its values
    head: Mapping[str, Any] = field(default_factory=dict)

    def values(self, table: Table, ids: Ids) -> Values:
        """Return its values of some rows."""
        if self.column is None:
            return table.level(self.level, ids)
        return table.take(self.column, ids)

    def again(self, table: Table) -> Shown:
        """Return it as it must travel now that other values are in it."""
        assert self.column is not None
        kind = kind_of(table.column(self.column))
        return self if kind == self.kind else replace(self, kind=kind)


def lay_out(table: Table, columns: Any, editable: Any) -> list[Shown]:
    """Decide what is shown, the index first if it says anything.

    Raises
    ------
    InvalidValue
        A name is not that of a column.
    """
    options = _options(table, columns)
    labels = list(columns) if _is_list(columns) else table.labels
    can_edit = _editable(table, editable)
    shown = _index_columns(table)
    for label in labels:
        at = table.labels.index(label)
        own = options.get(label, Column())
        allowed = can_edit(label) if own.editable is None else own.editable
        shown.append(_shown(table, at, label, own, allowed))
    return shown


def check_frame(frame: pd.DataFrame) -> None:
    """Refuse a frame that cannot be told apart by its columns. `InvalidValue`."""
    if frame.columns.is_unique:
        return
    twice = list(dict.fromkeys(map(_title, frame.columns[frame.columns.duplicated()])))
    raise errors.InvalidValue(
        f"Columns of the same name: {', '.join(twice[:10])}. Give them names of their own with"
        " df.columns = […], or keep the first of each: df.loc[:, ~df.columns.duplicated()]."
    )


def near_names(table: Table, label: Any) -> str:
    """Say which columns could be meant."""
    known = [_title(one) for one in table.labels]
    near = difflib.get_close_matches(str(label), known, n=3)
    if near:
        return f"There is no column {label!r}; near it: {', '.join(near)}."
    return f"There is no column {label!r}; there are: {', '.join(known[:20]) or 'none'}."


def _is_list(columns: Any) -> bool:
    return columns is not None and not isinstance(columns, Mapping)


def _options(table: Table, columns: Any) -> dict[Any, Column]:
    if isinstance(columns, str):
        raise errors.InvalidValue(f"columns is a list or a dict: columns=[{columns!r}].")
    _check_names(table, columns if columns is not None else (), "columns")
    if not isinstance(columns, Mapping):
        return {}
    return {label: _column(label, given) for label, given in columns.items()}


def _column(label: Any, given: Any) -> Column:
    if isinstance(given, Column):
        return given
    if given is None or isinstance(given, str):
        return Column(title=given)
    if isinstance(given, Mapping):
        return Column(**given)
    raise errors.InvalidValue(
        f"columns[{label!r}] is a title, a Column(…) or a dict of its keywords,"
        f" not {type(given).__name__}."
    )


def _editable(table: Table, editable: Any) -> Callable[[Any], bool]:
    if isinstance(editable, bool):
        return lambda _: editable
    if isinstance(editable, str):
        editable = [editable]
    _check_names(table, editable, "editable")
    named = list(editable)
    return lambda label: label in named


def _check_names(table: Table, names: Any, of: str) -> None:
    """Refuse what is no list of columns, each of them once. `InvalidValue`."""
    if not isinstance(names, Iterable):
        raise errors.InvalidValue(f"{of} takes names of columns, not {_typed(names)}.")
    seen: list[Any] = []
    for label in names:
        if label not in table.labels:
            raise errors.InvalidValue(near_names(table, label))
        if label in seen:
            raise errors.InvalidValue(f"{of} names {label!r} twice.")
        seen.append(label)


def _typed(value: Any) -> str:
    return type(value).__name__


def _index_columns(table: Table) -> list[Shown]:
    index = table.index
    if (
        isinstance(index, pd.RangeIndex)
        and index.name is None
        and index.equals(pd.RangeIndex(len(index)))
    ):
        return []
    shown = []
    for level, name in enumerate(index.names):
        title = "index" if name is None and index.nlevels == 1 else _title(name, f"index {level}")
        kind = kind_of(pd.Series(index.get_level_values(level)))
        head = {"title": title, "index": True}
        shown.append(
            Shown(
                label=name, title=title, kind=kind, options=Column(), editable=False,
                column=None, level=level, head=head,
            )
        )  # fmt: skip
    return shown


def _shown(table: Table, at: int, label: Any, own: Column, allowed: bool) -> Shown:  # noqa: FBT001
    values = table.column(at)
    kind = kind_of(values)
    title = _title(label if own.title is None else own.title)
    head: dict[str, Any] = {"title": title}
    for name in ("unit", "help", "width", "hidden", "decimals"):
        if given := getattr(own, name):
            head[name] = plain(given) if isinstance(given, str) else given
    if own.decimals == 0:
        head["decimals"] = 0
    fixed = untypable(values, kind) if allowed else ""
    if fixed:
        head["fixed"] = fixed
    elif allowed:
        head |= _editor(values, kind, own)
    return Shown(
        label=label, title=title, kind=kind, options=own, editable=allowed and not fixed,
        column=at, fixed=fixed, head=head,
    )  # fmt: skip


def _editor(values: Values, kind: Kind, own: Column) -> dict[str, Any]:
    choices: list[str] | None = None
    if own.choices is not None:
        choices = [str(one) for one in own.choices]
    elif isinstance(values.dtype, pd.CategoricalDtype):
        choices = [str(one) for one in values.cat.categories]
    empty = {"empty": True} if can_be_empty(values.dtype) else {}
    if choices is not None and len(choices) <= _MOST_CHOICES:
        return {"editor": "choice", "choices": [plain(one) for one in choices], **empty}
    by_kind = {"bool": "bool", "int64": "number", "uint64": "number", "float64": "number"}
    return {"editor": by_kind.get(kind.read, "text"), **empty}


def _title(label: Any, nameless: str = "") -> str:
    """Return the name of a column as text; those of several levels are joined."""
    if label is None and nameless:
        return nameless
    parts = label if isinstance(label, tuple) else (label,)
    text = " / ".join(plain(str(one)) for one in parts if str(one).strip()) or _NAMELESS
    return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1]}…"
