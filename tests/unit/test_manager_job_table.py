"""Jobs by column, and what is told of the jobs in view."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb import reports
from arp_nb.manager.job_table import COLUMNS, left
from arp_nb.report_search import holding
from arp_nb.reports import number, numbers
from arp_nb.rows import job_row
from tests.frames import decode
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio
_TIMES = {"requested", "submitted", "started", "ended", "changed", "kill_at", "reported_at"}


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def post(play: Play, job_id: int, body: str) -> None:
    await play.manager.updates.post(play.token(job_id), body.encode())


async def table(play: Play, **asked: Any) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    return decode(await play.manager.table.frame(play.experiment, **asked))


async def test_each_column_says_what_the_rows_of_the_jobs_say(play: Play) -> None:
    await play.apply("1-3")
    waiting = await play.submitted("77")
    running = await play.submitted("78")
    await play.read(waiting, "PEND", reason="no slots")
    await play.read(running, "RUN", "78", host="n7", queue="q", peak_memory_mb=1.5, cores=4)
    await play.read(running, "EXIT", "78", exit_code=3, signal=9, reason="TERM_MEMLIMIT")
    await play.kill(waiting)
    await post(play, running, '{"counters": {"Events": 7}}')
    head, found = await table(play)
    listed = await play.manager.jobs.list(play.experiment)
    rows: list[Any] = [job_row(one) for one in listed.jobs]
    assert list(found) == list(COLUMNS)
    for name in COLUMNS:
        expected = [row[name] for row in rows]
        if name in _TIMES:
            kept = {"started": "started_at", "ended": "ended_at"}.get(name, name)
            field = kept if kept.endswith("_at") else f"{kept}_at"
            times = [getattr(job, field) for job in listed.jobs]
            expected = [None if one is None else one.timestamp() * 1000 for one in times]
        if name == "parts":
            expected = [json.dumps(one) for one in expected]
        assert found[name] == expected, name
    assert head["rows"] == head["total"] == len(rows) == 5
    assert (head["epoch"], head["revision"]) == (listed.epoch, listed.revision)
    assert head["next_before"] is None


async def test_frames_follow_each_other_without_gap_or_deleted_jobs(play: Play) -> None:
    ids = sorted((job.id for job in await play.apply("1-5")), reverse=True)
    await play.manager.jobs.delete([ids[1]], "dana")
    del ids[1]
    seen: list[int] = []
    before = None
    while True:
        head, found = await table(play, before=before, limit=3)
        seen += found["id"]
        assert head["total"] == 4
        before = head["next_before"]
        if before is None:
            break
        assert before == seen[-1]
    assert seen == ids


async def test_a_frame_of_no_jobs_has_all_columns(play: Play) -> None:
    head, found = await table(play, counters=["Events"])
    assert (head["rows"], head["total"], head["next_before"]) == (0, 0, None)
    assert list(found) == [*COLUMNS, "counter:Events"]


async def test_counters_become_columns_where_they_are_numbers(play: Play) -> None:
    posts = [
        '{"counters": {"Events": 7}}',
        '{"counters": {"Events": [8.5, "red"]}}',
        '{"counters": {"Events": {"value": 9, "unit": "Hz"}}}',
        '[{"key": "Events", "value": 10}]',
        '{"counters": {"Events": "many", "Other": true}}',
    ]
    jobs = await play.apply("1-5")
    for job, body in zip(jobs, posts, strict=True):
        await post(play, job.id, body)
    _, found = await table(play, counters=["Events", "Other", "Events"])
    assert found["counter:Events"] == [None, 10.0, 9.0, 8.5, 7.0]
    assert found["counter:Other"] == [None] * 5


async def test_a_frame_ends_early_where_its_texts_are_very_long(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_table = sys.modules["arp_nb.manager.job_table"]
    monkeypatch.setattr(job_table, "_MOST_CHARS", 10)
    await play.apply("1-5")
    monkeypatch.setattr("arp_nb.store.job_values._PIECE", 2)
    head, found = await table(play)
    assert found["run"] == [5, 4]
    assert head["next_before"] == found["id"][-1]


# -- jobs in view ----------------------------------------------------------------------


async def test_a_window_tells_report_notes_sparkline_and_estimate(play: Play) -> None:
    job_id = await play.submitted("77")
    other = (await play.apply("2"))[0].id
    await play.read(job_id, "RUN")
    for events in range(0, 60, 2):
        play.tick(10)
        await post(
            play,
            job_id,
            f'{{"counters": {{"Rate": 3, "Events": {{"value": {events}, "max": 100}}}}}}',
        )
    window = await play.manager.table.window(play.experiment, [job_id, other, 99])
    rows = {row["id"]: row for row in window.rows}
    job = await play.job(job_id)
    assert rows.keys() == {job_id, other}
    assert rows[job_id]["report"] == job.report
    assert rows[job_id]["notes"] == list(job.notes)
    assert 2 <= len(rows[job_id]["spark"]) <= 24
    assert set(rows[job_id]["spark"]) == {3.0}
    assert rows[job_id]["left_s"] == pytest.approx(42 / 0.2)
    assert rows[other] == {"id": other, "report": {}, "notes": [], "spark": [], "left_s": None}
    assert window.revision == job.revision


async def test_a_window_of_long_reports_tells_of_some_and_names_the_others(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arp_nb.manager.job_table._MOST_WIDE_CHARS", 1000)
    a, b, c, d = [job.id for job in await play.apply("1-4")]
    for job_id, letters in ((a, 10), (b, 2000), (c, 600), (d, 300)):
        await post(play, job_id, json.dumps({"text": "x" * letters}))
    told = []
    wanted = [a, b, c, d]
    while wanted:
        window = await play.manager.table.window(play.experiment, wanted)
        told.append([row["id"] for row in window.rows])
        wanted = list(window.left)
    assert told == [[d, c], [b], [a]]


async def test_the_reports_of_a_window_are_read_beside_the_loop(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = await play.apply("1")
    await post(play, job.id, '{"counters": {"Events": 1}}')
    read_in = []

    def noted(report: dict[str, Any]) -> list[reports.Counter]:
        read_in.append(threading.current_thread())
        return reports.counters(report)

    reading = SimpleNamespace(counters=noted, numbers=reports.numbers)
    monkeypatch.setattr("arp_nb.manager.job_table.reports", reading)
    await play.manager.table.window(play.experiment, [job.id])
    assert len(read_in) == 1
    assert threading.current_thread() not in read_in


async def test_a_job_that_is_over_has_no_time_left(play: Play) -> None:
    job_id = await play.submitted("77")
    await play.read(job_id, "RUN")
    for events in (1, 2):
        play.tick(10)
        await post(play, job_id, f'{{"counters": {{"E": {{"value": {events}, "max": 9}}}}}}')
    await play.read(job_id, "DONE")
    (row,) = (await play.manager.table.window(play.experiment, [job_id])).rows
    assert (row["spark"], row["left_s"]) == ([1.0, 2.0], None)


async def test_deleted_jobs_and_those_of_others_are_in_no_window(play: Play) -> None:
    ids = [job.id for job in await play.apply("1-2")]
    await play.manager.jobs.delete(ids[:1], "dana")
    elsewhere = await play.manager.experiments.create("amox1", "XPP")
    assert [row["id"] for row in (await play.manager.table.window(play.experiment, ids)).rows] == [
        ids[1]
    ]
    assert (await play.manager.table.window(elsewhere, ids)).rows == []


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([], None, id="no points"),
        pytest.param([(0.0, 1.0)], None, id="one point"),
        pytest.param([(0.0, 0.0), (10.0, 50.0)], 10.0, id="half way"),
        pytest.param([(0.0, 90.0), (10.0, 0.0), (20.0, 50.0)], 10.0, id="begun anew"),
        pytest.param([(0.0, 5.0), (10.0, 5.0)], None, id="stands still"),
        pytest.param([(0.0, 50.0), (10.0, 20.0)], None, id="goes back"),
        pytest.param([(5.0, 1.0), (5.0, 2.0)], None, id="at one time"),
        pytest.param([(0.0, 0.0), (10.0, 120.0)], 0.0, id="beyond"),
        pytest.param([(0.0, 100.0)], 0.0, id="at once there"),
    ],
)
def test_time_left_is_told_by_the_rate_of_the_points(
    points: list[tuple[float, float]], expected: float | None
) -> None:
    assert left(points, 100.0) == expected


@given(st.lists(st.tuples(st.floats(0, 1e10), st.floats(-1e10, 1e10))), st.floats(-1e10, 1e10))
def test_time_left_is_never_negative(points: list[tuple[float, float]], most: float) -> None:
    found = left(sorted(points), most)
    assert found is None or found >= 0


# -- counters and search ---------------------------------------------------------------

_SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | st.text(max_size=3)
_POSTED = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "color", "unit", "max", "x"]), inner)
    ),
    max_leaves=6,
)
_ITEM = st.fixed_dictionaries({"key": st.sampled_from("abc"), "value": _POSTED})
_REPORTS = st.fixed_dictionaries(
    {},
    optional={
        "counters": st.dictionaries(st.sampled_from("abc"), _POSTED) | st.lists(_ITEM) | _POSTED,
        "z": _POSTED,
    },
)


@given(_REPORTS, st.sampled_from("abc"))
def test_one_number_of_a_report_is_the_one_among_all(report: dict[str, Any], key: str) -> None:
    assert number(report, key) == numbers(report).get(key)


@given(_REPORTS)
def test_what_a_counter_shows_is_found(report: dict[str, Any]) -> None:
    text = json.dumps(report, ensure_ascii=False)
    for one in reports.counters(report):
        for shown in (one.key, one.unit, one.value):
            # a shape that we do not know is shown as its own JSON: nobody searches that
            if isinstance(shown, str) and not shown.startswith(("{", "[")):
                assert holding(shown.casefold())("", "[]", text)
    assert not holding("no such text")("", "[]", text)


def test_a_text_is_searched_as_it_shows_and_not_as_it_is_written() -> None:
    assert holding('"A"\n\\')("", "[]", json.dumps({"said": '"a"\n\\'}))
    assert holding("ÄÖ")("", '["äö"]', "{}")
    assert holding("STRASSE")("Straße", "[]", "{}")
    for word in ("value", "color", "red", "counters"):
        posted = '{"counters": {"n": {"value": 1, "color": "red"}}}'
        assert not holding(word)("", "[]", posted), word
