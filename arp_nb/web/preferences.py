"""``/arp/api/preferences/{name}``: what the pages of this user remember."""

# ruff: noqa: TC001 - FastAPI reads annotations at run time
from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.bodies import Body
from arp_nb.web.caller import By, Managed

router = APIRouter(tags=["preferences"])


class Preference(Body):
    """A value to remember; null forgets it."""

    value: Any


@router.get("/preferences/{name}", response_model=answers.Preference)
async def get_preference(manager: Managed, by: By, name: str) -> Json:
    """Return what this user's pages keep under a name; null if nothing."""
    return Json({"value": await manager.preferences.get(by, name)})


@router.put("/preferences/{name}", response_model=answers.Preference)
async def put_preference(manager: Managed, by: By, name: str, body: Preference) -> Json:
    """Keep JSON of up to 16 kB under a name, wherever this user logs in; null drops it."""
    await manager.preferences.put(by, name, body.value)
    return Json({"value": body.value})
