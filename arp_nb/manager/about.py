"""What a manager says of itself: the answer to ``GET status``."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from arp_nb.errors import ArpError
from arp_nb.rows import health_row
from arp_nb.settings import API_VERSION

if TYPE_CHECKING:
    from arp_nb.manager.context import Context

_ABSENT = "The batch client is not there: what you ask for is kept, and waits."


async def about(context: Context) -> dict[str, Any]:
    """Tell who serves whom, how up to date it is, and what a user should know."""
    notices: list[str] = []
    locations: dict[str, str] = {}
    default = context.settings.default_location
    try:
        locations = dict(await context.seat.locations())
        default = await context.seat.default_location()
    except ArpError as error:
        notices.append(context.capabilities.mask(str(error)))
    if not context.health.now.client_ok:
        notices.append(_ABSENT)
    return {
        "api_version": API_VERSION,
        "version": _version(),
        "epoch": context.store.epoch,
        "revision": await context.store.revision(),
        "user": context.user,
        "host": context.host,
        "mode": "solo",
        "health": health_row(context.health.now),
        "locations": locations,
        "default_location": default,
        "update_base": context.update_base,
        "notices": notices,
    }


def _version() -> str:
    try:
        return version("arp-nb")
    except PackageNotFoundError:
        return "not installed"
