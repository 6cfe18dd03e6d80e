"""How the kernel's list of mounts is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.mounts import Mount, mount_of, read_mountinfo

INFO = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:50 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2
31 30 0:51 / /home/my\040disk rw - xfs /dev/sdb rw
32 22 0:52 / /sdf rw master:3 propagate_from:2 - lustre mds@tcp:/sdf rw
33 22 0:53 / /over rw - nfs server:/over rw
34 22 0:54 / /over rw - tmpfs tmpfs rw
35 22 0:55 / /mnt/ssh rw - fuse.sshfs user@host:/ rw
"""


@pytest.mark.parametrize(
    ("folder", "mount", "is_network"),
    [
        pytest.param("/var/tmp/x", Mount("/", "ext4"), False, id="local-root"),
        pytest.param("/home/ada/.local", Mount("/home", "nfs4"), True, id="nfs-home"),
        pytest.param("/home", Mount("/home", "nfs4"), True, id="mount-point-itself"),
        pytest.param("/homes/ada", Mount("/", "ext4"), False, id="name-that-begins-alike"),
        pytest.param("/home/my disk/x", Mount("/home/my disk", "xfs"), False, id="space-in-name"),
        pytest.param("/sdf/home/a", Mount("/sdf", "lustre"), True, id="optional-fields"),
        pytest.param("/over/x", Mount("/over", "tmpfs"), False, id="later-mount-lies-on-top"),
        pytest.param("/mnt/ssh/x", Mount("/mnt/ssh", "fuse.sshfs"), True, id="fuse"),
    ],
)
def test_innermost_mount_decides(folder: str, mount: Mount, is_network: bool) -> None:
    found = mount_of(Path(folder), INFO)
    assert found == mount
    assert found is not None
    assert found.is_network is is_network


@given(st.text(), st.lists(st.text(), max_size=5))
def test_unreadable_lines_do_not_hide_the_others(noise: str, fields: list[str]) -> None:
    text = f"{noise}\n{' '.join(fields)} - \n22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    assert mount_of(Path("/x"), text) is not None


def test_nothing_known_is_no_mount() -> None:
    assert mount_of(Path("/x"), "") is None


def test_this_machine_tells_its_mounts_or_nothing() -> None:
    info = read_mountinfo()
    assert not info or mount_of(Path("/"), info) is not None
