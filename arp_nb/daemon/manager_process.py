"""The manager process: takes what its supervisor hands it, and tells how it goes.

Heavy imports come only after the first lines, so that a missing package is told in words.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from arp_nb.daemon.child import Inherited
from arp_nb.errors import ArpError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: it cannot work, and has told why
EXIT_REFUSED = 4


class StatusPipe:
    """The way back to the supervisor, which may be gone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def ready(self) -> None:
        """Tell that requests are served."""
        self._tell("ready\n")

    def refused(self, reason: str) -> None:
        """Tell why they never will be."""
        self._tell(f"{reason}\n")

    def _tell(self, text: str) -> None:
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            os.write(self._descriptor, text.encode()[:4096])
        os.close(self._descriptor)
        self._descriptor = None


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; return the exit status."""
    inherited = Inherited.from_argument(arguments[0])
    for descriptor in (inherited.lock, inherited.api, inherited.updates, inherited.status):
        # nothing that the manager starts, least of all a user's script, may hold these
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - as the library has it
    pipe = StatusPipe(inherited.status)
    try:
        from arp_nb.daemon.composition import serve  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        if str(error.name).startswith("arp_nb"):
            raise
        pipe.refused(
            f"The batch manager needs the package {error.name!r}, which is not installed for "
            f"{sys.executable}. Install it with: {sys.executable} -m pip install 'arp-nb[server]'"
        )
        return EXIT_REFUSED
    try:
        serve(inherited, pipe)
    except ArpError as error:
        sys.stderr.write(f"{error}\n")
        pipe.refused(str(error))
        return EXIT_REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
