"""Which schedulers a machine offers."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from arp_nb.errors import InvalidValue
from arp_nb.schedulers import registry
from arp_nb.settings import Settings
from tests.contract.labs import FAKEBIN


def test_a_machine_without_a_cluster_has_its_own_queue(tmp_path: Path) -> None:
    found = registry.load(Settings(), tmp_path, environment={"PATH": "/usr/bin:/bin"})
    assert list(found) == ["local"]


def test_a_cluster_stands_before_the_machine_s_own_queue(tmp_path: Path) -> None:
    found = registry.load(Settings(), tmp_path, environment={"PATH": f"{FAKEBIN}:/usr/bin"})
    assert list(found) == ["lsf", "local"]


def test_commands_are_found_in_the_folders_that_were_set(tmp_path: Path) -> None:
    settings = Settings(path_prepend=(str(FAKEBIN),))
    found = registry.load(settings, tmp_path, environment={"PATH": "/usr/bin:/bin"})
    assert list(found) == ["lsf", "local"]


def test_our_calls_of_a_scheduler_have_the_variables_that_scripts_have(tmp_path: Path) -> None:
    settings = Settings(environment={"PATH": str(FAKEBIN), "LSF_ENVDIR": "/lsf/conf"})
    found = registry.load(settings, tmp_path, environment={"PATH": "/usr/bin:/bin"})
    assert list(found) == ["lsf", "local"]


def test_locations_limit_the_choice(tmp_path: Path) -> None:
    settings = Settings(locations=("local",))
    found = registry.load(settings, tmp_path, environment={"PATH": str(FAKEBIN)})
    assert list(found) == ["local"]


def test_an_unknown_location_is_refused_with_a_near_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"no scheduler 'lfs'\. Did you mean 'lsf'\?"):
        registry.load(Settings(locations=("lfs",)), tmp_path, environment={})


def test_a_location_that_is_not_installed_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = registry.load(
            Settings(locations=("lsf",)), tmp_path, environment={"PATH": "/nonexistent"}
        )
    assert list(found) == ["local"]
    assert "lsf: set as a location" in caplog.text


def test_one_broken_plugin_does_not_take_the_others_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        name = "broken"

        def load(self) -> object:
            raise ImportError("no module named broken")

    monkeypatch.setattr(registry, "entry_points", lambda group: [Broken()])
    found = registry.load(Settings(), tmp_path, environment={"PATH": "/nonexistent"})
    assert list(found) == ["local"]
    assert "broken cannot be loaded" in caplog.text
