"""One run source each, set up for tests, with runs that a test begins and ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import override

from arp_nb.run_sources.base import RunNews, RunSource
from arp_nb.run_sources.folder import FolderSource
from arp_nb.run_sources.logbook import LogbookSource
from arp_nb.settings import SourceSettings
from arp_nb.testing import FakeRunSource, SourceLab
from tests.logbook_server import LogbookServer

XPP = "xppi0915"


class Logbook(SourceLab):
    """The logbook source over a real server."""

    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.server = LogbookServer()
        self.server.runs = {name: [] for name in (*self.names, "another")}
        self.source = self.make(**self.options)

    @override
    def make(self, **options: Any) -> RunSource:
        given = {"url": self.server.url, "interval_s": 0.1, "timeout_s": 5.0, **options}
        table = SourceSettings(name="logbook", kind="logbook", options=given)
        return LogbookSource(table, self.active)

    def record(self, number: int, experiment: str = XPP) -> dict[str, Any]:
        records = self.server.runs[experiment]
        found = [one for one in records if isinstance(one, dict) and one.get("num") == number]
        if not found:
            found = [{"num": number, "type": "DATA", "begin_time": None, "end_time": None}]
            records.append(found[0])
        record: dict[str, Any] = found[0]
        return record

    @override
    def begin(self, number: int, experiment: str = XPP) -> None:
        self.record(number, experiment)["begin_time"] = datetime.now(UTC).isoformat()

    @override
    def end(self, number: int, experiment: str = XPP) -> None:
        self.record(number, experiment)["end_time"] = datetime.now(UTC).isoformat()

    @override
    def parameters(self, number: int, parameters: dict[str, Any], experiment: str = XPP) -> None:
        self.record(number, experiment)["params"] = parameters

    @override
    def odd(self) -> None:
        odd = [None, "run 5", {"num": "five"}, {"num": -5}, {"begin_time": 5}, ["num", 5]]
        self.server.runs[XPP] += odd

    @override
    def take_down(self) -> None:
        self.server.answer(b"<html>Sign in</html>")

    @override
    def bring_back(self) -> None:
        self.server.faults.clear()

    @override
    def close(self) -> None:
        self.server.close()


class LogbookGone(Logbook):
    """… that is not reachable while it is down, and has no ETags."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server.has_etags = False
        self._is_up = True

    @override
    def take_down(self) -> None:
        self._is_up = False
        self.server.stop()

    @override
    def bring_back(self) -> None:
        self._is_up = True
        self.server.start()

    @override
    def close(self) -> None:
        if self._is_up:
            self.server.close()


class Folder(SourceLab):
    """The folder source, with sentinels, for several experiments."""

    options: ClassVar[dict[str, Any]] = {
        "pattern": "{experiment}/run{run:04d}/*.h5",
        "sentinel": "{experiment}/run{run:04d}/DONE",
        "params": "{experiment}/run{run:04d}.json",
        "nonrec_pattern": "{experiment}/run{run:04d}/small*.h5",
        "quiet_s": 0.1,
        "poll_s": 0.05,
    }

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder / "data"
        self.folder.mkdir()
        self.source = self.make()

    @override
    def make(self, **options: Any) -> RunSource:
        given = {"path": str(self.folder), **self.options, **options}
        table = SourceSettings(name="ffb", kind="folder", options=given)
        return FolderSource(table, self.active)

    def run(self, number: int, experiment: str) -> Path:
        return self.folder / experiment / f"run{number:04d}"

    @override
    def begin(self, number: int, experiment: str = XPP) -> None:
        folder = self.run(number, experiment)
        folder.mkdir(parents=True)
        (folder / "small.h5").write_text("data")

    @override
    def end(self, number: int, experiment: str = XPP) -> None:
        (self.run(number, experiment) / "DONE").touch()

    @override
    def parameters(self, number: int, parameters: dict[str, Any], experiment: str = XPP) -> None:
        path = self.run(number, experiment).with_suffix(".json")
        part = path.with_suffix(".tmp")
        part.write_text(json.dumps(parameters))
        part.replace(path)

    @override
    def odd(self) -> None:
        place = self.folder / XPP
        place.mkdir(exist_ok=True)
        for name in (
            "run0005",
            "runs",
            "run00005/a.h5",
            "run5/a.h5",
            "run0005/.a.h5",
            "run0005/a.h5.part",
        ):
            path = place / name
            path.parent.mkdir(exist_ok=True)
            path.touch() if "." in name else path.mkdir()
        (place / "run0006").touch()
        (place / "run0007").symlink_to("/etc")
        (place / "run0008").symlink_to("run0008")
        (place / "run0009.json").write_text("{}")
        (place / "run0010").mkdir()
        (place / "run0010" / "DONE").touch()

    @override
    def take_down(self) -> None:
        self.folder.rename(self.folder.with_name("elsewhere"))

    @override
    def bring_back(self) -> None:
        self.folder.with_name("elsewhere").rename(self.folder)


class PolledFolder(Folder):
    """… that looks by itself, as on a network file system."""

    options: ClassVar[dict[str, Any]] = {**Folder.options, "poll": True}


class RestingFolder(Folder):
    """… of one experiment, whose runs end when their files rest."""

    names: ClassVar[tuple[str, ...]] = (XPP,)
    goes_on: ClassVar[bool] = False
    has_parameters: ClassVar[bool] = False
    options: ClassVar[dict[str, Any]] = {
        "pattern": "*/run{run:04d}/*.h5", "quiet_s": 0.05, "poll_s": 0.05,
    }  # fmt: skip

    @override
    def make(self, **options: Any) -> RunSource:
        given = {"path": str(self.folder), **self.options, **options}
        table = SourceSettings(name="ffb", kind="folder", experiments=(XPP,), options=given)
        return FolderSource(table, self.active)

    @override
    def end(self, number: int, experiment: str = XPP) -> None:
        """It ends by itself."""


class Fake(SourceLab):
    """The fake source, which plugin authors get too."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.fake = self.source = FakeRunSource(SourceSettings(name="fake"), self.active)

    @override
    def make(self, **options: Any) -> RunSource:
        return FakeRunSource(SourceSettings(name="fake", options=options), self.active)

    def _tell(self, number: int, experiment: str, **facts: Any) -> None:
        old = self.fake.runs.get((experiment, number))
        known = {} if old is None else {name: getattr(old, name) for name in RunNews.__slots__}
        self.fake.tell(RunNews(**{**known, "experiment": experiment, "number": number, **facts}))

    @override
    def begin(self, number: int, experiment: str = XPP) -> None:
        now = datetime.now(UTC)
        self._tell(number, experiment, started_at=now, first_file_at=now)

    @override
    def end(self, number: int, experiment: str = XPP) -> None:
        now = datetime.now(UTC)
        self._tell(number, experiment, ended_at=now, all_files_at=now, nonrec_files_at=now)

    @override
    def parameters(self, number: int, parameters: dict[str, Any], experiment: str = XPP) -> None:
        kept = {name: one for name, one in parameters.items() if one == one}  # noqa: PLR0124 - NaN
        self._tell(number, experiment, parameters=kept)

    @override
    def odd(self) -> None:
        """Nothing odd can be told to it."""

    @override
    def take_down(self) -> None:
        self.fake.fail("A test took it down.")

    @override
    def bring_back(self) -> None:
        self.fake.fail("")
