"""``<base>/arp/static/…``: the front end's modules and style sheet, for pages of this server."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web
from typing_extensions import override

import arp_nb
from arp_nb.errors import NotFound
from arp_nb.extension.base import ArpHandler

#: below this package, so that nothing of ``arp_nb.widgets`` (pandas, ipywidgets) is loaded
FOLDER = Path(arp_nb.__file__).parent / "widgets" / "static"

_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_YEAR_S = 365 * 24 * 3600

#: how a file may be called; a part of the code has the hash of its content in its name
NAME = r"[a-z_]+(?:-[A-Z0-9]{8})?\.(?:css|js)"
_PART = re.compile(r"[a-z_]+-[A-Z0-9]{8}\.js")
#: files that are kept ready to be sent: more than there are
_KEPT_FILES = 64


@dataclass(frozen=True)
class Asset:
    """One file, ready to be sent."""

    plain: bytes
    packed: bytes
    #: changes with the content
    version: str


def asset(name: str) -> Asset:
    """Return a file of the front end; it is read again when it was built again.

    Raises
    ------
    NotFound
        There is no such file, or the front end was not built.
    """
    path = FOLDER / name
    if path.parent != FOLDER or path.suffix not in _CONTENT_TYPES or not path.is_file():
        built = FOLDER.is_dir()
        why = "" if built else " The front end is not built: `make front` does it in a checkout."
        raise NotFound(f"There is no file {name} here.{why}")
    found = path.stat()
    return _read(path, found.st_mtime_ns, found.st_size)


def address(base_url: str, name: str) -> str:
    """Return the address of a file, which a browser may keep for as long as it likes."""
    return f"{base_url}arp/static/{name}?v={asset(name).version}"


@lru_cache(maxsize=_KEPT_FILES)
def _read(path: Path, _changed_ns: int, _size_bytes: int) -> Asset:
    plain = path.read_bytes()
    version = hashlib.sha256(plain).hexdigest()[:16]
    return Asset(plain, gzip.compress(plain, mtime=0), version)


class AssetHandler(ArpHandler):
    """A file for whoever has logged in: the same bytes until the next build."""

    _asset: Asset | None = None

    # One function for each verb: `authorized` remembers the first verb that it was asked for.

    @web.authenticated
    @authorized
    def get(self, name: str) -> None:
        """Send it."""
        self._send(name)

    @web.authenticated
    @authorized
    def head(self, name: str) -> None:
        """As ``get``."""
        self._send(name)

    @override
    def compute_etag(self) -> str | None:
        # weak: the packed bytes go by the same name
        return f'W/"{self._asset.version}"' if self._asset else None

    def _send(self, name: str) -> None:
        self._asset = found = asset(name)
        wanted = self.get_query_argument("v", found.version)
        if wanted != found.version:  # a kernel's widget must not get code of another build
            raise NotFound(f"This server has another build of {name}.")
        self.set_header("Content-Type", _CONTENT_TYPES[Path(name).suffix])
        self.set_header("Vary", "Accept-Encoding")
        named = self.get_query_argument("v", "") != "" or _PART.fullmatch(name)
        keep = f"private, max-age={_YEAR_S}, immutable" if named else "private, no-cache"
        self.set_header("Cache-Control", keep)
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(found.packed)
        else:
            self.finish(found.plain)
