"""``<base>/arp/page``: the control page on its own, without notebook, kernel or Voila."""

from __future__ import annotations

from html import escape
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from typing_extensions import override

from arp_nb.extension import assets
from arp_nb.extension.base import ArpHandler, in_words

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Batch jobs</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
<style>html, body, #arp-page {{ height: 100%; margin: 0 }}</style>
<script type="module" src="{script}"></script>
</head>
<body>
<main id="arp-page">
<noscript>This page is drawn by JavaScript, which is off here.</noscript>
</main>
</body>
</html>
"""
#: its own files and this server's API; pictures from wherever a job says that they are
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data: http: https:; base-uri 'none'; form-action 'none'"
)


class PageHandler(ArpHandler):
    """A few lines of HTML. People who have not logged in are sent to do so, and come back.

    What the page shows stands in its address, and is read by the page itself:
    ``?experiment=…`` and ``?theme=dark``.
    """

    @override
    async def prepare(self, *, _redirect_to_login: bool = True) -> None:
        await JupyterHandler.prepare(self)

    @property
    def content_security_policy(self) -> str:
        """Nothing from elsewhere runs in this page."""
        return f"{super(ArpHandler, self).content_security_policy}; {_POLICY}"

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Send the page."""
        self._send()

    @web.authenticated
    @authorized
    def head(self) -> None:
        """As ``get``."""
        self._send()

    @override
    def get_login_url(self) -> str:
        return str(JupyterHandler.get_login_url(self))

    @override
    def write_error(self, status_code: int, **kwargs: Any) -> None:
        # a person reads it
        error = in_words(status_code, kwargs.get("exc_info", (None, None, None))[1])
        self.set_status(error.status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(str(error))

    def _send(self) -> None:
        script = assets.address(self.base_url, "page.js")
        style = assets.address(self.base_url, "board.css")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Referrer-Policy", "same-origin")  # it may have a token in its address
        _ = self.xsrf_token  # sets the cookie that every change must prove to know
        self.finish(_PAGE.format(script=escape(script), style=escape(style)))
