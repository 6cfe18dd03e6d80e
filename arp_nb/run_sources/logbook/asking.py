"""One question to a logbook: blocks, so it is asked in a thread."""

from __future__ import annotations

import hashlib
import logging
import time
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from typing_extensions import override
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as TimeoutError_

from arp_nb.errors import SourceDown
from arp_nb.run_sources import secret_file
from arp_nb.run_sources.logbook import answer
from arp_nb.run_sources.told import Digested, digested

if TYPE_CHECKING:
    from arp_nb.run_sources.logbook.options import LogbookOptions

#: an answer of ten thousand runs with many parameters has some of them
MOST_BYTES = 64 * 1024 * 1024
_CHUNK = 256 * 1024
_SAID = {
    401: "asks who we are: check auth in config.toml, or renew what it needs.",
    403: "does not let this account read the runs of {experiment}.",
    404: "knows no experiment {experiment}, or has no such address.",
    429: "is asked too often: give interval_s in config.toml a larger value.",
}


class Unreachable(SourceDown):
    """The host does not answer at all: the next question would wait as long."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question."""

    news: tuple[Digested, ...]
    #: what could not be read of it, in words
    caveat: str
    #: of exactly this answer, as the server has it, or ""; and as we have it
    etag: str
    digest: bytes


class Asker:
    """Asks one logbook, over one connection; for one thread at a time.

    Parameters
    ----------
    options
        Of its table, checked.
    most_bytes
        A longer answer is refused.
    """

    def __init__(self, options: LogbookOptions, most_bytes: int = MOST_BYTES) -> None:
        self._options = options
        self._most_bytes = most_bytes
        self._zone = zoneinfo.ZoneInfo(options.timezone)
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"
        self._session.headers["User-Agent"] = "arp-nb"
        # given with each question: a session's own gives way to variables of the environment
        self._verify = str(Path(options.ca_file).expanduser()) if options.ca_file else True
        self._base = options.url.rstrip("/").removesuffix("/lgbk") + "/lgbk"
        self.name = f"The logbook at {urlsplit(options.url).hostname}"

    def ask(self, experiment: str, known: Asked | None) -> Asked:
        """Return the runs of an experiment; ``known`` itself where nothing has changed.

        Raises
        ------
        SourceDown
            There is no answer, or one that is not about runs.
        """
        headers = {"If-None-Match": known.etag} if known and known.etag else {}
        end_s = time.monotonic() + self._options.timeout_s
        try:
            with self._session.get(
                f"{self._base}/{quote(experiment, safe='')}/ws/runs",
                headers=headers,
                auth=self._auth(),
                timeout=self._options.timeout_s,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code == 304 and known is not None:
                    self._body(response, end_s)  # empty; read, the connection can be used again
                    return known
                self._check(response, experiment)
                body = self._body(response, end_s)
        except (HTTPError, UnicodeError, OSError) as error:  # those of requests are OSErrors
            raise self._unreachable(error) from error
        digest = hashlib.blake2b(body, digest_size=16).digest()
        if known is not None and known.digest == digest:
            return known
        found = answer.read(body, experiment, self._zone, self.name)
        etag = response.headers.get("ETag", "")
        return Asked(tuple(digested(found.news)), found.caveat, etag, digest)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _auth(self) -> AuthBase:
        options = self._options
        if options.auth == "basic":
            password = secret_file.read(Path(options.password_file).expanduser())
            return HTTPBasicAuth(options.user.encode(), password.encode())
        if options.auth == "token":
            return _Bearer(secret_file.read(Path(options.token_file).expanduser()))
        if options.auth == "kerberos":
            return _kerberos()
        return _Nobody()

    def _check(self, response: requests.Response, experiment: str) -> None:
        status = response.status_code
        if 300 <= status < 400:
            to = urlsplit(response.headers.get("Location", "")).hostname
            raise SourceDown(
                f"{self.name} sends to another page{f' at {to}' if to else ''} instead of "
                "answering: its login may have run out."
            )
        if status == 401 and self._options.auth == "kerberos":
            raise SourceDown(f"{self.name} takes no ticket of ours: get a new one with kinit.")
        if status in _SAID:
            raise SourceDown(f"{self.name} {_SAID[status].format(experiment=experiment)}")
        if status >= 500:
            raise SourceDown(f"{self.name} has an error of its own (HTTP {status}).")
        if status != 200:
            raise SourceDown(f"{self.name} answered HTTP {status}.")

    def _body(self, response: requests.Response, end_s: float) -> bytes:
        """Read an answer: not without end, and not for ever where it comes in drops."""
        chunks: list[bytes] = []
        size = 0
        # whatever has come: a read of so many bytes would wait for all of them
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._most_bytes:
                raise SourceDown(
                    f"{self.name} answered more than {self._most_bytes // 1_048_576:,} MB."
                )
            if time.monotonic() > end_s:
                raise Unreachable(self._too_slow())
        return b"".join(chunks)

    def _too_slow(self) -> str:
        return f"{self.name} did not answer within {self._options.timeout_s:g} s."

    def _unreachable(self, error: Exception) -> SourceDown:
        if isinstance(error, requests.Timeout | TimeoutError_) or "timed out" in str(error):
            return Unreachable(self._too_slow())
        if isinstance(error, requests.exceptions.SSLError):
            return Unreachable(
                f"{self.name} shows no certificate that is trusted here: see ca_file."
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return Unreachable(f"{self.name} is behind a proxy that does not let us through.")
        if isinstance(error, requests.ConnectionError):
            return Unreachable(f"{self.name} cannot be reached.")
        if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
            return SourceDown(
                f"{self.name} cannot be asked: {error}."
            )  # a ca_file that is not there
        return SourceDown(f"{self.name} broke off its answer.")


class _Nobody(AuthBase):
    """Keeps requests from looking for a password in ``~/.netrc``."""

    @override
    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    @override
    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token}"
        return r


def _kerberos() -> AuthBase:
    try:
        # an extra, and slow to load; without Kerberos on the machine it fails in many ways
        from requests_gssapi import HTTPSPNEGOAuth  # noqa: PLC0415
    except Exception as error:
        raise SourceDown(
            "Kerberos needs the package requests-gssapi: pip install 'arp-nb[kerberos]'"
        ) from error
    # it logs what it fails at with tracebacks, at each question
    logging.getLogger("requests_gssapi").setLevel(logging.CRITICAL)
    made: AuthBase = HTTPSPNEGOAuth(opportunistic_auth=True)
    return made
