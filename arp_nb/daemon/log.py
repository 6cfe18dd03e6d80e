"""The manager's log: standard error, which its supervisor's starter sent to ``manager.log``."""

from __future__ import annotations

import logging
import re
import sys

_ADDRESS = re.compile(r"(client_status/+\d+-)[0-9A-Fa-f]+")


class MaskedFormatter(logging.Formatter):
    """Takes the key out of every update address, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, then mask it."""
        return _ADDRESS.sub(r"\1…", super().format(record))


def begin_log() -> None:
    """Send the log of all parts to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskedFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("uvicorn", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # where the disk is full, a line is lost, and nothing else
    logging.raiseExceptions = False
