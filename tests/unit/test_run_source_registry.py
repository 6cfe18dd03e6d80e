"""Which run sources a machine has, by config.toml and by what is installed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.metadata import EntryPoint

import pytest

from arp_nb.errors import InvalidValue, SourceDown
from arp_nb.run_sources import registry
from arp_nb.settings import Settings, SourceSettings

pytestmark = pytest.mark.anyio


async def nobody() -> Sequence[str]:
    return []


def settings_of(*tables: SourceSettings) -> Settings:
    return Settings(run_source={one.name: one for one in tables})


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, registry.GROUP)


def test_without_tables_there_are_no_sources() -> None:
    assert registry.load(Settings(), nobody) == {}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("logbok", r"\[run_source.a\]: there is no kind of run source 'logbok'.* 'logbook'\?"),
        ("zzz", r"no kind of run source 'zzz'\.$"),
    ],
)
def test_an_unknown_kind_is_refused_with_a_near_one(kind: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        registry.load(settings_of(SourceSettings(name="a", kind=kind)), nobody)


async def test_a_broken_plugin_is_a_source_that_is_down(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [point("mine", "no_such_module:Source")]
    )
    with caplog.at_level(logging.CRITICAL):
        made = registry.load(settings_of(SourceSettings(name="a", kind="mine")), nobody)
    assert made["a"].gives == frozenset()
    with pytest.raises(SourceDown, match="run source a failed: ModuleNotFoundError"):
        await made["a"].news()
    await made["a"].close()
