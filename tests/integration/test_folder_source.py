"""The folder source over real folders: what programs do there, and how much may lie there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arp_nb import mounts
from arp_nb.errors import SourceDown
from arp_nb.run_sources.base import RunNews
from arp_nb.run_sources.folder import FolderSource, source
from arp_nb.run_sources.folder.scan import scan
from arp_nb.settings import SourceSettings

pytestmark = pytest.mark.anyio

XPP = "xppi0915"
#: longer than any test: runs do not end by rest
NEVER_S = 3600.0


class Watched:
    """A folder and its source."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources: list[FolderSource] = []
        self.source = self.make()

    def make(self, **options: Any) -> FolderSource:
        async def experiments() -> tuple[str, ...]:
            return (XPP,)

        given = {
            "path": str(self.folder), "pattern": "run{run}/*.h5", "quiet_s": NEVER_S, **options,
        }  # fmt: skip
        table = SourceSettings(name="ffb", experiments=(XPP,), options=given)
        self.sources.append(FolderSource(table, experiments))
        return self.sources[-1]

    async def news(self, source: FolderSource | None = None) -> list[RunNews]:
        async with asyncio.timeout(60):
            return [*await (source or self.source).news()]

    async def numbers(self, source: FolderSource | None = None) -> list[int]:
        return [one.number for one in await self.news(source)]

    async def is_silent(self, seconds: float = 0.4) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.source.news()
                return False
        return True

    def write(self, name: str, text: str = "data") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    folder = tmp_path / "data"
    folder.mkdir()
    made = Watched(folder)
    yield made
    for one in made.sources:
        await one.close()


# -- what programs do with files ---------------------------------------------------------


async def test_a_file_counts_when_it_has_its_name(watched: Watched) -> None:
    assert await watched.numbers() == []
    watched.write("run5/.a.h5.Xy12Zq")  # rsync
    part = watched.write("run6/a.h5.part")
    assert await watched.is_silent()
    part.rename(part.with_suffix(""))
    assert await watched.numbers() == [6]
    (watched.folder / "run5" / ".a.h5.Xy12Zq").rename(watched.folder / "run5" / "a.h5")
    assert await watched.numbers() == [5]


async def test_a_folder_that_is_moved_in_brings_its_run(watched: Watched, tmp_path: Path) -> None:
    assert await watched.numbers() == []
    ready = tmp_path / "ready"
    ready.mkdir()
    (ready / "a.h5").write_text("data")
    ready.rename(watched.folder / "run7")
    assert await watched.numbers() == [7]


async def test_a_run_ends_when_its_files_rest_and_again_when_more_came(watched: Watched) -> None:
    watched.source = watched.make(quiet_s=0.2)
    path = watched.write("run7/a.h5")
    assert await watched.numbers() == [7]
    for _ in range(3):
        await asyncio.sleep(0.1)
        with path.open("a") as file:
            file.write("more")
    written = datetime.now(UTC)
    [ended] = await watched.news()
    assert ended.ended_at is not None
    assert written - timedelta(seconds=0.3) < ended.ended_at < datetime.now(UTC)
    path.rename(path.with_name("b.h5"))
    assert await watched.is_silent()
    watched.write("run7/c.h5")
    [later] = await watched.news()
    assert later.ended_at is not None
    assert later.ended_at > ended.ended_at


async def test_what_was_there_before_has_the_times_of_its_files(watched: Watched) -> None:
    watched.source = watched.make(quiet_s=0.1)
    for name, at in (("a", 1_700_000_000), ("b", 1_700_000_600)):
        os.utime(watched.write(f"run7/{name}.h5"), (at, at))
    while not (run := (await watched.news())[0]).ended_at:
        pass  # it was made just now, whatever time it carries
    assert run.started_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert run.ended_at == datetime.fromtimestamp(1_700_000_600, UTC)


async def test_a_sentinel_ends_a_run(watched: Watched) -> None:
    watched.source = watched.make(sentinel="run{run}.done")
    watched.write("run7/a.h5")
    watched.write("run8.done")
    assert await watched.numbers() == [7]
    watched.write("run7.done", "")
    [ended] = await watched.news()
    assert ended.ended_at is not None


# -- parameters --------------------------------------------------------------------------


async def test_parameters_come_from_a_small_json_file(watched: Watched) -> None:
    watched.source = watched.make(params="run{run}.json")
    watched.write("run7/a.h5")
    watched.write("run7.json", json.dumps({"beam": 9.5}))
    [run] = await watched.news()
    assert run.parameters == {"beam": 9.5}
    watched.write("run7.json", json.dumps({"beam": 0.25}))
    [run] = await watched.news()
    assert run.parameters == {"beam": 0.25}


