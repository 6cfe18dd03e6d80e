"""How a notebook gets its board."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote

from arp_nb import errors
from arp_nb.client import transport
from arp_nb.client.board import Board

if TYPE_CHECKING:
    from arp_nb.client.transport import Transport


def connect(
    experiment: str, url: str | None = None, token: str | None = None, *, create: bool = False
) -> Board:
    """Open an experiment.

    Parameters
    ----------
    experiment
        Its name.
    url
        Address of a Jupyter server; by default this user's own manager on this machine,
        which is started if it does not run.
    token
        That server's token, unless the address has it.
    create
        Make the experiment if there is none of that name.

    Returns
    -------
    Board
        The experiment, live.

    Raises
    ------
    NotFound
        There is no such experiment; the message names similar ones.
    ManagerError
        The manager cannot be reached or started, and why.
    VersionSkew
        The two sides speak different versions; the message says which to upgrade.

    Examples
    --------
    >>> board = arp_nb.connect("xppi0915")  # doctest: +SKIP
    """
    way = reach(url, token)
    try:
        way.check_version()
        found = _find(way, experiment, create=create)
        return Board(way, found)
    except BaseException:
        way.close()
        raise


def reach(url: str | None = None, token: str | None = None) -> Transport:
    """Return a way to the manager: this user's own, or the one behind a Jupyter server."""
    return transport.over_url(url, token) if url else transport.over_socket()


def _find(way: Transport, experiment: str, *, create: bool) -> dict[str, object]:
    name = str(experiment)
    if not name or re.search(r"[/\x00-\x1f]", name):
        raise errors.InvalidValue(f"{name!r} cannot be the name of an experiment.")
    try:
        found: dict[str, object] = way.call("GET", f"/experiments/{quote(name, safe='')}")
    except errors.NotFound as error:
        if not create:
            command = f"jupyter arp experiment create {shlex.quote(name)}"
            raise errors.NotFound(f"{error} `{command}` or create=True makes it.") from None
        try:
            found = way.call("POST", "/experiments", {"name": name})
        except errors.Conflict:  # somebody else was faster
            found = way.call("GET", f"/experiments/{quote(name, safe='')}")
    return found
