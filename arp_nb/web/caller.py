"""Who asks, and of whom: the dependencies that every route shares."""

# ruff: noqa: TC002 - FastAPI reads annotations at run time
from __future__ import annotations

import os
from typing import Annotated

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from arp_nb.errors import Unauthenticated
from arp_nb.manager import Manager
from arp_nb.model import Experiment


def authenticated(connection: HTTPConnection) -> None:
    """Let in only processes of the account that the manager runs as.

    The kernel told the uid when the connection was made; see `arp_nb.web.serving`. A
    connection that it knows nothing of, such as TCP, is nobody's.
    """
    if connection.scope.get("state", {}).get("peer_uid") != os.getuid():
        raise Unauthenticated(
            "Only processes of the account that runs the batch manager may use its socket."
        )


def _manager(connection: HTTPConnection) -> Manager:
    manager: Manager = connection.app.state.manager
    return manager


#: the manager that answers
Managed = Annotated[Manager, Depends(_manager)]


def _user(connection: HTTPConnection) -> str:
    user: str = connection.app.state.user
    return user


#: who asks; in solo mode whoever may connect is the user
By = Annotated[str, Depends(_user)]


async def _experiment(
    exp: Annotated[str, Path(description="name or numeric id of an experiment")],
    manager: Managed,
) -> Experiment:
    return await manager.experiments.get(exp)


#: the experiment that the address names
InExperiment = Annotated[Experiment, Depends(_experiment)]
#: what SQLite can hold
Id = Annotated[int, Path(ge=1, lt=2**63)]
