"""One user, one host: what the claim file allows and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arp_nb.cli import doctor
from arp_nb.daemon import claim
from arp_nb.daemon.host import Host
from arp_nb.errors import StoreBusy

HERE = Host("psana101", "boot-1")
THERE = Host("psana102", "boot-2")


@pytest.fixture(autouse=True)
def claim_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config" / "claim.json"
    monkeypatch.setenv("ARP_CLAIM", str(path))
    return path


def test_no_claim_refuses_nobody() -> None:
    assert not claim.check(HERE, Path("/store"))


def test_doctor_tells_of_the_claim_and_not_that_a_manager_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "this_host", lambda: HERE)
    found = doctor._claim(Path("/store")).found
    assert found == "your manager belongs to no host yet, so it may run on this one, psana101"
    claim.take(HERE, Path("/store"))
    assert doctor._claim(Path("/store")).found == "your manager belongs to this host, psana101"


def test_another_host_is_refused_and_told_where_and_how_to_move() -> None:
    claim.take(HERE, Path("/store"))
    with pytest.raises(StoreBusy, match=r"psana101 \(store /store.*manager move"):
        claim.check(THERE, Path("/store"))


def test_a_move_turns_the_refusal_around() -> None:
    claim.take(HERE, Path("/store"))
    claim.write(THERE, Path("/store"))
    claim.check(THERE, Path("/store"))
    with pytest.raises(StoreBusy, match="psana102"):
        claim.check(HERE, Path("/store"))


def test_a_renamed_host_is_known_by_its_boot_id() -> None:
    claim.take(HERE, Path("/store"))
    claim.check(Host("renamed", HERE.boot_id), Path("/store"))


def test_a_rebooted_host_is_known_by_its_name() -> None:
    claim.take(HERE, Path("/store"))
    claim.check(Host(HERE.name, "boot-9"), Path("/store"))


def test_hosts_without_a_boot_id_are_not_all_one() -> None:
    claim.take(Host("one", ""), Path("/store"))
    with pytest.raises(StoreBusy):
        claim.check(Host("two", ""), Path("/store"))


def test_a_second_store_of_the_host_leaves_the_claim_with_the_first(
    tmp_path: Path, claim_file: Path
) -> None:
    first = tmp_path / "first"
    first.mkdir()
    claim.take(HERE, first)
    claim.take(HERE, tmp_path / "demo")
    assert json.loads(claim_file.read_text())["store"] == str(first)


def test_a_store_that_is_gone_loses_the_claim(tmp_path: Path, claim_file: Path) -> None:
    claim.take(HERE, tmp_path / "gone")
    claim.take(HERE, tmp_path)
    assert json.loads(claim_file.read_text())["store"] == str(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"host": 3}', "\x00"])
def test_a_claim_that_cannot_be_read_claims_nothing(claim_file: Path, text: str) -> None:
    claim_file.parent.mkdir()
    claim_file.write_text(text)
    claim.check(HERE, Path("/store"))
