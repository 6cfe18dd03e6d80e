"""IBM Spectrum LSF and its relatives, through ``bjobs``, ``bkill`` and ``bpeek``.

The user's own script calls ``bsub``; we only read the id that it printed.
"""

from __future__ import annotations

import logging
import math
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from typing_extensions import override

from arp_nb import marks
from arp_nb.errors import SchedulerError
from arp_nb.schedulers import lsf_parse, lsf_site
from arp_nb.schedulers.base import Answer, Marked, NotHere, Poll, Scheduler
from arp_nb.schedulers.command import CommandRunner, chunks, is_remote
from arp_nb.schedulers.local.adapter import MARK as LOCAL_MARK
from arp_nb.schedulers.lsf_dialect import Dialect, lacks
from arp_nb.schedulers.lsf_listing import output_path
from arp_nb.schedulers.lsf_past import Past
from arp_nb.schedulers.lsf_poll import PollReader, elements
from arp_nb.schedulers.lsf_times import IN_UTC, day_of
from arp_nb.schedulers.turns import in_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from arp_nb.model import Element
    from arp_nb.ports import Advice
    from arp_nb.schedulers.base import Site
    from arp_nb.schedulers.command import Output

logger = logging.getLogger(__name__)

#: seconds that a query waits for LSF's daemons; 2 s is told from a daemon that is down
_RECEIVE_S = 2
_NOT_RUNNING = ("Not yet started", "is not found", "No matching job", "already finished")


def is_local_command(path: str) -> bool:
    """Whether a command is one of the local scheduler's, which bear the names of LSF's."""
    try:
        with Path(path).open("rb") as file:
            return LOCAL_MARK.encode() in file.read(512)
    except OSError:
        return False


