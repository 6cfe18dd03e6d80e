"""``board.definitions``: what can be applied to runs."""

from __future__ import annotations

import contextlib
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal

from arp_nb import errors
from arp_nb.client import edits, markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arp_nb.client.autorun_words import Consent
    from arp_nb.client.live import Live
    from arp_nb.client.tables import Row
    from arp_nb.client.transport import Transport


class Definition:
    """One version of a batch def, as it is stored.

    Attributes
    ----------
    id, name, version, executable, parameters
        What it is.
    problem
        "ok", "not checked", or what is wrong with the executable, in words.
    warnings
        What is doubtful about it.
    notes
        Why its box, which was just checked, starts nothing for now.
    """

    def __init__(self, row: Row, notes: Sequence[str] = ()) -> None:
        self.row = row
        self.notes = list(notes)
        self.id = int(row["id"])
        self.name = str(row["name"])
        self.version = int(row["version"])
        self.executable = str(row["executable"])
        self.parameters = str(row["parameters"])
        self.problem = str(row["check"]["problem"])
        self.warnings = list(row["check"]["warnings"])

    @property
    def when(self) -> str:
        """When it runs by itself once its box is checked, as "END_OF_RUN if beam > 0.5"."""
        row = self.row
        if row["trigger"] == "MANUAL":
            return ""
        predicate, types = row["predicate"], row["run_types"]
        limits = {"most_at_once": "at once", "most_per_hour": "an hour"}
        return "; ".join(
            [
                f"{occasion(row)} if {predicate}" if predicate else occasion(row),
                *([f"on runs of type {types}"] if types else []),
                *(f"at most {row[name]:,} {words}" for name, words in limits.items() if row[name]),
            ]
        )

    @property
    def autorun(self) -> str:
        """As whom it runs by itself, and why that is paused; empty if its box is not checked."""
        row = self.row
        if not row["autorun"]:
            return ""
        acts = f"as {row['autorun_by']}"
        if not row["paused_why"]:
            return acts
        # what somebody changed says by itself who it was
        whom = f" by {row['paused_by']}" if row["paused_why"] == "user" else ""
        said = f": {row['paused_said']}" if row["paused_said"] else ""
        return f"{acts}; paused{whom}{said}"

    def __repr__(self) -> str:
        text = f"{self.name} (version {self.version}): {self.executable} {self.parameters}"
        doubts = [*([self.problem] if self.problem != "ok" else []), *self.warnings]
        when = [f"when: {self.when}"] if self.when else []
        acts = [f"autorun: {self.autorun}"] if self.autorun else []
        notes = [f"note: {one}" for one in self.notes]
        return markup.plain("\n  ".join([text.rstrip(), *when, *acts, *doubts, *notes]))

    def _repr_html_(self) -> str:
        return _table([self.row]) + markup.notes_html(self.notes)


