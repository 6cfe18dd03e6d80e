"""The manager's HTTP face: routes of a few lines, the change feed, the update listener.

No rule of the domain stands here: requests are checked for their form, handed to
`arp_nb.manager`, and answered in JSON.
"""

from __future__ import annotations

from arp_nb.web.api import app
from arp_nb.web.updates import update_app

__all__ = ["app", "update_app"]
