"""What authors of plugins test with: the contracts as suites, and fakes.

For schedulers: `lab.Lab` is what an author writes, a scheduler and ways to make jobs in it;
`scheduler_suite.SchedulerContract` then holds the adapter to what every scheduler must do.
For run sources: `source_lab.SourceLab` and `source_suite.RunSourceContract`. The suites alone need
pytest. `fake.FakeScheduler` and `fake_source.FakeRunSource` stand in where another part is tested.
"""

from __future__ import annotations

from arp_nb.testing.fake import FakeScheduler
from arp_nb.testing.fake_source import FakeRunSource
from arp_nb.testing.lab import Lab, until
from arp_nb.testing.source_lab import SourceLab

__all__ = ["FakeRunSource", "FakeScheduler", "Lab", "SourceLab", "until"]
