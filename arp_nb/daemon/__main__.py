"""``python -m arp_nb.daemon run | status | stop | move``."""

from __future__ import annotations

import sys

from arp_nb.daemon.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
