"""A manager on a real store in a folder, a batch client that does as told, and a set clock."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from arp_nb.errors import SchedulerError
from arp_nb.events import ChangeMessage
from arp_nb.manager import ApplyRequest, Manager, Subscription
from arp_nb.model import (
    Definition,
    DefinitionDraft,
    Element,
    Experiment,
    Job,
    JobState,
    Reading,
    ScriptCheck,
)
from arp_nb.ports import (
    Advice,
    JobReading,
    LogChunk,
    LogQuery,
    Submission,
    SubmitRequest,
    Submitted,
)
from arp_nb.settings import Settings
from arp_nb.starts import ScriptText
from arp_nb.store import open_store
from arp_nb.store.base import Store

#: scheduler's words, as the LSF adapter reads them
STATES = {
    "PEND": JobState.PENDING,
    "RUN": JobState.RUNNING,
    "USUSP": JobState.SUSPENDED,
    "UNKWN": JobState.RUNNING,
    "DONE": JobState.DONE,
    "EXIT": JobState.FAILED,
}


class FakeClient:
    """What the manager may ask of a batch client; answers with what a test puts here."""

    def __init__(self) -> None:
        self.found = ScriptCheck(problem="ok", sha256="1" * 64, checked_at=datetime.now(UTC))
        self.text = "#!/bin/sh\nbsub peaks\n"
        self.unreadable = ""
        self.log_bytes = b""
        self.known = {"77": "Job <77>, RUN"}
        self.queries: list[LogQuery] = []
        self.arrays: dict[str, Sequence[Element]] = {}
        self.login = {"PATH": "/bin", "SECRET_TOKEN": "xyz", "PROXY": "http://me:pw@proxy:1/"}

    async def check(self, executable: str) -> ScriptCheck:
        return self.found

    async def script(self, executable: str) -> ScriptText:
        return ScriptText(text=self.text, sha256=self.found.sha256, missing=self.unreadable)

    async def environment(self, request: SubmitRequest) -> Mapping[str, str]:
        return {**self.login, **request.environment}

    async def log(self, query: LogQuery) -> LogChunk:
        self.queries.append(query)
        end = query.offset + query.limit_bytes
        text = self.log_bytes[query.offset : end].decode()
        return LogChunk(
            text=text,
            offset=query.offset,
            next_offset=query.offset + len(text),
            size_bytes=len(self.log_bytes),
        )

    async def details(self, location: str, native_id: str) -> str:
        if native_id not in self.known:
            raise SchedulerError(f"Job <{native_id}> is not found")
        return self.known[native_id]

    async def elements(self, location: str, native_id: str) -> Sequence[Element]:
        return self.arrays.get(native_id, ())

    async def locations(self) -> Mapping[str, str]:
        return {"local": "always there", "lsf": "bjobs answers"}

    async def not_offered(self) -> Mapping[str, str]:
        return {"slurm": "sbatch is not on the PATH of the login environment"}

    async def advice(self) -> Mapping[str, Sequence[Advice]]:
        return {"lsf": (Advice(ok=False, said="no search", to_do="set it"),)}

    async def remote_locations(self) -> frozenset[str]:
        return frozenset({"lsf"})


@dataclass
class Clock:
    """A clock that stands until it is set on."""

    now: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Play:
    """A manager and what a test does with it."""

    manager: Manager
    client: FakeClient
    experiment: Experiment
    definition: Definition
    clock: Clock

    @property
    def now(self) -> datetime:
        return self.clock.now

    def tick(self, seconds: float = 1.0) -> datetime:
        self.clock.now += timedelta(seconds=seconds)
        return self.now

    async def apply(self, runs: str = "1", **more: object) -> list[Job]:
        asked = ApplyRequest(definition="peaks", runs=runs, **more)  # type: ignore[arg-type]
        answer = await self.manager.jobs.apply(self.experiment, asked, "dana")
        return list(answer.jobs)

    async def leased(self, runs: str = "1") -> SubmitRequest:
        await self.apply(runs, existing="again")
        (request,) = await self.manager.port.lease(["lsf"], 1)
        return request

    async def starting(self) -> int:
        """A job whose script may run."""
        request = await self.leased()
        spool_id = f"{request.job_id}-spool"
        check = self.client.found
        assert await self.manager.port.starting(
            request.job_id, request.lease_token, spool_id, check
        )
        return request.job_id

    async def tell(self, job_id: int, state: JobState, *native_ids: str, **more: object) -> bool:
        """Tell what the spool says of a job."""
        self.tick()
        return await self.manager.port.submission(
            Submission(
                job_id=job_id,
                spool_id=f"{job_id}-spool",
                state=state,
                native_ids=tuple(Submitted(one, "wrapper", f"nonce{one}") for one in native_ids),
                **more,  # type: ignore[arg-type]
            )
        )

    async def submitted(self, *native_ids: str) -> int:
        """A job that the scheduler has."""
        job_id = await self.starting()
        assert await self.tell(job_id, JobState.PENDING, *(native_ids or ("77",)))
        return job_id

    async def read(
        self,
        job_id: int,
        word: str | None,
        native_id: str = "77",
        at: datetime | None = None,
        **more: object,
    ) -> None:
        """Tell what the scheduler says of a job: its word, or None where it knows no such id."""
        reading = None
        if word is not None:
            reading = Reading(state=STATES[word], native_state=word, **more)  # type: ignore[arg-type]
        told = JobReading(
            job_id=job_id, native_id=native_id, reading=reading, at=at or self.tick()
        )
        await self.manager.port.readings([told])

    async def job(self, job_id: int) -> Job:
        return await self.manager.jobs.get(job_id)

    async def state(self, job_id: int) -> JobState:
        return (await self.job(job_id)).state

    async def kill(self, *job_ids: int) -> list[str]:
        self.tick()
        return [one.message for one in await self.manager.jobs.kill(job_ids, "robin")]

    def token(self, job_id: int) -> str:
        return self.manager.capabilities.token(job_id)

    async def report(self, job_id: int) -> object:
        return (await self.job(job_id)).report

    async def batches_status(self) -> list[dict[str, Any]]:
        """What the seed's scripts are told."""
        pages = self.manager.updates.batches_status(self.experiment)
        return [row async for page in pages for row in page]

    async def changes(self, subject: str, since: int | None = 0) -> AsyncGenerator[ChangeMessage]:
        """Messages of the feed; waiting for the next fails after some seconds."""
        feed = self.manager.feed.subscribe(Subscription(subject, since))
        try:
            while True:
                async with asyncio.timeout(10):
                    yield await anext(feed)
        finally:
            await feed.aclose()


