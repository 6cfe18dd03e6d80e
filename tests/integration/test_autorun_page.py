"""Every example of ``docs/autorun.md``, as its reader would have it: from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import arp_nb
from arp_nb.demo.stage import Stage
from arp_nb.ledger import Why
from arp_nb.model import Trigger
from tests.integration.terminal import Arp
from tests.unit.standin_manager import within

PAGE = (Path(__file__).parents[2] / "docs/autorun.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_all_its_examples_run_in_their_order(arp: Arp, stage: Stage) -> None:
    script = stage.work / "scripts" / "quick.sh"
    script.write_text("#!/bin/bash\nbsub -o /dev/null true\n")
    script.chmod(0o755)
    with arp_nb.connect("xppi0915", create=True) as board:
        board.definitions.add("smalldata", script)
        names: dict[str, object] = {"board": board}
        for number, block in enumerate(blocks("python")):
            if "ledger(run=12)" in block:
                within(30, lambda: list(board.autorun.ledger(run=12)["outcome"]) == ["skipped"])
            exec(compile(block, f"example {number}", "exec"), names)  # noqa: S102 - our own text
        said = board.autorun.ledger(run=12)["said"]
        assert "sample" in said[0]
        assert isinstance(names["df"], pd.DataFrame)
    for block in blocks("sh"):
        for line in block.strip().splitlines():
            status, _, err = arp(line.removeprefix("jupyter arp "))
            assert (status, err) == (0, ""), line


def test_it_tells_all_triggers() -> None:
    for trigger in Trigger:
        assert f"`{trigger.value}`" in PAGE


def test_each_reason_in_the_ledger_has_its_words(stage: Stage) -> None:
    """What `_parts/why.md` is made of is there for each."""
    source = Path(arp_nb.__file__).with_name("ledger.py").read_text("utf-8")
    for one in Why:
        if one.value:
            assert re.search(rf'{one.name} = "{one.value}"  #: \w', source)


@pytest.mark.parametrize("word", ["run", "skip"])
def test_both_ways_to_go_on_are_shown(word: str) -> None:
    assert f'missed="{word}"' in PAGE
