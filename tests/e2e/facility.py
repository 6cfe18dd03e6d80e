"""A small facility: a manager, a Jupyter server in front of it, and scripts of a user's."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import requests

import arp_nb
from tests.real.jupyter import TOKEN, JupyterServer
from tests.real.product import Product, wait_until

if TYPE_CHECKING:
    from arp_nb.client.board import Board

EXPERIMENT = "xppe2e26"
#: a job that reports until it is killed, or until its script's `stop` file appears
STEADY_PY = """
import json, os, sys, time, urllib.request
url = os.environ["BATCH_UPDATE_URL"]
stop = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stop")
print("\\033[32mready\\033[0m <img src=x onerror=alert(1)>", flush=True)
step = 0
while not os.path.exists(stop):
    step += 1
    print(f"event {step * 1000}  hits {step}", flush=True)
    counters = {"Events": {"value": step * 1000, "max": 1000000}, "Hit rate": [3.1, "green"],
                "<b>bold</b>": "<img src=x onerror=alert(1)>"}
    body = json.dumps({"counters": counters}).encode()
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(asked, timeout=30).read()
    time.sleep(0.2)
"""
FAILING_PY = """
import sys
print("line one")
sys.exit("MemoryError: unable to allocate 512 MiB")
"""
SUBMIT = """#!/bin/bash
HERE=$(cd "$(dirname "$0")" && pwd)
bsub -q psanaq -o "$HERE/%J.log" python "$HERE/{name}.py" "$@"
"""


class Facility:
    """Everything below one folder; the variables of this process point there while it lives."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder = folder
        self.product = Product(folder, f"poll_min_s = 0.5\n{settings}")
        self.work = folder / "work"
        self.work.mkdir()
        self.jupyter = JupyterServer(self.work)
        for name, text in (("steady", STEADY_PY), ("failing", FAILING_PY)):
            self.product.script(f"{name}.py", text)
            self.product.script(f"{name}.sh", SUBMIT.format(name=name))

    @property
    def variables(self) -> dict[str, str]:
        """What every process of the facility finds in its environment."""
        self._choose("notification", {"fetchNews": "false", "checkForUpdates": False})
        package = str(Path(arp_nb.__file__).parents[1])
        return {
            "HOME": str(self.folder),
            "ARP_STORE": str(self.product.store),
            "ARP_CLAIM": str(self.folder / "claim.json"),
            "JUPYTERLAB_SETTINGS_DIR": str(self._settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            "PYTHONPATH": os.pathsep.join([package, *_given("PYTHONPATH")]),
        }

    def choose_theme(self, theme: str) -> None:
        """Let JupyterLab pages that are opened from now on be ``light`` or ``dark``."""
        self._choose("themes", {"theme": f"JupyterLab {theme.capitalize()}"})

    @property
    def url(self) -> str:
        """The Jupyter server's address."""
        return self.jupyter.url

    def start(self) -> None:
        """Start the Jupyter server, and wait until the manager answers through it."""
        self.jupyter.start()
        wait_until(self._answers, "the manager, through Jupyter")

    def restart(self) -> None:
        """Kill the Jupyter server, and start it again at the same port."""
        self.jupyter.kill()
        self.start()

    def board(self) -> Board:
        """Connect as a notebook would."""
        return arp_nb.connect(EXPERIMENT, create=True)

    def script(self, name: str) -> str:
        """Return the absolute path of a script: ``steady`` or ``failing``."""
        return str(self.product.scripts / f"{name}.sh")

    def address(self, path: str) -> str:
        """Make an address that logs in."""
        return f"{self.url}{path}{'&' if '?' in path else '?'}token={TOKEN}"

    def control_page(self, **query: str | int) -> str:
        """Return the address of the page that stands alone, for this experiment."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return self.address(f"/arp/page?experiment={EXPERIMENT}{more}")

    def close(self) -> None:
        """End every process."""
        self.jupyter.kill()
        self.product.close()

    @property
    def _settings(self) -> Path:
        return self.folder / "lab-settings"

    def _choose(self, what: str, chosen: dict[str, object]) -> None:
        folder = self._settings / "@jupyterlab" / "apputils-extension"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{what}.jupyterlab-settings").write_text(json.dumps(chosen), "utf-8")

    def _answers(self) -> bool:
        headers = {"Authorization": f"token {TOKEN}"}
        try:
            return requests.get(f"{self.url}/arp/api/status", headers=headers, timeout=30).ok
        except requests.ConnectionError:
            return False


def _given(name: str) -> list[str]:
    return [os.environ[name]] if os.environ.get(name) else []
