"""Where definitions, runs and jobs outlive every process. `arp_nb.store.base` is the contract."""

from __future__ import annotations

from arp_nb.store.opening import open_store

__all__ = ["open_store"]
