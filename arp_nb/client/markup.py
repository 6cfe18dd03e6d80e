"""HTML for notebooks, made of text that others wrote: everything is escaped here.

Colours, units and links come from running jobs, names and reasons from scripts and
schedulers. None of them becomes markup: text is escaped, characters that hide or reverse
text are shown by their number, a colour must look like one, and a link must be http(s).
"""

from __future__ import annotations

import heapq
import html
import operator
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from arp_nb import reports, status
from arp_nb.model import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arp_nb.client.tables import Snapshot

#: what emoji are made of; their joiner between two of them hides nothing
_PICTURE = (
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23fa\u24c2\u25aa-\u25fe\u2600-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001fffd]"
)
_JOINER = f"\u200d(?={_PICTURE})"
#: control characters, and those that turn the direction of text or take no room
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
    f"(?<!{_PICTURE}{_JOINER})(?<!{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]{_JOINER})"
)
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{1,25}")
_LONGEST = 300

#: Jupyter's own colours; the second is for pages that have none
_HUES = {
    "wait": "var(--jp-ui-font-color2, #616161)",
    "run": "var(--jp-brand-color1, #1565c0)",
    "done": "var(--jp-success-color1, #2e7d32)",
    "fail": "var(--jp-error-color1, #c62828)",
    "look": "var(--jp-warn-color1, #b26a00)",
}
#: a shape beside each colour, for those who do not see the colour
_SHAPES = {
    "request": "○",
    "tray": "▱",
    "hourglass": "◔",
    "clock": "◷",
    "run": "▶",
    "pause": "‖",
    "tick": "✓",
    "cross": "✕",
    "ask": "?",
}
_CELL = 'style="text-align:left;padding:2px 10px 2px 0;white-space:nowrap"'


def escape(value: object, longest: int = _LONGEST) -> str:
    """Return text that is safe in HTML and shows what it hides; cut if it is very long."""
    text = "" if value is None else str(value)
    if len(text) > longest:
        text = text[: longest - 1].rstrip("\u200d") + "…"
    return html.escape(plain(text))


def plain(text: str) -> str:
    r"""Show control and direction characters by their number, as ``\u202e``."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def notes(warnings: Iterable[str]) -> list[str]:
    """Return warnings as lines of text."""
    return [plain(f"note: {one}") for one in warnings]


def notes_html(warnings: Iterable[str]) -> str:
    """Return warnings as paragraphs."""
    return "".join(f"<p><b>Note:</b> {escape(one, 2000)}</p>" for one in warnings)


def status_of(word: str, state: JobState) -> str:
    """Return a status as it is drawn: its shape and word, in its hue."""
    look = status.NATIVE.get(word) or status.OWN[state]
    if word.startswith("Unknown since") or word == status.PERSISTED.word:
        look = status.PERSISTED if word == status.PERSISTED.word else status.OWN[JobState.LOST]
    if state is JobState.KILLED:
        word = f"{word} (killed)"
    return f'<b style="color:{_HUES[look.hue]}">{_SHAPES[look.shape]} {escape(word)}</b>'


#: of an entry of the ledger
_OUTCOMES = {
    "fired": ("done", "tick"),
    "fires": ("done", "tick"),
    "waiting": ("wait", "hourglass"),
    "skipped": ("look", "cross"),
}


def outcome(word: str) -> str:
    """Return what autorun did with a run as it is drawn; nothing for what is still to come."""
    if word not in _OUTCOMES:
        return ""
    hue, shape = _OUTCOMES[word]
    return f'<b style="color:{_HUES[hue]}">{_SHAPES[shape]} {escape(word)}</b>'


def counter(one: reports.Counter) -> str:
    """Return one counter: name, value, unit, progress and link."""
    value = escape(_number(one.value))
    if one.max:
        value += f" / {escape(_number(one.max))}"
    if one.unit:
        value += f" {escape(one.unit, 30)}"
    if one.color and _COLOUR.fullmatch(one.color):
        value = f'<b style="color:{one.color}">{value}</b>'
    if one.max and isinstance(one.value, int | float):
        part = min(max(one.value / one.max, 0.0), 1.0)
        value += f' <progress value="{part:.4f}" style="width:6em"></progress>'
    for address in (one.url, one.image):
        if address:
            value += f" {link(address)}"
    return f"{escape(one.key, 60)}: {value}"


def link(address: str) -> str:
    """Return a link, if the address is http(s); else the text alone."""
    try:
        usable = urlsplit(address).scheme in {"http", "https"} and len(address) <= 2000
    except ValueError:
        usable = False
    if not usable or _HIDDEN.search(address):
        return escape(address)
    name = address.rstrip("/").rpartition("/")[2] or "link"
    return (
        f'<a href="{html.escape(address)}" target="_blank" rel="noopener noreferrer">'
        f"{escape(name.partition('?')[0], 40)}</a>"
    )


def report(values: Mapping[str, Any]) -> str:
    """Return all counters of a job's report, in one line."""
    return " &nbsp; ".join(counter(one) for one in reports.counters(values))


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are HTML already, titles are text."""
    head = "".join(f"<th {_CELL}>{escape(one)}</th>" for one in titles)
    body = "".join(
        f"<tr>{''.join(f'<td {_CELL}>{cell}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of names and values; values are HTML already."""
    body = "".join(
        f"<tr><th {_CELL}>{escape(name)}</th><td {_CELL}>{value}</td></tr>" for name, value in rows
    )
    return f"<table><tbody>{body}</tbody></table>"


def jobs(rows: Sequence[Mapping[str, Any]], now: Snapshot, limit: int = 40) -> str:
    """Return jobs as a table, newest first."""
    shown = heapq.nlargest(limit, rows, key=operator.itemgetter("id"))
    lines = [
        (
            escape(row["id"]),
            escape(row["run"]),
            escape(row["hash"]),
            status_of(now.status(dict(row)), JobState(row["state"])),
            escape(row["native_id"]),
            escape(row["user"]),
            report(row["report"]) or escape(row["reason"], 120),
        )
        for row in shown
    ]
    titles = ("id", "run", "hash", "status", "scheduler id", "user", "report")
    more = len(rows) - len(shown)
    tail = f"<p>… and {more:,} older jobs: <code>board.jobs.df</code></p>" if more else ""
    return table(titles, lines) + tail if lines else "<p>No jobs yet.</p>"


def time(text: str | None) -> str:
    """Return a time as it travels, shortened to its seconds, in UTC."""
    return escape((text or "")[:19].replace("T", " "))


def freshness(now: Snapshot) -> str:
    """Say how old the rest may be; empty while the connection stands."""
    if not now.stale:
        return ""
    at = f"{now.as_of.astimezone():%H:%M:%S}"
    return (
        f'<p style="color:{_HUES["look"]}"><b>As of {at}; it may be old:</b>'
        f" {escape(now.why)} Trying again…</p>"
    )


def stop(now: Snapshot) -> str:
    """Say that somebody stopped all autorun; empty if nobody did."""
    return f'<p style="color:{_HUES["look"]}"><b>{escape(now.stop)}</b></p>' if now.stop else ""


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, float | int):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
