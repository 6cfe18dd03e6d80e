"""``jupyter arp manager``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arp_nb import discovery
from arp_nb.daemon import commands
from arp_nb.settings import store_folder

if TYPE_CHECKING:
    import argparse


def manager(options: argparse.Namespace) -> int:
    """Run, start, stop, move, or tell the state of this user's manager."""
    store = store_folder(options.store)
    match options.action:
        case "run":
            return commands.run(store, detach=False)
        case "start":
            print(f"The batch manager listens at {discovery.find_or_start(store).socket}.")
            return 0
        case "status":
            return commands.status(store)
        case "stop":
            return commands.stop(store)
        case _:
            return commands.move(store)
