"""Which folders lie on a network file system.

SQLite's write-ahead log does not work there, and the kernel does not tell what others write.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

#: as the kernel calls them; ``fuse.…`` are those of user space
NETWORK_TYPES = frozenset({
    "9p", "acfs", "afs", "autofs", "beegfs", "ceph", "cifs", "coda", "cvmfs", "davfs", "fhgfs",
    "fuse.beegfs", "fuse.ceph", "fuse.cephfs", "fuse.cvmfs", "fuse.dcache", "fuse.glusterfs",
    "fuse.goofys", "fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs", "gfs2",
    "gpfs", "lustre", "mmfs", "moosefs", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs",
    "pvfs2", "quobyte", "smb2", "smb3", "smbfs", "vboxsf", "wekafs",
})  # fmt: skip
_ESCAPE = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A mounted file system."""

    point: str
    type: str

    @property
    def is_network(self) -> bool:
        """Whether other machines may write it, too."""
        return self.type in NETWORK_TYPES


def mount_of(folder: Path, mountinfo: str) -> Mount | None:
    """Find the file system that holds a folder, by the text of ``/proc/self/mountinfo``."""
    path = str(folder)
    found: Mount | None = None
    for line in mountinfo.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split(" ")
        if not separator or len(fields) < 5 or not right:
            continue
        point = _ESCAPE.sub(lambda code: chr(int(code[1], 8)), fields[4])
        inside = point in {"/", path} or path.startswith(point + "/")
        # of two on one point, the later one lies on top
        if inside and (found is None or len(point) >= len(found.point)):
            found = Mount(point, right.split(" ")[0])
    return found


def read_mountinfo() -> str:
    """Read this machine's mounts; empty where the kernel does not tell (macOS)."""
    try:
        return Path("/proc/self/mountinfo").read_text("utf-8", "replace")
    except OSError:
        return ""
