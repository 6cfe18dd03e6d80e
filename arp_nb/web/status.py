"""``/arp/api/status`` and the description of the API itself."""

# ruff: noqa: TC001 - FastAPI reads annotations at run time
from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.caller import Managed

router = APIRouter(tags=["status"])


@router.get("/status", response_model=answers.Status)
async def status(request: Request, manager: Managed) -> Json:
    """Who serves whom, how up to date it is, and what a user should know."""
    said = await manager.feed.status()
    notices = [*said.get("notices", ()), *request.app.state.notices()]
    return Json({**said, "notices": notices})


@router.get("/advice", response_model=answers.Advised)
async def advice(manager: Managed) -> Json:
    """Tell what the admin of each location should know: its site is looked at now."""
    found = await manager.advice()
    return Json({name: [asdict(one) for one in said] for name, said in found.items()})


@router.get("/openapi.json", response_model=dict[str, Any])
async def openapi(request: Request) -> Json:
    """Describe every address, request and answer."""
    return Json(request.app.openapi())
