"""The one place that starts a scheduler's command.

Arguments are always a list and never pass through a shell: job names, parameters and paths
come from users. What is printed is bytes of any encoding, may be without end, and the
command may hang with children that hold its output open: none of that reaches the caller.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from arp_nb.errors import SchedulerError, SchedulerTimeout, UnreadableOutput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: 100,000 jobs of a kilobyte each would fit
MAX_OUTPUT_BYTES = 64 << 20
_PIECE_BYTES = 1 << 18
#: of ids in one command line; Linux takes 2 MB in all, sites' wrappers and ssh less
_LINE_BYTES = 60_000
#: how long a killed command may take to be gone
_LAST_WORDS_S = 2.0
#: they join their words to a line for a shell, and take no variables along (ssh(1))
_REMOTE = frozenset({"ssh", "rsh", "gsissh"})
#: how much of a command line stands in an error's text
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Output:
    """What a finished command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """Both streams as one text for a person, the complaint first."""
        return "\n".join(text for text in (self.stderr.strip(), self.stdout.strip()) if text)


class CommandRunner:
    """Runs commands in one environment.

    Parameters
    ----------
    environment
        The whole environment of the commands. Its PATH is where they are looked for.
    timeout_s
        A command that has not ended by then is killed, with all its children.
    prefix
        Stands before each command: ``ssh submit-host``. Words are quoted for a shell on the
        other side; of the variables, only those of a single run go along, and those that
        `prefix_with` put into it.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        timeout_s: float,
        prefix: Sequence[str] = (),
        max_output_bytes: int = MAX_OUTPUT_BYTES,
    ) -> None:
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._prefix = tuple(prefix)
        self._max_output_bytes = max_output_bytes

    def find(self, name: str) -> str | None:
        """Return the path of a command, or None where the PATH has none."""
        return shutil.which(name, path=self._environment.get("PATH") or os.defpath)

    async def run(
        self,
        argv: Sequence[str],
        *,
        extra_environment: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Output:
        """Run a command to its end and return what it printed.

        ``timeout_s`` stands in place of the runner's own. A non-zero exit code is not an error
        here: only the caller knows that ``bkill`` exits with 255 when the job has already ended.

        Raises
        ------
        SchedulerError
            The command is not installed here, or may not be run.
        SchedulerTimeout
            It did not end in time; it has been killed.
        UnreadableOutput
            It printed more than anybody can read; it has been killed.
        """
        variables = dict(extra_environment or {})
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        argv = self._with_prefix(argv, variables)
        program = self.find(argv[0])
        if program is None:
            raise SchedulerError(f"{argv[0]!r} is not on the PATH of this machine's user")
        try:
            process = await start_process(
                program,
                *argv[1:],
                stderr=asyncio.subprocess.PIPE,
                env=self._environment | variables,
            )
        except (OSError, ValueError) as error:
            raise SchedulerError(f"{argv[0]!r} cannot be run here: {error}") from error
        finished = False
        try:
            async with asyncio.timeout(limit_s):
                stdout, stderr = await self._communicate(process, argv)
                code = await process.wait()
                finished = True
        except TimeoutError as error:
            raise SchedulerTimeout(f"{_shown(argv)}: no answer in {limit_s:g} s") from error
        finally:
            if not finished:
                await _end(process)
        return Output(code, stdout.decode(errors="replace"), stderr.decode(errors="replace"))

    def _with_prefix(self, argv: Sequence[str], variables: Mapping[str, str]) -> list[str]:
        if not is_remote(self._prefix):
            return [*self._prefix, *argv]
        told = [f"{name}={value}" for name, value in variables.items()]
        return [*self._prefix, shlex.join(["env", *told, *argv])]

    async def _communicate(
        self, process: asyncio.subprocess.Process, argv: Sequence[str]
    ) -> tuple[bytearray, bytearray]:
        assert process.stdout is not None
        assert process.stderr is not None
        readers = [
            asyncio.create_task(self._read(one)) for one in (process.stdout, process.stderr)
        ]
        try:
            stdout, stderr = await asyncio.gather(*readers)
        except _TooMuch as error:
            raise UnreadableOutput(
                f"{_shown(argv)}: printed more than {self._max_output_bytes:,} bytes"
            ) from error
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
        return stdout, stderr

    async def _read(self, stream: asyncio.StreamReader) -> bytearray:
        printed = bytearray()
        while piece := await stream.read(_PIECE_BYTES):
            if len(printed) + len(piece) > self._max_output_bytes:
                raise _TooMuch
            printed += piece
        return printed


def chunks(native_ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield ids in as few command lines as hold them."""
    some: list[str] = []
    size_bytes = 0
    for one in native_ids:
        if size_bytes + len(one) + 1 > _LINE_BYTES:
            yield some
            some, size_bytes = [], 0
        some.append(one)
        size_bytes += len(one) + 1
    if some:
        yield some


def is_remote(prefix: Sequence[str]) -> bool:
    """Whether a prefix hands its words to a shell on another host."""
    return bool(prefix) and PurePath(prefix[0]).name in _REMOTE


def prefix_with(
    prefix: Sequence[str], environment: Mapping[str, str], path_prepend: Sequence[str]
) -> tuple[str, ...]:
    """Return a prefix that sets variables on its other side, too, where ssh leaves them behind.

    ssh(1) joins its words by blanks to a line for the user's shell there, which must be of the
    Bourne kind; so what stands before a command may be a command of its own. Other prefixes
    (``runuser -u NAME --``) are returned as they are: their commands run on this host, in
    the environment that they are given.
    """
    if not is_remote(prefix):
        return tuple(prefix)
    said = []
    if path_prepend:
        said.append(f'export PATH={shlex.quote(":".join(path_prepend))}:"$PATH";')
    said += [f"export {shlex.quote(f'{name}={value}')};" for name, value in environment.items()]
    return (*prefix, *said)


class _TooMuch(Exception):
    """A command prints without end."""


async def start_process(*argv: str, **options: Any) -> asyncio.subprocess.Process:
    """Start a process in a session of its own; if cancelled meanwhile, kill it with its children.

    ``asyncio.create_subprocess_exec``, cancelled itself, would kill the process without its
    children, and then wait for as long as these hold its pipes (CPython 3.11).
    """
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            **options,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError, ValueError):
            await _end(await starting)
        raise


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing behind of a command that is given up, its children included."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # asyncio sees the end of a process only once its pipes are read to their end. A child that
    # left the group may hold them open: it is not waited for.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS_S):
            await process.communicate()


def _shown(argv: Sequence[str]) -> str:
    line = shlex.join(argv)
    return line if len(line) <= _SHOWN else line[:_SHOWN] + " …"
