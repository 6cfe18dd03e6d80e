"""The time of this process: as the wall's, but never back.

What happened is put in order by its time: a reading that is older than an end does not undo it.
A wall clock that is set back by an hour would make an hour of news look late, and freeze every
job; so after such a step our time goes on, at half the pace, until the wall has caught up. A
step forward is taken at once: nothing looks late by that.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: of the real pace, while we are ahead of the wall
_PACE = 0.5
#: two askings are never at the same time
_TICK_S = 1e-6


class SteadyClock:
    """Tells the time in seconds since 1970; may be asked from any thread.

    Parameters
    ----------
    wall_s, steady_s
        The system's clocks: the one that may be set, and the one that may not.
    """

    def __init__(
        self,
        wall_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall_s = wall_s
        self._steady_s = steady_s
        self._lock = threading.Lock()
        self._told_s = wall_s()
        self._at_s = steady_s()

    def now_s(self) -> float:
        """Return the time; later than any that was returned before."""
        with self._lock:
            wall_s, at_s = self._wall_s(), self._steady_s()
            passed_s = max(0.0, at_s - self._at_s)
            self._told_s = max(wall_s, self._told_s + max(_PACE * passed_s, _TICK_S))
            self._at_s = at_s
            return self._told_s


_CLOCK = SteadyClock()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utcnow() -> datetime:
    """Return the time, as all our times: aware, in UTC; never earlier than before."""
    return _EPOCH + timedelta(seconds=_CLOCK.now_s())
