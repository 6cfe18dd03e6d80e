"""What a job's counters go through; the job itself never notices."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb import reporter
from arp_nb.reporter import Reporter
from arp_nb.reports import merge, parse
from tests.unit.standin_manager import within


class Listener:
    """An update address that keeps what it is sent."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.answers: list[int] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = listener.answers.pop(0) if listener.answers else 200
                if status == 200:
                    listener.posts.append(json.loads(body))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b'{"message": "because"}')

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/x"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def merged(self) -> dict[str, Any]:
        report: dict[str, Any] = {}
        for post in self.posts:
            report = merge(report, post)
        counters: dict[str, Any] = report.get("counters", {})
        return counters

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setattr(reporter, "INTERVAL_S", 0.05)
    listener = Listener()
    yield listener
    listener.close()


def test_first_values_go_out_at_once_and_the_last_always(listener: Listener) -> None:
    one = Reporter(listener.url)
    one.report(Events=0)
    within(30, lambda: listener.posts)
    for number in range(1, 1001):
        one.report({"Events": number}, Rate=(120.5, "red"))
    one.close()
    assert listener.merged == {"Events": 1000, "Rate": [120.5, "red"]}
    assert len(listener.posts) < 20


def test_posts_are_no_more_frequent_than_the_interval(listener: Listener) -> None:
    one = Reporter(listener.url)
    began = time.monotonic()
    while len(listener.posts) < 3:
        one.report(Events=1)
    assert time.monotonic() - began >= 2 * reporter.INTERVAL_S
    one.close()


def test_values_refused_for_now_are_sent_again_with_newer_ones(listener: Listener) -> None:
    listener.answers = [503, 503]
    one = Reporter(listener.url)
    one.report(Old=1, Both=1)
    within(30, lambda: not listener.answers)
    one.report(Both=2)
    within(30, lambda: listener.merged == {"Old": 1, "Both": 2})
    one.close()


def test_values_refused_for_good_are_dropped_and_told_once(
    listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    listener.answers = [403, 403]
    one = Reporter(listener.url)
    one.report(Events=1)
    within(30, lambda: len(listener.answers) == 1)
    one.report(Events=2)
    one.close()
    assert not listener.posts
    assert capsys.readouterr().err == "arp: the report was refused: 403 because\n"


def test_dead_route_neither_stops_nor_delays_the_job(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reporter, "LAST_S", 0.2)
    one = Reporter("http://127.0.0.1:9/secret-address")
    one.report(Events=1)
    one.close()
    said = capsys.readouterr().err
    assert "your job goes on" in said
    assert "secret" not in said


@pytest.mark.parametrize("url", ["nonsense", "http://h:port/x", "http://h/a b"])
def test_address_that_is_none_harms_nobody_and_is_not_tried_again(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Reporter(url)
    one.report(Events=1)
    before = threading.active_count()
    one.close()
    assert threading.active_count() <= before
    said = capsys.readouterr().err
    assert said == "arp: the update address is no URL; your job goes on without reports\n"


def test_outside_of_a_job_nothing_happens() -> None:
    before = threading.active_count()
    one = Reporter()
    one.report(Events=1)
    one.close()
    assert threading.active_count() == before


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.one_of(
            st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(), st.text(),
            st.builds(np.float32, st.floats(width=32)), st.builds(np.int64, st.integers(0, 9)),
            st.tuples(st.floats(), st.just("red")), st.builds(object), st.just(np.arange(3)),
            st.dictionaries(st.sampled_from(["value", "unit"]), st.floats() | st.text()),
        ),
        max_size=4,
    )
)  # fmt: skip
def test_any_value_becomes_json_that_the_manager_can_read(counters: dict[str, Any]) -> None:
    text = json.dumps(reporter._plain(counters), allow_nan=False)
    if "\\u0000" not in text and "\\ud" not in text:  # these the manager refuses, in words
        parse(b'{"counters": ' + text.encode() + b"}")


def test_its_text_is_python_3_6() -> None:
    ast.parse(Path(reporter.__file__).read_text("utf-8"), feature_version=(3, 6))


def test_script_on_a_compute_node_needs_only_the_one_file(
    listener: Listener, tmp_path: Path
) -> None:
    shutil.copy(reporter.__file__, tmp_path / "reporter.py")
    script = tmp_path / "job.py"
    script.write_text(
        "from reporter import report\n"
        "for i in range(100):\n"
        "    report({'Example counter': i}, Done={'value': i, 'max': 99})\n"
    )
    environment = {**os.environ, "BATCH_UPDATE_URL": listener.url}
    subprocess.run([sys.executable, str(script)], env=environment, check=True, timeout=60)
    assert listener.merged == {"Example counter": 99, "Done": {"value": 99, "max": 99}}


def test_forked_child_reports_for_itself(listener: Listener, tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(
        "import os\n"
        "from arp_nb.reporter import report\n"
        "report(Parent=1)\n"
        "child = os.fork()\n"
        "report(**{'Child' if child == 0 else 'After': 1})\n"
        "if child:\n"
        "    os.waitpid(child, 0)\n"
    )
    environment = {
        **os.environ,
        "BATCH_UPDATE_URL": listener.url,
        "PYTHONPATH": str(Path(reporter.__file__).parents[1]),
        "PYTHONWARNINGS": "ignore",
    }
    subprocess.run([sys.executable, str(script)], env=environment, check=True, timeout=60)
    assert listener.merged == {"Parent": 1, "Child": 1, "After": 1}