class Definitions:
    """The batch defs of a board.

    Examples
    --------
    >>> board.definitions.add("smalldata", executable="/…/submit.sh")  # doctest: +SKIP
    >>> board.definitions.update("smalldata", parameters="--fast")  # doctest: +SKIP
    >>> board.definitions.autorun("smalldata", True)  # doctest: +SKIP
    """

    def __init__(self, transport: Transport, live: Live, root: str) -> None:
        self._transport = transport
        self._live = live
        self._root = f"{root}/definitions"
        self._standing = f"{root}/autorun"
        #: rows that a DataFrame was made of: what an edit started from
        self._handed_out: dict[tuple[int, int], Row] = {}

    def add(
        self,
        name: str,
        executable: str | PathLike[str],
        parameters: str = "",
        **more: Any,
    ) -> Definition:
        """Add a batch def.

        Parameters
        ----------
        name
            How people will call it: its hash.
        executable
            Absolute path of the script that submits the job.
        parameters
            Passed to it after experiment and run, separated by spaces.
        more
            ``arguments="parameters only"``, ``quoted_parameters=True``, ``location="local"``;
            and what autorun goes by: ``trigger="END_OF_RUN"``, ``predicate="beam > 0.5"``,
            ``run_types="DATA, DARK"``, ``after="smalldata"`` (of the trigger ``AFTER``),
            ``run_param="beam"`` and ``run_value="on"`` (of ``RUN_PARAM_IS_VALUE``),
            ``most_at_once=5``, ``most_per_hour=60`` (0: any number).

        Raises
        ------
        Conflict
            The name is taken.
        InvalidValue
            A value can never work, and why.
        """
        body = {"name": name, "executable": fspath(executable), "parameters": parameters, **more}
        return self._learn(self._transport.call("POST", self._root, body))

    def update(self, name: str | int, **changes: Any) -> Definition:
        """Change a batch def, as ``update("smalldata", parameters="--fast")``.

        Jobs that were already made keep what they were made of.

        Raises
        ------
        EditConflict
            Somebody else changed it meanwhile.
        InvalidValue
            Nothing is to be changed, or a value can never work.
        """
        if not changes:
            raise errors.InvalidValue("Nothing to change: give parameters=…, executable=…, name=…")
        row = self._find(name)
        return self._change(row["id"], row["version"], changes)

    def autorun(
        self,
        name: str | int,
        on: bool,  # noqa: FBT001 - the box's state
        *,
        missed: Literal["run", "skip"] = "skip",
        seen: Consent | str | None = None,
    ) -> Definition:
        """Check or clear the box "Autorun": your consent that it runs on new data, as you.

        From then on it starts a job for each run whose trigger comes; one that was only run by
        hand does so at the end of each run. The consent is to what stands there now: when
        somebody else edits it, or its script changes, autorun waits until the box is checked
        again. `board.autorun.consent` shows what changed since.

        Parameters
        ----------
        name
            The batch def.
        on
            Whether the box is checked.
        missed
            What becomes of the runs that waited for this consent: ``"run"`` or ``"skip"``.
        seen
            What you have looked at: `board.autorun.consent` returns it. By default what there
            is by now, whatever that is.

        Returns
        -------
        Definition
            Its ``notes`` say why nothing starts for now, where that is so.

        Raises
        ------
        EditConflict
            Somebody else changed it meanwhile.
        Conflict
            So was its script, or that cannot be read.
        """
        row = self._find(name)
        version, script = _seen(seen) if seen is not None else (row["version"], "")
        body: dict[str, Any] = {"on": bool(on), **({"missed": missed} if on else {})}
        if on and script:
            body["script_sha256"] = script
        path, headers = f"{self._root}/{row['id']}:autorun", {"If-Match": f'"{version}"'}
        made = self._learn(self._transport.call("POST", path, body, headers=headers))
        return Definition(made.row, self._hindrances(made.id)) if on else made

    def _hindrances(self, number: int) -> list[str]:
        """Return why a checked box starts nothing for now, in words."""
        # the box is checked: that this could not be asked must not look as if it were not
        with contextlib.suppress(errors.ArpError):
            now = self._transport.call("GET", self._standing)
            problems = [one["problem"] for one in now["definitions"] if one["id"] == number]
            return [str(one) for one in (*problems, *now["cannot"]) if one]
        return []

    def pause(self, name: str | int, said: str = "") -> Definition:
        """Let autorun wait with a batch def; ``said`` is why, for everybody to read."""
        return self._act(name, "pause", {"said": said})

    def unpause(self, name: str | int, *, missed: Literal["run", "skip"] = "skip") -> Definition:
        """Undo `pause`; the runs that waited are ``"run"`` or ``"skip"``.

        What waits for a consent goes on only when the box is checked again.
        """
        return self._act(name, "resume", {"missed": missed})

    def _act(self, name: str | int, what: str, body: dict[str, Any]) -> Definition:
        path = f"{self._root}/{self.id_of(name)}:{what}"
        return self._learn(self._transport.call("POST", path, body, repeatable=True))

    def id_of(self, name: str | int) -> int:
        """Return the id of a batch def. `NotFound` names those that there are."""
        return int(self._find(name)["id"])

    def remove(self, name: str | int) -> None:
        """Delete a batch def; its name is free at once. `restore` undoes it."""
        row = self._find(name)
        self._transport.call("DELETE", f"{self._root}/{row['id']}")
        self._live.forget("definitions", [row["id"]])

    def restore(self, name: str | int) -> Definition:
        """Undo `remove`: of the name's latest deleted batch def, or of an id."""
        answer = self._transport.call("GET", self._root, params={"deleted": "true"})
        deleted = [row for row in answer["definitions"] if row["deleted_at"] is not None]
        match = [row for row in deleted if name in {row["name"], row["id"]}]
        if not match:
            names = ", ".join(sorted({row["name"] for row in deleted})) or "none"
            raise errors.NotFound(f"No deleted batch def {name!r}; deleted are: {names}.")
        latest = max(match, key=lambda row: row["deleted_at"])
        path = f"{self._root}/{latest['id']}:restore"
        return self._learn(self._transport.call("POST", path, repeatable=True))

    @property
    def df(self) -> Any:
        """A DataFrame of all batch defs; `save` takes it back with your changes."""
        from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

        now = self._live.snapshot()
        self._handed_out.update(
            ((row["id"], row["version"]), row) for row in now.definitions.values()
        )
        return frames.definitions(now.definitions.values(), now)

    def save(self, df: Any, *, dry_run: bool = False) -> edits.Saved:
        """Save an edited `df`: changed rows are changed, rows without an id are added.

        Rows that are missing in ``df`` are left alone, so a part of it may be saved. What
        somebody else changed meanwhile is not overwritten, but reported as a conflict.

        Returns
        -------
        Saved
            The difference, row by row, with what became of it; a notebook shows it.
        """
        answer = self._transport.call("GET", self._root)
        current = {row["id"]: row for row in answer["definitions"]}
        plan = edits.difference(df, current, self._handed_out)
        if not dry_run:
            for edit in plan:
                self._carry_out(edit)
        return edits.Saved(plan, dry_run=dry_run)

    def _carry_out(self, edit: edits.Edit) -> None:
        if edit.problem:
            return
        try:
            if edit.id is None:
                made = self._learn(self._transport.call("POST", self._root, edit.values))
            else:
                made = self._change(edit.id, edit.version, edit.values)
        except (errors.Conflict, errors.InvalidValue, errors.NotFound) as error:
            edit.problem = str(error)
        else:
            edit.result = f"saved as version {made.version}"

    def _change(self, definition_id: int, version: int, changes: dict[str, Any]) -> Definition:
        return self._learn(
            self._transport.call(
                "PATCH",
                f"{self._root}/{definition_id}",
                changes,
                headers={"If-Match": f'"{version}"'},
            )
        )

    def _learn(self, row: Row) -> Definition:
        self._live.learn("definitions", [row])
        return Definition(row)

    def _find(self, name: str | int) -> Row:
        rows: list[Row] = self._transport.call("GET", self._root)["definitions"]
        for row in rows:
            if name in {row["name"], row["id"]}:
                return row
        names = ", ".join(sorted(row["name"] for row in rows)) or "none yet"
        raise errors.NotFound(f"There is no batch def {name!r}; there are: {names}.")

    def __getitem__(self, name: str | int) -> Definition:
        return Definition(self._find(name))

    def __iter__(self) -> Iterator[Definition]:
        rows = self._live.snapshot().definitions.values()
        return iter([Definition(row) for row in sorted(rows, key=lambda row: row["id"])])

    def __len__(self) -> int:
        return len(self._live.snapshot().definitions)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "no batch defs yet"

    def _repr_html_(self) -> str:
        self._live.start()
        now = self._live.peek()
        return markup.freshness(now) + _table(list(now.definitions.values()))


