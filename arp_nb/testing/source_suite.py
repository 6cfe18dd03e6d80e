"""What every run source must do, as a suite for pytest. The docstrings of `RunSource` say why."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from arp_nb.errors import InvalidValue, SourceDown
from arp_nb.model import Trigger
from arp_nb.run_sources.base import RunNews
from arp_nb.testing.lab import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from arp_nb.run_sources.base import RunSource
    from arp_nb.testing.source_lab import SourceLab

Runs = dict[tuple[str, int], RunNews]

#: nothing is expected, and it is waited for so long
SILENCE_S = 0.3
#: … so often in a row, of a source that shall have told all
SILENCES = 2
#: the loop must be free again after so much of its thread's own time; and, where that waits for
#: something, after so long, on a machine that does other things too
HELD_UP_S, STOOD_STILL_S = 0.5, 3.0
_TIMES = ("started_at", "ended_at", "first_file_at", "all_files_at", "nonrec_files_at")
_FACTS = tuple(one.name for one in fields(RunNews) if one.name not in {"experiment", "number"})
#: the fact that each trigger waits for
_FACT_OF = {
    Trigger.START_OF_RUN: "started_at",
    Trigger.END_OF_RUN: "ended_at",
    Trigger.FIRST_FILE_TRANSFERRED: "first_file_at",
    Trigger.ALL_FILES_TRANSFERRED: "all_files_at",
    Trigger.ALL_NONREC_FILES_TRANSFERRED: "nonrec_files_at",
    Trigger.RUN_PARAM_IS_VALUE: "parameters",
}


class RunSourceContract:
    """Subclass it as ``TestMine``, with a fixture ``lab`` that yields a `SourceLab`.

    Tests run on asyncio, by anyio's plugin for pytest.
    """

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Run sources on asyncio alone."""
        return "asyncio"

    @pytest.fixture
    async def source(self, lab: SourceLab) -> AsyncIterator[RunSource]:
        """Take the lab's source, and close it afterwards."""
        yield lab.source
        await lab.source.close()

    # -- who it is -----------------------------------------------------------------------

    async def test_it_gives_triggers_that_runs_have(self, source: RunSource) -> None:
        assert source.gives
        assert source.gives <= _FACT_OF.keys()

    async def test_an_unknown_option_is_refused_in_words(self, lab: SourceLab) -> None:
        with pytest.raises(InvalidValue, match=r"no_such_option|no options"):
            lab.make(no_such_option="x")

    # -- the first call ------------------------------------------------------------------

    async def test_the_first_call_returns_at_once_if_with_nothing(self, source: RunSource) -> None:
        assert [*await _news(source)] == []

    async def test_the_first_call_tells_all_that_is_known(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        for number in range(1, 301):
            lab.begin(number)
            lab.end(number)
        told = await _news(source)
        assert [one.number for one in told] == [*range(1, 301)]

    async def test_news_come_by_experiment_and_number(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        for experiment in reversed(lab.names):
            for number in (11, 2, 7):
                lab.begin(number, experiment)
        told = [(one.experiment, one.number) for one in await _news(source)]
        assert told == [(name, number) for name in sorted(lab.names) for number in (2, 7, 11)]

    # -- facts ---------------------------------------------------------------------------

    async def test_a_run_that_begins_is_told_with_its_time(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        await _news(source)
        before = datetime.now(UTC)
        lab.begin(12)
        runs = await _until(source, lambda runs: (lab.names[0], 12) in runs)
        [run] = runs.values()
        assert run.started_at is not None
        _assert_about(run.started_at, before)
        assert run.ended_at is None or not lab.goes_on

    async def test_a_run_that_ends_is_told_with_its_time(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        lab.begin(12)
        await _news(source)
        before = datetime.now(UTC)
        lab.end(12)
        runs = await _until(source, lambda runs: any(run.ended_at for run in runs.values()))
        [run] = runs.values()
        assert run.ended_at is not None
        _assert_about(run.ended_at, before)

    async def test_each_trigger_that_it_gives_has_its_fact(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        lab.begin(12)
        if lab.has_parameters:
            lab.parameters(12, {"beam": 9.5})
        lab.end(12)
        await _until(
            source,
            lambda runs: all(
                getattr(runs.get((lab.names[0], 12)), _FACT_OF[one], None) for one in source.gives
            ),
        )

    async def test_all_times_are_utc(self, lab: SourceLab, source: RunSource) -> None:
        lab.begin(12)
        lab.end(12)
        runs = await _until(source, lambda runs: any(run.ended_at for run in runs.values()))
        for run in runs.values():
            times = [time for name in _TIMES if (time := getattr(run, name)) is not None]
            assert times
            assert all(time.utcoffset() == timedelta(0) for time in times)

    async def test_parameters_are_told_as_json_and_told_again_when_they_change(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        if not lab.has_parameters:
            pytest.skip("tells no parameters")
        key = (lab.names[0], 12)
        lab.begin(12)
        for beam in (0.5, 9.5):
            lab.parameters(12, {"beam": beam, "sample": "H2O", "bad": float("nan")})
            runs: Runs = {}
            while _parameters(runs, key).get("beam") != beam:
                runs = await _until(source, lambda runs: bool(_parameters(runs, key)))
            json.dumps(dict(runs[key].parameters), allow_nan=False)
            assert runs[key].parameters["sample"] == "H2O"

    # -- what is not told ----------------------------------------------------------------

    async def test_what_cannot_be_understood_costs_no_run_and_makes_none(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        lab.begin(11)
        lab.odd()
        lab.begin(12)
        runs = await _until(source, lambda runs: len(runs) >= 2)
        assert [*runs] == [(lab.names[0], 11), (lab.names[0], 12)]

    async def test_it_waits_while_there_is_nothing_to_tell(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        lab.begin(12)
        lab.end(12)
        await _until(source, lambda runs: any(run.ended_at for run in runs.values()))
        await _settled(source)

    async def test_the_same_number_in_another_experiment_is_another_run(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        if len(lab.names) < 2:
            pytest.skip("tells of one experiment")
        for name in lab.names[:2]:
            lab.begin(12, name)
        runs = await _until(source, lambda runs: len(runs) >= 2)
        assert {*runs} == {(name, 12) for name in lab.names[:2]}

    async def test_of_an_experiment_nothing_is_told_until_it_is_looked_at_and_then_all(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        lab.begin(12)
        lab.experiments = ["another"]
        assert [*await _news(source)] == []
        lab.experiments = [*lab.names]
        lab.begin(13)
        runs = await _until(source, lambda runs: len(runs) >= 2)
        assert {*runs} == {(lab.names[0], 12), (lab.names[0], 13)}

    # -- being down ----------------------------------------------------------------------

    async def test_it_says_in_words_that_it_is_down_again_and_again(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        lab.take_down()
        for _ in range(2):
            with pytest.raises(SourceDown) as caught:
                await _news(source)
            said = str(caught.value)
            assert said.endswith(".")
            assert "Traceback" not in said
            assert "0x" not in said
            assert 10 < len(said) < 400

    async def test_being_up_again_is_seen_at_once(self, lab: SourceLab, source: RunSource) -> None:
        await _news(source)
        lab.take_down()
        await _falls(source)
        lab.bring_back()
        assert [*await _rises(source)] == []

    async def test_what_happened_while_it_was_down_is_told_afterwards(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        lab.begin(11)
        await _news(source)
        lab.take_down()
        await _falls(source)
        lab.bring_back()
        lab.end(11)
        lab.begin(12)
        runs = {(one.experiment, one.number): one for one in await _rises(source)}
        runs = await _until(
            source,
            lambda runs: (
                (lab.names[0], 12) in runs
                and any(run.ended_at for run in runs.values() if run.number == 11)
            ),
            runs,
        )
        assert {number for _, number in runs} == {11, 12}

    # -- being interrupted ---------------------------------------------------------------

    async def test_cancelling_it_at_any_moment_loses_nothing(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        told: Runs = {}
        for number in range(1, 21):
            lab.begin(number)
            task = asyncio.ensure_future(source.news())
            await asyncio.sleep(number / 1000)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                _merge(told, await task)
        runs = await _until(source, lambda runs: len(runs) >= 20, told)
        assert {number for _, number in runs} == {*range(1, 21)}

    async def test_it_tells_all_again_when_what_it_told_could_not_be_kept(
        self, lab: SourceLab, source: RunSource
    ) -> None:
        lab.begin(11)
        lab.end(11)
        await _until(source, lambda runs: any(run.ended_at for run in runs.values()))
        source.start_over()
        [run] = await _news(source)
        assert run.number == 11
        assert run.ended_at is not None

    async def test_it_does_not_hold_up_the_loop(self, lab: SourceLab, source: RunSource) -> None:
        for number in range(1, 301):
            lab.begin(number)
        held_s = still_s = 0.0

        async def tick() -> None:
            nonlocal held_s, still_s
            while True:
                begin_s, begin_cpu_s = time.monotonic(), time.thread_time()
                await asyncio.sleep(0.005)
                held_s = max(held_s, time.thread_time() - begin_cpu_s)
                still_s = max(still_s, time.monotonic() - begin_s - 0.005)

        ticking = asyncio.ensure_future(tick())
        runs = await _until(source, lambda runs: len(runs) >= 300)
        ticking.cancel()
        assert len(runs) == 300
        assert held_s < HELD_UP_S
        assert still_s < STOOD_STILL_S

    async def test_after_it_is_closed_no_thread_of_it_is_left(self, lab: SourceLab) -> None:
        before = {*threading.enumerate()}
        source = lab.make()
        await _news(source)
        await source.close()
        end_s = time.monotonic() + DEADLINE_S
        while left := {*threading.enumerate()} - before:
            # the loop's own threads stay for the next call, and servers of labs come and go
            if all(not one.name.startswith("arp-") for one in left):
                break
            assert time.monotonic() < end_s, left
            await asyncio.sleep(0.01)
        await lab.source.close()


async def _news(source: RunSource) -> list[RunNews]:
    async with asyncio.timeout(DEADLINE_S):
        return [*await source.news()]


async def _until(
    source: RunSource, enough: Callable[[Runs], bool], runs: Runs | None = None
) -> Runs:
    """Ask for news until it is enough; return all that was told, joined by run."""
    runs = {} if runs is None else runs
    end_s = time.monotonic() + DEADLINE_S
    while not enough(runs):
        try:
            async with asyncio.timeout(end_s - time.monotonic()):
                _merge(runs, await source.news())
        except TimeoutError:
            raise AssertionError(f"not enough was told within {DEADLINE_S:g} s: {runs}") from None
    return runs


async def _silent(source: RunSource) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SILENCE_S):
            await source.news()
            return False
    return True


async def _settled(source: RunSource) -> None:
    """Wait until it has told the last of what has happened, and tells nothing for a while.

    Once is not enough: where the machine is busy, what has happened comes late.
    """
    end_s = time.monotonic() + DEADLINE_S
    silences = 0
    while silences < SILENCES:
        assert time.monotonic() < end_s, "it never stops telling"
        silences = silences + 1 if await _silent(source) else 0


async def _falls(source: RunSource) -> None:
    """Wait until it says that it is down."""
    with contextlib.suppress(SourceDown):
        while True:
            await _news(source)


async def _rises(source: RunSource) -> list[RunNews]:
    """Ask until it is up again; return what it tells first."""
    end_s = time.monotonic() + DEADLINE_S
    while True:
        try:
            return await _news(source)
        except SourceDown:
            assert time.monotonic() < end_s, "it does not come back"
            await asyncio.sleep(0.02)


def _merge(runs: Runs, news: Sequence[RunNews]) -> None:
    for one in news:
        key = (one.experiment, one.number)
        known = {name: value for name in _FACTS if (value := getattr(one, name))}
        runs[key] = replace(runs.get(key, one), **known)


def _parameters(runs: Runs, key: tuple[str, int]) -> Mapping[str, object]:
    return runs[key].parameters if key in runs else {}


def _assert_about(told: datetime, before: datetime) -> None:
    """Between a moment and now; logbooks and disks know no microseconds."""
    assert before - timedelta(seconds=2) <= told <= datetime.now(UTC) + timedelta(seconds=2)
