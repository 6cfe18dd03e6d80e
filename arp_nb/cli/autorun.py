"""``jupyter arp autorun``: what starts by itself, why, and the switches for it."""

from __future__ import annotations

import shlex
from contextlib import closing
from typing import TYPE_CHECKING

from arp_nb.cli import printing
from arp_nb.cli.experiments import AUTORUN, board_of, draft
from arp_nb.client import autorun, entry
from arp_nb.client.autorun_words import definition_words, source_notes, source_words
from arp_nb.client.ledger import question
from arp_nb.client.markup import plain
from arp_nb.errors import InvalidValue

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from arp_nb.client.autorun_words import Switch
    from arp_nb.client.transport import Transport

#: reasons are sentences
_WIDEST = 100


def status(options: argparse.Namespace) -> int:
    """Tell how autorun of an experiment stands; exit status 1 if it cannot act."""
    with board_of(options) as board:
        now = board.autorun.status()
    print(
        plain("\n".join(["Autorun acts." if now.acts else "Autorun does not act.", *now.cannot]))
    )
    defs = [(one["name"], one["trigger"], definition_words(one)) for one in now.definitions]
    sources = [(one["name"], one["kind"], source_words(one)) for one in now.sources]
    for titles, rows in (
        (("hash", "trigger", "autorun"), defs),
        (("run source", "kind", "how it is"), sources),
    ):
        if rows:
            print(printing.table(titles, rows, widest=_WIDEST))
    for one in [*source_notes(now.sources, _WIDEST), *(f"note: {one}" for one in now.caveats)]:
        print(plain(one))
    return 0 if now.acts else 1


def ledger(options: argparse.Namespace) -> int:
    """Print the newest entries of the ledger."""
    asked = question(
        options.run, options.hash, options.outcome, options.why, complete=options.complete
    )
    if options.complete and options.run is None and options.hash is None:
        raise InvalidValue("--complete needs --run or --hash: all pairs would be too many.")
    with board_of(options) as board:
        # one more than is shown, to know whether there are more
        rows = list(board.autorun.ledger.rows(asked, options.limit + 1))
    print(_entries(rows[: options.limit]))
    if len(rows) > options.limit:
        print("… and older ones (--limit)")
    return 0


def backtest(options: argparse.Namespace) -> int:
    """Tell on which of the last runs a batch def would have fired."""
    with board_of(options) as board:
        tried = board.autorun.backtest(options.hash, options.last, **draft(options, AUTORUN))
    print(
        printing.table(
            ("run", "fires", "said"),
            ((one["run"], "yes" if one["fires"] else "no", one["said"]) for one in tried.runs),
            widest=_WIDEST,
        )
    )
    print(plain(tried.said))
    return 0


def check(options: argparse.Namespace) -> int:
    """Tell whether a predicate can be understood, and holds; exit status 1 if it cannot be."""
    with board_of(options) as board:
        found = board.autorun.check(options.predicate, options.run)
    print(found)
    if not found.ok and found.names:
        print(plain(f"names: {', '.join(found.names)}"))
    return 0 if found.ok else 1


def turn_on(options: argparse.Namespace) -> int:
    """Check the box of a batch def, as whoever says so."""
    with board_of(options) as board:
        print(
            board.definitions.autorun(
                options.hash, on=True, missed=options.missed, seen=options.looked_at
            )
        )
    return 0


def turn_off(options: argparse.Namespace) -> int:
    """Clear the box of a batch def."""
    with board_of(options) as board:
        print(board.definitions.autorun(options.hash, on=False))
    return 0


def pause(options: argparse.Namespace) -> int:
    """Let autorun wait with a batch def."""
    with board_of(options) as board:
        print(board.autorun.pause(options.hash, " ".join(options.why)))
    return 0


def resume(options: argparse.Namespace) -> int:
    """Let autorun go on with a batch def."""
    with board_of(options) as board:
        print(board.autorun.unpause(options.hash, options.missed))
    return 0


def consent(options: argparse.Namespace) -> int:
    """Tell what was consented to and what differs now; exit status 1 if something does."""
    with board_of(options) as board:
        found = board.autorun.consent(options.hash)
    print(found)
    if found.row["paused_why"] in {"edit", "script"}:
        words = ["jupyter", "arp", "autorun", "on", options.experiment, options.hash]
        again = shlex.join([*words, "--looked-at", found.seen])
        print(plain(f"`{again}` consents to it as it is now."))
    return 0 if found.is_same else 1


def missed(options: argparse.Namespace) -> int:
    """Run or skip entries that wait."""
    with board_of(options) as board:
        print(_entries(board.autorun.settle(options.ids, options.do)))
    return 0


def stop(options: argparse.Namespace) -> int:
    """Stop all autorun of the manager."""
    return _switch(options, lambda way: autorun.stop_all(way, " ".join(options.why)))


def start(options: argparse.Namespace) -> int:
    """Let it go on."""
    return _switch(options, lambda way: autorun.resume_all(way, options.missed))


def _switch(options: argparse.Namespace, act: Callable[[Transport], Switch]) -> int:
    with closing(entry.reach(options.url, options.token)) as way:
        way.check_version()
        print(act(way))
    return 0


def _entries(rows: Sequence[Mapping[str, object]]) -> str:
    if not rows:
        return "no entries"
    return printing.table(
        ("id", "run", "hash", "outcome", "job", "at (UTC)", "said"),
        (
            (
                row["id"],
                row["run"],
                row["hash"],
                row["outcome"],
                row["job_id"],
                printing.time(str(row["event_at"] or "")),
                row["said"],
            )
            for row in rows
        ),
        widest=_WIDEST,
    )
