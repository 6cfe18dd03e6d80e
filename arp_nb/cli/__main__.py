"""``python -m arp_nb.cli``: the same as ``jupyter arp``."""

from __future__ import annotations

import sys

from arp_nb.cli import main

if __name__ == "__main__":
    sys.exit(main())