@pytest.mark.parametrize(
    "text", ["{", "[1]", "\udcff", "[" * 9_999, json.dumps({"a": "x" * 60_000})]
)
async def test_a_bad_file_with_parameters_costs_no_run(watched: Watched, text: str) -> None:
    watched.source = watched.make(params="run{run}.json")
    watched.write("run7/a.h5")
    (watched.folder / "run7.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    [run] = await watched.news()
    assert run.parameters == {}
    assert watched.source.caveat == "1 new files with parameters are not small JSON objects."


async def test_a_pipe_or_a_folder_in_place_of_a_file_holds_nothing_up(watched: Watched) -> None:
    watched.source = watched.make(params="run{run}.json")
    watched.write("run7/a.h5")
    os.mkfifo(watched.folder / "run7.json")
    os.mkfifo(watched.folder / "run7" / "b.h5")
    (watched.folder / "run8" / "a.h5").mkdir(parents=True)
    assert await watched.numbers() == [7]


# -- links, names, rights ----------------------------------------------------------------


async def test_links_are_followed_inside_of_the_folder_alone(
    watched: Watched, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.h5").write_text("secret")
    watched.write("run1/a.h5")
    (watched.folder / "run2").symlink_to("run1")
    (watched.folder / "run3").symlink_to(outside)
    (watched.folder / "run4").mkdir()
    (watched.folder / "run4" / "a.h5").symlink_to(outside / "a.h5")
    (watched.folder / "run5").symlink_to("run5")
    (watched.folder / "run6").symlink_to("nowhere")
    assert await watched.numbers() == [1, 2]
    assert watched.source.caveat == "2 links lead out of the folder and are left alone."


async def test_the_folder_itself_may_be_a_link(watched: Watched, tmp_path: Path) -> None:
    watched.write("run1/a.h5")
    (tmp_path / "link").symlink_to(watched.folder)
    assert await watched.numbers(watched.make(path=str(tmp_path / "link"))) == [1]


async def test_names_of_any_bytes_are_looked_at(watched: Watched) -> None:
    folder = watched.folder / "run1"
    folder.mkdir()
    os.mknod(bytes(folder) + b"/\xff\n.h5")
    assert await watched.numbers() == [1]


async def test_a_folder_that_may_not_be_read_costs_no_other(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.write("run1/a.h5")
    watched.write("run2/a.h5")
    scandir = os.scandir

    def guarded(path: str) -> Any:
        if path.endswith("run2"):
            raise PermissionError  # rights do not keep root out, who runs this too
        return scandir(path)

    monkeypatch.setattr("os.scandir", guarded)
    assert await watched.numbers() == [1]
    assert watched.source.caveat == "1 folders may not be read by this account."


# -- the folder --------------------------------------------------------------------------


async def test_a_folder_that_is_not_there_or_none_is_told(watched: Watched) -> None:
    for path, words in ((watched.folder / "x", "is not there."), (__file__, "is not a folder.")):
        with pytest.raises(SourceDown, match=words):
            await watched.news(watched.make(path=str(path)))


async def test_another_folder_in_its_place_is_watched(watched: Watched) -> None:
    watched.write("run1/a.h5")
    assert await watched.numbers() == [1]
    watched.folder.rename(watched.folder.with_name("old"))
    watched.folder.mkdir()
    with contextlib.suppress(SourceDown):  # if it looked in between
        assert await watched.is_silent()
    task = asyncio.ensure_future(watched.news())
    watched.write("run2/a.h5")
    assert [one.number for one in await task or await watched.news()] == [2]


async def test_an_empty_mount_point_ends_no_run(watched: Watched) -> None:
    watched.source = watched.make(quiet_s=0.2, poll=True, poll_s=0.05)
    assert await watched.numbers() == []
    watched.write("run1/a.h5")  # new to who looked before, it rests from the next look on
    assert await watched.numbers() == [1]
    (watched.folder / "run1").rename(watched.folder.with_name("elsewhere"))
    assert await watched.is_silent(0.6)
    watched.folder.with_name("elsewhere").rename(watched.folder / "run1")
    [ended] = await watched.news()
    assert ended.ended_at is not None


async def test_a_file_server_that_hangs_is_told(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "_LIMIT_S", 0.1)
    monkeypatch.setattr(source, "scan", lambda *args: time.sleep(0.5))
    with pytest.raises(SourceDown, match="does not answer: its file server may be down"):
        await watched.news()


async def test_on_a_network_file_system_it_looks_by_itself(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "read_mountinfo", lambda: "1 0 0:1 / / rw - nfs4 server:/ rw")
    for poll, watches in (("auto", False), (True, False), (False, True)):
        made = watched.make(poll=poll, poll_s=0.05)
        await watched.news(made)
        assert (made._watch is not None) is watches


async def test_where_the_system_does_not_watch_it_looks_by_itself(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise OSError("OS file watch limit reached.")

    monkeypatch.setattr("watchfiles.watch", refuse)
    watched.source = watched.make(poll_s=0.05)
    assert await watched.numbers() == []
    watched.write("run1/a.h5")
    assert await watched.numbers() == [1]
    assert "The system does not watch the folder (OS file watch limit" in watched.source.caveat


# -- how much ----------------------------------------------------------------------------


async def test_many_files_are_looked_at_without_holding_anything_up(watched: Watched) -> None:
    for number in range(20):
        folder = watched.folder / f"run{number}"
        folder.mkdir()
        for name in range(1000):
            os.mknod(folder / f"{name}.h5")
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    others = asyncio.ensure_future(take_turns())
    assert await watched.numbers() == [*range(20)]
    others.cancel()
    assert turns > 10
    watched.write("run20/a.h5")
    assert await watched.numbers() == [20]
    with pytest.raises(SourceDown, match=r"holds more than 10,000 files: choose a narrower"):
        await watched.news(watched.make(most_files=10_000))


async def test_a_file_that_is_written_all_the_time_is_not_looked_at_all_the_time(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def counted(*args: Any) -> Any:
        nonlocal looks
        looks += 1
        return scan(*args)

    monkeypatch.setattr(source, "scan", counted)
    path = watched.write("run1/a.h5")
    await watched.news()
    began_s, looks = time.monotonic(), 0
    task = asyncio.ensure_future(watched.source.news())
    with path.open("a") as file:
        while looks < 3 or time.monotonic() < began_s + 1:
            file.write("x")
            file.flush()
            await asyncio.sleep(0.002)
    task.cancel()
    assert looks <= 2 + (time.monotonic() - began_s) / source._LEAST_S
