"""What stands in two places is the same in both."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import arp_nb

ROOT = Path(__file__).parents[2]


def test_version_is_the_one_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert arp_nb.__version__ == project["version"]
    assert f"## {arp_nb.__version__}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("name", arp_nb.__all__)
def test_public_name_is_there_and_shown_to_completion(name: str) -> None:
    assert getattr(arp_nb, name)
    assert name in dir(arp_nb)


def test_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        arp_nb.conect  # noqa: B018 - the attribute is asked for
