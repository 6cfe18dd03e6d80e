"""A temporary store with an experiment in it, taken away again at the end."""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import arp_nb
from arp_nb import demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arp_nb.client.board import Board
    from arp_nb.client.transport import Transport

EXPERIMENT = "xppdemo26"
RUNS = 5
_SAMPLES = ("lysozyme", "thaumatin", "insulin", "photosystem II", "buffer only")
_KILL_S = 10.0

_CONFIG = """\
# the demonstration: everything runs on this machine, and nothing is kept
locations = ["local"]
default_location = "local"
path_prepend = ["{bin}"]
poll_min_s = 0.5
"""


class Stage:
    """A folder with store, scripts and notebook; processes started meanwhile use its store.

    Examples
    --------
    >>> with Stage() as stage, stage.board() as board:  # doctest: +SKIP
    ...     board.apply("steps", runs=1).wait()

    In a notebook, whose cells are no block, `open` and `close` do the same:

    >>> stage = Stage().open()  # doctest: +SKIP
    >>> stage.close()  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="arp-demo-", dir=_short_folder()))
        self.store = self.folder / "store"
        #: what a notebook page may show: scripts, logs, pictures, the notebook
        self.work = self.folder / "work"
        #: for a TMPDIR of what is started here: stages of notebooks in it end with this one
        self.temporary = self.folder / "tmp"
        #: what makes a process use its store
        self.variables = {
            "ARP_STORE": str(self.store),
            "ARP_CLAIM": str(self.folder / "claim.json"),
        }
        self._before: dict[str, str | None] = {}
        self._is_open = False
        atexit.register(self.close)
        #: what stands in its config.toml
        self.config = _CONFIG.format(bin=self.folder / "bin")

    def run_source(self, name: str, **options: object) -> None:
        """Add a table ``[run_source.NAME]`` to its configuration, before it is opened."""
        lines = [
            f"{key} = {json.dumps(value, default=str, ensure_ascii=False)}"
            for key, value in options.items()
        ]
        self.config += "\n".join(["", f"[run_source.{name}]", *lines, ""])

    def open(self) -> Self:
        """Make the store; what this process starts from now on works in it.

        `close` takes all of it away again; at the latest that happens when this process ends.
        """
        self._is_open = True
        self._before = {name: os.environ.get(name) for name in self.variables}
        os.environ.update(self.variables)
        self.store.mkdir(mode=0o700)
        self.temporary.mkdir()
        (self.store / "config.toml").write_text(self.config, "utf-8")
        _write_python(self.folder / "bin")
        demo.copy_scripts(self.work / "scripts")
        for name in (demo.NOTEBOOK, demo.AUTORUN_NOTEBOOK, demo.CONTROL_PAGE):
            shutil.copyfile(demo.notebook(name), self.work / name)
        return self

    def close(self) -> None:
        """End its jobs and its manager, and remove all that is in it. Twice is not an error."""
        atexit.unregister(self.close)
        with contextlib.ExitStack() as last:
            last.callback(shutil.rmtree, self.folder, ignore_errors=True)
            if not self._is_open:
                return
            self._is_open = False
            last.callback(self._restore_environment)
            last.callback(_end_processes_of, self.folder)
            self._end_jobs()
            self._stop_manager()

    def _restore_environment(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def board(self, pictures_url: str = "") -> Board:
        """Make the experiment with its runs and batch defs, and open it.

        Parameters
        ----------
        pictures_url
            Where a browser finds the pictures that ``peaks`` draws, if anywhere.
        """
        board = arp_nb.connect(EXPERIMENT, create=True)
        scripts = self.work / "scripts"
        for number, sample in zip(range(1, RUNS + 1), _SAMPLES, strict=True):
            board.runs.start(number, parameters={"sample": sample, "frames": 37})
            board.runs.end(number)
        board.definitions.add("steps", scripts / "submit.sh", "param1 param2")
        pictures = f"--pictures {pictures_url}" if pictures_url else ""
        board.definitions.add("peaks", scripts / "peaks.sh", pictures)
        return board

    def _end_jobs(self) -> None:
        """Kill what still runs: its folder is about to go."""
        from arp_nb import discovery  # noqa: PLC0415 - only at the end
        from arp_nb.client import entry  # noqa: PLC0415 - as above
        from arp_nb.errors import ArpError  # noqa: PLC0415 - as above

        if discovery.find(self.store) is None:
            return
        try:
            with contextlib.closing(entry.reach()) as way:
                for name in _experiments(way):
                    _end_jobs_of(name)
        except (ArpError, TimeoutError) as error:
            sys.stderr.write(f"arp: some jobs of the demonstration may still run: {error}\n")

    def _stop_manager(self) -> None:
        from arp_nb.daemon import commands  # noqa: PLC0415 - only at the end

        with contextlib.redirect_stdout(io.StringIO()):  # nobody asked for a manager by name
            commands.stop(self.store)


def _experiments(way: Transport) -> Iterator[str]:
    for row in way.call("GET", "/experiments")["experiments"]:
        yield row["name"]


def _end_jobs_of(experiment: str) -> None:
    with arp_nb.connect(experiment) as board:
        running = [job.id for job in board.jobs if not job.is_over]
        if running:
            board.kill(running)
            board.jobs.wait(_KILL_S)


def _end_processes_of(folder: Path) -> None:
    """Kill what was called from, or knows, a folder that is about to go: hanging scripts."""
    name = os.fsencode(folder)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if name in told and int(process.name) != os.getpid():
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:  # it ended, or belongs to somebody else
            continue


def _short_folder() -> str:
    """Return the folder for temporary files, if a Unix socket's short path fits below it."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= 50 else "/tmp"  # noqa: S108 - for its length


def _write_python(folder: Path) -> None:
    """Put this very Python on the jobs' PATH as ``python``, able to import this package."""
    folder.mkdir()
    package = shlex.quote(str(Path(arp_nb.__file__).parents[1]))
    script = folder / "python"
    script.write_text(
        "#!/bin/sh\n"
        f"PYTHONPATH={package}${{PYTHONPATH:+:$PYTHONPATH}}\n"
        "export PYTHONPATH\n"
        f'exec {shlex.quote(sys.executable)} "$@"\n',
        "utf-8",
    )
    script.chmod(0o755)
