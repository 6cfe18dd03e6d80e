"""Work that is done in steps, so that others have their turn between any two of them.

Ten thousand records take a tenth of a second to read, and nobody else of the process can do
anything meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

T = TypeVar("T")


def at_once(steps: Generator[None, None, T]) -> T:
    """Do all steps, and return what came of them."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: T = end.value
            return made


async def in_turns(steps: Generator[None, None, T]) -> T:
    """Do all steps as `at_once` does, and let others have their turn after each."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: T = end.value
            return made
        await asyncio.sleep(0)
