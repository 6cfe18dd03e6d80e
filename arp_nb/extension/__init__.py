"""The Jupyter server extension: the batch manager's HTTP face, behind Jupyter's own login.

It adds no meaning of its own. It finds or starts the manager, and passes on requests below
``<base>/arp/`` for whoever has logged in to this Jupyter server, over the manager's Unix
socket. It is enabled by installing the package.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from arp_nb.extension.app import ArpExtension  # noqa: PLC0415 - only Jupyter's server needs it

    return [{"module": "arp_nb.extension", "app": ArpExtension}]