def _manager(folder: Path, settings: Settings, clock: Clock) -> tuple[Store, Manager]:
    store = open_store(folder)
    made = Manager(
        store,
        settings,
        user="dana",
        host="here",
        update_base="http://node:9843",
        clock=clock,
    )
    return store, made


async def _fill(folder: Path) -> None:
    """Make a store with runs 1 to 5 and one definition, "peaks"."""
    store, manager = _manager(folder, Settings(), Clock())
    try:
        experiment = await manager.experiments.create("xppi0915", "XPP")
        for number in range(1, 6):
            await manager.runs.start(experiment, number)
        draft = DefinitionDraft(name="peaks", executable="/data/peaks.sh", parameters="--fast 3")
        manager.attach(FakeClient())
        await manager.definitions.add(experiment, draft, "dana")
    finally:
        await manager.close()
        store.close()


_filled: list[tempfile.TemporaryDirectory[str]] = []


@asynccontextmanager
async def playing(folder: Path, settings: Settings | None = None) -> AsyncIterator[Play]:
    """A manager on a copy of a store that is filled once: to migrate each test's would be slow."""
    if not _filled:
        _filled.append(tempfile.TemporaryDirectory(prefix="arp"))
        atexit.register(_filled[0].cleanup)
        await _fill(Path(_filled[0].name) / "store")
    shutil.copytree(Path(_filled[0].name) / "store", folder)
    clock = Clock()
    store, manager = _manager(folder, settings or Settings(), clock)
    client = FakeClient()
    try:
        await manager.start()
        manager.attach(client)
        experiment = await manager.experiments.get("xppi0915")
        definition = await manager.definitions.named(experiment, "peaks")
        yield Play(manager, client, experiment, definition, clock)
    finally:
        await manager.close()
        store.close()


@asynccontextmanager
async def reopened(folder: Path) -> AsyncIterator[Manager]:
    """The next manager on a store that an earlier one left."""
    store, manager = _manager(folder, Settings(), Clock())
    try:
        await manager.start()
        yield manager
    finally:
        await manager.close()
        store.close()
