"""Folding is invisible: whatever comes at once ends as if it had come one by one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb import reports
from arp_nb.errors import TooLarge
from arp_nb.model import JobState, may_change
from arp_nb.store.base import JobChange, ReportPost, Store
from tests.contract.stores import NOW, change, make_world, post, wanted

KEYS = st.sampled_from(["Events", "Rate", "Größe", "a.b", ""])
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
VALUES = st.one_of(NUMBERS, TEXTS, st.none(), st.booleans(), st.tuples(NUMBERS, TEXTS).map(list))
OBJECTS = st.recursive(
    st.dictionaries(KEYS, VALUES, max_size=3),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=4,
)
HUGE = st.just({"text": "x" * (reports.MAX_BYTES + 1)})
PATCHES = st.one_of(
    st.builds(lambda counters, rest: {**rest, "counters": counters}, OBJECTS, OBJECTS),
    OBJECTS,
    st.lists(
        st.builds(lambda key, value: {"key": key, "value": value}, KEYS, VALUES),
        max_size=3,
        unique_by=lambda item: str(item["key"]),
    ),
    HUGE,
)
#: calls of one or more posts; a post is the number of a job and a patch
CALLS = st.lists(
    st.lists(st.tuples(st.integers(0, 2), PATCHES), min_size=1, max_size=3),
    min_size=1,
    max_size=12,
)
MANY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


async def _jobs(store: Store, count: int) -> list[int]:
    world = await make_world(store, f"xpp{await store.revision()}")
    return list((await store.add_jobs(wanted(world.definition, range(count)))).job_ids)


def _merged(calls: list[list[ReportPost]], ids: list[int]) -> tuple[list[bool], dict[int, Any]]:
    """Merge one by one, in memory; a call with one bad post does nothing."""
    kept: dict[int, Any] = {job_id: {} for job_id in ids}
    good = []
    for posts in calls:
        new = dict(kept)
        try:
            for one in posts:
                new[one.job_id] = reports.merge(new[one.job_id], one.patch)
        except TooLarge:
            good.append(False)
        else:
            good.append(True)
            kept = new
    return good, kept


@MANY
@given(drawn=CALLS)
def test_posts_at_once_end_as_posts_one_by_one(store: Store, drawn: Any) -> None:
    async def go() -> None:
        ids = await _jobs(store, 3)
        calls = [
            [post(ids[job], patch, number) for job, patch in posts]
            for number, posts in enumerate(drawn)
        ]
        tasks = [asyncio.create_task(store.merge_reports(posts)) for posts in calls]
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        good, kept = _merged(calls, ids)
        assert [one is None for one in answers] == good
        for job_id in ids:
            job = await store.job(job_id)
            assert job.report == kept[job_id]
            newest = _newest_numbers(calls, good, job_id)
            points = await store.counter_points([job_id])
            assert {one.key: one.value for one in points} == newest

    asyncio.run(go())


def _newest_numbers(
    calls: list[list[ReportPost]], good: list[bool], job_id: int
) -> dict[str, float]:
    """Return the last number of each counter that was ever posted."""
    report: Any = {}
    newest: dict[str, float] = {}
    for posts, is_good in zip(calls, good, strict=True):
        for one in posts if is_good else ():
            if one.job_id != job_id:
                continue
            report = reports.merge(report, one.patch)
            numbers = reports.numbers(report)
            if isinstance(one.patch, dict):
                named = one.patch.get("counters")
                numbers = {key: numbers[key] for key in numbers if named and key in named}
            newest.update(numbers)
    return newest


@dataclass
class _Model:
    """One job as the contract describes it."""

    state: JobState = JobState.REQUESTED
    lease: str | None = None
    spool: str | None = None
    changes: int = 0

    def take(self, one: JobChange) -> bool:
        if self.state not in one.expect:
            return False
        if one.expect_lease not in {None, self.lease}:
            return False
        if one.expect_spool not in {None, self.spool}:
            return False
        self.changes += one.state not in {None, self.state}
        self.state = one.state or self.state
        self.lease = one.set.get("lease_token", self.lease)
        self.spool = one.set.get("spool_id", self.spool)
        return True


TOKENS = st.sampled_from(["a", "b"])
STATES = st.sampled_from(JobState)


@st.composite
def _changes(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a change that is allowed from every state that it expects."""
    state = draw(st.one_of(st.none(), STATES))
    expect = draw(st.sets(STATES, min_size=1))
    return {
        "job": draw(st.integers(0, 2)),
        "state": state,
        "expect": [old for old in expect if state is None or may_change(old, state)],
        "expect_lease": draw(st.one_of(st.none(), TOKENS)),
        "expect_spool": draw(st.one_of(st.none(), TOKENS)),
        "set": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "lease_token": st.one_of(st.none(), TOKENS),
                    "spool_id": TOKENS,
                    "reason": TEXTS,
                    "peak_memory_mb": st.floats(0, 1e6),
                },
            )
        ),
    }


@MANY
@given(drawn=st.lists(st.lists(_changes(), max_size=4), max_size=12))
def test_changes_at_once_end_as_changes_one_by_one(store: Store, drawn: Any) -> None:
    async def go() -> None:
        ids = await _jobs(store, 3)
        models = {job_id: _Model() for job_id in ids}
        calls = [
            [
                change(ids[one["job"]], *one["expect"], at=NOW, **_without(one, "job", "expect"))
                for one in changes
            ]
            for changes in drawn
        ]
        tasks = [asyncio.create_task(store.change_jobs(changes)) for changes in calls]
        answers = await asyncio.gather(*tasks)
        expected = [[models[one.job_id].take(one) for one in changes] for changes in calls]
        assert [list(one) for one in answers] == expected
        for job_id, model in models.items():
            job = await store.job(job_id)
            kept = (job.state, job.lease_token, job.spool_id)
            assert kept == (model.state, model.lease, model.spool)
            history = await store.history(job_id)
            assert len(history) == 1 + model.changes
            assert history[-1].new is model.state
            assert all(a.new is b.old for a, b in pairwise(history))

    asyncio.run(go())


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}
