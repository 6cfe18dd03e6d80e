"""What a job's script is called with: its arguments, and its variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arp_nb.manager.capabilities import PATH
from arp_nb.manager.drafts import words
from arp_nb.model import Arguments
from arp_nb.secret_names import HIDDEN, is_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.model import DefinitionDraft

_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")


def argv_of(draft: DefinitionDraft, experiment: str, run: int, parameters: str) -> tuple[str, ...]:
    """Return the whole argument list of one job."""
    given = words(parameters, quoted=draft.quoted_parameters)
    if draft.arguments is Arguments.PARAMETERS_ONLY:
        return (draft.executable, *given)
    return (draft.executable, experiment, str(run), *given)


def update_url(base: str, token: str) -> str:
    """Return a job's update address; the double slash is what scripts have always seen."""
    return f"{base.rstrip('/')}{PATH}{token}"


def variables(
    experiment: str, run: int, *, job: str, location: str, url: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """Return what a job's script finds beside the login environment.

    Two names for the update address, and the root job's id, are there for scripts that were
    written for other run processors.
    """
    return {
        **extra,
        "BATCH_UPDATE_URL": url,
        "JID_UPDATE_COUNTERS": url,
        "ARP_UPDATE_COUNTERS": url,
        "EXPERIMENT": experiment,
        "RUN_NUM": str(run),
        "ARP_JOB_ID": job,
        "ARP_ROOT_JOB_ID": job,
        "ARP_LOCATION": location,
    }


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment as it may be shown: secrets and passwords in addresses hidden."""
    return {
        name: HIDDEN if value and is_secret(name) else _USER_INFO.sub(f"{HIDDEN}@", value)
        for name, value in sorted(environment.items())
    }
