"""The environment that a submission script gets: the user's login environment, and ours.

Never that of whatever started the manager: a notebook server's variables hold tokens, and a
scheduler copies what it is given to the nodes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pwd
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arp_nb.batch_client.shim import PLAIN_UMASK
from arp_nb.schedulers.command import start_process
from arp_nb.settings import LocationSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.ports import SubmitRequest
    from arp_nb.schedulers.base import Scheduler
    from arp_nb.settings import Settings

log = logging.getLogger(__name__)

WRAPPERS = Path(__file__).parent / "wrappers"
#: gives the login shell that one, and becomes it
_AFRESH = ("/bin/sh", "-c", f'umask {PLAIN_UMASK:04o}; exec "$@"', "sh")
_MARK, _END = "ARP-ENVIRONMENT-BEGINS", "ARP-ENVIRONMENT-ENDS"
#: the kernel passes no larger environment on to a script
_PRINTED_BYTES = 4_000_000
_REAP_S = 1.0
#: for profiles that load modules from a slow disk
LOGIN_S = 15.0
_CACHED_S = 300.0
_FALLBACK_CACHED_S = 30.0
_PLAIN_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_UMASK = re.compile(rb"[0-7]{1,4}")
#: variables of the shell that printed the environment, not of the user
_SHELLS_OWN = frozenset({"_", "SHLVL", "PWD", "OLDPWD"})


@dataclass(frozen=True, slots=True)
class LoginEnvironment:
    """What the user's login shell exports, and what must be said about it."""

    variables: Mapping[str, str]
    note: str = ""
    umask: int = PLAIN_UMASK


@dataclass(frozen=True, slots=True)
class Account:
    """Who we act as."""

    name: str
    home: str
    shell: str

    @classmethod
    def own(cls) -> Account:
        """Return the account that this process runs under.

        A container may run us under a number that has no entry anywhere.
        """
        try:
            entry = pwd.getpwuid(os.getuid())
        except KeyError:
            home = os.environ.get("HOME", "/")
            return cls(os.environ.get("USER") or str(os.getuid()), home, "/bin/sh")
        home = os.environ.get("HOME") or entry.pw_dir
        return cls(entry.pw_name, home, entry.pw_shell or "/bin/sh")

    def minimal(self) -> dict[str, str]:
        """Return the variables that every login sets."""
        return {
            "HOME": self.home,
            "USER": self.name,
            "LOGNAME": self.name,
            "SHELL": self.shell,
        }


class LoginEnvironments:
    """Asks the login shell, and remembers the answer for some minutes."""

    def __init__(self, account: Account, timeout_s: float) -> None:
        self._account = account
        self._timeout_s = timeout_s
        self._known: LoginEnvironment | None = None
        self._known_until_s = 0.0
        self._asking = asyncio.Lock()

    async def get(self) -> LoginEnvironment:
        """Return the login environment; a plain one, with a note, if the shell fails."""
        async with self._asking:
            if self._known is None or time.monotonic() >= self._known_until_s:
                self._known = await self._ask()
                kept_s = _FALLBACK_CACHED_S if self._known.note else _CACHED_S
                self._known_until_s = time.monotonic() + kept_s
            return self._known

    async def _ask(self) -> LoginEnvironment:
        try:
            printed = await _print_environment(self._account, self._timeout_s)
            variables, umask = parse(printed), parse_umask(printed)
            why = "it printed no environment"
        except (OSError, TimeoutError) as error:
            variables, umask = {}, PLAIN_UMASK
            why = str(error) or f"no answer in {self._timeout_s:g} s"
        if variables:
            return LoginEnvironment({**self._account.minimal(), **variables}, umask=umask)
        log.warning("login shell %s: %s", self._account.shell, why)
        note = f"login environment not read ({self._account.shell}: {why}); a plain one used"
        return LoginEnvironment({**self._account.minimal(), "PATH": _PLAIN_PATH}, note)


