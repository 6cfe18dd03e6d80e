"""What the user should know of the place that the manager runs in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_LOCAL = "local"
_ALONE = (
    "The manager's supervisor has ended: after a crash the manager comes back only with the next "
    "call, and posts in between are refused. 'jupyter arp manager stop' and the next call mend "
    "that."
)


def notices(
    found: Sequence[str], locations: Callable[[], Collection[str]]
) -> Callable[[], Sequence[str]]:
    """Return what tells the notices as they are now.

    Parameters
    ----------
    found
        What the supervisor noticed when it bound the sockets.
    locations
        Tells where jobs can go.
    """
    supervisor = os.getppid()

    def now() -> Sequence[str]:
        known = [*found, *_mortal(locations(), Path("/"))]
        return known if os.getppid() == supervisor else [*known, _ALONE]

    return now


def _mortal(locations: Collection[str], root: Path) -> Sequence[str]:
    """Say where this process is likely to die with the server that started it.

    Only what can be seen for sure counts: a container's marks, and the control group that a
    batch system or a login session made. Their absence proves nothing.
    """
    place = _place(root)
    if not place:
        return ()
    advice = (
        " Jobs on a cluster go on then, and their reports are lost meanwhile."
        if set(locations) - {_LOCAL}
        else ""
    )
    return (f"The batch manager runs in {place} and ends with it.{advice}",)


def _place(root: Path) -> str:
    if (root / ".dockerenv").exists() or (root / "run/.containerenv").exists():
        return "a container"
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "a container"
    try:
        groups = (root / "proc/self/cgroup").read_text("utf-8", "replace")
    except OSError:
        return ""
    if "slurmstepd" in groups or "/slurm/" in groups or "/lsf/" in groups:
        return "a batch job"
    if "jupyterhub" in groups or "jupyter-" in groups:
        return "the service that started Jupyter"
    return ""
