"""One at a time: a lease in the state, which a crash gives back by running out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from paceline.errors import Busy, Conflict
from paceline.ports import Clock, Document, Ids, State, Stored

COLLECTION = "locks"
# A lock that nobody has held for so long says nothing any more, and may go.
KEPT = timedelta(days=7)


@contextmanager
def alone(name: str, state: State, clock: Clock, ids: Ids, *, most: timedelta) -> Iterator[None]:
    """Hold the lock for the block. Raises Busy when another process holds it."""
    owner = ids.new()
    now = clock.now()
    stored = state.get(COLLECTION, name)
    if stored and datetime.fromisoformat(stored.data["until"]) > now:
        raise Busy(f"Another {name} is running until {stored.data['until']} at the latest.")
    lease: Document = {
        "owner": owner,
        "until": (now + most).isoformat(),
        "delete_after": (now + most + KEPT).isoformat(),
    }
    try:
        _write(state, name, lease, stored)
    except Conflict as error:
        raise Busy(f"Another {name} has just begun.") from error
    try:
        yield
    finally:
        _give_back(state, name, owner, clock)


def _write(state: State, name: str, lease: Document, over: Stored | None) -> None:
    if over is None:
        state.create(COLLECTION, name, lease)
    else:
        state.replace(COLLECTION, name, lease, over.version)


def _give_back(state: State, name: str, owner: str, clock: Clock) -> None:
    """Unless it ran out and somebody else holds it now."""
    stored = state.get(COLLECTION, name)
    if stored is None or stored.data["owner"] != owner:
        return
    try:
        state.replace(
            COLLECTION, name, stored.data | {"until": clock.now().isoformat()}, stored.version
        )
    except Conflict:
        return
