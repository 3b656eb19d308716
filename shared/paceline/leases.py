"""A lease in a document: one process at a time does what must not be done twice.

Taking and giving back are compare-and-set, so whoever held it for too long finds out.
"""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from paceline.errors import Conflict
from paceline.ports import Clock, Document, Ids, State, Stored

# A call to Strava takes at most 25 s.
LEASE = timedelta(seconds=30)

# How often, and how long, one looks whether another process has finished.
LOOK_EVERY_S = (0.2, 1.0)
PATIENCE_S = 10.0

NO_LEASE: Document = {"lease_owner": None, "lease_until": None}


class Leases:
    """Over the documents of one collection; each has the fields of NO_LEASE."""

    def __init__(
        self,
        state: State,
        collection: str,
        clock: Clock,
        ids: Ids,
        pause: Callable[[float], object],
    ) -> None:
        self._state = state
        self._collection = collection
        self._clock = clock
        self._ids = ids
        self._pause = pause

    def looks(self) -> Iterator[None]:
        """At once, and then again and again until patience ends."""
        waited_s = 0.0
        while True:
            yield
            look_s = random.uniform(*LOOK_EVERY_S)
            if waited_s + look_s > PATIENCE_S:
                return
            self._pause(look_s)
            waited_s += look_s

    def take(self, stored: Stored) -> Stored | None:
        """The document with our lease in it, or None while somebody else has one."""
        now = self._clock.now()
        held_until = stored.data["lease_until"]
        if held_until and datetime.fromisoformat(held_until) > now:
            return None
        lease = {"lease_owner": self._ids.new(), "lease_until": (now + LEASE).isoformat()}
        try:
            return self.replace(stored, lease)
        except Conflict:
            return None

    def give_back(self, leased: Stored) -> None:
        try:
            self.replace(leased, NO_LEASE)
        except Conflict:
            return  # it is no longer ours

    def replace(self, stored: Stored, changes: Document) -> Stored:
        data = {**stored.data, **changes}
        version = self._state.replace(self._collection, stored.id, data, stored.version)
        return Stored(stored.id, data, version)
