"""Batch defs: saved once per experiment, versioned, deleted softly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from arp_nb.errors import Conflict, EditConflict, NotFound
from arp_nb.manager.autorun import consents
from arp_nb.manager.drafts import changed, checked
from arp_nb.model import Trigger
from arp_nb.rows import definition_row
from arp_nb.store.deciding import Pause

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from arp_nb.manager.seat import Seat
    from arp_nb.model import Definition, DefinitionDraft, Experiment, ScriptCheck
    from arp_nb.store.base import Store
    from arp_nb.store.deciding import Consent

#: others may save between reading and saving so often
_MOST_TRIES = 5


class Definitions:
    """List, add, change, delete and restore definitions."""

    def __init__(self, store: Store, seat: Seat, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._seat = seat
        self._clock = clock

    async def list(
        self,
        experiment: Experiment,
        deleted: bool = False,  # noqa: FBT001, FBT002 - as in the address
    ) -> Sequence[Definition]:
        """All current versions; with ``deleted`` also the deleted ones."""
        return await self._store.definitions(experiment.id, deleted=deleted)

    async def get(
        self, experiment: Experiment, definition_id: int, version: int | None = None
    ) -> Definition:
        """One definition of an experiment, deleted or not. `NotFound`."""
        found = await self._store.definition(definition_id, version)
        if found.experiment_id != experiment.id:
            raise NotFound(f"{experiment.name} has no batch def {definition_id}.")
        return found

    async def named(self, experiment: Experiment, name: str) -> Definition:
        """Find a definition that is not deleted by its hash. `NotFound` names what there is."""
        definitions = await self._store.definitions(experiment.id)
        for one in definitions:
            if one.name == name:
                return one
        names = ", ".join(sorted(one.name for one in definitions)[:10])
        there = f"There are: {names}." if names else "It has none yet."
        raise NotFound(f"{experiment.name} has no batch def {name[:80]!r}. {there}")

    async def add(self, experiment: Experiment, draft: DefinitionDraft, by: str) -> Definition:
        """Save a new definition.

        Raises
        ------
        InvalidValue
            A field can never be accepted.
        Conflict
            The name is taken.
        """
        draft = checked(draft)
        await self._check_free(experiment, draft.name, None)
        await self._seat.check_location(draft.location)
        check = await self._seat.check(draft.executable)
        return await self._store.add_definition(experiment.id, draft, check, by, self._clock())

    async def change(
        self,
        experiment: Experiment,
        definition_id: int,
        changes: Mapping[str, Any],
        expected_version: int | None,
        by: str,
    ) -> Definition:
        """Save the next version. Jobs that were made of earlier ones stay as they are.

        Without ``expected_version``, what others save at the same time stays, too, but where
        it is the same field.

        Raises
        ------
        EditConflict
            Somebody else changed it since ``expected_version``.
        """
        for _ in range(_MOST_TRIES):
            old = await self.get(experiment, definition_id)
            try:
                return await self._change(experiment, old, changes, expected_version, by)
            except EditConflict:
                if expected_version is not None:
                    raise
        return await self._change(
            experiment, await self.get(experiment, definition_id), changes, None, by
        )

    async def _change(
        self,
        experiment: Experiment,
        old: Definition,
        changes: Mapping[str, Any],
        expected_version: int | None,
        by: str,
    ) -> Definition:
        """Save what was changed of what was read: whether consent holds hangs on both."""
        draft = changed(old.draft, changes)
        lapsed = consents.lapsed(old, draft, by, self._clock())
        consent = None
        if lapsed is None:  # also where somebody else changes what consent is not given to
            consent = await consents.renewed(self._store, self._seat, old, draft)
        await self._check_free(experiment, draft.name, old.id)
        if draft.location != old.draft.location:
            await self._seat.check_location(draft.location)
        check = await self._seat.check(draft.executable)
        expected = old.version if expected_version is None else expected_version
        return await self._save(old, draft, check, expected, by, consent=consent, pause=lapsed)

    async def set_autorun(
        self,
        experiment: Experiment,
        definition_id: int,
        expected_version: int | None,
        *,
        on: bool,
        by: str,
        seen_sha256: str | None = None,
    ) -> Definition:
        """Give or take back the consent to autorun; the next version keeps who did, and when.

        It is given to the definition and to the script as they are now. One that is only run
        by hand is from then on run at the end of each run. What is so already stays as it is,
        with whoever consented first; where autorun is paused, it is given anew.

        Raises
        ------
        EditConflict
            Somebody else changed it since ``expected_version``.
        ClientAbsent
            Nobody can read the script now.
        Conflict
            The script cannot be read, or is not the one of ``seen_sha256``.
        """
        old = await self.get(experiment, definition_id)
        draft = old.draft
        if on and draft.trigger is Trigger.MANUAL:
            draft = replace(draft, trigger=Trigger.END_OF_RUN)
        same = (old.autorun, old.draft) == (on, draft) and not old.paused_why
        # another script was shown, and nobody has noticed yet that it is another
        same = same and seen_sha256 in {None, old.consent_sha256}
        if expected_version in {None, old.version} and same:
            return old
        if expected_version is None:
            expected_version = old.version  # the consent is to what was just read
        consent = await consents.read(self._seat, draft.executable, seen_sha256) if on else None
        check = old.check
        if on:
            check = await self._seat.check(draft.executable)
        return await self._save(
            old, draft, check, expected_version, by, autorun=on, consent=consent
        )

    async def check(self, experiment: Experiment, definition_id: int) -> Definition:
        """Look at the script again, now. `ClientAbsent` while nobody can."""
        old = await self.get(experiment, definition_id)
        await self._seat.client()
        found = await self._seat.check(old.draft.executable)
        await self._store.set_check(definition_id, old.version, found, by_hand=True)
        return await self.get(experiment, definition_id)

    async def _save(
        self,
        old: Definition,
        draft: DefinitionDraft,
        check: ScriptCheck,
        expected_version: int | None,
        by: str,
        *,
        autorun: bool | None = None,
        consent: Consent | None = None,
        pause: Pause | None = None,
    ) -> Definition:
        try:
            return await self._store.change_definition(
                old.id,
                draft,
                check,
                expected_version,
                by,
                self._clock(),
                autorun=autorun,
                consent=consent,
                pause=pause,
            )
        except EditConflict as error:
            theirs = definition_row(await self._store.definition(old.id))
            raise EditConflict(str(error), theirs=theirs) from error

    async def delete(self, experiment: Experiment, definition_id: int, by: str) -> Definition:
        """Delete softly; the name is free at once, and jobs stay."""
        await self.get(experiment, definition_id)
        return await self._store.delete_definition(definition_id, by, self._clock())

    async def restore(self, experiment: Experiment, definition_id: int, by: str) -> Definition:
        """Undo a deletion. `Conflict` if the name has been taken meanwhile.

        Who deleted it wanted it to stop: by itself it starts only once that is checked again.
        """
        old = await self.get(experiment, definition_id)
        if old.deleted_at is not None:
            await self._check_free(experiment, old.name, definition_id)
            if old.autorun:  # before it is there again, so that nothing starts in between
                said = f"{old.deleted_by or 'Somebody'} deleted it, and {by} restored it."
                pause = Pause(why="edit", by=by, at=self._clock(), said=said)
                await self._store.pause(definition_id, pause)
        return await self._store.restore_definition(definition_id)

    async def check_unchecked(self) -> None:
        """Look at the scripts that were saved while no batch client was there."""
        for experiment in await self._store.experiments():
            for one in await self._store.definitions(experiment.id):
                if one.check.checked_at is None:
                    check = await self._seat.check(one.draft.executable)
                    await self._store.set_check(one.id, one.version, check)

    async def _check_free(self, experiment: Experiment, name: str, own_id: int | None) -> None:
        for one in await self._store.definitions(experiment.id):
            if one.name == name and one.id != own_id:
                raise Conflict(f"Is taken by definition {one.id}. Choose another hash.")
