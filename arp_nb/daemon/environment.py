"""What the user should know of the place that the manager runs in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from arp_nb.schedulers.base import Scheduler

_LOCAL = "local"
_ALONE = (
    "The manager's supervisor has ended: after a crash the manager comes back only with the next "
    "call, and posts in between are refused. 'jupyter arp manager stop' and the next call mend "
    "that."
)


def notices(found: Sequence[str], mortal: Callable[[], str]) -> Callable[[], Sequence[str]]:
    """Return what tells the notices as they are now.

    Parameters
    ----------
    found
        What the supervisor noticed when it bound the sockets.
    mortal
        Tells what is to be said of the place; empty if nothing is.
    """
    supervisor = os.getppid()

    def now() -> Sequence[str]:
        known = [*found, *filter(None, [mortal()])]
        return known if os.getppid() == supervisor else [*known, _ALONE]

    return now


def offered(
    found: Mapping[str, Scheduler], root: Path, *, accept_lost_reports: bool
) -> tuple[dict[str, Scheduler], str]:
    """Return the schedulers that may be offered in this place, and what must be said of it.

    Only what can be seen for sure counts: a container's marks, and the control group that a
    batch system or a login session made. Their absence proves nothing.
    """
    place = _place(root)
    if not place:
        return dict(found), ""
    notice = f"The batch manager runs in {place} and ends with it."
    clusters = sorted(set(found) - {_LOCAL})
    if not clusters:
        return dict(found), notice
    if accept_lost_reports:
        notice += " Jobs on a cluster go on then, and their reports are lost meanwhile."
        return dict(found), notice
    names = ", ".join(found[name].title for name in clusters)
    notice += (
        f" Jobs on {names} would go on, and fail or lose their reports, so none are sent there. "
        "Run the manager where it stays (jupyter arp manager start), or accept that with "
        "accept_lost_reports = true in config.toml."
    )
    return {name: one for name, one in found.items() if name == _LOCAL}, notice


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
