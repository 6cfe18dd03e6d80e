"""The extension as Jupyter's server sees it: its options, its addresses, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.extension.application import ExtensionApp
from traitlets import Float, Int, Unicode
from typing_extensions import override

from arp_nb import discovery
from arp_nb.extension import assets
from arp_nb.extension.handlers import ChangesHandler, ProxyHandler
from arp_nb.extension.link import ManagerLink
from arp_nb.extension.page import PageHandler
from arp_nb.settings import store_folder

if TYPE_CHECKING:
    from pathlib import Path


class ArpExtension(ExtensionApp):
    """Batch jobs on experiment runs: the manager's API and pages below ``<base>/arp/``."""

    name = "arp_nb"
    load_other_extensions = True

    store = Unicode(
        help="Folder of the batch manager's store. Empty: the variable ARP_STORE, else "
        "~/.local/share/arp-nb. It must be on a local disk."
    ).tag(config=True)
    start_timeout_s = Float(
        30.0, help="How long a batch manager that had to be started may take to answer."
    ).tag(config=True)
    answer_timeout_s = Float(
        60.0, help="How long the batch manager may be silent in one request."
    ).tag(config=True)
    max_body_bytes = Int(8 * 2**20, help="The longest request that is passed on.").tag(config=True)

    @override
    def initialize_settings(self) -> None:
        self.settings["arp_link"] = ManagerLink(
            self._find_manager, answer_timeout_s=self.answer_timeout_s
        )
        self.settings["arp_max_body_bytes"] = self.max_body_bytes
        self.settings["arp_sockets"] = set()

    @override
    def initialize_handlers(self) -> None:
        self.handlers.extend(
            [
                (r"/arp/api/changes", ChangesHandler),
                (rf"/arp/static/({assets.NAME})", assets.AssetHandler),
                (r"/arp/page/?", PageHandler),
                (r"/arp(?:/.*)?", ProxyHandler),
            ]
        )

    @override
    async def stop_extension(self) -> None:
        assert self.serverapp is not None  # it stops us
        settings = self.serverapp.web_app.settings
        for socket in tuple(settings["arp_sockets"]):
            socket.close(1001, "The Jupyter server ends.")
        settings["arp_link"].close()

    def _find_manager(self) -> Path:
        address = discovery.find_or_start(store_folder(self.store), self.start_timeout_s)
        return address.socket
