"""``jupyter arp``: everything that a notebook can do, and what an admin needs beside it."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from arp_nb.errors import ArpError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0 done, 1 not, 2 wrong usage, 130 Ctrl-C."""
    from arp_nb.cli.parser import parser  # noqa: PLC0415 - inside, so that Ctrl-C is caught

    try:
        options = parser().parse_args(arguments)
        module, _, function = options.command.partition(":")
        command = getattr(importlib.import_module(f"arp_nb.cli.{module}"), function)
        return int(command(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `… | head`: nobody reads on, and nobody needs to hear of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ArpError, OSError, TimeoutError) as error:
        return _complain(str(error))
    except ModuleNotFoundError as error:
        return _complain(
            f"{error.name} is not installed here, and this command needs it:"
            " pip install 'arp-nb[demo]'"
        )
    except Exception as error:
        if os.environ.get("ARP_TRACEBACK"):
            raise
        return _complain(
            f"this should not happen: {type(error).__name__}: {error}. Please report it;"
            " with ARP_TRACEBACK=1 it shows where."
        )


def _complain(text: str) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"arp: {' '.join(text.split())}\n")
    return 1
