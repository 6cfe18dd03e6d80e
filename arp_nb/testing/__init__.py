"""What authors of plugins test with: the contract of schedulers as a suite, and a fake one.

`lab.Lab` is what an author writes: a scheduler, and ways to make jobs in it.
`scheduler_suite.SchedulerContract` then holds the adapter to what every scheduler must do; it
alone needs pytest. `fake.FakeScheduler` stands in for a scheduler where another part is tested.
"""

from __future__ import annotations

from arp_nb.testing.fake import FakeScheduler
from arp_nb.testing.lab import Lab, until

__all__ = ["FakeScheduler", "Lab", "until"]
