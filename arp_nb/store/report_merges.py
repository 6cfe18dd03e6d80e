"""Posts of running jobs: all posts of a group to one job become one write of its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import sqlite

from arp_nb import reports
from arp_nb.errors import ArpError, NotFound
from arp_nb.store.among import among, listed
from arp_nb.store.many import Many
from arp_nb.store.records import to_json, to_us
from arp_nb.store.schema import counter_point, job

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from arp_nb.store.base import ReportPost
    from arp_nb.store.transaction import Transaction

#: posts of one group that come closer than this make one point of a series
_POINT_EVERY_US = 100_000
#: jobs whose series' lengths are remembered; beyond, they are counted again
_REMEMBERED = 20_000

_READ = select(job.c.id, job.c.report, job.c.reported_at).where(among(job.c.id, "ids"))
_WRITE = Many(
    update(job).where(job.c.id == bindparam("b_id")), ("report", "reported_at", "revision")
)
_ADD = sqlite.insert(counter_point)
_ADD_POINTS = Many(
    _ADD.on_conflict_do_update(
        index_elements=["job_id", "key", "at"], set_={"value": _ADD.excluded.value}
    ),
    ("job_id", "key", "at", "value"),
)
_COUNT = (
    select(counter_point.c.job_id, counter_point.c.key, func.count())
    .where(among(counter_point.c.job_id, "ids"))
    .group_by(counter_point.c.job_id, counter_point.c.key)
)
_SERIES = (
    select(counter_point.c.at)
    .where(counter_point.c.job_id == bindparam("job_id"), counter_point.c.key == bindparam("key"))
    .order_by(counter_point.c.at)
)
_DROP_POINTS = Many(
    delete(counter_point).where(
        counter_point.c.job_id == bindparam("job_id"),
        counter_point.c.key == bindparam("key"),
        counter_point.c.at == bindparam("at"),
    )
)

#: job, counter, time in steps of `_POINT_EVERY_US`
_PointKey = tuple[int, str, int]


class ReportMerges:
    """Folds posts. Remembers how long each series is; used by the writer's thread alone."""

    def __init__(self) -> None:
        self._lengths: dict[int, dict[str, int]] = {}

    def fold(self, tx: Transaction, calls: Sequence[Sequence[ReportPost]]) -> list[Any]:
        """Merge several callers' posts; give each None, or the error that is its own."""
        try:
            return self._fold(tx, calls)
        except BaseException:
            self._lengths.clear()  # what they count is undone
            raise

    def _fold(self, tx: Transaction, calls: Sequence[Sequence[ReportPost]]) -> list[Any]:
        reports_by_job: dict[int, Mapping[str, Any]] = {}
        reported_us: dict[int, int] = {}
        ids = {post.job_id for posts in calls for post in posts}
        for job_id, text, at_us in tx.db.execute(_READ, {"ids": listed(ids)}):
            reports_by_job[job_id] = orjson.loads(text)
            reported_us[job_id] = at_us or 0
        answers: list[Any] = []
        points: dict[_PointKey, tuple[int, float]] = {}
        changed: dict[int, str] = {}
        for posts in calls:
            try:
                merged, new_points = _merged(reports_by_job, posts)
                texts = {job_id: to_json(report) for job_id, report in merged.items()}
            except ArpError as error:
                answers.append(error)
                continue
            answers.append(None)
            reports_by_job.update(merged)
            points.update(new_points)
            changed.update(texts)
            for post in posts:
                at_us = to_us(post.at)
                reported_us[post.job_id] = max(reported_us[post.job_id], at_us)
        self._write_reports(tx, changed, reported_us)
        self._write_points(tx, points)
        return answers

    @staticmethod
    def _write_reports(
        tx: Transaction, changed: Mapping[int, str], reported_us: Mapping[int, int]
    ) -> None:
        if not changed:
            return
        first = tx.revisions(len(changed))
        rows = [
            {
                "b_id": job_id,
                "report": text,
                "reported_at": reported_us[job_id],
                "revision": revision,
            }
            for revision, (job_id, text) in enumerate(changed.items(), first)
        ]
        _WRITE.execute(tx.db, rows)

    def _write_points(
        self, tx: Transaction, points: Mapping[_PointKey, tuple[int, float]]
    ) -> None:
        if not points:
            return
        self._count(tx, {job_id for job_id, _, _ in points})
        rows = []
        full: set[tuple[int, str]] = set()
        for (job_id, key, _), (at_us, value) in points.items():
            rows.append({"job_id": job_id, "key": key, "at": at_us, "value": value})
            lengths = self._lengths[job_id]
            lengths[key] = lengths.get(key, 0) + 1
            if lengths[key] > reports.SERIES_LIMIT:
                full.add((job_id, key))
        _ADD_POINTS.execute(tx.db, rows)
        for job_id, key in full:
            self._thin(tx, job_id, key)

    def _count(self, tx: Transaction, job_ids: AbstractSet[int]) -> None:
        if len(self._lengths) > _REMEMBERED:
            self._lengths.clear()
        unknown = job_ids - self._lengths.keys()
        if unknown:
            self._lengths.update({job_id: {} for job_id in unknown})
            for job_id, key, length in tx.db.execute(_COUNT, {"ids": listed(unknown)}):
                self._lengths[job_id][key] = length

    def _thin(self, tx: Transaction, job_id: int, key: str) -> None:
        """Bring a full series down to half, so that it is full again only after as many posts."""
        times_us = [at for (at,) in tx.db.execute(_SERIES, {"job_id": job_id, "key": key})]
        points = [(at_us / 1e6, at_us) for at_us in times_us]
        kept = {at_us for _, at_us in reports.thin(points, reports.SERIES_LIMIT // 2)}
        gone = [at_us for at_us in times_us if at_us not in kept]
        rows = ({"job_id": job_id, "key": key, "at": at_us} for at_us in gone)
        _DROP_POINTS.execute(tx.db, rows)
        self._lengths[job_id][key] = len(kept)


def _merged(
    before: Mapping[int, Mapping[str, Any]], posts: Sequence[ReportPost]
) -> tuple[dict[int, dict[str, Any]], dict[_PointKey, tuple[int, float]]]:
    """Apply one caller's posts, in order, to reports of which none is changed in place."""
    merged: dict[int, dict[str, Any]] = {}
    points: dict[_PointKey, tuple[int, float]] = {}
    for post in posts:
        old = merged.get(post.job_id, before.get(post.job_id))
        if old is None:
            raise NotFound(f"There is no job {post.job_id}.")
        new = reports.merge(old, post.patch)
        at_us = to_us(post.at)
        for key, value in _posted_numbers(new, post.patch).items():
            points[post.job_id, key, at_us // _POINT_EVERY_US] = (at_us, value)
        merged[post.job_id] = new
    return merged, points


def _posted_numbers(
    report: Mapping[str, Any], patch: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """Return the numeric counters that a post names: others did not get a point."""
    if not isinstance(patch, dict | Mapping):
        return reports.numbers(report)
    posted, kept = patch.get("counters"), report.get("counters")
    if not posted or not kept:
        return {}
    if not (isinstance(posted, Mapping) and isinstance(kept, Mapping)):
        return reports.numbers(report)
    named = {key: kept[key] for key in posted if key in kept}
    return reports.numbers({"counters": named})
