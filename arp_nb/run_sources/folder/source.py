"""The source: looks when the kernel says that something changed, or when it is time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from arp_nb import mounts
from arp_nb.errors import SourceDown
from arp_nb.model import Trigger
from arp_nb.run_sources.base import RunSource
from arp_nb.run_sources.folder import options
from arp_nb.run_sources.folder.book import Book, Moment
from arp_nb.run_sources.folder.scan import Scan, scan
from arp_nb.run_sources.folder.watch import Watch
from arp_nb.run_sources.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from arp_nb.run_sources.folder.scan import Key
    from arp_nb.run_sources.news import RunNews
    from arp_nb.settings import SourceSettings

#: a look that takes longer is one at a dead file server
_LIMIT_S = 60.0
#: a look is taken at the least so often, for the kernel may lose what it has to tell
_SURE_S = 60.0
#: … and once more after each change: what came with a new folder is not always told
_ECHO_S = 1.0
#: a file that is written all the time is not looked at all the time
_LEAST_S = 0.1
#: a look that takes long leaves the disk in peace for as many times that
_PATIENCE = 4


class FolderSource(RunSource):
    """Runs of a folder: their numbers, and when their files came.

    Parameters
    ----------
    settings
        Its options are those of `arp_nb.run_sources.folder.options.FolderOptions`.
    experiments
        Tells the names of the experiments that are to be looked at now.
    """

    kind: ClassVar[str] = "folder"

    def __init__(
        self, settings: SourceSettings, experiments: Callable[[], Awaitable[Sequence[str]]]
    ) -> None:
        super().__init__(settings, experiments)
        self._options = options.read(settings)
        self._look = options.look(settings, self._options)
        self._root = Path(self._options.path).expanduser()
        self._book = Book(
            self._options.quiet_s,
            has_sentinel=bool(self._options.sentinel),
            has_nonrec=bool(self._options.nonrec_pattern),
        )
        self._worker = Worker(f"arp-{settings.name}")
        self._changed: asyncio.Event | None = None
        self._watch: Watch | None = None
        self._identity = (0, 0)
        self._scan = Scan()
        #: what was not told yet
        self._news: dict[Key, RunNews] = {}
        #: the next look, by the monotonic clock, and when it may be earliest; None: at once
        self._due_s: float | None = None
        self._earliest_s = 0.0
        #: when a look succeeded; and whether one has failed since
        self._looked_at: datetime | None = None
        self._has_failed = False
        #: the next success is told even where nothing is new
        self._is_awaited = True

    @property
    @override
    def gives(self) -> frozenset[Trigger]:
        triggers = {
            Trigger.START_OF_RUN, Trigger.END_OF_RUN,
            Trigger.FIRST_FILE_TRANSFERRED, Trigger.ALL_FILES_TRANSFERRED,
        }  # fmt: skip
        if self._options.nonrec_pattern:
            triggers.add(Trigger.ALL_NONREC_FILES_TRANSFERRED)
        if self._options.params:
            triggers.add(Trigger.RUN_PARAM_IS_VALUE)
        return frozenset(triggers)

    @property
    @override
    def caveat(self) -> str:
        seen = self._scan
        said = {
            f"{seen.unreadable:,} folders may not be read by this account.": seen.unreadable,
            f"{seen.outside:,} links lead out of the folder and are left alone.": seen.outside,
            f"{seen.bad_parameters:,} new files with parameters are not small JSON objects.": (
                seen.bad_parameters
            ),
            self._watch.problem if self._watch else "": 1,
        }
        return " ".join(words for words, number in said.items() if words and number)

    @override
    async def news(self) -> Sequence[RunNews]:
        while True:
            woken = await self._wait()
            # who is cancelled from here on looks again at once
            self._due_s = None
            experiments = await self.looked_at()
            try:
                await self._look_once(experiments)
            except SourceDown:
                self._has_failed = self._is_awaited = True
                self._stop_watching()
                raise
            self._due_s = self._next_s(woken=woken)
            if self._news or self._is_awaited:
                self._is_awaited = False
                told = [self._news[key] for key in sorted(self._news)]
                self._news.clear()
                return told

    @override
    def start_over(self) -> None:
        super().start_over()
        self._news = {(one.experiment, one.number): one for one in self._book.all()}
        self._due_s, self._is_awaited = None, True

    @override
    async def close(self) -> None:
        watch = self._watch
        self._stop_watching()
        self._worker.close()
        if watch is not None:
            await asyncio.to_thread(watch.join)

    async def _wait(self) -> bool:
        """Wait for the next look; return whether something changed."""
        if self._changed is None:
            self._changed = asyncio.Event()
        if self._due_s is not None:
            try:
                async with asyncio.timeout(self._due_s - time.monotonic()):
                    await self._changed.wait()
            except TimeoutError:
                return False
            await asyncio.sleep(self._earliest_s - time.monotonic())
        woken = self._changed.is_set()
        self._changed.clear()
        return woken

    async def _look_once(self, experiments: Sequence[str]) -> None:
        begin_s = time.monotonic()
        sidecars = self._book.sidecars

        def work() -> tuple[Scan, bool]:
            found = scan(self._root, self._look, experiments, sidecars)
            return found, found.identity != self._identity and self._may_watch()

        try:
            found, watches = await self._worker.run(work, _LIMIT_S)
        except TimeoutError as error:
            raise SourceDown(
                f"The folder {self._root} does not answer: its file server may be down."
            ) from error
        now = datetime.now(UTC)
        when = Moment(now, time.monotonic(), self._looked_at if self._has_failed else None)
        for news in self._book.take(found, experiments, when):
            self._news[news.experiment, news.number] = news
        self._news = {key: one for key, one in self._news.items() if key[0] in experiments}
        found.runs = {}  # large, and taken in
        self._scan = found
        self._looked_at, self._has_failed = now, False
        if found.identity != self._identity:
            self._watch_anew(found.identity, watches=watches)
        self._earliest_s = time.monotonic() + max(
            _LEAST_S, _PATIENCE * (time.monotonic() - begin_s)
        )

    def _may_watch(self) -> bool:
        """Whether the kernel sees all changes: of a network file system only its own."""
        if self._options.poll == "auto":
            mount = mounts.mount_of(self._root.resolve(), mounts.read_mountinfo())
            return mount is None or not mount.is_network
        return self._options.poll == "no"

    def _watch_anew(self, identity: tuple[int, int], *, watches: bool) -> None:
        self._stop_watching()
        self._identity = identity
        if watches and self._changed is not None:
            self._watch = Watch(self._root, self._changed, asyncio.get_running_loop())

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.stop()
        self._watch, self._identity = None, (0, 0)

    def _next_s(self, *, woken: bool) -> float:
        works = self._watch is not None and self._watch.works
        gap_s = (_ECHO_S if woken else _SURE_S) if works else self._options.poll_s
        due_s = min(time.monotonic() + gap_s, self._book.due_s() or float("inf"))
        return max(due_s, self._earliest_s)
