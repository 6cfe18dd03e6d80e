"""Numbered migrations of the store, run by `arp_nb.store.opening`."""
