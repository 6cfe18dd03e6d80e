"""What became of a request for many jobs, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb.client import markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Outcomes(list[dict[str, Any]]):
    """For each job: ``id``, ``ok``, and ``message`` with what was said."""

    def __init__(self, action: str, results: Iterable[Mapping[str, Any]]) -> None:
        super().__init__(dict(one) for one in results)
        self._action = action

    @property
    def ok(self) -> bool:
        """Whether it was accepted for every job."""
        return all(one["ok"] for one in self)

    def __repr__(self) -> str:
        lines = [f"{self._action} job {one['id']}: {self._said(one)}" for one in self]
        return "\n".join(map(markup.plain, lines)) or "no jobs"

    def _repr_html_(self) -> str:
        return markup.table(
            ("job", self._action),
            ((markup.escape(one["id"]), markup.escape(self._said(one))) for one in self),
        )

    @staticmethod
    def _said(one: Mapping[str, Any]) -> str:
        return str(one.get("message") or ("accepted" if one["ok"] else "refused"))
