"""How options are read, and how typing errors in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from arp_nb.errors import InvalidValue
from arp_nb.settings import Settings, load, store_folder


def written(folder: Path, text: str) -> Path:
    (folder / "config.toml").write_text(text)
    return folder


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_values_are_read_by_type(tmp_path: Path) -> None:
    text = 'path_prepend = ["/opt/lsf/bin"]\nidle_exit_s = 60\nlocal_slots = 4\n'
    settings = load(written(tmp_path, text))
    assert settings.path_prepend == ("/opt/lsf/bin",)
    assert settings.idle_exit_s == 60.0
    assert settings.local_slots == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("idle_exit = 60", "Did you mean 'idle_exit_s'", id="near-name"),
        pytest.param("zzzzzz = 1", "there is no setting 'zzzzzz'", id="unknown-name"),
        pytest.param("local_slots = 'four'", "must be of type int", id="wrong-type"),
        pytest.param("local_slots = true", "must be of type int", id="bool-is-no-number"),
        pytest.param("a = = b", "is not TOML", id="not-toml"),
    ],
)
def test_a_mistake_is_told_with_its_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said) as caught:
        load(written(tmp_path, text))
    assert "config.toml" in str(caught.value)


def test_a_file_of_bytes_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidValue, match="cannot be read"):
        load(tmp_path)


def test_the_argument_beats_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARP_STORE", "/variable")
    assert store_folder(tmp_path) == tmp_path
    assert store_folder() == Path("/variable")


def test_a_tilde_means_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ARP_STORE", raising=False)
    assert store_folder() == tmp_path / ".local" / "share" / "arp-nb"
