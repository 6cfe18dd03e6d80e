"""What config.toml may say of a logbook."""

from __future__ import annotations

import ipaddress
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arp_nb.errors import InvalidValue
from arp_nb.run_sources import options, secret_file

if TYPE_CHECKING:
    from arp_nb.settings import SourceSettings

_SECRETS = {"password": "password_file", "token": "token_file"}
_NEEDS = {"basic": ("user", "password_file"), "token": ("token_file",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogbookOptions:
    """Options of a table ``[run_source.NAME]`` whose kind is "logbook"."""

    #: the logbook's address: what stands before ``/lgbk/…``, so ``https://host/ws-kerb`` where
    #: Kerberos has a place of its own
    url: str = ""
    #: seconds between two questions; more where it is slow to answer
    interval_s: float = 5.0
    #: an answer is waited for so long
    timeout_s: float = 20.0
    #: "none", "basic", "token" or "kerberos"
    auth: str = "none"
    #: of "basic"
    user: str = ""
    #: of "basic": a file of yours alone that holds the password
    password_file: str = ""
    #: of "token": a file of yours alone that holds the token
    token_file: str = ""
    #: certificates that are trusted, where they are not those of this machine
    ca_file: str = ""
    #: where the clocks stand of times without a zone: "America/Los_Angeles"
    timezone: str = "UTC"
    #: send passwords and tokens over http, readable for all on the way
    plain_http: bool = False


def read(settings: SourceSettings) -> LogbookOptions:
    """Read and check the options. `InvalidValue`."""
    where = options.where(settings)
    for name, file in _SECRETS.items():
        if name in settings.options:
            raise InvalidValue(
                f"{where}: {name} does not stand in config.toml, which others may read. Put it "
                f"into a file of yours alone (chmod 600), and name that: {file}"
            )
    made = options.read(LogbookOptions, settings)
    options.check_choice(settings, "auth", made.auth, "none", "basic", "token", "kerberos")
    options.check_between(settings, "interval_s", made.interval_s, 0.1, 3600)
    options.check_between(settings, "timeout_s", made.timeout_s, 0.1, 300)
    _check_url(made, where)
    for name in ("password_file", "token_file", "ca_file"):
        if path := getattr(made, name):
            secret_file.absolute(path, name, where)
    for name in _NEEDS.get(made.auth, ()):
        if not getattr(made, name):
            raise InvalidValue(f'{where}: auth = "{made.auth}" needs {name}')
    if not made.user.isprintable() or ":" in made.user:
        raise InvalidValue(f"{where}: {made.user!r} cannot be a user's name")
    try:
        zoneinfo.ZoneInfo(made.timezone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise InvalidValue(f"{where}: there is no time zone {made.timezone!r}") from error
    return made


def _check_url(made: LogbookOptions, where: str) -> None:
    try:
        url = urlsplit(made.url)
        valid = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        valid = False
    if not valid or not made.url.isprintable() or " " in made.url:
        raise InvalidValue(
            f"{where}: url must be the logbook's address, like https://logbook.example; "
            f"got {made.url!r}"
        )
    if url.username or url.password:
        raise InvalidValue(f"{where}: no user or password in url: see auth")
    if url.query or url.fragment:
        raise InvalidValue(f"{where}: url ends before ? and #")
    sends = made.auth in {"basic", "token"}
    if sends and url.scheme == "http" and not made.plain_http and not _is_here(url.hostname):
        raise InvalidValue(
            f'{where}: auth = "{made.auth}" over http can be read on the way. Use https, or say '
            "plain_http = true"
        )


def _is_here(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
