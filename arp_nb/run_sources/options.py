"""Options of a source as a record, checked when the manager starts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

from arp_nb.errors import InvalidValue
from arp_nb.settings import read_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.settings import SourceSettings

T = TypeVar("T")


def where(settings: SourceSettings) -> str:
    """Return how an error calls the table."""
    return f"[run_source.{settings.name}]"


def read(kind: type[T], settings: SourceSettings, given: Mapping[str, Any] | None = None) -> T:
    """Make the record of a source's options.

    Parameters
    ----------
    kind
        A dataclass whose fields all have defaults.
    given
        The options, where they are not quite those of the table.

    Raises
    ------
    InvalidValue
        An option that the record does not have, or of another type.
    """
    made: Any = read_table(kind, settings.options if given is None else given, where(settings))
    assert isinstance(made, kind)
    return made


def check_between(
    settings: SourceSettings, name: str, value: float, least: float, most: float
) -> None:
    """Refuse a number outside of its bounds. `InvalidValue`."""
    if not (math.isfinite(value) and least <= value <= most):
        raise InvalidValue(
            f"{where(settings)}: {name} must be {least:g} to {most:g}, got {value:g}"
        )


def check_choice(settings: SourceSettings, name: str, value: str, *choices: str) -> None:
    """Refuse a text that is none of several. `InvalidValue`."""
    if value not in choices:
        said = ", ".join(choices)
        raise InvalidValue(f"{where(settings)}: {name} must be one of {said}; got {value!r}")
