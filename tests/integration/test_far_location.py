"""A location behind ssh: what an admin sets for it holds on the other side."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
from pathlib import Path

from arp_nb.batch_client.environment import WRAPPERS
from arp_nb.schedulers import registry
from arp_nb.settings import LocationSettings, Settings


def test_what_a_location_sets_holds_on_the_other_side_of_ssh_too(tmp_path: Path) -> None:
    # sshd hands the words, joined by blanks, to a shell with nothing of ours (ssh(1))
    here, far = tmp_path / "here", tmp_path / "far of it's own"
    for folder, name, text in (
        (here, "ssh", 'shift\nexec env -i PATH=/usr/bin:/bin sh -c "$*"'),
        (far, "squeue", 'echo "squeue $SLURM_CONF" >>"$SEEN"'),
        (far, "sbatch", 'echo "sbatch $SLURM_CONF" >>"$SEEN"; echo Submitted batch job 5'),
    ):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    place = LocationSettings(
        scheduler="slurm",
        command_prefix=("ssh", "login"),
        path_prepend=(str(far),),
        environment={"SLURM_CONF": "/its own/$(id)'.conf", "SEEN": str(tmp_path / "seen")},
    )
    path = f"{here}:/usr/bin:/bin"
    found = registry.load(Settings(location={"s3df": place}), tmp_path, environment={"PATH": path})
    s3df = found.offered["s3df"]
    asyncio.run(s3df.poll(["5"]))
    done = subprocess.run(
        [WRAPPERS / "sbatch", "script.sh"],
        env={"PATH": f"{WRAPPERS}:{path}", "ARP_VIA": shlex.join(s3df.command_prefix)},
        cwd=tmp_path, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert s3df.submitted_ids(done.stdout) == ("5",)
    seen = (tmp_path / "seen").read_text().splitlines()
    assert seen[0] == "squeue /its own/$(id)'.conf"  # it may ask sacct next
    assert seen[-1] == "sbatch /its own/$(id)'.conf"
