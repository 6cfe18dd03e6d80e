"""One user, one host: a file in the home folder names the host that runs the manager.

A home folder is often shared between machines while a store must lie on a local disk, so
that a lock in the store cannot tell that another machine runs a manager too. The claim can.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arp_nb.daemon.host import Host
from arp_nb.discovery import make_private
from arp_nb.errors import StoreBusy

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_PATH = "~/.config/arp-nb/claim.json"


def claim_path() -> Path:
    """Return the claim's path; the variable ARP_CLAIM names another."""
    return Path(os.environ.get("ARP_CLAIM") or _DEFAULT_PATH).expanduser()


def check(host: Host, store: Path) -> bool:
    """Refuse a host that the claim does not name; return whether there is a claim.

    Raises
    ------
    StoreBusy
        Another host holds the claim.
    """
    held = _read()
    if held is None or host.is_same_machine(_host_of(held)):
        return held is not None
    raise StoreBusy(
        f"Your batch manager belongs to the host {held['host']} (store {held.get('store')}, "
        f"since {held.get('at')}). Work there, or take it over with "
        f"`jupyter arp manager move --store {store}` on this host, {host.name}; jobs that the "
        "other one submitted then report to nobody."
    )


def take(host: Host, store: Path) -> None:
    """Write the claim for this host, unless another store of this host holds it."""
    held = _read()
    if held is not None and host.is_same_machine(_host_of(held)):
        other = Path(str(held.get("store", "")))
        if other == store or other.is_dir():
            return
    write(host, store)


def write(host: Host, store: Path) -> None:
    """Write the claim for this host, whoever holds it."""
    path = claim_path()
    make_private(path.parent)
    claim = {
        "host": host.name,
        "boot_id": host.boot_id,
        "store": str(store),
        "user": pwd.getpwuid(os.getuid()).pw_name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(claim) + "\n", "utf-8")
        draft.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()


def _read() -> Mapping[str, Any] | None:
    try:
        claim = json.loads(claim_path().read_bytes())
    except (OSError, ValueError):
        return None  # none, or one cut short by a full disk: it claims nothing
    return claim if isinstance(claim, dict) and isinstance(claim.get("host"), str) else None


def _host_of(claim: Mapping[str, Any]) -> Host:
    return Host(claim["host"], str(claim.get("boot_id") or ""))
