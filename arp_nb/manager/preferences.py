"""What a user's pages remember, wherever the user logs in: small JSON values by name."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from arp_nb.errors import InvalidValue, TooLarge

if TYPE_CHECKING:
    from arp_nb.store.base import Store

#: of one value, as JSON in UTF-8
MAX_BYTES = 16_384
#: of one user
MAX_NAMES = 200
_NAME = re.compile(r"[a-z0-9_.-]{1,64}", re.ASCII)


class Preferences:
    """Reads and keeps them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, by: str, name: str) -> Any:
        """Return what a user's pages keep under a name; None if there is nothing."""
        return await self._store.get_preference(by, _checked(name))

    async def put(self, by: str, name: str, value: Any) -> None:
        """Keep JSON under a name; None drops it.

        Raises
        ------
        TooLarge
            It has more than `MAX_BYTES`, or there are more than `MAX_NAMES`.
        """
        size_bytes = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
        if size_bytes > MAX_BYTES:
            raise TooLarge(
                f"A preference may have {MAX_BYTES:,} bytes as JSON; {name[:64]} has "
                f"{size_bytes:,}."
            )
        await self._store.set_preference(by, _checked(name), value, MAX_NAMES)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            f"{name[:80]!r} cannot name a preference: 1 to 64 of a-z, 0-9, '_', '.' and '-'."
        )
    return name
