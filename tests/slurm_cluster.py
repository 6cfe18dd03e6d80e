"""A real Slurm on loopback: munge, MariaDB, slurmdbd, slurmctld, and slurmd for two nodes.

Everything lives in one short folder: sockets, keys, state, logs. Several clusters may run at
once. It needs root (jobs run as their own users) and Debian's packages, listed in `.ci/run`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

#: two people; their jobs are theirs alone
ALICE, BOB = "arpalice", "arpbob"
COMMANDS = (
    "munged", "mariadb-install-db", "mariadbd", "slurmdbd", "slurmctld", "slurmd", "sbatch",
    "runuser", "setpriv", "useradd",
)  # fmt: skip
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
_STARTED_WITHIN_S = 30.0

_SLURM_CONF = """
ClusterName=arp
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/ctld
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,default_queue_depth=1000
MaxArraySize=20001
MaxJobCount=50000
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
ReturnToService=1
SlurmdTimeout=300
InactiveLimit=0
KillWait=2
MinJobAge={min_job_age_s}
MessageTimeout=10
PropagateResourceLimits=NONE
{accounting}SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 Port={slurmd} CPUs=16 RealMemory=16000
NodeName=arp-n2 NodeAddr=127.0.0.1 Port={slurmd2} CPUs=16 RealMemory=16000
PartitionName=normal Nodes={host} Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=psdebugq Nodes={host} MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes={host} MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=both Nodes={host},arp-n2 MaxTime=INFINITE State=UP PriorityTier=1
"""
_ACCOUNTING = """
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd}
AccountingStoragePass={folder}/munge.socket
AccountingStoreFlags=job_comment
"""
_DBD_CONF = """
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={dbd}
SlurmUser=root
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm
CommunicationParameters=NoInAddrAny
"""


class ClusterFailed(Exception):
    """A daemon did not come up; the text has its last words."""


def lacking() -> str:
    """Say what a real Slurm lacks on this machine; empty if nothing."""
    if os.geteuid() != 0:
        return "Slurm: only root can start its daemons"
    absent = [one for one in COMMANDS if shutil.which(one, path=_SBIN) is None]
    return f"Slurm: no {', '.join(absent)} (Debian packages: see .ci/run)" if absent else ""


def _free_ports(number: int) -> list[int]:
    held = [socket.socket() for _ in range(number)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def _until(true: Callable[[], object], what: Callable[[], str], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            raise ClusterFailed(what())
        time.sleep(0.05)


class SlurmCluster:
    """Start with `start`, end with `close`, whatever happened between."""

    def __init__(self, *, min_job_age_s: int = 300, accounting: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="arpsl", dir="/tmp"))
        self.folder.chmod(0o755)
        self._host = socket.gethostname().partition(".")[0]
        self._ports = dict(zip(("ctld", "slurmd", "slurmd2", "dbd"), _free_ports(4), strict=True))
        self._min_job_age_s = min_job_age_s
        self._accounting = accounting
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.homes = {user: self.folder / user for user in (ALICE, BOB)}

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which Slurm's commands talk to this cluster."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": _SBIN}

    # -- life --------------------------------------------------------------------------

    def start(self) -> None:
        """Start all daemons, and return once the node is idle."""
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        for user, home in self.homes.items():
            _have_user(user)
            home.mkdir(mode=0o755)
            shutil.chown(home, user, user)
        (self.folder / "ctld").mkdir()
        self._start_munge()
        values: Mapping[str, object] = {
            **self._ports, "folder": self.folder, "host": self._host,
            "min_job_age_s": self._min_job_age_s,
        }  # fmt: skip
        accounting = _ACCOUNTING.format_map(values) if self._accounting else ""
        (self.folder / "slurm.conf").write_text(
            _SLURM_CONF.format_map({**values, "accounting": accounting})
        )
        if self._accounting:
            self._start_accounting(values)
        self.start_controller()
        nodes = (self._host, "arp-n2")  # no two may have one name
        for node in nodes:
            self._spawn(f"slurmd-{node}", "-D", "-N", node)
        _until(
            lambda: (
                self.run("sinfo", "-h", "-p", "both", "-o", "%T %D").stdout.strip() == "idle 2"
            ),
            lambda: self._last_words("slurmctld", *(f"slurmd-{node}" for node in nodes)),
            _STARTED_WITHIN_S,
        )

    def start_controller(self) -> None:
        """Start slurmctld, again if it was stopped."""
        self._spawn("slurmctld", "-D")
        self._wait_port("ctld", "slurmctld")

    def stop_controller(self) -> None:
        """End slurmctld: no command but sacct answers."""
        self._end("slurmctld")

    def hang_controller(self) -> None:
        """Stop slurmctld for now: commands wait."""
        self._running["slurmctld"].send_signal(signal.SIGSTOP)

    def wake_controller(self) -> None:
        """Let a hanging slurmctld go on."""
        self._running["slurmctld"].send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End all daemons and jobs, and leave nothing behind."""
        with contextlib.suppress(KeyError, ProcessLookupError):
            self.wake_controller()
        for name in reversed(list(self._running)):
            self._end(name)
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self) -> list[int]:
        """Return all processes of it: jobs, and those who watch over them, need no daemon."""
        mark = f"SLURM_CONF={self.folder}/".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (process / "environ").read_bytes():
                    found.append(int(process.name))
        return found

    # -- use ---------------------------------------------------------------------------

    def run(
        self, *argv: str, user: str = "", cwd: Path | None = None, timeout_s: float = 20.0
    ) -> subprocess.CompletedProcess[str]:
        """Run one of Slurm's commands, as a user if one is named."""
        home = self.homes.get(user, self.folder)
        before: Sequence[str] = ("runuser", "-u", user, "--") if user else ()
        try:
            return subprocess.run(
                [*before, *argv],
                env={**self.environment, "HOME": str(home), "USER": user or "root"},
                cwd=cwd or home, capture_output=True, text=True, errors="replace",
                timeout=timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(argv, 124, "", f"no answer in {timeout_s:g} s")

    def set_node(self, state: str) -> None:
        """Take the first node down, or bring it up again (``resume``)."""
        done = self.run(
            "scontrol", "update", f"nodename={self._host}", f"state={state}", "reason=test"
        )
        assert done.returncode == 0, done.stderr

    # -- daemons -----------------------------------------------------------------------

    def _start_munge(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        self._spawn(
            "munged", "--foreground", "--force",
            f"--socket={self.folder}/munge.socket", f"--key-file={key}",
            f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/munged-own.log",
            f"--seed-file={self.folder}/munge.seed",
        )  # fmt: skip
        self._wait_file("munge.socket", "munged")

    def _start_accounting(self, values: Mapping[str, object]) -> None:
        self._start_database()
        dbd_conf = self.folder / "slurmdbd.conf"
        dbd_conf.write_text(_DBD_CONF.format_map(values))
        dbd_conf.chmod(0o600)
        self.start_accounting()

    def start_accounting(self) -> None:
        """Start slurmdbd, again if it was stopped."""
        self._spawn("slurmdbd", "-D", MYSQL_UNIX_PORT=str(self.folder / "db.socket"))
        self._wait_port("dbd", "slurmdbd")

    def stop_accounting(self) -> None:
        """End slurmdbd: sacct does not answer, and slurmctld keeps what it would tell it."""
        self._end("slurmdbd")

    def _start_database(self) -> None:
        data = self.folder / "db"
        data.mkdir()
        made = subprocess.run(
            [
                _path("mariadb-install-db"), f"--datadir={data}", "--skip-test-db",
                "--auth-root-authentication-method=socket", "--user=root", "--no-defaults",
            ],
            capture_output=True, text=True, check=False, env={"PATH": _SBIN},
        )  # fmt: skip
        if made.returncode != 0:
            raise ClusterFailed(f"mariadb-install-db: {made.stdout[-2000:]}{made.stderr[-2000:]}")
        self._spawn(
            "mariadbd", "--no-defaults", f"--datadir={data}", "--user=root", "--skip-networking",
            f"--socket={self.folder}/db.socket", f"--pid-file={self.folder}/db.pid",
            "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0",
        )  # fmt: skip
        self._wait_file("db.socket", "mariadbd")

    def _spawn(self, name: str, *options: str, **variables: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as out:
            self._running[name] = subprocess.Popen(
                # a test run that is killed cleans nothing up: its daemons end with it
                [
                    _path("setpriv"), "--pdeathsig", "TERM",
                    _path(name.partition("-")[0]), *options,
                ],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**self.environment, **variables}, cwd=self.folder, start_new_session=True,
            )  # fmt: skip

    def _end(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)

    def _wait_file(self, file: str, daemon: str) -> None:
        path = self.folder / file
        self._wait(path.exists, daemon)

    def _wait_port(self, port: str, daemon: str) -> None:
        address = ("127.0.0.1", self._ports[port])

        def listens() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(address, timeout=1):
                return True
            return False

        self._wait(listens, daemon)

    def _wait(self, true: Callable[[], bool], daemon: str) -> None:
        process = self._running[daemon]
        _until(
            lambda: process.poll() is not None or true(),
            lambda: self._last_words(daemon),
            _STARTED_WITHIN_S,
        )
        if process.poll() is not None:
            raise ClusterFailed(f"exit code {process.returncode}; {self._last_words(daemon)}")

    def _last_words(self, *daemons: str) -> str:
        said = []
        for name in daemons:
            for kind in ("log", "out"):
                with contextlib.suppress(OSError):
                    text = (self.folder / f"{name}.{kind}").read_text(errors="replace")
                    said.append(f"{name}.{kind}: …{text[-2000:]}")
        return "\n".join(said)


def _path(command: str) -> str:
    path = shutil.which(command, path=_SBIN)
    assert path is not None, "lacking() was asked"
    return path


def _have_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        subprocess.run([_path("useradd"), "--no-create-home", name], check=False)
        pwd.getpwnam(name)
