"""``board.autorun``: what starts by itself, why, and the switches for it."""

# ruff: noqa: A002 - `hash` is the word for it everywhere

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from arp_nb.client import ledger, selection
from arp_nb.client.autorun_words import Consent, Status, Switch
from arp_nb.client.backtest import Backtest, Check
from arp_nb.client.ledger import Ledger

if TYPE_CHECKING:
    from arp_nb.client.definitions import Definition, Definitions
    from arp_nb.client.live import Live
    from arp_nb.client.tables import Row
    from arp_nb.client.transport import Transport

Missed = Literal["run", "skip"]

#: of one request; more are sent in several
_MOST_IDS = 500


class Autorun:
    """What starts by itself in an experiment.

    Attributes
    ----------
    ledger
        What was done with each run, and why.

    Examples
    --------
    >>> board.autorun.backtest("smalldata", last=50, predicate="beam > 0.5")  # doctest: +SKIP
    >>> board.definitions.autorun("smalldata", True)  # doctest: +SKIP
    >>> board.autorun.ledger(run=12)  # doctest: +SKIP
    """

    def __init__(
        self, transport: Transport, live: Live, root: str, definitions: Definitions
    ) -> None:
        self._transport = transport
        self._live = live
        self._root = root
        self._definitions = definitions
        self.ledger = Ledger(transport, live, root)

    def status(self) -> Status:
        """Return whether it acts, what each batch def does, and where runs come from."""
        return Status(self._transport.call("GET", f"{self._root}/autorun"))

    def backtest(self, hash: str | None = None, last: int = 50, **changes: Any) -> Backtest:
        """Return on which of the last runs it would have fired; nothing is changed.

        Parameters
        ----------
        hash
            The batch def; without one, ``changes`` say all of it.
        last
            How many of the newest runs.
        changes
            As if it were edited so: ``predicate="beam > 0.5"``, ``run_types="DATA"``.

        Raises
        ------
        NotFound
            There is no such batch def.
        InvalidValue
            A value can never work, and why.
        """
        body: dict[str, Any] = {"last": last}
        if hash is not None:
            body["hash"] = hash
        if changes:
            body["definition"] = changes
        now = self._live.snapshot()
        path = f"{self._root}/autorun:backtest"
        return Backtest(self._transport.call("POST", path, body, repeatable=True), now)

    def check(self, predicate: str, run: int | None = None) -> Check:
        """Return whether a predicate can be understood, and whether it holds for a run.

        Parameters
        ----------
        predicate
            As ``"beam > 0.5 and type == 'DATA'"``.
        run
            For which it is judged; by default the newest.
        """
        body: dict[str, Any] = {"predicate": predicate}
        if run is not None:
            body["run"] = selection.run_number(run)
        path = f"{self._root}/autorun:check"
        return Check(predicate, self._transport.call("POST", path, body, repeatable=True))

    def stop(self, said: str = "") -> Switch:
        """Stop all autorun, of all experiments of this manager; everybody sees it.

        What happens meanwhile waits in the ledger. ``said`` is why, for all to read.
        """
        return self._learn(stop_all(self._transport, said))

    def resume(self, missed: Missed = "skip") -> Switch:
        """Undo `stop`, for all experiments of this manager, too.

        The runs that waited for it, in whichever of them, are ``"run"`` or ``"skip"``.
        """
        return self._learn(resume_all(self._transport, missed))

    def _learn(self, switch: Switch) -> Switch:
        self._live.learn_stop(switch.stopped)
        return switch

    @property
    def stopped(self) -> Row | None:
        """``by`` whom all autorun is stopped, since when (``at``) and why (``said``), or None."""
        stopped: Row | None = self._transport.call("GET", "/autorun")["stopped"]
        return stopped

    def pause(self, hash: str | int, said: str = "") -> Definition:
        """Let autorun wait with a batch def; ``said`` is why, for everybody to read."""
        return self._definitions.pause(hash, said)

    def unpause(self, hash: str | int, missed: Missed = "skip") -> Definition:
        """Undo `pause`; the runs that waited are ``"run"`` or ``"skip"``."""
        return self._definitions.unpause(hash, missed=missed)

    def consent(self, hash: str | int) -> Consent:
        """Return who consented to what, and what has changed since, with the script's diff."""
        found = self._definitions[hash]
        path = f"{self._root}/definitions/{found.id}/consent"
        return Consent(found.name, self._transport.call("GET", path))

    def missed(self, ids: Any, do: Missed) -> Any:
        """Say what becomes of entries that wait; return them as a DataFrame.

        Parameters
        ----------
        ids
            Of entries of the ledger: numbers, or a DataFrame with a column ``id``.
        do
            ``"run"`` them now, or ``"skip"`` them for good.
        """
        return ledger.of(self._live.snapshot(), self.settle(ids, do))

    def settle(self, ids: Any, do: Missed) -> list[Row]:
        """Do as `missed`; return plain rows."""
        path = f"{self._root}/autorun:missed"
        entries: list[Row] = []
        several = selection.entry_ids(ids)
        for first in range(0, len(several), _MOST_IDS):
            body = {"ids": several[first : first + _MOST_IDS], "do": do}
            entries += self._transport.call("POST", path, body, repeatable=True)["entries"]
        return entries

    def __repr__(self) -> str:
        return repr(self.status())

    def _repr_html_(self) -> str:
        return self.status()._repr_html_()


def stop_all(transport: Transport, said: str) -> Switch:
    """Stop all autorun of a manager; `Autorun.stop` tells a board of it."""
    body = {"said": said}
    return Switch(transport.call("POST", "/autorun:stop", body, repeatable=True))


def resume_all(transport: Transport, missed: Missed) -> Switch:
    """Let it go on."""
    before = transport.call("GET", "/autorun")
    answer = transport.call("POST", "/autorun:resume", {"missed": missed}, repeatable=True)
    if missed == "run":
        return Switch(answer)
    left = (max(int(before[one]) - int(answer[one]), 0) for one in ("waiting", "held"))
    return Switch(answer, *left)
