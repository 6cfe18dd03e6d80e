"""Our time never goes back, whatever is done to the machine's."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from arp_nb.clock import SteadyClock, utcnow


class Machine:
    """Clocks that a test sets."""

    def __init__(self) -> None:
        self.wall_s = 1_800_000_000.0
        self.steady_s = 5.0
        self.clock = SteadyClock(lambda: self.wall_s, lambda: self.steady_s)

    def wait(self, seconds: float) -> None:
        self.wall_s += seconds
        self.steady_s += seconds

    def ahead_s(self) -> float:
        return self.clock.now_s() - self.wall_s


def test_it_is_the_wall_s_time_while_nobody_sets_that() -> None:
    machine = Machine()
    for _ in range(5):
        machine.wait(10.0)
        assert abs(machine.ahead_s()) < 1e-4


def test_a_step_forward_is_taken_at_once() -> None:
    machine = Machine()
    machine.wall_s += 3600
    assert abs(machine.ahead_s()) < 1e-4


def test_after_a_step_back_it_goes_on_and_is_caught_up_with() -> None:
    machine = Machine()
    before_s = machine.clock.now_s()
    machine.wall_s -= 3600
    machine.wait(1.0)
    assert 0.4 < machine.clock.now_s() - before_s < 0.6
    machine.wait(7200.0)
    assert abs(machine.ahead_s()) < 1.0


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(-1e6, 1e6)), max_size=30))
def test_no_time_is_told_twice_or_before_another(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    told = [machine.clock.now_s()]
    for passed_s, step_s in steps:
        machine.wait(passed_s)
        machine.wall_s += step_s
        told.append(machine.clock.now_s())
    assert all(earlier < later for earlier, later in itertools.pairwise(told))


def test_now_is_now() -> None:
    assert abs(utcnow() - datetime.now(UTC)) < timedelta(seconds=5)
    assert utcnow() < utcnow()
