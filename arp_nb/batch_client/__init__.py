"""The batch client: everything that is done as the user. It knows the manager by its port."""

from __future__ import annotations

from arp_nb.batch_client.client import BatchClient

__all__ = ["BatchClient"]
