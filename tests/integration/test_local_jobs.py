"""What becomes of a job of the local scheduler: real commands, real processes."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from arp_nb.model import JobState, Reading
from arp_nb.schedulers.local import LocalScheduler
from arp_nb.schedulers.local.engine.book import Book
from arp_nb.testing import until
from tests.contract.labs import RealLocal


@pytest.fixture
def local(short_tmp: Path) -> Iterator[RealLocal]:
    made = RealLocal(short_tmp, slots=2)
    yield made
    made.close()


def reading(local: RealLocal, native_id: str) -> Reading:
    return asyncio.run(local.scheduler.poll([native_id])).readings[native_id]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def number_in(path: Path) -> int:
    until(lambda: path.exists() and path.read_text().endswith("\n"), f"{path.name} is written")
    return int(path.read_text())


def supervisor_of(local: RealLocal, native_id: str) -> int:
    with Book(str(local.folder / "local")) as book:
        job = book.job(int(native_id))
        assert job is not None
        assert job.supervisor_pid is not None
        return job.supervisor_pid


# -- how a job is run -------------------------------------------------------------------


def test_the_seed_s_script_runs_as_on_a_cluster(local: RealLocal) -> None:
    script, analysis = local.folder / "submit.sh", local.folder / "analyse.sh"
    script.write_text(
        f'#!/bin/bash\nbsub -q psdebugq -o {local.folder}/logs/%J.log sh {analysis} "$@"\n'
    )
    script.chmod(0o755)
    analysis.write_text("printf '<%s>' \"$@\"\n")
    (local.folder / "logs").mkdir()
    done = subprocess.run(
        [script, "xppi0915", "134261", "a b", "$HOME", "a;echo b"],
        env=local.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "Job <1> is submitted to queue <psdebugq>.\n"
    local.until("1", "DONE")
    log = (local.folder / "logs" / "1.log").read_text()
    assert log == "<xppi0915><134261><a b><$HOME><a;echo b>"


def test_a_script_on_standard_input_runs_with_its_own_options(local: RealLocal) -> None:
    script = local.folder / "job.sh"
    script.write_text(
        "#!/bin/bash\n#BSUB -q psanaq -J 'two words'\n#BSUB -o %J.log\n[[ 1 ]]; pwd\n"
    )
    with script.open() as file:
        done = local.command("bsub", stdin=file)
    assert done.stdout == "Job <1> is submitted to queue <psanaq>.\n"
    local.until("1", "DONE")
    assert (local.folder / "1.log").read_text() == f"{local.folder}\n"
    shown = local.command("bjobs", "-noheader", "-o", "job_name", "1").stdout
    assert shown == "two words\n"


def test_without_a_queue_the_default_is_named(local: RealLocal) -> None:
    assert local.command("bsub", "true").stdout == (
        "Job <1> is submitted to default queue <normal>.\n"
    )


def test_waiting_returns_the_job_s_exit_code(local: RealLocal) -> None:
    done = local.command("bsub", "-K", "exit 4")
    assert done.returncode == 4
    assert done.stdout == "Job <1> is submitted to default queue <normal>.\n"
    assert done.stderr == "<<Waiting for dispatch ...>>\n<<Job is finished>>\n"


def test_the_environment_is_passed_on_and_names_the_job(local: RealLocal) -> None:
    url = "http://127.0.0.1:9843//ws/logbook/client_status/450-ab"
    environment = local.environment | {"BATCH_UPDATE_URL": url, "ODD": "a\nb=c"}
    native_id = local.bsub(
        "-q", "my queue", "-n", "2", "-o", "%J.log",
        'echo "$BATCH_UPDATE_URL|$ODD|$LSB_JOBID|$LSB_QUEUE|$LS_SUBCWD|$LSB_DJOB_NUMPROC"',
        env=environment,
    )  # fmt: skip
    local.until(native_id, "DONE")
    expected = f"{url}|a\nb=c|{native_id}|my queue|{local.folder}|2\n"
    assert (local.folder / f"{native_id}.log").read_text() == expected


def test_a_supervisor_holds_nothing_of_whoever_started_it(local: RealLocal) -> None:
    lock = local.folder / "lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        environment = local.environment | {"BATCH_UPDATE_URL": "http://secret"}
        native_id = local.bsub(
            "-o", "%J.log", "echo up; sleep 60", env=environment, pass_fds=[file.fileno()]
        )
        local.until(native_id, "RUN")
    pid = supervisor_of(local, native_id)
    assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert os.getsid(pid) != os.getsid(0)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_both_streams_are_written_while_the_job_runs(local: RealLocal) -> None:
    native_id = local.bsub("-o", "%J.log", "echo out; echo err >&2; sleep 60")
    log = local.folder / f"{native_id}.log"
    until(lambda: log.exists() and log.read_text() == "out\nerr\n", "both lines are there")
    assert local.word(native_id) == "RUN"
    assert local.command("bpeek", native_id).stdout == "<< output from stdout >>\nout\nerr\n"


def test_logs_are_appended_to_or_made_anew(local: RealLocal) -> None:
    for option, text in (("-o", "old\none\n"), ("-oo", "two\n")):
        (local.folder / "a.log").write_text("old\n")
        local.command("bsub", "-K", option, "a.log", "-e", "b.log", f"echo {text.split()[-1]}")
        assert (local.folder / "a.log").read_text() == text
    assert (local.folder / "b.log").read_text() == ""


def test_output_that_has_no_place_is_kept(local: RealLocal) -> None:
    local.command("bsub", "-K", "-o", "not/there/%J.log", "echo kept")
    path = asyncio.run(local.scheduler.log_path("1"))
    assert path is not None
    assert path.read_text() == "kept\n"
    assert "not/there/1.log" in reading(local, "1").reason
    assert reading(local, "1").state is JobState.DONE


def test_times_memory_and_host_are_told(local: RealLocal) -> None:
    local.command("bsub", "-K", "-n", "2", "true")
    told = reading(local, "1")
    assert told.cores == 2
    assert told.submitted_at is not None
    assert told.started_at is not None
    assert told.ended_at is not None
    assert told.submitted_at <= told.started_at <= told.ended_at
    assert told.peak_memory_mb is not None
    assert 0.1 < told.peak_memory_mb < 1000
    assert told.host == os.uname().nodename


def test_names_and_paths_of_any_bytes_are_kept(local: RealLocal) -> None:
    name = os.fsdecode(b"caf\xe9")
    local.command("bsub", "-K", "-J", name, "-q", name, "-o", f"{name}.log", f"echo {name}")
    assert reading(local, "1").state is JobState.DONE
    assert os.fsencode(str(asyncio.run(local.scheduler.log_path("1")))).endswith(b"caf\xe9.log")
    assert (local.folder / f"{name}.log").read_bytes() == b"caf\xe9\n"
    assert "Command" in asyncio.run(local.scheduler.details("1"))


def test_a_command_that_cannot_be_run_is_told_in_the_log(local: RealLocal) -> None:
    script = local.folder / "job.sh"
    script.write_text("#!/no/such/shell\n#BSUB -o %J.log\necho hi\n")
    with script.open() as file:
        local.command("bsub", stdin=file)
    local.until("1", "EXIT")
    assert "No such file" in (local.folder / "1.log").read_text()
    assert reading(local, "1").exit_code == 127


def test_a_folder_that_is_gone_is_told(local: RealLocal) -> None:
    gone = local.folder / "gone"
    gone.mkdir()
    local.bsub("-n", "2", "sleep 60")
    waiting = local.bsub("true", cwd=gone)
    gone.rmdir()
    local.command("bkill", "1")
    local.until(waiting, "EXIT")
    assert "could not start" in reading(local, waiting).reason
    assert str(gone) in reading(local, waiting).reason


def test_a_signal_that_ends_a_job_is_told(local: RealLocal) -> None:
    local.command("bsub", "-K", "kill -9 $$")
    assert (reading(local, "1").exit_code, reading(local, "1").signal) == (137, 9)


# -- slots ------------------------------------------------------------------------------


def test_no_more_jobs_run_than_there_are_slots(local: RealLocal) -> None:
    marks = local.folder / "marks"
    marks.mkdir()
    line = f"mkdir {marks}/$LSB_JOBID; ls {marks} | wc -l; sleep 0.2; rmdir {marks}/$LSB_JOBID"
    ids = [local.bsub("-o", "%J.log", line) for _ in range(6)]
    for native_id in ids:
        local.until(native_id, "DONE")
    seen = {int((local.folder / f"{native_id}.log").read_text()) for native_id in ids}
    assert max(seen) <= 2


def test_a_job_that_wants_more_than_there_is_gets_all(local: RealLocal) -> None:
    large = local.bsub("-n", "64", "sleep 60")
    local.until(large, "RUN")
    small = local.bsub("true")
    assert local.word(small) == "PEND"
    local.command("bkill", large)
    local.until(small, "DONE")


def test_thirty_at_once_run_once_each(local: RealLocal) -> None:
    starts = local.folder / "starts"
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(local.bsub, f"echo $LSB_JOBID >> {starts}") for _ in range(30)]
        ids = {job.result() for job in jobs}
    assert len(ids) == 30
    for native_id in ids:
        local.until(native_id, "DONE")
    assert sorted(starts.read_text().split()) == sorted(ids)


# -- the end of a job -------------------------------------------------------------------


def test_a_kill_reaches_every_process_of_the_job(local: RealLocal) -> None:
    # `timeout` moves into a process group of its own, as shells with job control do
    line = "sleep 61 & echo $! > a; timeout 60 sleep 62 & echo $! > b; wait"
    native_id = local.bsub(line)
    pids = [number_in(local.folder / name) for name in "ab"]
    assert local.command("bkill", native_id).returncode == 0
    local.until(native_id, "EXIT")
    assert [pid for pid in pids if is_alive(pid)] == []
    assert reading(local, native_id).state is JobState.KILLED


def test_a_job_may_clean_up_when_it_is_killed(local: RealLocal) -> None:
    line = "trap 'echo clean > end; exit 3' TERM; echo 1 > up; sleep 60 & wait"
    native_id = local.bsub(line)
    number_in(local.folder / "up")
    local.command("bkill", native_id)
    local.until(native_id, "EXIT")
    assert (local.folder / "end").read_text() == "clean\n"
    assert reading(local, native_id).exit_code == 3


def test_a_job_that_does_not_listen_is_killed_after_a_grace(short_tmp: Path) -> None:
    deaf = RealLocal(short_tmp, ARP_LOCAL_GRACE_S="0.3")
    native_id = deaf.bsub(f"trap '' TERM; echo 1 > {short_tmp}/up; while :; do sleep 1; done")
    number_in(short_tmp / "up")
    deaf.command("bkill", native_id)
    deaf.until(native_id, "EXIT")
    assert reading(deaf, native_id).signal == signal.SIGKILL


def test_a_run_limit_ends_a_job(local: RealLocal) -> None:
    with Book(str(local.folder / "local")) as book:
        native_id = local.bsub("-W", "1", "-n", "2", "sleep 60")
        job = book.job(int(native_id))
        assert job is not None
        assert job.run_limit_s == 60
        waiting = int(local.bsub("sleep 60"))
        book._db.execute("UPDATE submissions SET run_limit_s = 0.2 WHERE id = ?", (waiting,))
    local.command("bkill", native_id)
    local.until(str(waiting), "EXIT")
    assert reading(local, str(waiting)).reason.startswith("TERM_RUNLIMIT")
    assert reading(local, str(waiting)).state is JobState.FAILED


def test_jobs_outlive_whoever_submitted_them(local: RealLocal) -> None:
    job = "while ! test -e go; do sleep 0.1; done; echo alive"
    caller = subprocess.Popen(
        ["/bin/sh", "-c", f"bsub -o %J.log '{job}'; sleep 600"],
        env=local.environment, cwd=local.folder, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert caller.stdout is not None
    assert caller.stdout.readline() == b"Job <1> is submitted to default queue <normal>.\n"
    until(lambda: local.word("1") == "RUN", "it runs")
    os.killpg(caller.pid, signal.SIGKILL)
    caller.communicate()
    (local.folder / "go").touch()
    local.until("1", "DONE")
    assert (local.folder / "1.log").read_text() == "alive\n"


def test_jobs_run_though_nobody_reads_their_ids(local: RealLocal) -> None:
    line = "bsub -o a.log echo one >&-; bsub -o b.log echo two <&- >&-"
    subprocess.run(["/bin/sh", "-c", line], env=local.environment, cwd=local.folder, check=True)
    local.until("1", "DONE")
    local.until("2", "DONE")


def test_what_a_caller_ignores_is_no_matter(local: RealLocal) -> None:
    line = "trap '' CHLD INT TERM; bsub -o a.log 'sleep 60 & echo $!; wait'"
    subprocess.run(["/bin/sh", "-c", line], env=local.environment, cwd=local.folder, check=True)
    child = number_in(local.folder / "a.log")
    local.command("bkill", "1")
    local.until("1", "EXIT")
    assert not is_alive(child)
    assert reading(local, "1").signal == signal.SIGTERM


def test_a_removed_lock_file_does_not_end_a_job(local: RealLocal) -> None:
    native_id = local.bsub("sleep 60")
    local.until(native_id, "RUN")
    (local.folder / "local" / "locks" / native_id).unlink()
    assert local.word(native_id) == "RUN"


def test_a_killed_supervisor_is_told_and_leaves_nothing_behind(local: RealLocal) -> None:
    native_id = local.bsub("-n", "2", f"sleep 61 & echo $! > {local.folder}/a; wait")
    child = number_in(local.folder / "a")
    waiting = local.bsub("true")
    os.kill(supervisor_of(local, native_id), signal.SIGKILL)
    local.until(native_id, "EXIT")
    told = reading(local, native_id)
    assert (told.state, told.reason) == (JobState.FAILED, "its supervisor was killed")
    assert told.exit_code is None
    until(lambda: not is_alive(child), "what it left behind is gone")
    local.until(waiting, "DONE")  # and whoever looked started the next


def test_what_a_killed_supervisor_leaves_is_found_without_its_first_process(
    local: RealLocal,
) -> None:
    native_id = local.bsub(f"sleep 61 & echo $! > {local.folder}/a; wait")
    child = number_in(local.folder / "a")
    first = os.getsid(child)
    supervisor = supervisor_of(local, native_id)
    os.kill(supervisor, signal.SIGSTOP)
    os.kill(first, signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not is_alive(supervisor) and not is_alive(first), "both are gone")
    local.until(native_id, "EXIT")
    until(lambda: not is_alive(child), "the rest of the session is gone")


def test_a_restart_of_the_machine_is_told(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = short_tmp / "boot"
    boot.write_text("first\n")
    monkeypatch.setenv("ARP_LOCAL_BOOT_ID_FILE", str(boot))
    local = RealLocal(short_tmp, ARP_LOCAL_BOOT_ID_FILE=str(boot))
    native_id = local.bsub("sleep 60")
    local.until(native_id, "RUN")
    supervisor = supervisor_of(local, native_id)
    waiting = local.bsub("true")
    boot.write_text("second\n")
    local.until(waiting, "DONE")
    told = reading(local, native_id)
    assert (told.state, told.reason) == (JobState.FAILED, "the machine was restarted")
    os.kill(supervisor, signal.SIGTERM)
    until(lambda: not is_alive(supervisor), "the first boot's supervisor is gone")


def test_a_waiting_job_whose_supervisor_never_came_starts_at_the_next_look(
    local: RealLocal,
) -> None:
    native_id = local.bsub("-n", "2", "sleep 60")
    local.until(native_id, "RUN")
    waiting = local.bsub("true")
    with Book(str(local.folder / "local")) as book:
        supervisor = supervisor_of(local, native_id)
        os.kill(supervisor, signal.SIGKILL)
        until(lambda: not is_alive(supervisor), "nobody is there to start it")
        book.look()
        assert book.can_start()
    asyncio.run(local.scheduler.poll([waiting]))
    local.until(waiting, "DONE")


def test_an_id_is_never_used_again(local: RealLocal) -> None:
    assert [local.bsub("true") for _ in range(3)] == ["1", "2", "3"]
    again = LocalScheduler(local.folder / "local", slots=2)
    assert asyncio.run(again.poll(["1"])).readings
    assert local.bsub("true") == "4"
