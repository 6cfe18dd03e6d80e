"""``jupyter arp doctor --from-node``: a real job, on a real node, that posts back.

It goes the way of every job: a definition of an experiment of its own, applied to a run, with
the location's own submit command. The node needs a shell, and curl, wget or python3.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from arp_nb.client import entry
from arp_nb.client.markup import plain
from arp_nb.errors import ArpError, NotFound
from arp_nb.settings import store_folder

if TYPE_CHECKING:
    from pathlib import Path

    from arp_nb.client.board import Board
    from arp_nb.client.job import Job

EXPERIMENT = "arp-doctor"
COUNTER = "posted from"
_WAIT_S = 300.0
_PAUSE_S = 0.5
#: what the job says by its exit code: curl(1), "EXIT CODES", and our own 3
_CODES = {
    3: "the node has neither curl nor wget nor python3, so that its scripts need another way",
    4: "wget could not reach the address (a firewall, or the wrong interface)",
    6: "the node does not know the host's name: set public_url to an address that it knows",
    7: "the connection was refused or lost: is update_listen the cluster's interface?",
    28: "nobody answered for 20 s: a firewall between the nodes and this host, most likely",
}
_SCRIPT = """\
#!/bin/sh
# written by: jupyter arp doctor --from-node. One job that posts one line back.
job='
host=$(hostname)
line="{\\"counters\\": {\\"posted from\\": \\"$host\\"}}"
if command -v curl >/dev/null 2>&1; then
  curl -sS -m 20 --noproxy "*" -d "$line" "$BATCH_UPDATE_URL"
elif command -v wget >/dev/null 2>&1; then
  wget -q -T 20 -t 1 --no-proxy -O - --post-data="$line" "$BATCH_UPDATE_URL"
elif command -v python3 >/dev/null 2>&1; then
  python3 -c "import os, sys, urllib.request as r; \\
r.build_opener(r.ProxyHandler({})).open(os.environ[\\"BATCH_UPDATE_URL\\"], \\
sys.argv[1].encode(), 20)" "$line"
else
  exit 3
fi
'
case $ARP_SUBMIT_COMMAND in
  sbatch) cd / && exec sbatch -o /dev/null --wrap "$job" ;;
  *) cd / && exec bsub -o /dev/null "$job" ;;
esac
"""


def run(location: str, *, wait_s: float = _WAIT_S) -> int:
    """Send a job to a location ("": the usual one) and wait for its post; 0 if it came."""
    began_s = time.monotonic()
    with entry.connect(EXPERIMENT, create=True) as board:
        status = board.transport.check_version()
        location = location or str(status["default_location"])
        if location not in status["locations"]:
            why = status["not_offered"].get(location, "there is none of that name")
            print(plain(f"NO  location {location}: not offered: {why}"))
            return 1
        script = _write_script()
        _define(board, script, location)
        (job,) = board.apply("from-node", runs=1, existing="again")
        base = str(status["update_base"])
        print(plain(f"Job {job.id} goes to {location}, and is to post to {base}."))
        try:
            return _told(_wait(job, wait_s), job, began_s, base)
        except KeyboardInterrupt:
            print("Given up: its job is asked to end.")
            return 1
        finally:
            _remove(board, job)


def _remove(board: Board, job: Job) -> None:
    """Leave nothing behind: a row that is deleted says nothing to its job, which lives on."""
    try:
        if not job.is_over and job.counters.get(COUNTER) is None:  # else it ends by itself
            job.kill()
    finally:
        job.delete()
        board.transport.call("PATCH", f"/experiments/{EXPERIMENT}", {"active": False})


def _write_script() -> Path:
    folder = store_folder() / "doctor"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    script = folder / "from_node.sh"
    script.write_text(_SCRIPT)
    script.chmod(0o700)
    return script


def _define(board: Board, script: Path, location: str) -> None:
    """Make the definition, or bring it up to date: it is the same each time."""
    values: dict[str, Any] = {"executable": str(script), "location": location}
    try:
        board.definitions.update("from-node", **values)
    except NotFound:
        board.definitions.add("from-node", **values)
    if 1 not in set(board.runs.df["run"]):
        board.runs.start(1)


def _wait(job: Job, wait_s: float) -> str:
    """Return the host that posted; "" once the job is over, or took too long, without a post."""
    end_s = time.monotonic() + wait_s
    word = ""
    while time.monotonic() < end_s:
        host = job.counters.get(COUNTER)
        if host is not None:
            return str(host)
        if job.status != word:
            word = job.status
            print(plain(f"    {word}"))
        if job.is_over:
            time.sleep(_PAUSE_S)  # a post is on its way for an instant
            return str(job.counters.get(COUNTER, ""))
        time.sleep(_PAUSE_S)
    return ""


def _told(host: str, job: Job, began_s: float, base: str) -> int:
    took_s = time.monotonic() - began_s
    if host:
        print(plain(f"ok  a job on {host} has posted to {base}, {took_s:.0f} s after it was sent"))
        return 0
    print(plain(f"NO  no post has come. The job's status: {job.status} {job.reason}".rstrip()))
    code = job.exit_code
    try:
        shown = str(job.log())
    except ArpError:
        shown = ""
    if shown:
        print(plain(shown[-500:].strip()))
    advice = _CODES.get(code or 0, "see update_listen and public_url in config.toml")
    print(plain(f"      → {advice}. Jobs post to {base}"))
    if not job.is_over:
        sys.stderr.write(f"arp: it has not ended in {took_s:.0f} s; it is asked to end\n")
    return 1
