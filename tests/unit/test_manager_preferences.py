"""What a user's pages remember."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb.errors import InvalidValue, TooLarge
from arp_nb.manager.preferences import MAX_BYTES
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1, 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_JSON, st.from_regex(r"[a-z0-9_.-]{1,64}", fullmatch=True))
async def test_what_is_kept_is_read_again_by_the_same_user(
    play: Play, value: Any, name: str
) -> None:
    preferences = play.manager.preferences
    await preferences.put("dana", name, value)
    assert await preferences.get("dana", name) == value
    assert await preferences.get("robin", name) is None


@pytest.mark.parametrize("name", ["", "A", "a b", "a/b", "é", "x" * 65, "a\n"])
async def test_other_names_are_refused(play: Play, name: str) -> None:
    with pytest.raises(InvalidValue, match="cannot name a preference"):
        await play.manager.preferences.put("dana", name, 1)
    with pytest.raises(InvalidValue):
        await play.manager.preferences.get("dana", name)


async def test_a_value_is_bounded_in_bytes(play: Play) -> None:
    preferences = play.manager.preferences
    await preferences.put("dana", "a", "é" * ((MAX_BYTES - 2) // 2))
    with pytest.raises(TooLarge, match=r"16,384 bytes as JSON; a has 16,386"):
        await preferences.put("dana", "a", "é" * (MAX_BYTES // 2))


async def test_what_cannot_be_kept_as_json_is_refused(play: Play) -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    for value in (deep, 2**70):
        with pytest.raises(InvalidValue, match="cannot be kept"):
            await play.manager.preferences.put("dana", "a", value)
