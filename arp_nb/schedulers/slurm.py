"""Slurm, through ``squeue``, ``sacct``, ``scancel`` and ``scontrol``.

The user's own script calls ``sbatch``; we only read the id that it printed. ``squeue`` tells
of the living, and of the dead for MinJobAge (slurm.conf(5), 300 s); what became of the others,
and how a job ended, is ``sacct``'s to say. Sites without accounting lose exit codes and peaks.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from typing_extensions import override

from arp_nb import marks
from arp_nb.errors import SchedulerError
from arp_nb.schedulers import slurm_answers, slurm_parse, slurm_site
from arp_nb.schedulers.base import Answer, Marked, NotHere, Poll, Scheduler
from arp_nb.schedulers.command import CommandRunner, chunks
from arp_nb.schedulers.slurm_books import Books, by_job

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from arp_nb.model import Element
    from arp_nb.ports import Advice
    from arp_nb.schedulers.base import Site
    from arp_nb.schedulers.command import Output
    from arp_nb.schedulers.slurm_books import ByJob
    from arp_nb.schedulers.slurm_parse import Listed

logger = logging.getLogger(__name__)

#: they would change what our queries list (squeue(1), sacct(1), "ENVIRONMENT VARIABLES")
_USERS_OWN = ("SQUEUE_", "SACCT_", "SCANCEL_", "SLURM_CLUSTERS", "SLURM_TIME_FORMAT")
#: seconds since 1970, and the indices of arrays whole (squeue(1), sacct(1))
_ASKED_AS = {"SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"}
#: how far back a mark is searched for in the accounting
_SEARCHED_BACK = timedelta(days=14)
#: sacct's own word that the site keeps no accounting
_NO_ACCOUNTING = "accounting storage is disabled"
_NOT_KNOWN = "Invalid job id"


class SlurmScheduler(Scheduler):
    """Jobs in one Slurm cluster: the one that this host's ``squeue`` talks to.

    Parameters
    ----------
    environment
        The user's login environment: it says where the commands and Slurm's settings are.
    timeout_s
        After so long a command is given up.
    command_prefix
        Stands before each command.
    """

    name: ClassVar[str] = "slurm"
    title: ClassVar[str] = "Slurm"
    submit_commands: ClassVar[tuple[str, ...]] = ("sbatch",)

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        timeout_s: float = 20.0,
        command_prefix: tuple[str, ...] = (),
    ) -> None:
        given = os.environ if environment is None else environment
        variables = {
            name: value for name, value in given.items() if not name.startswith(_USERS_OWN)
        }
        self._commands = CommandRunner(variables, timeout_s=timeout_s, prefix=command_prefix)
        self.command_prefix = command_prefix
        self._has_accounting = True
        self._books = Books()
        self._queue_reader = slurm_parse.QueueReader()

    @override
    @classmethod
    def create(cls, site: Site) -> Self | NotHere:
        made = cls(
            site.environment,
            timeout_s=site.settings.command_timeout_s,
            command_prefix=site.command_prefix,
        )
        made._location = site.location
        if site.command_prefix:
            return made
        found = [made._commands.find(name) for name in ("sbatch", "squeue")]
        if None in found:
            name = "squeue" if found[0] else "sbatch"
            return NotHere(f"{name} is not on the PATH of the login environment")
        if not site.is_named and not _has_configuration(site.environment, Path(str(found[0]))):
            return NotHere(
                f"{found[0]} is there, but no slurm.conf: set SLURM_CONF, or name slurm in the "
                "setting locations"
            )
        return made

    @property
    @override
    def found(self) -> str:
        if self.command_prefix:
            return f"its commands are run by {' '.join(self.command_prefix)}"
        return f"sbatch is {self._commands.find('sbatch')}, squeue {self._commands.find('squeue')}"

    @override
    def tag_options(self, tag: str) -> tuple[str, ...]:
        return ("--comment", tag)

    @override
    def ask_options(self, memory_mb: float | None, time_s: float | None) -> tuple[str, ...]:
        options = []
        if memory_mb is not None:  # sbatch(1), "--mem": M is 2^20 bytes
            options.append(f"--mem={math.ceil(memory_mb * 1e6 / 2**20)}M")
        if time_s is not None:  # … "--time": whole minutes
            options.append(f"--time={math.ceil(time_s / 60)}")
        return tuple(options)

    @override
    def submitted_ids(self, output: str, *, alone: bool = False) -> tuple[str, ...]:
        return slurm_parse.submitted_ids(output, alone=alone)

    @override
    async def probe(self) -> str:
        version = await self._run(["sbatch", "--version"])
        alive = await self._run(["scontrol", "ping"])
        if " is UP" not in alive.stdout:
            raise SchedulerError(f"Slurm does not answer: {alive.said or alive.exit_code}")
        return next(iter(version.said.splitlines()), "Slurm")

    async def _run(self, argv: Sequence[str]) -> Output:
        return await self._commands.run(argv, extra_environment=_ASKED_AS)

    @override
    async def advise(self) -> tuple[Advice, ...]:
        output = await self._commands.run(["scontrol", "show", "config"])
        if output.exit_code != 0:
            raise SchedulerError(f"scontrol: {output.said or output.exit_code}")
        return slurm_site.advice(output.stdout)

    # -- states ------------------------------------------------------------------------

    @override
    async def poll(self, native_ids: Collection[str]) -> Poll:
        asked = [one for one in native_ids if slurm_parse.is_id(one)]
        if not asked:
            return Poll({})
        listed = by_job(await self._queue(), asked)
        accounts = await self._accounts_or_none(self._books.to_be_accounted(asked, listed))
        return self._books.read(
            asked, listed, accounts, now_s=time.monotonic(), has_accounting=self._has_accounting
        )

    async def _accounts_or_none(self, native_ids: Sequence[str]) -> ByJob | None:
        """Ask the accounting; None if it should answer and does not."""
        if not native_ids or not self._has_accounting:
            return {}
        try:
            return by_job(await self._accounts(native_ids), native_ids)
        except SchedulerError as error:
            logger.info("Slurm's accounting: %s", error)
            return None

    async def _queue(self) -> list[Listed]:
        """List this user's jobs, those that ended a moment ago too: one command for all."""
        delimiter = _delimiter()
        form = delimiter.join(slurm_parse.SQUEUE)
        output = await self._run(["squeue", "--me", "-h", "-t", "all", "-o", form])
        if output.exit_code != 0:
            raise SchedulerError(f"squeue: {output.said or output.exit_code}")
        slurm_answers.check_whole("squeue", output.stdout, delimiter)
        return self._queue_reader.read(output.stdout, delimiter)

    async def _accounts(self, native_ids: Iterable[str], *options: str) -> list[Listed]:
        listed: list[Listed] = []
        for some in chunks(dict.fromkeys(map(slurm_parse.whole_id, native_ids))):
            listed += await self._sacct("-j", ",".join(some), *options)
        return listed

    async def _sacct(self, *options: str) -> list[Listed]:
        delimiter = _delimiter()
        output = await self._run(
            ["sacct", "-n", "-P", f"--delimiter={delimiter}", "-o", ",".join(slurm_parse.SACCT),
             *options]
        )  # fmt: skip
        if output.exit_code != 0:
            if _NO_ACCOUNTING in output.said:
                self._has_accounting = False
                return []
            raise SchedulerError(f"sacct: {output.said or output.exit_code}")
        slurm_answers.check_whole("sacct", output.stdout, delimiter)
        return list(slurm_parse.accounted(output.stdout, delimiter))

    @override
    async def history(self, native_ids: Collection[str]) -> Poll:
        asked = [one for one in native_ids if slurm_parse.is_id(one)]
        if not asked or not self._has_accounting:
            return Poll({}, frozenset(native_ids))
        accounts = by_job(await self._accounts(asked), asked)
        told = {
            one: slurm_parse.reading_of(one, accounts.get(slurm_parse.whole_id(one), ()))
            for one in asked
        }
        ended = {
            one: slurm_parse.with_past(reading)
            for one, reading in told.items()
            if reading is not None and reading.state.is_final
        }
        # one that the accounting has running, and the controller has not, is a runaway: nobody
        # knows when it ended (sacctmgr(1), "show runawayjobs")
        return Poll(ended, frozenset(one for one, reading in told.items() if reading is None))

    @override
    async def elements(self, native_id: str) -> tuple[Element, ...]:
        if not slurm_parse.is_id(native_id) or slurm_parse.whole_id(native_id) != native_id:
            return ()
        listed = await self._queue()
        if self._has_accounting:
            # how they ended is the accounting's to say; where it is late, the list's
            accounts = await self._accounts([native_id])
            ended = [one for one in accounts if one.reading.state.is_final]
            listed = [*ended, *listed, *accounts]
        return slurm_parse.elements(native_id, listed)

    @override
    async def marked(self) -> tuple[Marked, ...]:
        return _oldest_first(slurm_parse.marked(await self._queue()))

    @override
    async def find_tagged(self, tag: str) -> tuple[Marked, ...]:
        found = slurm_parse.marked(await self._queue())
        if self._has_accounting:
            since = (datetime.now(UTC) - _SEARCHED_BACK).strftime("%Y-%m-%d")
            # the list is newer than the accounting
            found = slurm_parse.marked(await self._sacct("-S", since, "-X")) | found
        return tuple(one for one in _oldest_first(found) if marks.is_of(one.tag, tag))

    # -- single jobs -------------------------------------------------------------------

    @override
    async def kill(
        self, native_ids: Collection[str], *, force: bool = False
    ) -> Mapping[str, Answer]:
        asked = [one for one in native_ids if slurm_parse.is_id(one)]
        answers: dict[str, Answer] = {
            one: Answer(accepted=False, said=f"{one!r} is no Slurm job id")
            for one in native_ids
            if one not in asked
        }
        # SIGKILL alone reaches the steps of a job only: --full its script, too
        how = ("-v", "--signal=KILL", "--full") if force else ("-v",)
        for some in chunks(asked):
            output = await self._run(["scancel", *how, *some])
            told = slurm_answers.kill_answers(output.stderr, some)
            if not told:
                raise SchedulerError(f"scancel: {output.said or output.exit_code}")
            answers |= told
        return answers

    @override
    async def details(self, native_id: str) -> str:
        text = await self._shown(native_id)
        if text is not None:
            return text
        accounts = await self._accounts([native_id]) if self._has_accounting else []
        reading = slurm_parse.reading_of(native_id, accounts)
        if reading is not None:
            return slurm_answers.described(native_id, reading)
        raise SchedulerError(f"Slurm knows no job {native_id}")

    async def _shown(self, native_id: str) -> str | None:
        """Return what ``scontrol`` says of a job; None if the controller has forgotten it."""
        if not slurm_parse.is_id(native_id):
            raise SchedulerError(f"{native_id!r} is no Slurm job id")
        output = await self._run(["scontrol", "show", "job", native_id])
        if output.exit_code == 0 and output.stdout.strip():
            return output.stdout.strip("\n") + "\n"
        if _NOT_KNOWN in output.said:
            return None
        raise SchedulerError(f"scontrol: {output.said or output.exit_code}")

    @override
    async def log_path(self, native_id: str) -> Path | None:
        text = await self._shown(native_id)
        if text is None:
            raise SchedulerError(f"Slurm has forgotten where the output of job {native_id} went")
        found = slurm_answers.output_path(text)
        return None if found is None else Path(found)

    @override
    async def peek(self, native_id: str) -> str:
        return ""  # Slurm writes a job's file while it runs


def _oldest_first(found: Mapping[str, Marked]) -> tuple[Marked, ...]:
    return tuple(found[native_id] for native_id in sorted(found, key=int))


def _has_configuration(environment: Mapping[str, str], command: Path) -> bool:
    """Whether Slurm's commands know a cluster; a package alone knows none (slurm.conf(5))."""
    if environment.get("SLURM_CONF") or environment.get("SLURM_CONF_SERVER"):
        return True
    folders = ("/etc/slurm", "/etc/slurm-llnl", "/run/slurm/conf", "/usr/local/etc")
    own = command.resolve().parent.parent / "etc"
    return any(
        (folder / "slurm.conf").exists() for folder in (*map(Path, folders), own, own / "slurm")
    )


def _delimiter() -> str:
    """Return what stands between columns: no user can have known it."""
    return f"<{secrets.token_hex(4)}>"
