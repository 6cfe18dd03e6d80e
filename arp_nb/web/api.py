"""The app of the manager's Unix socket, put together from its routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI

from arp_nb import settings
from arp_nb.errors import BY_NAME
from arp_nb.web import (
    answers,
    autorun,
    changes,
    definitions,
    experiments,
    job_table,
    jobs,
    legacy,
    logs,
    preferences,
    runs,
    status,
)
from arp_nb.web.bounds import BoundedBodies
from arp_nb.web.caller import authenticated
from arp_nb.web.failures import handle_failures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from arp_nb.manager import Manager

_DESCRIPTION = "Batch jobs on experiment runs. Every error answers `{error, message}`."
#: each status that an error of ours can have, in the words of its classes
_FAILURES: dict[int | str, dict[str, Any]] = {
    status: {
        "model": answers.Failure,
        "description": " ".join(
            f"{name}: {str(cls.__doc__).splitlines()[0]}"
            for name, cls in BY_NAME.items()
            if cls.status == status
        ),
    }
    for status in sorted({cls.status for cls in BY_NAME.values()})
}
#: the modules whose routes stand below ``/arp/api``
PARTS = (
    status, experiments, definitions, runs, autorun, job_table, jobs, logs, preferences, changes,
)  # fmt: skip
_SLASHES = re.compile("//+")


def app(manager: Manager, *, user: str, notices: Callable[[], Sequence[str]] = tuple) -> FastAPI:
    """Make the app.

    Parameters
    ----------
    manager
        Who answers.
    user
        Whose name stands on what is done; solo mode has one.
    notices
        What the process has to tell its user; shown with the status.
    """
    made = FastAPI(
        title="arp-nb batch manager",
        version=str(settings.API_VERSION),
        description=_DESCRIPTION,
        dependencies=[Depends(authenticated)],
        responses=_FAILURES,
        # its own pages load scripts from elsewhere; the description is a route of ours
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    made.state.manager = manager
    made.state.user = user
    made.state.notices = notices
    handle_failures(made)
    for module in PARTS:
        made.include_router(module.router, prefix="/arp/api")
    made.include_router(legacy.router)
    made.add_middleware(SingleSlashes)
    made.add_middleware(BoundedBodies)
    return made


class SingleSlashes:
    """Takes ``//`` in an address for ``/``: scripts of today write it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Correct the path, then go on."""
        if "//" in scope.get("path", ""):
            scope = {**scope, "path": _SLASHES.sub("/", scope["path"])}
        await self._app(scope, receive, send)
