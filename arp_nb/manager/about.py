"""What a manager says of itself: the answer to ``GET status``."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from arp_nb.errors import ArpError
from arp_nb.manager.autorun.status import status
from arp_nb.manager.autorun.told import status_row
from arp_nb.manager.seat import LOCAL
from arp_nb.rows import health_row
from arp_nb.settings import API_VERSION
from arp_nb.status import title

if TYPE_CHECKING:
    from arp_nb.manager.context import Context

_ABSENT = "The batch client is not there: what you ask for is kept, and waits."

_LOOPBACK = re.compile(r"https?://(?:localhost|127\.[0-9.]+|\[::1\])(?:[:/]|\Z)", re.ASCII)
_UNREACHABLE = (
    "Jobs on {names} cannot report to {base}, which only this machine can reach, and a script "
    "that posts there fails. Set update_listen, or public_url, in config.toml, and restart the "
    "manager."
)


async def about(context: Context) -> dict[str, Any]:
    """Tell who serves whom, how up to date it is, and what a user should know."""
    notices: list[str] = []
    locations: dict[str, str] = {}
    not_offered: dict[str, str] = {}
    first_posts: dict[str, str | None] = {}
    default = context.settings.default_location
    try:
        locations = dict(await context.seat.locations())
        not_offered = dict(await context.seat.not_offered())
        default = await context.seat.default_location()
        first_posts = dict(await context.routes.first_posts())
    except ArpError as error:
        notices.append(context.capabilities.mask(str(error)))
    if not context.health.now.client_ok:
        notices.append(_ABSENT)
    clusters = [title(name) for name in locations if name != LOCAL]
    if clusters and _LOOPBACK.match(context.update_base):
        notices.append(_UNREACHABLE.format(names=", ".join(clusters), base=context.update_base))
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
        "not_offered": not_offered,
        "default_location": default,
        "update_base": context.update_base,
        "first_posts": first_posts,
        "autorun_acts": True,
        "autorun": status_row(await status(context, None)),
        "notices": notices,
    }


def _version() -> str:
    try:
        return version("arp-nb")
    except PackageNotFoundError:
        return "not installed"
