"""``jupyter arp demo``: everything for real, in a store that is gone afterwards."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import arp_nb
from arp_nb.cli import printing
from arp_nb.cli.follow import follow
from arp_nb.cli.serve import server_argv
from arp_nb.demo import AUTORUN_NOTEBOOK, CONTROL_PAGE, NOTEBOOK
from arp_nb.demo.stage import EXPERIMENT, Stage
from arp_nb.errors import ManagerError
from arp_nb.model import JobState

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

_UP_S = 60.0


def demo(options: argparse.Namespace) -> int:
    """Run one job and end, or start a Jupyter server and keep it running."""
    if not options.once:
        for module in ("jupyterlab", "ipykernel", "skimage", "voila"):
            if importlib.util.find_spec(module) is None:
                raise ModuleNotFoundError(name=module)
    with _terminable(), Stage() as stage:
        return once(stage) if options.once else serve(stage, options)


def once(stage: Stage) -> int:
    """Apply one definition to one run, follow it to its end, and say whether all was well."""
    with stage.board() as board:
        print(f"Experiment {EXPERIMENT}: {len(board.runs)} runs, batch defs:")
        print(board.definitions)
        jobs = board.apply("steps", runs=1)
        follow(board, jobs)
        job = jobs[0]
        now = board.snapshot()
        print("Its log:")
        print(printing.lines(job.log()))
        print(printing.jobs([job.row], {job.id: now.status(job.row)}))
        if job.state is not JobState.DONE:
            sys.stderr.write(f"arp: the job is not DONE but {job.status}: {job.reason}\n")
            return 1
        if job.counters.get("Steps") != 10:
            sys.stderr.write(f"arp: its counters did not arrive: {job.counters}\n")
            return 1
    return 0


def serve(stage: Stage, options: argparse.Namespace) -> int:
    """Keep a Jupyter server running in the stage's folder: control page and notebooks."""
    port = options.port or _free_port()
    token = secrets.token_urlsafe(16)
    token_file = stage.folder / "token"  # kernels would inherit a variable
    token_file.write_text(token, "utf-8")
    base = f"http://127.0.0.1:{port}"
    with stage.board(pictures_url=f"{base}/files/pictures") as board:
        # something to look at from the first moment: jobs that count, and one that draws
        board.apply("steps", runs="1-4")
        board.apply("peaks", runs="5")
    page = f"/voila/render/{CONTROL_PAGE}"
    argv = server_argv([
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={stage.work}",
        f"--ServerApp.default_url={page}",
        f"--ServerApp.open_browser={bool(options.browser)}",
        "--ServerApp.answer_yes=True",
        "--ServerApp.log_level=WARN",
        *(["--ServerApp.allow_root=True"] if os.geteuid() == 0 else []),
    ])  # fmt: skip
    process = os.posix_spawn(argv[0], argv, _environment(stage, token_file))
    try:
        _wait_until_up(process, port)
        print(
            "\nThe demonstration is ready. Its control page:\n\n"
            f"    {base}{page}?token={token}\n\n"
            f"The same from a notebook:\n\n    {base}/lab/tree/{NOTEBOOK}?token={token}\n\n"
            "Runs that arrive by themselves, and jobs that start on them:\n\n"
            f"    {base}/lab/tree/{AUTORUN_NOTEBOOK}?token={token}\n\n"
            "Ctrl-C ends it.",
            flush=True,
        )
        _, status = os.waitpid(process, 0)
        return os.waitstatus_to_exitcode(status)
    except KeyboardInterrupt:
        print("\nEnding the demonstration …", flush=True)
        _end(process)
        return 0
    except BaseException:
        _end(process)
        raise


def _environment(stage: Stage, token_file: Path) -> dict[str, str]:
    """Let the server find this package, installed or not, and nothing of another Jupyter."""
    return {
        **os.environ,
        "JUPYTER_TOKEN_FILE": str(token_file),
        "TMPDIR": str(stage.temporary),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(_config_path(stage)),
        "JUPYTER_PATH": os.pathsep.join(_data_path(stage)),
        "JUPYTERLAB_SETTINGS_DIR": str(_lab_settings(stage)),
        "JUPYTERLAB_WORKSPACES_DIR": str(stage.folder / "workspaces"),
        "PYTHONPATH": os.pathsep.join(_python_path()),
    }


def _config_path(stage: Stage) -> Iterator[str]:
    """Enable the extension, whether or not this package is installed or only on the path."""
    folder = stage.folder / "jupyter" / "jupyter_server_config.d"
    folder.mkdir(parents=True, exist_ok=True)
    enabled: Mapping[str, object] = {
        "ServerApp": {"jpserver_extensions": {"arp_nb.extension": True}}
    }
    (folder / "arp_nb.json").write_text(json.dumps(enabled), "utf-8")
    yield str(folder.parent)
    if os.environ.get("JUPYTER_CONFIG_PATH"):
        yield os.environ["JUPYTER_CONFIG_PATH"]


def _data_path(stage: Stage) -> Iterator[str]:
    """Find the front end, whether or not this package is installed or only on the path."""
    folder = stage.folder / "jupyter-data"
    package = Path(arp_nb.__file__).parent
    for ours, place in (
        # Voila looks there, too; of all folders "voila" it takes the first alone, themes and all
        ("voila_template", "nbconvert/templates/arp"),
        ("labextension", "labextensions/arp-nb"),
    ):
        if (package / ours).is_dir():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).symlink_to(package / ours)
    yield str(folder)
    if os.environ.get("JUPYTER_PATH"):
        yield os.environ["JUPYTER_PATH"]


def _lab_settings(stage: Stage) -> Path:
    """Keep JupyterLab from asking for news and updates: nothing here needs the internet."""
    folder = stage.folder / "lab-settings"
    notifications = folder / "@jupyterlab" / "apputils-extension"
    notifications.mkdir(parents=True, exist_ok=True)
    settings = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": False}
    file = notifications / "notification.jupyterlab-settings"
    file.write_text(json.dumps(settings), "utf-8")
    return folder


def _python_path() -> Iterator[str]:
    yield str(Path(__file__).parents[2])
    if os.environ.get("PYTHONPATH"):
        yield os.environ["PYTHONPATH"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(process: int, port: int) -> None:
    deadline = time.monotonic() + _UP_S
    while time.monotonic() < deadline:
        ended, _ = os.waitpid(process, os.WNOHANG)
        if ended:
            raise ManagerError("The Jupyter server ended at once; its reason stands above.")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise ManagerError(f"The Jupyter server did not answer within {_UP_S:.0f} s.")


def _end(process: int) -> None:
    """End the server gently, then surely."""
    for number, patience_s in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            try:
                if os.waitpid(process, os.WNOHANG)[0]:
                    return
            except ChildProcessError:
                return
            time.sleep(0.05)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end it as Ctrl-C does, with nothing left behind."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
