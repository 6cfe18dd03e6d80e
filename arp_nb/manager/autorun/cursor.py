"""Up to where facts were decided on; durable, and only there to spare reading all again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arp_nb.store.base import Store

_META = "autorun_cursor"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to which revision runs, and ended jobs, were decided on."""

    runs: int = 0
    jobs: int = 0


async def read(store: Store) -> Cursor:
    """Return what was kept last."""
    text = await store.get_meta(_META)
    return Cursor(**json.loads(text)) if text else Cursor()


async def keep(store: Store, cursor: Cursor) -> None:
    """Keep it; durable when this returns."""
    await store.set_meta(_META, json.dumps(asdict(cursor)))
