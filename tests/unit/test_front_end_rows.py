"""What the pages are told of the JSON that travels is what travels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

import pytest

from arp_nb import events, rows
from arp_nb.manager.job_table import COLUMNS
from arp_nb.web import answers

SOURCES = Path(__file__).parents[2] / "labextension" / "src"
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_INTERFACE = re.compile(r"export interface (\w+) \{\n(.*?)\n\}", re.DOTALL)
_KEY = re.compile(r"^  (?:readonly )?(\w+)\??:", re.MULTILINE)


def interfaces() -> dict[str, set[str]]:
    """The keys of each interface in rows.ts."""
    text = _COMMENT.sub("", (SOURCES / "model" / "rows.ts").read_text("utf-8"))
    return {name: set(_KEY.findall(body)) for name, body in _INTERFACE.findall(text)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ExperimentRow", rows.ExperimentRow),
        ("RunRow", rows.RunRow),
        ("CheckRow", rows.CheckRow),
        ("DefinitionRow", rows.DefinitionRow),
        ("JobRow", rows.JobRow),
        ("WideRow", rows.WideRow),
        ("ChangeMessage", events.ChangeMessage),
    ],
)
def test_a_row_has_the_same_keys_in_both_languages(name: str, kind: Any) -> None:
    assert interfaces()[name] == set(get_type_hints(kind))


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("StatusRow", answers.Status),
        ("HealthRow", answers.Health),
        ("Outcome", answers.Result),
        ("Applied", answers.Applied),
        ("DryRun", answers.DryRun),
        ("LogPiece", answers.Log),
        ("ElementPage", answers.Elements),
    ],
)
def test_an_answer_has_the_same_keys_in_both_languages(name: str, model: Any) -> None:
    assert interfaces()[name] == set(model.model_fields)


def test_every_row_of_the_store_is_known_to_the_pages() -> None:
    typed = {name for name, kind in vars(rows).items() if is_typeddict(kind)}
    assert typed <= set(interfaces())


def test_columns_of_jobs_are_the_same_in_both_languages() -> None:
    text = (SOURCES / "sources" / "board.ts").read_text("utf-8")
    listed = text.partition("JOB_COLUMNS = [")[2].partition("]")[0]
    assert re.findall(r'"(\w+)"', listed) == list(COLUMNS)
