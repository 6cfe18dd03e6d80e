"""Notebooks of one cell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, source: str) -> None:
    """Write a notebook with one code cell for the kernel ``python3``."""
    cell: dict[str, object] = {
        "cell_type": "code", "id": "only", "execution_count": None,
        "metadata": {}, "outputs": [], "source": source,
    }  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": [cell],
    }  # fmt: skip
    path.write_text(json.dumps(made), "utf-8")
