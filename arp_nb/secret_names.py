"""Which variables hold secrets, as far as their names tell."""

from __future__ import annotations

import re

#: what stands in place of a value that is never shown
HIDDEN = "(not shown)"
_SECRET = re.compile(
    r"token|secret|passw|passphrase|_pwd\Z|credential|api_?key|access_?key|private|auth|cookie"
    r"|signature",
    re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Whether a variable of this name is taken to hold a secret."""
    return _SECRET.search(name) is not None
