"""Deauthorisations that were claimed and could not be verified yet: they are not forgotten.

The bus gives a message half an hour, and Strava may be closed to us for longer.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from paceline.errors import Conflict
from paceline.ports import State, Where

COLLECTION = "deauthorisations"

CLAIM = timedelta(minutes=15)  # a message that was lost is sent again after this long


@dataclass(frozen=True)
class Claim:
    """The document. Times are in ISO 8601, all in UTC."""

    athlete_id: int
    not_before: str
    trace: str
    why: str


class Claims:
    def __init__(self, state: State) -> None:
        self._state = state

    def keep(self, claim: Claim) -> None:
        """To be verified from `not_before` on, whatever was claimed before."""
        while True:
            stored = self._state.get(COLLECTION, str(claim.athlete_id))
            try:
                if stored:
                    self._state.replace(COLLECTION, stored.id, asdict(claim), stored.version)
                else:
                    self._state.create(COLLECTION, str(claim.athlete_id), asdict(claim))
            except Conflict:
                continue
            return

    def take_due(self, now: datetime) -> Sequence[Claim]:
        """Those to verify now; each is due again later, in case it gets lost on its way."""
        due = [Where("not_before", "<=", now.isoformat())]
        taken: list[Claim] = []
        for stored in self._state.query(COLLECTION, due):
            claim = Claim(**stored.data)
            later = replace(claim, not_before=(now + CLAIM).isoformat())
            try:
                self._state.replace(COLLECTION, stored.id, asdict(later), stored.version)
            except Conflict:
                continue  # somebody else was faster
            taken.append(claim)
        return taken

    def settle(self, athlete_id: int) -> None:
        """It was verified, or found to be untrue."""
        self._state.delete(COLLECTION, str(athlete_id))

    def open(self) -> int:
        return self._state.count(COLLECTION)
