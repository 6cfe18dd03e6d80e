"""IBM Spectrum LSF and its relatives, through ``bjobs``, ``bkill`` and ``bpeek``.

The user's own script calls ``bsub``; we only read the id that it printed.
"""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from typing_extensions import override

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.schedulers import lsf_parse
from arp_nb.schedulers.base import Answer, Marked, NotHere, Poll, Scheduler
from arp_nb.schedulers.command import CommandRunner
from arp_nb.schedulers.local.adapter import MARK as LOCAL_MARK
from arp_nb.schedulers.lsf_poll import PollReader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from arp_nb.schedulers.base import Site
    from arp_nb.schedulers.command import Output

logger = logging.getLogger(__name__)

_COMMON = "jobid stat queue exec_host proj_name submit_time start_time finish_time"
#: what IBM's LSF 10.1 tells; tried first, once. No free text that we can do without.
_WIDE = (
    f"{_COMMON} jobindex exit_code exit_reason kill_reason suspend_reason pend_reason max_mem "
    "job_description"
)
#: what all products know; the name is where they keep the index of an array's element
_PLAIN = f"{_COMMON} job_name"
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
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._environment = dict(os.environ if environment is None else environment)
        self._commands = CommandRunner(self._environment, timeout_s=timeout_s)
        self._timeout_s = timeout_s
        self._tag_option = "-P" if tag_by_project else "-Jd"
        self._now = now
        self._reader = PollReader()
        self._fields = _WIDE
        self._receive_s = _RECEIVE_S

    @override
    @classmethod
    def create(cls, site: Site) -> Self | NotHere:
        made = cls(
            site.environment,
            timeout_s=site.settings.command_timeout_s,
            tag_by_project=site.settings.lsf_tag_by_project,
        )
        made._location = site.location
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
        return f"bsub is {self._commands.find('bsub')}, bjobs {self._commands.find('bjobs')}"

    @override
    def tag_options(self, tag: str) -> tuple[str, ...]:
        return (self._tag_option, tag)

    @override
    def submitted_ids(self, output: str, *, alone: bool = False) -> tuple[str, ...]:
        return lsf_parse.submitted_ids(output)

    async def _query(self, *argv: str) -> Output:
        """Run a command that only asks, and that is to fail fast when LSF is down."""
        output = await self._commands.run(
            argv,
            extra_environment={
                "LSB_NTRIES": "1",
                "LSB_API_CONNTIMEOUT": "2",
                "LSB_API_RECVTIMEOUT": str(self._receive_s),
            },
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
        return next(iter(version.said.splitlines()), "LSF")

    @override
    async def poll(self, native_ids: Collection[str]) -> Poll:
        asked = [one for one in native_ids if lsf_parse.is_id(one)]
        if not asked:
            return Poll({})  # bjobs without ids would list every job of the user
        # -a: include jobs that ended within CLEAN_PERIOD, else an end looks like a loss
        output = await self._bjobs_json("-a", ids=asked)
        return await self._reader.read_in_slices(
            output.exit_code, output.stdout, output.stderr, asked, self._now()
        )

    async def _bjobs_json(self, *options: str, ids: Sequence[str] = ()) -> Output:
        output = await self._query("bjobs", *options, "-json", "-o", self._fields, *ids)
        if self._fields != _PLAIN and lsf_parse.bad_field(output.exit_code, output.stderr):
            logger.info("this LSF knows fewer fields than IBM's: %s", output.stderr.strip())
            self._fields = _PLAIN
            output = await self._query("bjobs", *options, "-json", "-o", self._fields, *ids)
        return output

    @override
    async def find_tagged(self, tag: str) -> tuple[Marked, ...]:
        output = await self._bjobs_json("-a", self._tag_option, tag)
        return tuple(
            Marked(native_id=one, tag=tag, state=JobState.RUNNING)
            for one in lsf_parse.found_ids(output.exit_code, output.stdout, output.stderr)
        )

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
        if asked:
            output = await self._commands.run(["bkill", *asked])
            answers.update(lsf_parse.kill_answers(output.exit_code, output.said, asked))
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
        return await self._query(*argv)

    @override
    async def log_path(self, native_id: str) -> Path | None:
        text = await self.details(native_id)
        found = lsf_parse.output_path(text, native_id, self._environment.get("HOME", ""))
        return None if found is None else Path(found)

    @override
    async def peek(self, native_id: str) -> str:
        output = await self._of_one("bpeek", native_id)
        if output.exit_code == 0:
            return output.stdout.removeprefix("<< output from stdout >>\n")
        if any(words in output.said for words in _NOT_RUNNING):
            return ""
        raise SchedulerError(f"bpeek: {output.said or output.exit_code}")
