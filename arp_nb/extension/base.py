"""What every handler here does first: Jupyter's checks, with refusals in words.

Jupyter's own handlers answer a stranger with a redirect to a page, or with "'_xsrf' argument
missing", neither of which tells a script or a scientist what to do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from typing_extensions import override

from arp_nb.errors import ArpError, Forbidden, Unauthenticated
from arp_nb.extension import crossing

if TYPE_CHECKING:
    from arp_nb.extension.link import ManagerLink


class ArpHandler(JupyterHandler):
    """Lets nobody past who has not logged in, or whose request another site made."""

    #: what an administrator's authorizer is asked about
    auth_resource = "arp"

    @property
    def link(self) -> ManagerLink:
        """The way to the manager."""
        link: ManagerLink = self.settings["arp_link"]
        return link

    @property
    def target(self) -> str:
        """What the manager is asked for: the address without the Jupyter server's base."""
        # by length: the base matched literally, and the rest must stay as it was sent
        path = self.request.path[len(self.base_url.rstrip("/")) :]
        return crossing.target(path, self.request.query)

    @property
    def content_security_policy(self) -> str:
        """Nothing that is answered here may act as a page."""
        return f"{super().content_security_policy}; default-src 'none'"

    @override
    async def prepare(self, *, _redirect_to_login: bool = False) -> None:
        await super().prepare(_redirect_to_login=False)
        if self.current_user is None:  # where the server admits strangers in general
            raise _stranger()
        if not self.check_origin():
            raise _foreign_site(self.request.headers.get("Origin", ""))

    @override
    def check_xsrf_cookie(self) -> None:
        try:
            super().check_xsrf_cookie()
        except web.HTTPError as error:
            if self.current_user is None:
                raise _stranger() from error
            if not self.check_origin():
                raise _foreign_site(self.request.headers.get("Origin", "")) from error
            raise Forbidden(
                "This came with your login cookie and without proof that a page of this "
                "server sent it. Send the value of the cookie _xsrf in the header "
                "X-XSRFToken, or use the server's token instead of the cookie."
            ) from error

    @override
    def get_login_url(self) -> str:
        # a redirect to the login page is being made: no page is asked for here
        raise _stranger()

    @override
    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = in_words(status_code, kwargs.get("exc_info", (None, None, None))[1])
        self.set_status(error.status)
        self.set_header("Content-Type", "application/json")
        if isinstance(error, Unauthenticated):
            self.set_header("WWW-Authenticate", "Bearer")
        self.finish(json.dumps({"error": type(error).__name__, "message": str(error)}))

    @override
    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if isinstance(value, ArpError):
            say = self.log.info if value.status < 500 else self.log.warning
            say("%s %s: %s", self.request.method, self.request.path, value)
        else:
            super().log_exception(typ, value, tb)


def _stranger() -> Unauthenticated:
    return Unauthenticated(
        "Log in to this Jupyter server first, or send its token in the header "
        "'Authorization: token …'."
    )


def _foreign_site(origin: str) -> Forbidden:
    return Forbidden(
        f"A page of {origin} made this request, and only this server's own pages may. "
        "The option ServerApp.allow_origin lets another site in."
    )


def in_words(status_code: int, error: object) -> ArpError:
    """Turn what Jupyter or Tornado raised into one of our errors."""
    if isinstance(error, ArpError):
        return error
    said = error.log_message if isinstance(error, web.HTTPError) else None
    if status_code == 405:
        said = said or "This address does not take that method."
    if status_code == 403:
        if said is None:
            return _stranger()
        return Forbidden(f"{said} This server's administrator decides on that.")
    plain = ArpError(said or "The Jupyter server failed at this; its log says why.")
    plain.status = status_code
    return plain
