"""A new store of each kind, for the tests of the store's contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arp_nb.store.base import Store
from tests.contract.stores import OPENERS, World, make_world

# its assertions tell what was compared, as those of tests do
pytest.register_assert_rewrite("arp_nb.testing.scheduler_suite", "arp_nb.testing.source_suite")


@pytest.fixture(params=sorted(OPENERS))
def open_here(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Open the same store again and again."""
    return lambda: OPENERS[request.param](tmp_path / "store")


@pytest.fixture
def store(open_here: Callable[[], Store]) -> Iterator[Store]:
    store = open_here()
    yield store
    store.close()


@pytest.fixture
async def world(store: Store, anyio_backend: str) -> World:
    return await make_world(store)
