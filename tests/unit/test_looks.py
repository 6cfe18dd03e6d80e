"""The browser's copies of our tables: the looks of statuses, and the version of the API.

``python tests/unit/test_looks.py`` writes them anew after a change of `arp_nb.status`.
"""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from arp_nb import status
from arp_nb.model import JobState, Phase
from arp_nb.ports import Health, SchedulerHealth
from arp_nb.rows import health_row
from arp_nb.settings import API_VERSION

SOURCES = Path(__file__).parents[2] / "labextension" / "src"
LOOKS = SOURCES / "model" / "looks.json"
SHOWN = SOURCES / "model" / "__tests__" / "shown.json"
SINCE = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)


def looks() -> str:
    """Return what `looks.json` must hold."""
    table = {
        "words": {
            look.word.partition(":")[0]: [look.hue, look.shape]
            for look in (*status.NATIVE.values(), *status.OWN.values(), status.PERSISTED)
        },
        "persisted": status.PERSISTED.word,
        "titles": dict(status.TITLES),
        "final": [state.value for state in JobState if state.is_final],
        "submitted": [state.value for state in JobState if state.is_submitted],
    }
    return (
        "{\n" + ",\n".join(f'"{name}": {json.dumps(of)}' for name, of in table.items()) + "\n}\n"
    )


def shown() -> str:
    """Return each state under each health with the word shown; times as ``*``: they are local."""
    cases = []
    for client, scheduler, location in itertools.product(
        (True, False), (True, False), ("lsf", "x")
    ):
        one = SchedulerHealth(location="lsf", ok=scheduler, since=SINCE)
        health = Health(client_ok=client, client_since=SINCE, schedulers={"lsf": one})
        for state in JobState:
            word = status.status(state, Phase.NONE, "", location)
            now = status.shown(word, state, location, health)
            cases.append(
                {
                    "job": {"status": word, "state": state.value, "location": location},
                    "health": health_row(health),
                    "shown": re.sub(r"since \d\d:\d\d", "since *", now),
                }
            )
    return "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"


def test_the_browser_draws_statuses_as_our_table_says() -> None:
    assert LOOKS.read_text("utf-8") == looks()


def test_the_browsers_cases_of_what_is_shown_are_ours() -> None:
    assert SHOWN.read_text("utf-8") == shown()


def test_a_slow_scheduler_is_drawn_by_the_end_of_its_word() -> None:
    # the browser knows no list of locations: any word with this end is an hourglass
    assert status.status(JobState.STARTING, Phase.SLOW, "", "lsf").endswith("_Slow")


def test_words_with_more_to_say_begin_with_one_of_the_table() -> None:
    lost = status.status(JobState.LOST, Phase.NONE, "", "lsf")
    words = json.loads(looks())["words"]
    for word in (lost, status.SCRIPT_RUNNING):
        assert word.partition(":")[0] in words


def test_the_browser_speaks_our_version_of_the_api() -> None:
    text = (SOURCES / "sources" / "skew.ts").read_text("utf-8")
    assert re.findall(r"API_VERSION = (\d+);", text) == [str(API_VERSION)]


if __name__ == "__main__":
    LOOKS.write_text(looks(), "utf-8")
    SHOWN.write_text(shown(), "utf-8")
