"""The local scheduler: one machine's own queue, with the commands of LSF.

It is the laptop's default, so that a user's ``bsub`` script runs unchanged where no cluster
is. It is not a cluster, and proves nothing about LSF.

``engine`` is what runs: standard library only, because its commands start as
``python -I -S``, without this package's dependencies. ``adapter`` is our side of it.
"""

from __future__ import annotations

from arp_nb.schedulers.local.adapter import LocalScheduler

__all__ = ["LocalScheduler"]
