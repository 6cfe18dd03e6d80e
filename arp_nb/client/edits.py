"""What changed in a DataFrame of batch defs: found by comparing, carried out one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from arp_nb.client import markup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arp_nb.client.tables import Row

#: columns that a person may change
EDITABLE = (
    "name",
    "executable",
    "parameters",
    "quoted_parameters",
    "arguments",
    "trigger",
    "location",
    "predicate",
    "run_types",
    "after",
    "run_param",
    "run_value",
    "most_at_once",
    "most_per_hour",
)


@dataclass(slots=True, kw_only=True)
class Edit:
    """One changed or new row, and what became of it."""

    name: str
    #: None: it is to be added
    id: int | None
    version: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    old: dict[str, Any] = field(default_factory=dict)
    #: why it was not saved; empty if it was, or may be
    problem: str = ""
    result: str = ""

    @property
    def changes(self) -> str:
        """The difference, in words."""
        return ", ".join(
            f"{key}: {self.old[key]!r} → {value!r}" if key in self.old else f"{key}: {value!r}"
            for key, value in self.values.items()
        )


class Saved:
    """What `Definitions.save` found changed, and what became of it.

    Attributes
    ----------
    edits
        All changed or new rows.
    """

    def __init__(self, edits: Sequence[Edit], *, dry_run: bool = False) -> None:
        self.edits = list(edits)
        self._fallback = "not saved: dry run" if dry_run else ""

    @property
    def conflicts(self) -> list[Edit]:
        """The rows that were not saved; each says why in ``problem``."""
        return [edit for edit in self.edits if edit.problem]

    @property
    def ok(self) -> bool:
        """Whether all that was changed could be saved."""
        return not self.conflicts

    def _outcome(self, edit: Edit) -> str:
        return f"NOT SAVED: {edit.problem}" if edit.problem else edit.result or self._fallback

    def __repr__(self) -> str:
        lines = [f"{edit.name}: {edit.changes} ({self._outcome(edit)})" for edit in self.edits]
        return "\n".join(map(markup.plain, lines)) or "nothing changed"

    def _repr_html_(self) -> str:
        if not self.edits:
            return "<p>Nothing changed.</p>"
        return markup.table(
            ("hash", "change", ""),
            (
                (
                    markup.escape(edit.name),
                    markup.escape(edit.changes, 1000),
                    markup.escape(self._outcome(edit)),
                )
                for edit in self.edits
            ),
        )


def difference(
    df: Any, current: Mapping[int, Row], handed_out: Mapping[tuple[int, int], Row]
) -> list[Edit]:
    """Compare an edited frame with what it was made of, and that with what is stored now.

    Parameters
    ----------
    df
        As `Definitions.df` gave it, with cells changed or rows added.
    current
        The stored rows now, by id.
    handed_out
        The rows that frames were made of, by id and version.
    """
    plan = []
    for record in df.to_dict("records"):
        record_id = None if _missing(record.get("id")) else int(record["id"])
        given = {
            key: _plain(record[key])
            for key in EDITABLE
            if key in record and not _missing(record[key])
        }
        if record_id is None:
            plan.append(Edit(name=str(given.get("name", "?")), id=None, values=given))
            continue
        version = 0 if _missing(record.get("version")) else int(record["version"])
        now = current.get(record_id)
        base = handed_out.get((record_id, version), now)
        found = (_edit(record_id, version, given, base, now), _box(record, base))
        plan += [edit for edit in found if edit is not None]
    return plan


def _box(record: Mapping[str, Any], base: Row | None) -> Edit | None:
    """Refuse a changed box in words: a consent is given by itself, to what one looks at."""
    if base is None or _missing(record.get("autorun")):
        return None
    on, was = bool(record["autorun"]), bool(base["autorun"])
    if on is was:
        return None
    name = str(base["name"])
    edit = Edit(name=name, id=int(base["id"]), values={"autorun": on}, old={"autorun": was})
    edit.problem = f"that is a consent, given by board.definitions.autorun({name!r}, {on})"
    return edit


def _edit(
    record_id: int, version: int, given: dict[str, Any], base: Row | None, now: Row | None
) -> Edit | None:
    old = {} if base is None else {key: base[key] for key in given}
    values = {key: value for key, value in given.items() if key not in old or old[key] != value}
    if not values:
        return None
    name = str(base["name"] if base else given.get("name", record_id))
    edit = Edit(name=name, id=record_id, version=version, values=values, old=old)
    if now is None:
        edit.problem = "it was deleted meanwhile"
    elif now["version"] != version:
        edit.problem = (
            f"{now['changed_by']} changed it meanwhile (version {now['version']}, yours began"
            f" with {version}); take a new df and repeat your change"
        )
    return edit


def _missing(value: Any) -> bool:
    """Whether a cell is empty: None, NaN or NA."""
    if value is None:
        return True
    same = value == value  # noqa: PLR0124 - NaN is not equal to itself, NA neither True nor False
    return not isinstance(same, bool) or not same


def _plain(value: Any) -> Any:
    """Make a cell's value plain JSON."""
    return value.item() if hasattr(value, "item") else value
