"""How options are read, and how typing errors in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from arp_nb.errors import InvalidValue
from arp_nb.settings import Settings, SourceSettings, load, store_folder


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


def test_run_sources_are_tables_whose_options_are_for_their_kind(tmp_path: Path) -> None:
    text = """
    [run_source.logbook]
    url = "https://logbook.example"
    interval_s = 5

    [run_source.ffb]
    kind = "folder"
    experiments = ["xppi0915"]
    parts = ["a", "b"]
    """
    assert load(written(tmp_path, text)).run_source == {
        "logbook": SourceSettings(
            name="logbook",
            kind="logbook",
            options={"url": "https://logbook.example", "interval_s": 5},
        ),
        "ffb": SourceSettings(
            name="ffb",
            kind="folder",
            experiments=("xppi0915",),
            options={"parts": ("a", "b")},
        ),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run_source = 'logbook'", r"a table for each source: \[run_source.NAME\]"),
        ("[run_source]\na = 'logbook'", r"\[run_source.a\] must be a table"),
        ("[run_source.'a b']\n", "a run source's name has 1 to 40 of"),
        ("[run_source.api]\n", "'api' stands for what people tell"),
        ("[run_source.a]\nkind = 1", "kind must be of type str"),
        ("[run_source.a]\nexperiments = 'x'", "experiments must be of type tuple"),
        ("[run_source.a]\nexperiments = ['../x']", "'../x' is not the name of an experiment"),
        ("[run_source.a]\n[run_source.a.b]\n", "b must be a text, a number"),
        ("[run_source.a]\nb = [1]", "b must be a text, a number"),
        ("[run_source.a]\nb = 2026-01-01", "b must be a text, a number"),
        ("autorun_not_older_than_s = 0", "must be more than 0, and finite"),
        ("autorun_not_older_than_s = inf", "must be more than 0, and finite"),
        ("autorun_not_older_than_s = nan", "must be more than 0, and finite"),
        ("autorun_not_older_than_s = 1" + "0" * 400, "must be of type float"),
    ],
)
def test_a_wrong_run_source_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
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
