"""Every error that this package raises on purpose.

* ArpError
  x Unauthenticated       we do not know who asks                       401
  x Forbidden             we know, and the answer is no                 403
  x NotFound              no such experiment, definition, run or job    404
  x Conflict              the name is taken, the job is final           409
    + EditConflict        somebody else changed it since it was read
  x Gone                  this revision is older than what is kept      410
  x TooLarge              more than is kept of anything                 413
  x InvalidValue          a value that can never be accepted            422
    + PredicateError      a predicate cannot be read
  x TooManyRequests       faster than anything can be kept              429
  x ClientAbsent          the batch client is not there to do it        503
  x StoreError            the store cannot keep it                      507
    + StoreRefused        this file must not be used as a store         500
    + StoreBusy           another manager, or another host, holds it    409
  x ManagerError          the batch manager cannot be reached           502
    + VersionSkew         the two sides speak different API versions
    + ManagerTimeout      it did not answer in time                     504
  x SourceDown            a run source cannot be asked now              502
  x SchedulerError        LSF, Slurm or the shell said no               502
    + SchedulerTimeout    it did not answer in time                     504
    + UnreadableOutput    it answered, and we cannot read it

The number is the HTTP status that the server answers with; it stands on the class, so
that a new error needs no change in the server. Every text is written for the scientist
who sees it: what happened, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class ArpError(Exception):
    """Base of all errors below."""

    status = 500


class Unauthenticated(ArpError):
    """Nobody can tell who sent this."""

    status = 401


class Forbidden(ArpError):
    """The sender is known and has no right to this."""

    status = 403


class NotFound(ArpError):
    """There is no such experiment, definition, run or job."""

    status = 404


class Conflict(ArpError):
    """The request is well formed, but not possible in the present state."""

    status = 409


class EditConflict(Conflict):
    """Somebody else changed the row since the sender read it; both versions are kept.

    Attributes
    ----------
    theirs
        The row as it stands now, as it travels; None where it is not told.
    """

    def __init__(self, text: str, theirs: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.theirs = theirs


class Gone(ArpError):
    """The reader was away for longer than deletions are remembered: it must load anew."""

    status = 410


class TooLarge(ArpError):
    """More bytes, levels or counters than a report may have."""

    status = 413


class InvalidValue(ArpError):
    """A value that no later state could make acceptable."""

    status = 422


class PredicateError(InvalidValue):
    """A predicate of autorun cannot be read.

    Attributes
    ----------
    at
        The place: characters before it; None where there is none.
    """

    def __init__(self, text: str, at: int | None = None) -> None:
        super().__init__(text)
        self.at = at


class TooManyRequests(ArpError):
    """Requests come faster than they can be kept; the sender should wait a little."""

    status = 429


class ClientAbsent(ArpError):
    """Only the batch client can do this, and it is not there."""

    status = 503


class StoreError(ArpError):
    """The store cannot keep the change: the disk is full, or may not be written."""

    status = 507


class StoreRefused(StoreError):
    """The file must not be used: a network file system, or a store newer than the code."""

    status = 500


class StoreBusy(StoreError):
    """Another manager holds the store, or another host claimed it."""

    status = 409


class ManagerError(ArpError):
    """The batch manager could not be found, started or reached."""

    status = 502


class VersionSkew(ManagerError):
    """Client and manager speak different versions of the API."""


class ManagerTimeout(ManagerError):
    """The batch manager took a request and did not answer in time."""

    status = 504


class SourceDown(ArpError):
    """A run source cannot be asked now; its runs come once it answers again."""

    status = 502


class SchedulerError(ArpError):
    """The scheduler refused a command, or could not be reached."""

    status = 502


class SchedulerTimeout(SchedulerError):
    """The scheduler did not answer within the configured time."""

    status = 504


class UnreadableOutput(SchedulerError):
    """The scheduler answered with text that this version cannot read."""


#: by class name: lets the client raise again what the server answered
BY_NAME: dict[str, type[ArpError]] = {
    cls.__name__: cls
    for cls in (
        ArpError, Unauthenticated, Forbidden, NotFound, Conflict, EditConflict, Gone, TooLarge,
        InvalidValue, PredicateError, TooManyRequests, ClientAbsent, StoreError, StoreRefused,
        StoreBusy, ManagerError, VersionSkew, ManagerTimeout, SourceDown, SchedulerError,
        SchedulerTimeout, UnreadableOutput,
    )
}  # fmt: skip
