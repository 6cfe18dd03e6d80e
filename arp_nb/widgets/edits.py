"""What people did to a grid: which cells they changed, which rows they added and deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from arp_nb.widgets.table import Ids

_COLUMNS = {
    "at": "datetime64[us, UTC]",
    "what": "str" if int(pd.__version__.split(".", maxsplit=1)[0]) >= 3 else "object",
    "id": "int64",
    "index": "object",
    "column": "object",
    "old": "object",
    "new": "object",
}


@dataclass(slots=True)
class EditLog:
    """The edits in their order."""

    _kept: list[tuple[Any, ...]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._kept)

    def cell(self, row: int, label: Any, column: Any, old: Any, new: Any) -> None:
        """Keep that somebody changed a cell."""
        self._kept.append((datetime.now(UTC), "edit", row, label, column, old, new))

    def rows(self, what: str, ids: Ids, labels: pd.Index[Any]) -> None:
        """Keep that somebody added or deleted rows."""
        now = datetime.now(UTC)
        rows = zip(ids.tolist(), labels, strict=True)
        self._kept += [(now, what, row, label, None, None, None) for row, label in rows]

    def frame(self) -> pd.DataFrame:
        """Return them as a DataFrame, one a row."""
        by_name = zip(*self._kept, strict=True) if self._kept else [[]] * len(_COLUMNS)
        made = {}
        for (name, dtype), several in zip(_COLUMNS.items(), by_name, strict=True):
            column = np.empty(len(several), dtype=object)
            for at, one in enumerate(several):
                column[at] = one  # one by one: a list or a tuple in a cell stays one value
            made[name] = pd.Series(column, dtype=object).astype(cast("Any", dtype))
        return pd.DataFrame(made)
