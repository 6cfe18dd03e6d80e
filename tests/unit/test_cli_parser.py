"""The command line: what it takes, and how it says no."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import pytest

from arp_nb import cli, discovery
from arp_nb.cli import printing
from arp_nb.cli.parser import parser
from arp_nb.cli.runs import read_parameters
from arp_nb.errors import InvalidValue, ManagerError
from tests.unit.standin_manager import finished

COMMANDS = [
    "demo --once",
    "demo --port 8899 --browser",
    "serve --no-browser --port 9999 --IdentityProvider.token=x",
    "manager run",
    "manager start",
    "manager status",
    "manager stop --store /tmp/x",
    "manager move",
    "client",
    "doctor",
    "experiment list",
    "experiment create xppi0915 --instrument XPP",
    "experiment activate xppi0915",
    "experiment deactivate xppi0915",
    "definition list xppi0915",
    "definition add xppi0915 peaks /s.sh --parameters a",
    "definition update xppi0915 peaks --parameters a",
    "definition remove xppi0915 peaks",
    "definition restore xppi0915 peaks",
    "run list xppi0915",
    "run start xppi0915 12 sample=a",
    "run end xppi0915 12",
    "run param xppi0915 12 a=1 b=2",
    "run set xppi0915 12 a=1 --type DATA --all-files-at now",
    "run end xppi0915 12 --type DATA",
    "run exclude xppi0915 12 the shutter was closed",
    "run include xppi0915 12",
    "autorun status xppi0915",
    "autorun ledger xppi0915 --run 12 --hash peaks --outcome skipped --why limit --limit 5",
    "autorun ledger xppi0915 --run 12 --complete",
    "autorun backtest xppi0915 peaks --last 20 --predicate a>1",
    "autorun check xppi0915 a>1 --run 12",
    "autorun on xppi0915 peaks --missed run",
    "autorun off xppi0915 peaks",
    "autorun pause xppi0915 peaks detector trip",
    "autorun resume xppi0915 peaks --missed skip",
    "autorun consent xppi0915 peaks",
    "autorun missed xppi0915 run 3 4",
    "autorun stop detector trip",
    "autorun start --missed run",
    "apply xppi0915 peaks 12,20-32 --again --dry-run",
    "jobs xppi0915 --follow --url http://localhost:8888 --token t",
    "log 12 -f",
    "kill 12 13",
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_has_something_that_carries_it_out(line: str) -> None:
    options = parser().parse_args(line.split())
    module, _, function = options.command.partition(":")
    assert callable(getattr(importlib.import_module(f"arp_nb.cli.{module}"), function))


@pytest.mark.parametrize(
    "line", ["", "nonsense", "run start xppi0915 twelve", "kill", "apply xppi0915", "log"]
)
def test_wrong_usage_is_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 2
    assert "usage: jupyter arp" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("definition add xppi0915 peaks /s.sh more words", '--parameters="…"'),
        ("definition add xppi0915 peaks /s.sh --fast", '--parameters="…"'),
        ("definition add xppi0915 peaks /s.sh --parameters --fast", '--parameters="…"'),
        ("definition update xppi0915 peaks --parameters a b", '--parameters="…"'),
        ("apply xppi0915 peaks 12, 20-32", '"12, 20-32"'),
        ("jobs xppi0915 --limit 0", "1 or more"),
        ("jobs xppi0915 --limit ten", "1 or more"),
    ],
)
def test_wrong_usage_says_what_to_write(
    line: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(line.split())
    said = capsys.readouterr().err
    assert advice in said
    assert f"usage: jupyter arp {line.split(maxsplit=1)[0]}" in said


def test_server_gets_its_options_as_they_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[Any] = []
    monkeypatch.setattr(os, "execv", lambda path, argv: became.extend([path, argv]))
    cli.main(["serve", "--no-browser", "--port", "9999", "-y", "--help", "a b"])
    assert became[0] == sys.executable
    assert became[1][-6:] == ["--no-browser", "--port", "9999", "-y", "--help", "a b"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ManagerError("The disk\nis full."), "arp: The disk is full.\n"),
        (OSError(28, "No space left on device"), "arp: [Errno 28] No space left on device\n"),
        (ModuleNotFoundError("x", name="sqlalchemy"), "pip install 'arp-nb[demo]'"),
        (ZeroDivisionError("by zero"), "arp: this should not happen: ZeroDivisionError: by zero."),
    ],
)
def test_what_goes_wrong_is_one_line_and_no_traceback(
    error: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(store: object = None) -> None:
        raise error

    monkeypatch.setattr(discovery, "find_or_start", fail)
    assert cli.main(["experiment", "list"]) == 1
    text = capsys.readouterr().err
    assert said in text
    assert text.count("\n") == 1


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(store: object = None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(discovery, "find_or_start", interrupted)
    assert cli.main(["experiment", "list"]) == 130


def test_run_parameters_are_json_where_they_are_json() -> None:
    assert read_parameters(["n=5", "x=1.5", "s=lysozyme", "t=a=b", 'q="5"', "e="]) == {
        "n": 5, "x": 1.5, "s": "lysozyme", "t": "a=b", "q": "5", "e": "",
    }  # fmt: skip
    with pytest.raises(InvalidValue, match="NAME=VALUE"):
        read_parameters(["lysozyme"])


def test_terminal_is_safe_from_what_a_job_posts() -> None:
    evil = "\x1b[2J\u202e\r\n\x07"
    row = finished(1, hash=evil, reason=evil, report={"counters": {evil: [evil, evil]}})
    text = printing.jobs([row], {1: "DONE"})
    assert not set(text) & set("\x1b\u202e\r\x07")
    assert text.count("\n") == 1
    assert printing.lines(f"a{evil}b") == "a\\u001b[2J\\u202e\n\\u0007b"
    assert printing.lines("10%\r20%\r\n") == "10%\n20%\n"
