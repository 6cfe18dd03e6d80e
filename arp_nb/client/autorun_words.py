"""How autorun stands, in words: its switch, its batch defs, its run sources, and consents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb.client import markup
from arp_nb.client.tables import stop_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: characters of how a run source is that its row in a notebook has; the rest stands below
_IN_A_ROW = 120


class Switch:
    """Whether all autorun is stopped, and how many lines of the ledger wait.

    Attributes
    ----------
    stopped
        Who stopped it: ``by``, ``at``, ``said``; or None.
    waiting
        How many lines wait, for whatever, in all experiments.
    held
        How many jobs autorun has made that are not submitted for now, in all experiments.
    skipped
        How many lines were skipped, in all experiments, as autorun went on.
    withdrawn
        … and how many jobs that were held.
    """

    def __init__(self, answer: Mapping[str, Any], skipped: int = 0, withdrawn: int = 0) -> None:
        self.stopped: dict[str, Any] | None = answer["stopped"]
        self.waiting = int(answer["waiting"])
        self.held = int(answer["held"])
        self.skipped = skipped
        self.withdrawn = withdrawn

    def __repr__(self) -> str:
        said = f"{stop_words(self.stopped) or 'Autorun acts'}."
        if self.skipped:
            which = _number(self.skipped, "line")
            said += f" {which} of the ledger that waited, in all experiments: skipped."
        if self.withdrawn:
            said += f" {_number(self.withdrawn, 'job')} that had not been submitted: withdrawn."
        return markup.plain(" ".join([said, *_waiting(self.waiting, self.held)]))

    def _repr_html_(self) -> str:
        return f"<p>{markup.escape(repr(self), 2000)}</p>"


class Status:
    """How autorun of an experiment stands.

    Attributes
    ----------
    acts
        Whether it can act now.
    cannot
        Why not, in words.
    caveats
        What it does not promise here.
    stopped
        Who stopped all of it: ``by``, ``at``, ``said``; or None.
    sources
        Where runs come from, and which of them are down.
    definitions
        What it does with each batch def.
    waiting
        How many entries of the ledger wait.
    held
        How many jobs autorun has made that are not submitted for now.
    """

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.acts = bool(answer["acts"])
        self.cannot = [str(one) for one in answer["cannot"]]
        self.caveats = caveats(answer)
        self.stopped: dict[str, Any] | None = answer["stopped"]
        self.sources: list[dict[str, Any]] = list(answer["sources"])
        self.definitions: list[dict[str, Any]] = list(answer["definitions"])
        self.waiting = int(answer["waiting"])
        self.held = int(answer["held"])

    def _lines(self) -> Iterator[str]:
        yield "Autorun acts." if self.acts else "Autorun does not act."
        yield from self.cannot
        yield from _waiting(self.waiting, self.held)

    def __repr__(self) -> str:
        return "\n".join(
            map(
                markup.plain,
                [
                    *self._lines(),
                    *(
                        f"{one['name']}: {one['trigger']}, {definition_words(one)}"
                        for one in self.definitions
                    ),
                    *(f"run source {one['name']}: {source_words(one)}" for one in self.sources),
                    *self.caveats,
                ],
            )
        )

    def _repr_html_(self) -> str:
        defs = markup.table(
            ("hash", "trigger", "autorun"),
            (
                (
                    f"<b>{markup.escape(one['name'])}</b>",
                    markup.escape(one["trigger"]),
                    markup.escape(definition_words(one)),
                )
                for one in self.definitions
            ),
        )
        sources = markup.table(
            ("run source", "kind", "how it is"),
            (
                (
                    markup.escape(one["name"]),
                    markup.escape(one["kind"]),
                    markup.escape(source_words(one), _IN_A_ROW),
                )
                for one in self.sources
            ),
        )
        whole = source_notes(self.sources, _IN_A_ROW)
        paragraphs = "".join(f"<p>{markup.escape(one)}</p>" for one in self._lines())
        said = "".join(f"<p>{markup.escape(one, 100_000)}</p>" for one in whole)
        notes = "".join(f"<p><i>{markup.escape(one)}</i></p>" for one in self.caveats)
        return (
            paragraphs
            + (defs if self.definitions else "<p>No batch defs yet.</p>")
            + (sources if self.sources else "")
            + said
            + notes
        )


class Consent:
    """Who consented to the autorun of a batch def, and what changed since.

    Attributes
    ----------
    changes
        Fields that are other than what was consented to: ``field``, ``was``, ``now``.
    script_diff
        How the script differs from what was consented to; empty if it does not.
    script_missing
        Why that cannot be said, if it cannot.
    seen
        What this shows, as ``VERSION:DIGEST`` of batch def and script: `Definitions.autorun`
        consents to that and to nothing else.
    """

    def __init__(self, name: str, answer: Mapping[str, Any]) -> None:
        self.name = name
        self.row = dict(answer)
        self.seen = f"{answer['now_version']}:{answer['script_sha256'] or ''}"
        self.changes: list[dict[str, Any]] = list(answer["changes"])
        self.script_diff = str(answer["script_diff"])
        self.script_missing = str(answer["script_missing"])

    @property
    def is_same(self) -> bool:
        """Whether all is as it was consented to."""
        return not (self.changes or self.script_diff or self.script_missing)

    @property
    def said(self) -> str:
        """Who consented to which version and when, and whether autorun waits, in words."""
        row = self.row
        if not row["autorun"]:
            return f"Nobody has checked the box of {self.name}."
        at = (row["at"] or "")[:16].replace("T", " ")
        text = f"{row['by']} consented to version {row['version']} of {self.name}, {at} UTC."
        if row["paused_why"]:
            text += f" Autorun waits: {row['paused_said'] or row['paused_why']}"
        return text if not self.is_same else f"{text} Nothing has changed since."

    def __repr__(self) -> str:
        lines = [
            self.said,
            *(f"{one['field']}: {one['was']!r} → {one['now']!r}" for one in self.changes),
            *([self.script_missing] if self.script_missing else []),
            *self.script_diff.splitlines(),
        ]
        return "\n".join(map(markup.plain, lines))

    def _repr_html_(self) -> str:
        changed = markup.table(
            ("field", "was", "now"),
            (
                tuple(markup.escape(one[key], 2000) for key in ("field", "was", "now"))
                for one in self.changes
            ),
        )
        diff = f"<pre>{markup.escape(self.script_diff, 100_000)}</pre>"
        return (
            f"<p>{markup.escape(self.said, 2000)}</p>"
            + (changed if self.changes else "")
            + (f"<p>{markup.escape(self.script_missing)}</p>" if self.script_missing else "")
            + (diff if self.script_diff else "")
        )


def definition_words(one: Mapping[str, Any]) -> str:
    """Say what autorun does with a batch def, in one line."""
    words = [f"as {one['autorun_by']}" if one["autorun"] else "not checked"]
    if one["autorun"] and one["paused_why"]:
        words.append(f"paused: {one['paused_said'] or one['paused_why']}")
    words.append(one["problem"])
    words += [f"{one[key]:,} {key}" for key in ("fired", "active", "waiting", "held") if one[key]]
    return "; ".join(word.rstrip(".") for word in words if word)


def source_words(one: Mapping[str, Any]) -> str:
    """Say how a run source is, what it tells of, and what it could not read."""
    said = _line(one["said"])
    if one["ok"]:
        tells = f"tells {', '.join(one['gives']) or 'nothing'}"
        return f"{tells}; {said}" if said else tells
    since = one["since"][:19].replace("T", " ")
    return f"DOWN since {since} UTC: {said}"


def source_notes(sources: Iterable[Mapping[str, Any]], longest: int) -> list[str]:
    """Return all that sources said of whose `source_words` so many characters are only a part."""
    return [
        f"run source {_line(one['name'])}: {_line(one['said'])}"
        for one in sources
        if len(markup.plain(source_words(one))) > longest
    ]


def caveats(told: Mapping[str, Any]) -> list[str]:
    """Return what autorun does not promise, without what `source_words` says already."""
    beside = [(f"source {one['name']}", one["said"]) for one in told["sources"] if one["said"]]
    return [
        str(one)
        for one in told["caveats"]
        if not any(name in one and said in one for name, said in beside)
    ]


def _line(text: object) -> str:
    return " ".join(str(text).split())


def _waiting(lines: int, jobs: int) -> Iterator[str]:
    if lines:
        yield f"{_number(lines, 'line')} of the ledger {'waits' if lines == 1 else 'wait'}."
    if jobs:
        yield f"{_number(jobs, 'job')} {'is' if jobs == 1 else 'are'} made and not submitted."


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
