"""Where ``bsub``, ``bjobs`` and the other commands, and the supervisors, start.

This *folder* is what Python executes (``python -I -S <folder> bsub …``): it then stands first
on the import path, and ``engine`` is found without this package or its dependencies.
"""

from __future__ import annotations

import sys

from engine import commands  # type: ignore[import-not-found]  # found as said above

sys.exit(commands.main(sys.argv[1:]))
