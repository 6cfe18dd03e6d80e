"""A real Kerberos realm on loopback: MIT's KDC with one person, and a service on this host.

Everything lives in one folder, and nothing of the machine's own Kerberos is read. It needs
Debian's packages, listed in `.ci/run`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.logbook_server import reply

REALM = "ARP.TEST"
ALICE = f"alice@{REALM}"
COMMANDS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
_STARTED_WITHIN_S = 20.0

#: a realm's closing brace needs a line of its own
_KRB5_CONF = """
[libdefaults]
  default_realm = {realm}
  dns_canonicalize_hostname = false
  dns_lookup_kdc = false
  dns_lookup_realm = false
  rdns = false
  udp_preference_limit = 1
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  localhost = {realm}
"""
_KDC_CONF = """
[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {realm} = {{
    database_name = {folder}/principal
    key_stash_file = {folder}/stash
    acl_file = {folder}/kadm5.acl
  }}
"""


def lacking() -> str:
    """Return what is missing for a realm, in words; "" where nothing is."""
    absent = [name for name in COMMANDS if shutil.which(name, path=_PATH) is None]
    absent += [
        name for name in ("gssapi", "requests_gssapi") if not importlib.util.find_spec(name)
    ]
    return f"Kerberos: {', '.join(absent)}" if absent else ""


class Realm:
    """A realm in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: what those who use it have in their environment
        self.environment: Mapping[str, str] = {
            "KRB5_CONFIG": str(folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(folder / "kdc.conf"),
            "KRB5CCNAME": f"FILE:{folder}/tickets",
            "KRB5RCACHENAME": f"dfl:{folder}/replays",
        }
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        for name, text in (("krb5.conf", _KRB5_CONF), ("kdc.conf", _KDC_CONF)):
            (folder / name).write_text(text.format(realm=REALM, port=port, folder=folder))
        self._run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master")
        for principal, keys in (("alice", "alice"), ("HTTP/localhost", "service")):
            self._admin(f"addprinc -randkey {principal}")
            self._admin(f"ktadd -k {folder / keys} {principal}")
        self._kdc = subprocess.Popen(
            [_found("krb5kdc"), "-n"], env=self._variables(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _wait_for(port)

    def log_in(self) -> None:
        """Get a ticket for Alice."""
        self._run("kinit", "-k", "-t", str(self.folder / "alice"), "alice")

    def log_out(self) -> None:
        """Let the ticket be gone, as if it had run out."""
        (self.folder / "tickets").unlink()

    def accept(self, request: BaseHTTPRequestHandler) -> str:
        """Return who sent a request; "" where it has been answered with 401."""
        import gssapi  # noqa: PLC0415 - may not be here

        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind == "Negotiate":
            keys = {"keytab": str(self.folder / "service")}
            context = gssapi.SecurityContext(
                creds=gssapi.Credentials(usage="accept", store=keys), usage="accept"
            )
            try:
                context.step(b64decode(token))
            except gssapi.exceptions.GSSError:
                token = ""
            # a replay leaves it incomplete, and without a name
            if token and context.complete:
                return str(context.initiator_name)
        reply(request, 401, b64encode(b"no"), {"WWW-Authenticate": "Negotiate"})
        return ""

    def close(self) -> None:
        self._kdc.terminate()
        self._kdc.wait(20)

    def _admin(self, command: str) -> None:
        self._run("kadmin.local", "-r", REALM, "-q", command)

    def _run(self, *argv: str) -> None:
        done = subprocess.run(
            [_found(argv[0]), *argv[1:]], env=self._variables(),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def _variables(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


def _found(command: str) -> str:
    found = shutil.which(command, path=_PATH)
    assert found is not None
    return found


def _wait_for(port: int) -> None:
    end_s = time.monotonic() + _STARTED_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < end_s, "the KDC does not start"
            time.sleep(0.02)
        else:
            return
