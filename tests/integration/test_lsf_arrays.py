"""Arrays whose elements leave LSF's list one by one: none of their ends is forgotten."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState, Reading
from arp_nb.schedulers.base import Poll, Scheduler
from arp_nb.schedulers.lsf import LsfScheduler
from arp_nb.schedulers.lsf_arrays import Arrays
from tests.contract.labs import FakeLsf

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)


@pytest.fixture
def lsf(tmp_path: Path) -> FakeLsf:
    return FakeLsf(tmp_path)


class Scan:
    """An array in a pretended LSF."""

    def __init__(self, lsf: FakeLsf, *words: str) -> None:
        self.lsf = lsf
        self.native_id = lsf.submit("-J", f"scan[1-{len(words)}]")
        self.end(dict(enumerate(words, 1)))

    def end(self, words: Mapping[int, str]) -> None:
        """Set elements to these states."""
        at = f"@{int(time.time())}"
        told = {"STARTED": at, "ENDED": at, "EXIT_CODE": "3"}
        record = self._record()
        for index, word in words.items():
            record["ELEMENTS"][str(index)] |= {"STAT": word, **told}
        self._write(record)

    def leave(self, *indices: int) -> None:
        """Let elements leave the list; the history keeps them."""
        record = self._record()
        history = self.lsf.folder / "history"
        history.mkdir(exist_ok=True)
        kept = history / f"{self.native_id}.json"
        if not kept.exists():
            kept.write_text(json.dumps(record))
        left = {key: one for key, one in record["ELEMENTS"].items() if int(key) not in indices}
        self._write(record | {"ELEMENTS": left})

    def _record(self) -> dict[str, dict[str, dict[str, str]]]:
        text = (self.lsf.folder / f"{self.native_id}.json").read_text()
        record: dict[str, dict[str, dict[str, str]]] = json.loads(text)
        return record

    def _write(self, record: Mapping[str, object]) -> None:
        (self.lsf.folder / f"{self.native_id}.json").write_text(json.dumps(record))


def asked_of_history(lsf: FakeLsf) -> int:
    return sum(one[0] == "bhist" for one in lsf.commands())


async def whole(scheduler: Scheduler, scan: Scan) -> Reading | None:
    return (await scheduler.poll([scan.native_id])).readings.get(scan.native_id)


async def test_ends_that_left_the_list_before_a_restart_still_count(lsf: FakeLsf) -> None:
    scan = Scan(lsf, "EXIT", "DONE", "RUN", "RUN")
    await whole(lsf.scheduler, scan)
    scan.leave(1, 2)
    anew = LsfScheduler(lsf.environment)
    running = await whole(anew, scan)
    assert running is not None
    assert running.elements == (("RUN", 2), ("EXIT", 1), ("DONE", 1))
    scan.end({3: "DONE", 4: "DONE"})
    over = await whole(anew, scan)
    assert over is not None
    assert (over.state, over.exit_code) == (JobState.FAILED, 3)
    assert over.elements == (("EXIT", 1), ("DONE", 3))
    assert asked_of_history(lsf) == 2, "once by each process"


@pytest.mark.parametrize("fault", ["hang", "garbage", "exit:255:cannot open lsb.events"])
async def test_until_the_history_answers_an_array_has_no_end(tmp_path: Path, fault: str) -> None:
    lsf = FakeLsf(tmp_path, timeout_s=1.0)
    scan = Scan(lsf, "EXIT", "RUN")
    scan.leave(1)
    lsf.fault("bhist", fault)
    running = await whole(lsf.scheduler, scan)
    assert running is not None
    assert running.state is JobState.RUNNING
    scan.end({2: "DONE"})
    poll = await lsf.scheduler.poll([scan.native_id])
    assert poll == Poll({}, frozenset({scan.native_id}))
    assert asked_of_history(lsf) == 1, "a history that fails is not asked at every poll"


async def test_without_a_history_the_list_s_word_is_the_last(
    lsf: FakeLsf, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = Scan(lsf, "DONE", "DONE")
    monkeypatch.setattr(LsfScheduler, "_has_history", property(lambda _: False))
    over = await whole(lsf.scheduler, scan)
    assert over is not None
    assert over.state is JobState.DONE


async def test_a_history_that_does_not_know_a_listed_array_yet_loses_none(lsf: FakeLsf) -> None:
    scan = Scan(lsf, "DONE", "DONE")
    lsf.fault("bhist", "exit:255:No matching job found")
    over = await whole(lsf.scheduler, scan)
    assert over is not None
    assert over.state is JobState.DONE


async def test_many_new_arrays_are_one_question_and_a_kill_s_poll_forgets_none(
    lsf: FakeLsf,
) -> None:
    scans = [Scan(lsf, "EXIT", "RUN") for _ in range(30)]
    ids = [one.native_id for one in scans]
    other = lsf.running()
    await lsf.scheduler.poll(ids)
    assert asked_of_history(lsf) == 1
    for scan in scans:
        scan.leave(1)
    await lsf.scheduler.poll([other])
    for scan in scans:
        scan.end({2: "DONE"})
    poll = await lsf.scheduler.poll(ids)
    assert {one.state for one in poll.readings.values()} == {JobState.FAILED}
    assert poll.readings.keys() == set(ids)
    assert asked_of_history(lsf) == 1


async def test_a_poll_that_finds_no_history_is_no_failure(lsf: FakeLsf) -> None:
    job, scan = lsf.running(), Scan(lsf, "RUN")
    lsf.fault("bhist", "exit:255:LSF is down")
    poll = await lsf.scheduler.poll([job, scan.native_id])
    assert poll.readings.keys() == {job, scan.native_id}
    with pytest.raises(SchedulerError):
        await lsf.scheduler.history([job])


# -- as a rule ---------------------------------------------------------------------------


def reading(word: str, submitted_at: datetime = NOW) -> Reading:
    state = {"RUN": JobState.RUNNING, "DONE": JobState.DONE, "EXIT": JobState.FAILED}[word]
    return Reading(state=state, native_state=word, submitted_at=submitted_at)


words = st.sampled_from(["DONE", "EXIT"])


@given(st.lists(st.tuples(words, st.booleans()), min_size=1, max_size=8))
def test_whatever_left_before_the_end_is_that_of_all_elements(
    elements: list[tuple[str, bool]],
) -> None:
    ends = {index: reading(word) for index, (word, _) in enumerate(elements, 1)}
    listed = {index: ends[index] for index, (_, is_left) in enumerate(elements, 1) if not is_left}
    if not listed:
        return
    arrays = Arrays()
    assert arrays.unsettled({"13": listed}) == ["13"]
    assert arrays.reading("13", listed, NOW, has_history=True) is None
    arrays.settle({"13": listed}, {f"13[{index}]": one for index, one in ends.items()})
    assert arrays.unsettled({"13": listed}) == []
    found = arrays.reading("13", listed, NOW, has_history=True)
    assert found is not None
    failed = any(word == "EXIT" for word, _ in elements)
    assert found.state is (JobState.FAILED if failed else JobState.DONE)
    assert sum(number for _, number in found.elements) == len(elements)


def test_the_list_is_newer_than_the_history() -> None:
    arrays = Arrays()
    listed = {1: reading("DONE")}
    arrays.settle({"13": listed}, {"13[1]": reading("RUN")})
    found = arrays.reading("13", listed, NOW, has_history=True)
    assert found is not None
    assert found.elements == (("DONE", 1),)


def test_elements_of_an_array_that_had_the_id_before_do_not_count() -> None:
    arrays = Arrays()
    listed = {1: reading("DONE")}
    before = NOW - timedelta(days=30)
    arrays.settle(
        {"13": listed}, {"13[1]": reading("EXIT", before), "13[2]": reading("EXIT", before)}
    )
    found = arrays.reading("13", listed, NOW, has_history=True)
    assert found is not None
    assert found.elements == (("DONE", 1),)


def test_an_array_that_nobody_asks_for_is_forgotten_in_the_end() -> None:
    arrays = Arrays()
    listed = {1: reading("RUN")}
    arrays.settle({"13": listed}, {})
    arrays.reading("13", listed, NOW, has_history=True)
    arrays.forget_idle(NOW + timedelta(minutes=50))
    assert arrays.unsettled({"13": listed}) == []
    arrays.forget_idle(NOW + timedelta(hours=2))
    assert arrays.unsettled({"13": listed}) == ["13"], "and asked of the history again"
