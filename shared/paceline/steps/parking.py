"""What a list shows, in the ledger: work that is wanted, or known only as the list has it."""

from dataclasses import dataclass, replace
from datetime import datetime

from paceline.ledger import Entry, Ledger
from paceline.model.listed import Listed
from paceline.model.priority import Priority
from paceline.ports import Clock

# Parked work is released in the order of its time: a year of age is three seconds in the queue,
# so that newer activities come first, of all athletes alike.
_AGE_IN_QUEUE = 1e-7


@dataclass(frozen=True)
class Parking:
    """Where it is parked, for whom, and with which streams."""

    ledger: Ledger
    clock: Clock
    athlete_id: int
    stream_keys: str

    def has(self, activity_id: int) -> bool:
        """It is here, or on its way, with all that is wanted of it."""
        known = self.ledger.get(activity_id)
        return known is not None and self._is_there(known)

    def want(self, row: Listed) -> bool:
        """Park it unless it is here already, or parked. False when there was nothing to do."""
        if self.has(row.activity_id):
            return False
        now = self.clock.now()
        self.ledger.put(row.activity_id, lambda entry: self._parked(entry, row, now))
        return True

    def may_be_theirs(self, activity_id: int) -> bool:
        """Unless Strava has said that it is somebody else's."""
        return self._may_be_theirs(self.ledger.get(activity_id))

    def want_afresh(self, activity_id: int) -> bool:
        """Park it, whatever is known of it. False when it is somebody else's."""
        now = self.clock.now()
        found = self.ledger.put(activity_id, lambda entry: self._afresh(entry, now))
        return found.athlete_id == self.athlete_id

    def note(self, row: Listed) -> None:
        """Nobody wants more of it than the list shows. That much goes to the lake, so it is known.

        A comparison then finds when it changes, or is gone.
        """
        if row.row is not None:  # otherwise nothing of it is loaded
            now = self.clock.now()
            self.ledger.put(row.activity_id, lambda entry: self._listed(entry, row, now))

    def _may_be_theirs(self, known: Entry | None) -> bool:
        return known is None or not known.seen_sha or known.athlete_id == self.athlete_id

    def _afresh(self, entry: Entry | None, now: datetime) -> Entry:
        if entry and not self._may_be_theirs(entry):
            return entry
        blank = Entry(self.athlete_id, wanted_at=now, state="parked", reason="backfill")
        again = (entry or blank).wanted_afresh(now, "backfill", Priority.BACKFILL)
        return replace(again, athlete_id=self.athlete_id, stream_keys=self.stream_keys)

    def _is_there(self, known: Entry) -> bool:
        theirs = known.athlete_id == self.athlete_id
        return (
            theirs
            and known.state in {"parked", "fetched"}
            and suffices(known.stream_keys, self.stream_keys)
        )

    def _parked(self, entry: Entry | None, row: Listed, now: datetime) -> Entry:
        if entry and self._is_there(entry):
            return entry
        if entry and entry.state == "parked" and entry.athlete_id == self.athlete_id:
            return replace(entry, stream_keys=self.stream_keys)
        blank = Entry(self.athlete_id, wanted_at=now, state="parked", reason="backfill")
        return replace(
            (entry or blank).wanted_again(now, "backfill", Priority.BACKFILL),
            athlete_id=self.athlete_id,  # whose list shows it
            not_before=now + _AGE_IN_QUEUE * (now - (row.started_at or now)),
            started_at=row.started_at or (entry.started_at if entry else None),
            streams=None,  # so that they are asked for, as they are wanted now
            stream_keys=self.stream_keys,
        )

    def _listed(self, entry: Entry | None, row: Listed, now: datetime) -> Entry:
        theirs = entry is not None and entry.athlete_id == self.athlete_id
        if entry and theirs and entry.state != "listed":
            return entry
        blank = Entry(self.athlete_id, now, "listed", "backfill", Priority.BACKFILL)
        return replace(
            entry if entry and theirs else blank,
            started_at=row.started_at,
            seen_sha=row.fingerprint,
        )


def suffices(held: str, wanted: str) -> bool:
    """Whoever has the streams `held` has those that are wanted."""
    return wanted in {held, "none"} or held == "all"
