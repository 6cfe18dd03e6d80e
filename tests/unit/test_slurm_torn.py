"""Lists that broke off, or that are none: of the jobs that they lack nothing is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.schedulers.slurm import SlurmScheduler

pytestmark = pytest.mark.anyio

#: two jobs in the columns that are asked for; what is done to them stands in a file beside it
SQUEUE = r"""#!/bin/sh
for form do :; done
for id in 7 8; do
  printf '%s\n' "$form" | sed "s/%i/$id/; s/%T/RUNNING/; s/%[A-Za-z]//g"
done | sh "$0.then"
"""


def slurm(folder: Path, then: str) -> SlurmScheduler:
    (folder / "squeue").write_text(SQUEUE)
    (folder / "squeue.then").write_text(then)
    # the accounting knows none of them
    (folder / "sacct").write_text("#!/bin/sh\n")
    for name in ("squeue", "sacct"):
        (folder / name).chmod(0o755)
    return SlurmScheduler({"PATH": f"{folder}:/usr/bin:/bin"})


@pytest.mark.parametrize(
    "then",
    ["head -c 40", "head -c 1", "printf '\\1\\2<\\377\\n'; cat >/dev/null", "cat; printf 9"],
)
async def test_a_list_that_is_not_whole_denies_no_job(tmp_path: Path, then: str) -> None:
    with pytest.raises(SchedulerError, match="broke off, or is no list"):
        await slurm(tmp_path, then).poll(["7", "8"])


async def test_lines_that_a_login_file_prints_spoil_no_list(tmp_path: Path) -> None:
    poll = await slurm(tmp_path, "echo Welcome; cat; echo; echo bye").poll(["7", "8"])
    assert {one.state for one in poll.readings.values()} == {JobState.RUNNING}


async def test_an_empty_list_is_one(tmp_path: Path) -> None:
    assert (await slurm(tmp_path, "cat >/dev/null").poll(["7"])).unknown == {"7"}
