"""``/arp/api/experiments/{exp}/definitions``; versions travel as ETags."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time, and `exp` in a dependency
from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import StrictBool

from arp_nb.errors import InvalidValue
from arp_nb.manager.autorun.autorun import Missed
from arp_nb.manager.autorun.told import diff_row
from arp_nb.model import Arguments, Definition, DefinitionDraft, Trigger
from arp_nb.rows import definition_row
from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.bodies import Body
from arp_nb.web.caller import By, Id, InExperiment, Managed

router = APIRouter(tags=["definitions"])
_ROOT = "/experiments/{exp}/definitions"
#: proxies that compress mark it as weak, or write so into it: it is the same version still
_ETAG = re.compile(r'(?:W/)?"?v?(\d{1,9})(?:-gzip)?"?')


class NewDefinition(Body):
    """A batch def to add."""

    name: str
    executable: str
    parameters: str = ""
    quoted_parameters: bool = False
    arguments: Arguments = Arguments.EXPERIMENT_RUN
    trigger: Trigger = Trigger.MANUAL
    location: str = ""
    predicate: str = ""
    run_types: str = ""
    after: str = ""
    run_param: str = ""
    run_value: str = ""
    most_at_once: int = 0
    most_per_hour: int = 0


class DefinitionChange(Body):
    """What to change of a batch def; what is not given stays."""

    name: str | None = None
    executable: str | None = None
    parameters: str | None = None
    quoted_parameters: bool | None = None
    arguments: Arguments | None = None
    trigger: Trigger | None = None
    location: str | None = None
    predicate: str | None = None
    run_types: str | None = None
    after: str | None = None
    run_param: str | None = None
    run_value: str | None = None
    most_at_once: int | None = None
    most_per_hour: int | None = None


class Consent(Body):
    """Whether a batch def may run by itself, as whoever says so."""

    on: StrictBool
    #: what becomes of what waits for the consent
    missed: Missed = "skip"
    #: of the script that was shown: another one is not consented to; null: none was shown
    script_sha256: str | None = None


class Reason(Body):
    """Why, in a person's words; it may be left empty."""

    said: str = ""


class GoOn(Body):
    """What becomes of what has waited."""

    missed: Missed


def _expected_version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidValue(
            f'If-Match must be the ETag of the definition, such as "v3", not {if_match!r}.'
        )
    return int(found[1])


def _answer(definition: Definition, status: int = 200) -> Json:
    etag = f'"v{definition.version}"'
    return Json(definition_row(definition), status, headers={"ETag": etag})


@router.get(_ROOT, response_model=answers.Definitions)
async def list_definitions(
    manager: Managed,
    experiment: InExperiment,
    deleted: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Json:
    """Batch defs of an experiment, on request with the deleted ones."""
    found = await manager.definitions.list(experiment, deleted=deleted)
    return Json({"definitions": [definition_row(one) for one in found]})


@router.post(_ROOT, status_code=201, response_model=answers.Definition)
async def add_definition(
    manager: Managed, experiment: InExperiment, by: By, body: NewDefinition
) -> Json:
    """Add a batch def."""
    draft = DefinitionDraft(**dict(body))
    return _answer(await manager.definitions.add(experiment, draft, by), 201)


@router.get(_ROOT + "/{definition_id:int}", response_model=answers.Definition)
async def get_definition(manager: Managed, experiment: InExperiment, definition_id: Id) -> Json:
    """One batch def, with its version as ETag."""
    return _answer(await manager.definitions.get(experiment, definition_id))


@router.patch(_ROOT + "/{definition_id:int}", response_model=answers.Definition)
async def change_definition(
    *,
    manager: Managed,
    experiment: InExperiment,
    definition_id: Id,
    by: By,
    body: DefinitionChange,
    if_match: Annotated[str | None, Header(description="the ETag of what was read")] = None,
) -> Json:
    """Change a batch def: a new version. With If-Match only if nobody else did meanwhile."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    changed = await manager.definitions.change(
        experiment, definition_id, changes, _expected_version(if_match), by
    )
    return _answer(changed)


@router.delete(_ROOT + "/{definition_id:int}", response_model=answers.Definition)
async def delete_definition(
    manager: Managed, experiment: InExperiment, definition_id: Id, by: By
) -> Json:
    """Delete a batch def; it can be restored, and its name is free at once."""
    return _answer(await manager.definitions.delete(experiment, definition_id, by))


@router.post(_ROOT + "/{definition_id:int}:autorun", response_model=answers.Definition)
async def set_autorun(
    *,
    manager: Managed,
    experiment: InExperiment,
    definition_id: Id,
    by: By,
    body: Consent,
    if_match: Annotated[str | None, Header(description="the ETag of what was read")] = None,
) -> Json:
    """Give or take back the consent to autorun: a new version, which tells who and when.

    One with the trigger ``MANUAL`` is from then on run at the end of each run.
    """
    return _answer(
        await manager.autorun.set_consent(
            experiment,
            definition_id,
            _expected_version(if_match),
            on=body.on,
            by=by,
            missed=body.missed,
            seen_sha256=body.script_sha256,
        )
    )


@router.get(_ROOT + "/{definition_id:int}/consent", response_model=answers.Consent)
async def compare_consent(manager: Managed, experiment: InExperiment, definition_id: Id) -> Json:
    """Tell what differs between what autorun was checked for and what there is now."""
    return Json(diff_row(await manager.autorun.consent(experiment, definition_id)))


@router.post(_ROOT + "/{definition_id:int}:pause", response_model=answers.Definition)
async def pause_definition(
    manager: Managed, experiment: InExperiment, definition_id: Id, by: By, body: Reason
) -> Json:
    """Let the autorun of a batch def wait."""
    return _answer(await manager.autorun.pause(experiment, definition_id, by, body.said))


@router.post(_ROOT + "/{definition_id:int}:resume", response_model=answers.Definition)
async def resume_definition(
    manager: Managed, experiment: InExperiment, definition_id: Id, by: By, body: GoOn
) -> Json:
    """Let the autorun of a batch def go on."""
    return _answer(await manager.autorun.unpause(experiment, definition_id, body.missed, by))


@router.post(_ROOT + "/{definition_id:int}:check", response_model=answers.Definition)
async def check_definition(manager: Managed, experiment: InExperiment, definition_id: Id) -> Json:
    """Look at the script again, now."""
    return _answer(await manager.definitions.check(experiment, definition_id))


@router.post(_ROOT + "/{definition_id:int}:restore", response_model=answers.Definition)
async def restore_definition(
    manager: Managed, experiment: InExperiment, definition_id: Id, by: By
) -> Json:
    """Undo a deletion; its autorun, if it was checked, waits for being checked again."""
    return _answer(await manager.definitions.restore(experiment, definition_id, by))
