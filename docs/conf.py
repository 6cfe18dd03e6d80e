"""How the documentation is built: ``make docs``. Warnings are errors."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from arp_nb import __version__

project = "arp-nb"
author = "the ARP-NB authors"
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docs.generated",
    "docs.offline",
]
exclude_patterns = ["_build", "_parts"]
# in docstrings, `name` is code
default_role = "code"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = "arp-nb"
html_copy_source = False
html_show_sphinx = False
