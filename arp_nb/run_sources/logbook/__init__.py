"""Runs of an electronic logbook, as LCLS has it: asked over HTTP, again and again."""

from __future__ import annotations

from arp_nb.run_sources.logbook.source import LogbookSource

__all__ = ["LogbookSource"]
