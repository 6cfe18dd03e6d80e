"""The consent to autorun, a look at the script on request, and what a conflict tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from arp_nb.errors import ClientAbsent, Conflict, EditConflict, NotFound
from arp_nb.model import ScriptCheck, Trigger
from arp_nb.rows import definition_row
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def box(play: Play, version: int | None, *, on: bool, by: str = "robin") -> object:
    play.tick()
    return await play.manager.definitions.set_autorun(
        play.experiment, play.definition.id, version, on=on, by=by
    )


async def current(play: Play) -> object:
    return await play.manager.definitions.get(play.experiment, play.definition.id)


async def test_a_consent_tells_who_and_when_and_is_a_version(play: Play) -> None:
    await box(play, 1, on=True)
    saved = await play.manager.definitions.get(play.experiment, play.definition.id)
    assert (saved.version, saved.changed_by, saved.changed_at) == (2, "robin", play.now)
    assert (saved.autorun, saved.autorun_by, saved.autorun_at) == (True, "robin", play.now)
    assert saved.draft.trigger is Trigger.END_OF_RUN
    assert saved.check == play.client.found
    assert (saved.consent_version, saved.consent_sha256) == (2, play.client.found.sha256)
    first = await play.manager.definitions.get(play.experiment, saved.id, version=1)
    assert (first.autorun, first.draft.trigger) == (False, Trigger.MANUAL)


async def test_a_consent_taken_back_leaves_the_trigger(play: Play) -> None:
    await box(play, 1, on=True)
    await box(play, 2, on=False, by="dana")
    saved = await play.manager.definitions.get(play.experiment, play.definition.id)
    assert (saved.version, saved.changed_by) == (3, "dana")
    assert (saved.autorun, saved.autorun_by, saved.autorun_at) == (False, None, None)
    assert saved.draft.trigger is Trigger.END_OF_RUN


async def test_another_trigger_stays_as_it_is(play: Play) -> None:
    changes = {"trigger": "START_OF_RUN"}
    await play.manager.definitions.change(
        play.experiment, play.definition.id, changes, None, "dana"
    )
    await box(play, None, on=True)
    saved = await play.manager.definitions.get(play.experiment, play.definition.id)
    assert (saved.autorun, saved.draft.trigger) == (True, Trigger.START_OF_RUN)


@pytest.mark.parametrize("version", [None, 2])
async def test_what_is_so_already_keeps_who_consented_first(
    play: Play, version: int | None
) -> None:
    first = await box(play, 1, on=True)
    assert await box(play, version, on=True, by="dana") == first
    assert await current(play) == first


async def test_an_edit_keeps_the_consent(play: Play) -> None:
    await box(play, 1, on=True)
    given_at = play.now
    play.tick()
    edited = await play.manager.definitions.change(
        play.experiment, play.definition.id, {"parameters": "x"}, 2, "dana"
    )
    assert (edited.autorun, edited.autorun_by, edited.autorun_at) == (True, "robin", given_at)
    assert edited.changed_at == given_at + timedelta(seconds=1)


async def test_a_consent_to_an_older_version_is_a_conflict_that_tells_the_newer(
    play: Play,
) -> None:
    definitions = play.manager.definitions
    newer = await definitions.change(
        play.experiment, play.definition.id, {"parameters": "x"}, 1, "dana"
    )
    with pytest.raises(EditConflict) as caught:
        await box(play, 1, on=True)
    assert caught.value.theirs == definition_row(newer)
    with pytest.raises(EditConflict) as caught:
        await definitions.change(
            play.experiment, play.definition.id, {"parameters": "y"}, 1, "robin"
        )
    assert caught.value.theirs == definition_row(newer)
    assert await current(play) == newer


async def test_a_deleted_or_foreign_definition_takes_no_consent(play: Play) -> None:
    other = await play.manager.experiments.create("other")
    with pytest.raises(NotFound):
        await play.manager.definitions.set_autorun(
            other, play.definition.id, None, on=True, by="dana"
        )
    await play.manager.definitions.delete(play.experiment, play.definition.id, "dana")
    with pytest.raises(Conflict, match="was deleted"):
        await box(play, None, on=True)


async def test_a_script_that_cannot_be_read_takes_no_consent(play: Play) -> None:
    play.client.found = ScriptCheck(problem="ok", sha256=None, checked_at=play.now)
    play.client.unreadable = "No such file on here."
    with pytest.raises(Conflict, match="cannot be read: No such file"):
        await box(play, 1, on=True)
    play.manager.attach(None)
    with pytest.raises(ClientAbsent):
        await box(play, 1, on=True)
    assert await current(play) == play.definition


async def test_status_says_that_autorun_acts_and_while_what(play: Play) -> None:
    said = await play.manager.feed.status()
    assert said["autorun_acts"] is True
    assert said["autorun"]["cannot"] == []
    assert "while here is awake" in said["autorun"]["caveats"][0]


async def test_a_script_is_looked_at_again_on_request(play: Play) -> None:
    play.client.found = ScriptCheck(problem="is not a file", checked_at=play.now)
    checked = await play.manager.definitions.check(play.experiment, play.definition.id)
    assert checked.check == play.client.found
    assert checked.version == play.definition.version
    assert checked.revision > play.definition.revision


async def test_a_look_that_nobody_can_take_leaves_what_was_found(play: Play) -> None:
    play.manager.attach(None)
    with pytest.raises(ClientAbsent):
        await play.manager.definitions.check(play.experiment, play.definition.id)
    assert await current(play) == play.definition
