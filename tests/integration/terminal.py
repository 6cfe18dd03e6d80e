"""The command line, called in this process: what it prints, and its exit status."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import pytest

from arp_nb import cli


@dataclass(frozen=True, slots=True)
class Arp:
    """Calls ``jupyter arp``."""

    output: pytest.CaptureFixture[str]

    def __call__(self, line: str) -> tuple[int, str, str]:
        """Run one command; return its exit status, and what it wrote to stdout and stderr."""
        self.output.readouterr()
        status = cli.main(shlex.split(line))
        said = self.output.readouterr()
        return status, said.out, said.err
