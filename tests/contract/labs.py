"""One scheduler each, set up for tests, with jobs that do what a test says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar

from typing_extensions import override

from arp_nb.schedulers.local import LocalScheduler
from arp_nb.schedulers.lsf import LsfScheduler
from arp_nb.testing import FakeScheduler, Lab, until

FAKEBIN = Path(__file__).parents[1] / "fakebin"


class FakeLsf(Lab):
    """The LSF adapter over the commands in ``tests/fakebin``."""

    forgets: ClassVar[bool] = True
    has_history: ClassVar[bool] = True
    has_arrays: ClassVar[bool] = True
    tells_cores: ClassVar[bool] = True

    def __init__(self, folder: Path, *, product: str = "ibm", timeout_s: float = 20.0) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            # the interpreter itself, not a slow shim in front of it
            "PATH": f"{FAKEBIN}:{Path(sys.base_exec_prefix) / 'bin'}:{os.environ['PATH']}",
            "FAKE_LSF": str(folder),
            "FAKE_LSF_PRODUCT": product,
        }
        self.scheduler = LsfScheduler(
            self.environment, timeout_s=timeout_s, tag_by_project=product != "ibm"
        )

    def command(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run one of the pretended commands."""
        return subprocess.run(
            [FAKEBIN / argv[0], *argv[1:]],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def submit(self, *options: str) -> str:
        done = self.command("bsub", *options, "analyse", "a run")
        [native_id] = self.scheduler.submitted_ids(done.stdout)
        return native_id

    def change(self, native_id: str, **values: str) -> None:
        path = self.folder / f"{native_id}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    def fault(self, command: str, told: str) -> None:
        (self.folder / f"{command}.fault").write_text(told)

    def commands(self) -> list[list[str]]:
        """Return the scheduler commands that were run, with their arguments."""
        path = self.folder / "commands"
        return (
            [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        )

    @override
    def commands_run(self) -> int:
        return len(self.commands())

    @override
    def log(self, native_id: str) -> Path:
        return self.folder / f"{native_id}.log"

    @override
    def pending(self, *, tag: str = "", options: Sequence[str] = ()) -> str:
        mark = self.scheduler.tag_options(tag) if tag else ()
        return self.submit("-q", "psdebugq", "-o", f"{self.folder}/%J.log", *mark, *options)

    @override
    def array(self, size: int) -> str:
        return self.pending(options=("-J", f"many[1-{size}]"))

    @override
    def running(self, *, tag: str = "") -> str:
        native_id = self.pending(tag=tag)
        self.change(
            native_id, STAT="RUN", EXEC_HOST="node7", NALLOC_SLOT="1", SO_FAR="so far\n",
            STARTED=_event_time(),
        )  # fmt: skip
        return native_id

    @override
    def ended(self, exit_code: int, *, tag: str = "") -> str:
        native_id = self.running(tag=tag)
        if exit_code == 0:
            self.change(native_id, STAT="DONE", ENDED=_event_time())
        else:
            self.change(native_id, STAT="EXIT", EXIT_CODE=str(exit_code), ENDED=_event_time())
        return native_id

    @override
    def forget(self, native_id: str) -> None:
        history = self.folder / "history"
        history.mkdir(exist_ok=True)
        (self.folder / f"{native_id}.json").rename(history / f"{native_id}.json")


class Volclava(FakeLsf):
    """A product whose commands know few columns."""

    tells_cores: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, product="volclava")


def _event_time() -> str:
    """Return now as the pretended LSF keeps it."""
    return f"@{int(time.time())}"


class Pretended(Lab):
    """The fake scheduler, which plugin authors get too."""

    forgets: ClassVar[bool] = True
    has_history: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fake = self.scheduler = FakeScheduler(folder / "fake")

    @override
    def log(self, native_id: str) -> Path:
        return self.folder / f"{native_id}.log"

    @override
    def pending(self, *, tag: str = "", options: Sequence[str] = ()) -> str:
        mark = self.scheduler.tag_options(tag) if tag else ()
        log = f"{self.folder}/%J.log"
        done = subprocess.run(
            [self.fake.bin / "bsub", "-q", "psdebugq", "-o", log, *mark, *options, "analyse"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        [native_id] = self.scheduler.submitted_ids(done.stdout)
        return native_id

    @override
    def running(self, *, tag: str = "") -> str:
        native_id = self.pending(tag=tag)
        self.fake.set_state(native_id, "RUN")
        self.fake.peeks[native_id] = "so far\n"
        return native_id

    @override
    def ended(self, exit_code: int, *, tag: str = "") -> str:
        native_id = self.running(tag=tag)
        self.fake.set_state(native_id, f"EXIT {exit_code}" if exit_code else "DONE")
        return native_id

    @override
    def forget(self, native_id: str) -> None:
        self.fake.forget(native_id)


class RealLocal(Lab):
    """The local scheduler itself, with real processes."""

    has_history: ClassVar[bool] = True
    has_arrays: ClassVar[bool] = True
    tells_cores: ClassVar[bool] = True

    def __init__(self, folder: Path, *, slots: int = 1, **variables: str) -> None:
        self.folder = folder
        local = LocalScheduler(folder / "local", slots=slots)
        self.scheduler = local
        self.environment = {
            **os.environ,
            **local.environment(),
            "PATH": f"{local.path_prepend[0]}:{os.environ['PATH']}",
            "ARP_LOCAL_GRACE_S": "0.5",
            **variables,
        }

    def command(
        self,
        *argv: str,
        stdin: int | IO[str] = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        pass_fds: Collection[int] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Run one of its commands and return what became of it."""
        return subprocess.run(
            [self.scheduler.path_prepend[0] / argv[0], *argv[1:]],
            stdin=stdin, env=env or self.environment, cwd=cwd or self.folder, pass_fds=pass_fds,
            capture_output=True, text=True, errors="surrogateescape", check=False,
        )  # fmt: skip

    def bsub(self, *argv: str, **how: Any) -> str:
        done = self.command("bsub", *argv, **how)
        assert done.returncode == 0, done.stderr
        [native_id] = self.scheduler.submitted_ids(done.stdout)
        return native_id

    def word(self, native_id: str) -> str:
        """Return the state that ``bjobs`` shows."""
        return self.command("bjobs", "-noheader", "-o", "stat", native_id).stdout.strip()

    def until(self, native_id: str, *words: str) -> None:
        until(lambda: self.word(native_id) in words, f"job {native_id} is {' or '.join(words)}")

    def _submit(self, line: str, tag: str, options: Sequence[str] = ()) -> str:
        mark = self.scheduler.tag_options(tag) if tag else ()
        log = f"{self.folder}/%J.log"
        return self.bsub("-q", "psdebugq", "-o", log, *mark, *options, line)

    @override
    def log(self, native_id: str) -> Path:
        return self.folder / f"{native_id}.log"

    @override
    def pending(self, *, tag: str = "", options: Sequence[str] = ()) -> str:
        blocker = self.bsub("-n", "64", "sleep 60")  # all slots
        self.until(blocker, "RUN")
        return self._submit("sleep 60", tag, options)

    @override
    def array(self, size: int) -> str:
        return self.pending(options=("-J", f"many[1-{size}]"))

    @override
    def running(self, *, tag: str = "") -> str:
        native_id = self._submit("echo so far; sleep 60", tag)
        log = self.log(native_id)
        until(lambda: log.exists() and "so far" in log.read_text(), "its first line is written")
        return native_id

    @override
    def ended(self, exit_code: int, *, tag: str = "") -> str:
        native_id = self._submit(f"exit {exit_code}", tag)
        self.until(native_id, "DONE", "EXIT")
        return native_id

    @override
    def close(self) -> None:
        self.command("bkill", "0")
        until(lambda: self.command("bjobs").returncode == 254, "all jobs of the test have ended")
