"""What is kept of a start: the script's text, and of its environment what can be no secret.

Of the login environment, which may hold anything, names are kept, and the values of the few
variables listed here, each only if it has the shape of what it should be: a path, a locale, a
time zone. The list stands in ``docs/promises.md``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arp_nb.secret_names import HIDDEN, is_secret
from arp_nb.starts import Start, Surroundings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from arp_nb.batch_client.check import Look
    from arp_nb.batch_client.environment import Account
    from arp_nb.batch_client.spool import Order

#: what `arp_nb.manager` and `arp_nb.batch_client.submit` give each script
OURS = (
    "EXPERIMENT", "RUN_NUM", "BATCH_UPDATE_URL", "ARP_JOB_ID", "ARP_ROOT_JOB_ID", "ARP_LOCATION",
    "JID_UPDATE_COUNTERS", "ARP_UPDATE_COUNTERS", "ARP_SPOOL", "ARP_LOCK_FD", "ARP_TAG_OPTION",
    "ARP_ASK_OPTIONS", "ARP_VIA",
)  # fmt: skip

_PATH = re.compile(r"/[\w.+,@%~ /-]{0,1000}")
_LOCALE = re.compile(r"(C|POSIX|[a-z]{2,3}(_[A-Z]{2})?)(\.[A-Za-z0-9-]{1,12})?(@[a-z]{1,10})?")
_ZONE = re.compile(r":?[A-Z][A-Za-z]{1,15}([/_+-][A-Za-z0-9]{1,15}){0,4}")
#: a folder, a file or a list of folders
_PATHS = (
    "PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "HOME", "SHELL", "CONDA_PREFIX", "VIRTUAL_ENV",
    "LSF_ENVDIR", "LSF_SERVERDIR", "LSF_BINDIR", "LSF_LIBDIR", "LSB_CONFDIR", "LSB_SHAREDIR",
    "SLURM_CONF",
)  # fmt: skip
_SHAPES = {
    **dict.fromkeys(("LANG", "LC_ALL", "LC_CTYPE", "LC_NUMERIC", "LC_TIME"), _LOCALE),
    "TZ": _ZONE,
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_MOST_NAMES = 1000
_MOST_CHARS = 16_000
#: a secret that is shorter may stand in a path by chance
_SECRET_CHARS = 6
#: the key of an update address is the manager's secret, and the job's
_KEY = re.compile(r"(client_status/[0-9]+-)[0-9A-Za-z]+")


def record(order: Order, look: Look, account: Account) -> Start:
    """Return what is kept of a start that is about to be made."""
    ours = {name: order.environment[name] for name in OURS if name in order.environment}
    rest = {name: text for name, text in order.environment.items() if name not in ours}
    return Start(
        script=look.script,
        variables={name: _KEY.sub(r"\1…", _plain(text)) for name, text in ours.items()},
        login=surroundings(rest),
        host=look.check.host or "",
        folder=_plain(order.folders[0]),
        user=account.name,
        umask=order.umask,
        read_at=look.check.checked_at,
    )


def surroundings(environment: Mapping[str, str]) -> Surroundings:
    """Return what is kept of an environment: names, and values that can be no secret."""
    secrets = {
        text
        for name, text in environment.items()
        if is_secret(name) and len(text) >= _SECRET_CHARS
    }
    values = {}
    for name in (*_PATHS, *_SHAPES):
        value = _harmless(name, environment.get(name, ""), secrets)
        if value:
            values[name] = value
    others = environment.keys() - values.keys()
    names = sorted(name for name in others if _NAME.fullmatch(name))[:_MOST_NAMES]
    return Surroundings(values=values, names=tuple(names), others=len(others) - len(names))


def _harmless(name: str, text: str, secrets: Collection[str]) -> str:
    """Return a value as it may be kept; empty if it is not what its name says."""
    if name in _SHAPES:
        kept = text if _SHAPES[name].fullmatch(text) else ""
        return "" if any(secret in kept for secret in secrets) else kept
    if "://" in text:  # an address, which may hold a password, wherever that begins and ends
        return ""
    parts = [_path(part, secrets) for part in text[:_MOST_CHARS].split(":")]
    return ":".join(parts) if any(part not in {"", HIDDEN} for part in parts) else ""


def _path(text: str, secrets: Collection[str]) -> str:
    if text in {"", "."}:
        return text
    is_path = _PATH.fullmatch(text) and not any(secret in text for secret in secrets)
    return _plain(text) if is_path else HIDDEN


def _plain(text: str) -> str:
    """Return text as it can be kept: names of files need not be characters."""
    return text.encode("utf-8", "replace").decode()
