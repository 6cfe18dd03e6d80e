"""Runs of a watched folder: a run is there when its first file is, and over when they rest."""

from __future__ import annotations

from arp_nb.run_sources.folder.source import FolderSource

__all__ = ["FolderSource"]
