"""Settings of the interpreter for a process that must answer each of many posts soon."""

from __future__ import annotations

import gc
import sys

#: the store's thread and the loop share the interpreter; the default, 5 ms, is as long as
#: a dozen posts take
_SWITCH_S = 0.0005


def keep_steady() -> None:
    """Let threads take turns sooner, and spare the garbage collector what never becomes any.

    To be called once all is imported: those objects, some hundred thousand, would be looked
    at again in each full collection, which then stops everything for a tenth of a second.
    """
    sys.setswitchinterval(_SWITCH_S)
    gc.collect()
    gc.freeze()
