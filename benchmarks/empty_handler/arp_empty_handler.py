"""A Jupyter server extension that does nothing, for comparison: the login, and ``{}``."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web


class EmptyHandler(APIHandler):
    """Answers a logged-in reader with an empty object."""

    auth_resource = "empty"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer."""
        self.finish("{}")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "arp_empty_handler"}]


def _load_jupyter_server_extension(server: Any) -> None:
    server.web_app.add_handlers(".*$", [(server.base_url + "empty", EmptyHandler)])