class LsfScheduler(Scheduler):
    """Jobs in one LSF cluster: the one that this host's ``bjobs`` talks to.

    Parameters
    ----------
    environment
        The user's login environment: it says where the commands and LSF's settings are.
    timeout_s
        After so long a command is given up.
    command_prefix
        Stands before each command.
    tag_by_project
        Mark jobs by project (``-P``) instead of by description (``-Jd``).
    """

    name: ClassVar[str] = "lsf"
    title: ClassVar[str] = "LSF"
    submit_commands: ClassVar[tuple[str, ...]] = ("bsub",)

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        timeout_s: float = 20.0,
        tag_by_project: bool = False,
        command_prefix: tuple[str, ...] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._environment = dict(os.environ if environment is None else environment)
        self._commands = CommandRunner(
            self._environment, timeout_s=timeout_s, prefix=command_prefix
        )
        self.command_prefix = command_prefix
        self._timeout_s = timeout_s
        self._tag_option = "-P" if tag_by_project else "-Jd"
        #: whether a job can be found by its mark; None: that is not known yet
        self._can_search: bool | None = True if tag_by_project else None
        self._now = now
        self._reader = PollReader()
        self._past = Past(self._query, timeout_s=timeout_s, now=now)
        self._dialect = Dialect()
        self._receive_s = _RECEIVE_S

    @override
    @classmethod
    def create(cls, site: Site) -> Self | NotHere:
        made = cls(
            site.environment,
            timeout_s=site.settings.command_timeout_s,
            tag_by_project=site.settings.lsf_tag_by_project,
            command_prefix=site.command_prefix,
        )
        made._location = site.location
        if site.command_prefix:
            return made
        for name in ("bsub", "bjobs"):
            path = made._commands.find(name)
            if path is None:
                return NotHere(f"{name} is not on the PATH of the login environment")
            if is_local_command(path):
                return NotHere(f"{path} is the local scheduler's, not LSF's")
        return made

    @property
    @override
    def found(self) -> str:
        if self.command_prefix:
            return f"its commands are run by {' '.join(self.command_prefix)}"
        return f"bsub is {self._commands.find('bsub')}, bjobs {self._commands.find('bjobs')}"

    @override
    def tag_options(self, tag: str) -> tuple[str, ...]:
        # where bjobs has no -Jd, bsub may refuse it
        return () if self._can_search is False else (self._tag_option, tag)

    @override
    def submitted_ids(self, output: str, *, alone: bool = False) -> tuple[str, ...]:
        return lsf_parse.submitted_ids(output)

    async def _query(
        self,
        *argv: str,
        timeout_s: float | None = None,
        zone: Mapping[str, str] = IN_UTC,
    ) -> Output:
        """Run a command that only asks, and that is to fail fast when LSF is down."""
        output = await self._commands.run(
            argv,
            extra_environment={
                **zone,
                "LSB_NTRIES": "1",
                "LSB_API_CONNTIMEOUT": "2",
                "LSB_API_RECVTIMEOUT": str(self._receive_s),
            },
            timeout_s=timeout_s,
        )
        if "Communication time out" in output.stderr:
            # a busy cluster is slow, not down: wait longer the next time, within our own limit
            self._receive_s = int(min(2 * self._receive_s, max(_RECEIVE_S, self._timeout_s - 1)))
        return output

    @override
    async def probe(self) -> str:
        version = await self._query("bjobs", "-V")
        alive = await self._query("bjobs")
        if alive.exit_code != 0 and "No unfinished job found" not in alive.said:
            raise SchedulerError(f"LSF does not answer: {alive.said or alive.exit_code}")
        if not self._can_search:
            asked = await self._query("bjobs", "-Jd", "arp-1-nobody*")
            self._can_search = not lacks(asked.stderr, "-Jd")
        return next(iter(version.said.splitlines()), "LSF")

    async def _said(self, *argv: str) -> str:
        """Return what a command prints that a site may lack, or keep for its admins."""
        if not self.command_prefix and self._commands.find(argv[0]) is None:
            return ""
        try:
            return (await self._query(*argv)).stdout
        except SchedulerError as error:
            logger.info("%s: %s", argv[0], error)
            return ""

    @override
    async def advise(self) -> tuple[Advice, ...]:
        can_search = True
        try:
            await self.find_tagged("arp-1-nobody")
            self._can_search = True
        except SchedulerError as error:
            await self.probe()  # it may only be down
            logger.info("no search for marks: %s", error)
            can_search = False
        return lsf_site.advice(
            self._dialect,
            version=await self._said("lsid"),
            config=await self._said("badmin", "showconf", "mbd"),
            is_direct=self._environment.get("LSB_STDOUT_DIRECT", "").lower() == "y",
            params=await self._said("bparams", "-l"),
            can_search=can_search,
            has_history=self._has_history,
            by_project=self._tag_option == "-P",
        )

    @property
    def _has_history(self) -> bool:
        return bool(self.command_prefix) or self._commands.find("bhist") is not None

    @override
    async def poll(self, native_ids: Collection[str]) -> Poll:
        asked = [one for one in native_ids if lsf_parse.is_id(one)]
        if not asked:
            return Poll({})  # bjobs without ids would list every job of the user
        # -a: include jobs that ended within CLEAN_PERIOD, else an end looks like a loss
        # ssh hands all ids on as one word, which Linux allows 128 KiB (execve(2))
        groups = chunks(asked) if is_remote(self.command_prefix) else [asked]
        outputs = [await self._bjobs("-a", ids=some) for some in groups]
        answer = await in_turns(self._reader.answer(outputs, asked, self._now()))
        has_history = self._has_history and await self._past.settle(self._reader, answer)
        return self._reader.poll(answer, has_history=has_history)

    async def _bjobs(self, *options: str, ids: Sequence[str] = ()) -> Output:
        """List jobs in the columns that this site knows; the answer is JSON."""
        while True:
            output = await self._query("bjobs", *options, *self._dialect.options, *ids)
            other = self._dialect.after(output.exit_code, output.stdout, output.stderr)
            if other is None:
                break
            logger.info("this LSF knows less than IBM's: %s", output.stderr.strip())
            self._dialect = other
        said = output.stdout.strip() or output.exit_code == 0 or "is not found" in output.stderr
        if not said and "-Jd" not in options and not lsf_parse.knows_none(output.said):
            # LSF is down or upgraded, or a site's wrapper is: the next time is as the first
            self._dialect = Dialect()
        if self._dialect.is_json or not said:
            return output
        return replace(output, stdout=self._dialect.as_json(output.stdout, output.stderr))

    @override
    async def history(self, native_ids: Collection[str]) -> Poll:
        asked = [one for one in native_ids if lsf_parse.is_id(one)]
        if not asked or not self._has_history:
            return Poll({}, frozenset(asked))
        return await self._past.ends(asked)

    @override
    async def elements(self, native_id: str) -> tuple[Element, ...]:
        if not lsf_parse.is_id(native_id) or "[" in native_id:
            return ()
        output = await self._bjobs("-a", ids=[native_id])
        if "{" not in output.stdout:
            if lsf_parse.knows_none(output.said):
                return ()
            raise SchedulerError(f"bjobs: {output.said or output.exit_code}")
        return await in_turns(elements(native_id, output.stdout, day_of(self._now())))

    @override
    async def marked(self) -> tuple[Marked, ...]:
        return await self._found()

    async def _found(self, *which: str) -> tuple[Marked, ...]:
        output = await self._bjobs("-a", *which)
        today = day_of(self._now())
        return await in_turns(
            lsf_parse.found(output.exit_code, output.stdout, output.stderr, today)
        )

    @override
    async def find_tagged(self, tag: str) -> tuple[Marked, ...]:
        # IBM Spectrum LSF 10.1, "bjobs -Jd": "the wildcard character (*) can be used anywhere
        # within a job description"; of "-P" nothing is said, so that all are listed
        which = ("-Jd", f"{tag}*") if self._tag_option == "-Jd" else ()
        return tuple(one for one in await self._found(*which) if marks.is_of(one.tag, tag))

    @override
    def ask_options(self, memory_mb: float | None, time_s: float | None) -> tuple[str, ...]:
        options: list[str] = []
        if memory_mb is not None:  # with a unit, for LSF_UNIT_FOR_LIMITS may be any ("bsub -M")
            options += ("-M", f"{math.ceil(memory_mb * 1e6 / 2**20)}MB")
        if time_s is not None:  # whole minutes ("bsub -W")
            options += ("-W", str(math.ceil(time_s / 60)))
        return tuple(options)

    @override
    async def kill(
        self, native_ids: Collection[str], *, force: bool = False
    ) -> Mapping[str, Answer]:
        asked = [one for one in native_ids if lsf_parse.is_id(one)]
        answers: dict[str, Answer] = {
            one: Answer(accepted=False, said=f"{one!r} is no LSF job id")
            for one in native_ids
            if one not in asked
        }
        how = ("-s", "KILL") if force else ()
        for some in chunks(asked):
            output = await self._commands.run(["bkill", *how, *some])
            answers.update(lsf_parse.kill_answers(output.exit_code, output.said, some))
        return answers

    @override
    async def details(self, native_id: str) -> str:
        output = await self._of_one("bjobs", "-l", native_id)
        if not output.stdout.strip():
            raise SchedulerError(output.said or f"bjobs says nothing of job {native_id}")
        return output.stdout

    async def _of_one(self, *argv: str) -> Output:
        if not lsf_parse.is_id(argv[-1]):
            raise SchedulerError(f"{argv[-1]!r} is no LSF job id")
        return await self._query(*argv, zone={})  # a person reads it

    @override
    async def log_path(self, native_id: str) -> Path | None:
        text = await self.details(native_id)
        found = output_path(text, native_id, self._environment.get("HOME", ""))
        return None if found is None else Path(found)

    @override
    async def peek(self, native_id: str) -> str:
        output = await self._of_one("bpeek", native_id)
        if output.exit_code == 0:
            return output.stdout.removeprefix("<< output from stdout >>\n")
        if any(words in output.said for words in _NOT_RUNNING):
            return ""
        raise SchedulerError(f"bpeek: {output.said or output.exit_code}")
