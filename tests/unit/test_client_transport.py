"""How requests reach the manager, and what is made of its answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import arp_nb
from arp_nb import discovery, errors
from arp_nb.client import entry, transport
from tests.unit.standin_manager import NOW, StandIn


def test_errors_are_raised_as_the_class_they_had(standin: StandIn) -> None:
    standin.answers["GET", "/jobs/7"] = (
        409,
        {"error": "EditConflict", "message": "Ben was here.", "theirs": {"id": 7}},
    )
    way = transport.over_socket()
    with pytest.raises(errors.EditConflict, match="Ben was here") as caught:
        way.call("GET", "/jobs/7")
    assert caught.value.theirs == {"id": 7}
    way.close()


def test_unknown_error_class_is_told_by_its_status(standin: StandIn) -> None:
    standin.answers["GET", "/jobs/7"] = (422, {"error": "Newer", "message": "No."})
    way = transport.over_socket()
    with pytest.raises(errors.InvalidValue, match="No"):
        way.call("GET", "/jobs/7")
    way.close()


@pytest.mark.parametrize(("theirs", "side"), [(2, "this Python environment"), (0, "manager's")])
def test_other_api_version_says_which_side_to_upgrade(
    standin: StandIn, theirs: int, side: str
) -> None:
    standin.api_version = theirs
    with pytest.raises(errors.VersionSkew, match=side):
        arp_nb.connect("xppi0915")


def test_apply_is_sent_again_with_the_same_key_and_makes_no_second_job(standin: StandIn) -> None:
    standin.die_in_posts = 2
    with arp_nb.connect("xppi0915") as board:
        jobs = board.apply("peaks", runs=1)
    sent = [body["idempotency_key"] for method, path, body in standin.seen if "apply" in path]
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert [job.id for job in jobs] == [1]
    assert len(standin.jobs) == 1


def test_two_applies_have_two_keys(standin: StandIn) -> None:
    with arp_nb.connect("xppi0915") as board:
        board.apply("peaks", runs=1)
        board.apply("peaks", runs=1)
    keys = {body["idempotency_key"] for _, path, body in standin.seen if "apply" in path}
    assert len(keys) == 2


def test_post_without_a_key_is_not_sent_twice(standin: StandIn) -> None:
    standin.die_in_posts = 1
    with (
        arp_nb.connect("xppi0915") as board,
        pytest.raises(errors.ManagerError, match="may have been carried out"),
    ):
        board.definitions.add("peaks", "/s.sh")
    assert [path for method, path, _ in standin.seen if method == "POST"] == [
        "/experiments/xppi0915/definitions"
    ]


def test_request_waits_for_a_manager_that_restarts(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = transport.over_socket()
    standin.stop()

    def start_again(store: object = None) -> discovery.Address:
        if standin._server is None:
            standin.socket.unlink(missing_ok=True)
            standin.start()
        return discovery.Address(standin.socket)

    monkeypatch.setattr(discovery, "find_or_start", start_again)
    assert way.call("POST", "/experiments/xppi0915/jobs:apply", {"dry_run": True})
    way.close()


def test_manager_that_stays_away_is_told_in_words(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "RETRY_S", 0.2)
    way = transport.over_socket()
    standin.stop()
    with pytest.raises(errors.ManagerError, match="jupyter arp doctor"):
        way.call("GET", "/status")
    way.close()


def test_unknown_experiment_is_an_error_unless_it_is_to_be_made(standin: StandIn) -> None:
    standin.answers["GET", "/experiments/xpp0915"] = (
        404,
        {"error": "NotFound", "message": "There is no experiment 'xpp0915'; near: xppi0915."},
    )
    with pytest.raises(errors.NotFound, match=r"near: xppi0915.*create=True makes it"):
        arp_nb.connect("xpp0915")
    standin.answers["POST", "/experiments"] = (201, {"id": 2, "name": "xpp0915"})
    with arp_nb.connect("xpp0915", create=True) as board:
        assert board.experiment == "xpp0915"


def test_values_of_numpy_and_times_are_sent_as_what_they_look_like(standin: StandIn) -> None:
    way = transport.over_socket()
    sent = {"n": np.int64(3), "x": np.float32(0.5), "a": np.arange(2), "t": NOW, "p": Path("/s")}
    way.call("POST", "/experiments/xppi0915/jobs:apply", {**sent, "dry_run": True})
    got = standin.seen[-1][2]
    assert (got["n"], got["x"], got["a"], got["p"]) == (3, 0.5, [0, 1], "/s")
    assert got["t"] == NOW.isoformat()
    way.close()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"x"])
def test_value_that_json_has_no_word_for_is_refused_here(standin: StandIn, value: object) -> None:
    way = transport.over_socket()
    with pytest.raises(errors.InvalidValue, match="cannot be sent"):
        way.call("POST", "/x", {"value": value})
    assert not standin.seen
    way.close()


@pytest.mark.parametrize("name", ["", "a/b", "a\nb"])
def test_name_that_no_experiment_can_have_is_refused_here(standin: StandIn, name: str) -> None:
    with pytest.raises(errors.InvalidValue):
        arp_nb.connect(name)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://h:8888", "http://h:8888"),
        ("http://h:8888/", "http://h:8888"),
        ("http://h:8888/lab?token=abc", "http://h:8888"),
        ("https://hub/user/ana/lab/tree/x.ipynb", "https://hub/user/ana"),
        ("https://hub/user/ana/tree", "https://hub/user/ana"),
        ("https://hub/user/ana/arp/page?experiment=x", "https://hub/user/ana"),
        ("https://hub/user/ana/voila/render/control_page.ipynb", "https://hub/user/ana"),
        ("https://hub/user/lab", "https://hub/user/lab"),
        ("https://hub/user/lab/", "https://hub/user/lab"),
        ("https://hub/user/lab/lab", "https://hub/user/lab"),
        ("https://hub/user/lab/lab/tree/x.ipynb?token=abc", "https://hub/user/lab"),
        ("https://hub/user/tree/tree/data/x", "https://hub/user/tree"),
        ("https://hub/user/doc/doc/tree/x.ipynb", "https://hub/user/doc"),
        ("https://hub/user/voila/voila/render/x.ipynb", "https://hub/user/voila"),
        ("https://hub/user/arp/arp/page?experiment=x", "https://hub/user/arp"),
        ("https://hub/user/user/lab/workspaces/auto-7", "https://hub/user/user"),
        ("https://hub/user/ana%40slac/lab", "https://hub/user/ana%40slac"),
        ("https://hub/user/ana/gpu/lab/tree/x.ipynb", "https://hub/user/ana/gpu"),
        ("https://hub/user/ana/lab/lab/tree/x.ipynb", "https://hub/user/ana/lab"),
        ("https://hub/lab/user/ana/lab", "https://hub/lab/user/ana"),
        ("https://hub/labs/user/ana/notebooks/x.ipynb", "https://hub/labs/user/ana"),
        ("http://h:8888/lab/tree/user/ana/lab/x.ipynb", "http://h:8888"),
        ("http://h:8888/tree/user/ana/lab", "http://h:8888"),
        ("http://h:8888/psdm/lab/workspaces/a/tree/lab/x.ipynb", "http://h:8888/psdm"),
        ("http://h:8888/edit/lab/x.py", "http://h:8888"),
        ("http://h:8888/terminals/1", "http://h:8888"),
        ("http://h:8888/laboratory", "http://h:8888/laboratory"),
    ],
)
def test_address_as_the_browser_shows_it_is_understood(url: str, base: str) -> None:
    way = entry.reach(url)
    assert way.place == f"The Jupyter server at {base}"
    way.close()


@pytest.mark.parametrize("url", ["localhost:8888", "ftp://h", "http://", "file:///etc/passwd"])
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(errors.InvalidValue, match="not the address"):
        entry.reach(url)


def test_token_is_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "RETRY_S", 0.0)
    way = entry.reach("http://127.0.0.1:9/lab?token=very-secret")
    with pytest.raises(errors.ManagerError) as caught:
        way.call("GET", "/status")
    assert "very-secret" not in str(caught.value)
    way.close()