def occasion(row: Mapping[str, Any]) -> str:
    """Return when a batch def runs by itself, as ``"AFTER peaks"``."""
    match row["trigger"]:
        case "AFTER":
            return f"AFTER {row['after'] or '(no batch def is named)'}"
        case "RUN_PARAM_IS_VALUE":
            return f"{row['run_param'] or '(no parameter is named)'} = {row['run_value']}"
        case trigger:
            return str(trigger)


def _seen(given: Consent | str) -> tuple[str, str]:
    """Return the version and the script's digest of what was looked at."""
    text = given if isinstance(given, str) else given.seen
    version, _, script = text.partition(":")
    if not version.isdecimal():
        raise errors.InvalidValue(f"{text[:80]!r} is not what `consent` shows: VERSION:DIGEST.")
    return version, script


def _table(rows: list[Row]) -> str:
    if not rows:
        return "<p>No batch defs yet: <code>board.definitions.add(…)</code></p>"
    titles = ("id", "hash", "when", "autorun", "check", "executable", "parameters", "version")
    return markup.table(
        titles,
        (
            (
                markup.escape(row["id"]),
                f"<b>{markup.escape(row['name'])}</b>",
                markup.escape(Definition(row).when),
                markup.escape(Definition(row).autorun),
                markup.escape("; ".join([row["check"]["problem"], *row["check"]["warnings"]])),
                f"<code>{markup.escape(row['executable'])}</code>",
                markup.escape(row["parameters"]),
                markup.escape(row["version"]),
            )
            for row in sorted(rows, key=lambda row: row["id"])
        ),
    )