async def _print_environment(account: Account, timeout_s: float) -> bytes:
    # csh takes -l only alone; its users' settings stand in .cshrc, which -c reads
    flags = ["-c"] if Path(account.shell).name.endswith("csh") else ["-l", "-c"]
    process = await start_process(
        *_AFRESH,
        account.shell,
        *flags,
        f"echo {_MARK}; env -0; umask; echo {_END}",
        stderr=asyncio.subprocess.DEVNULL,
        env=account.minimal(),
        cwd="/",
        limit=_PRINTED_BYTES,
    )
    assert process.stdout is not None  # it is a pipe
    try:
        async with asyncio.timeout(timeout_s):
            # not until the pipe is closed: what the profile left running may hold it open
            return await process.stdout.readuntil(f"{_END}\n".encode())
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        raise OSError(f"it printed more than {_PRINTED_BYTES:,} bytes") from error
    finally:
        # also what the profile left running in the background
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        # the library closes its end of the pipe only once nobody holds the other. Not the whole
        # transport: that would ask for the end of the shell, and whoever else waits for it
        # would then never hear how it was
        pipe = process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]  # noqa: SLF001
        if pipe is not None:
            pipe.close()
        # a shell that hangs on a dead file server cannot be ended, and is not waited for
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REAP_S):
                await process.wait()


def parse(printed: bytes) -> dict[str, str]:
    """Read the variables that ``echo MARK; env -0; …`` printed after what the profile printed."""
    _, mark, listing = printed.rpartition(f"{_MARK}\n".encode())
    listing = listing.removesuffix(f"{_END}\n".encode())
    if not mark:
        return {}
    variables: dict[str, str] = {}
    for item in listing.split(b"\0"):
        name, equals, value = item.partition(b"=")
        if equals and name:
            variables[os.fsdecode(name)] = os.fsdecode(value)
    return {name: value for name, value in variables.items() if name not in _SHELLS_OWN}


def parse_umask(printed: bytes) -> int:
    """Read the umask behind the variables; the plain one where the shell tells none."""
    text = printed.removesuffix(f"{_END}\n".encode()).rpartition(b"\0")[2].strip()
    return int(text, 8) & 0o777 if _UMASK.fullmatch(text) else PLAIN_UMASK


def compose(
    login: Mapping[str, str], settings: Settings, scheduler: Scheduler, request: SubmitRequest
) -> dict[str, str]:
    """Return the whole environment of a request's script."""
    environment = dict(login)
    # the location's own commands before the site's: on a laptop with both, the local bsub
    place = settings.location.get(request.location, LocationSettings())
    before = [
        WRAPPERS, *scheduler.path_prepend, *place.path_prepend, *settings.path_prepend,
    ]  # fmt: skip
    path = environment.get("PATH", _PLAIN_PATH)
    environment["PATH"] = ":".join([*map(str, before), path])
    environment.update(scheduler.environment())
    environment.update(settings.environment)
    environment.update(place.environment)
    # for scripts that are to run at several locations
    environment["ARP_SUBMIT_COMMAND"] = scheduler.submit_commands[0]
    environment.update(request.environment)
    host = urlsplit(request.environment.get("BATCH_UPDATE_URL", "")).hostname
    if host:
        for name in ("no_proxy", "NO_PROXY"):
            environment[name] = _with_host(environment.get(name, ""), host)
    return environment


def _with_host(no_proxy: str, host: str) -> str:
    hosts = [one.strip() for one in no_proxy.split(",") if one.strip()]
    return no_proxy if host in hosts or "*" in hosts else ",".join([*hosts, host])


def working_folders(executable: str, account: Account) -> tuple[str, ...]:
    """Return where a script is to start, best first; the shim takes the first that it can.

    Beside itself, so that its ``logs/%J.log`` is where its author thinks; else at home.
    """
    return (str(Path(executable).parent), account.home, "/")
