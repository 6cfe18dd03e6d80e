"""How long ``import arp_nb`` takes, against ``import json`` in a bare interpreter.

A notebook pays for the import in each kernel; the bar is 0.3 s on any machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.figures import Figure


def _seconds(statement: str, times: int) -> float:
    """Return the median wall time in seconds of a fresh interpreter running a statement."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure the import; the ratio is to 0.3 s, the one bar that is a time."""
    times = 5 if quick else 15
    bare = _seconds("import json", times)
    ours = _seconds("import arp_nb", times)
    return [
        Figure(
            what="import arp_nb, beyond a bare interpreter",
            baseline="0.3 s",
            ratio=max(0.0, ours - bare) / 0.3,
            side="<=",
            bar=1.0,
            detail=f"{(ours - bare) * 1000:.0f} ms more than {bare * 1000:.0f} ms",
        )
    ]
