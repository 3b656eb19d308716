"""Plan a backfill: list an athlete's activities and park what the lake does not have yet.

Listing costs one read for 200 activities; the details and streams follow as parked work, newest
first, as the budget allows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from paceline.errors import PayloadInvalid
from paceline.ledger import Entry, Ledger
from paceline.model.priority import Priority
from paceline.ports import Clock, Wire
from paceline.reading import OK, Reading

PAGE = 200

# Parked work is released in the order of its time: these steps put newer activities first.
_STEP = timedelta(microseconds=1)


@dataclass(frozen=True)
class Backfilling:
    """What planning needs."""

    ledger: Ledger
    reading: Reading
    wire: Wire
    clock: Clock


def plan(athlete_id: int, use: Backfilling) -> int:
    """Park every activity that was never fetched. Returns how many; safe to repeat."""
    wanted_at = use.clock.now()
    planned = 0
    for activity_id in _listed(athlete_id, use):
        not_before = wanted_at + _STEP * planned
        if _want(activity_id, athlete_id, not_before, use):
            planned += 1
    return planned


def _listed(athlete_id: int, use: Backfilling) -> Iterator[int]:
    """Ids of all listed activities. Only an empty page is the end: pages may come up short."""
    page = 1
    while True:
        params = {"page": str(page), "per_page": str(PAGE)}
        answer = use.reading.get(athlete_id, "athlete/activities", params, Priority.BACKFILL)
        if answer.status != OK:
            raise PayloadInvalid(f"Strava answered {answer.status} to a list of activities.")
        ids = use.wire.listed(answer.body)
        if not ids:
            return
        yield from ids
        page += 1


def _want(activity_id: int, athlete_id: int, not_before: datetime, use: Backfilling) -> bool:
    known = use.ledger.get(activity_id)
    if known and known.state in {"fetched", "parked"}:
        return False
    use.ledger.put(
        activity_id,
        lambda entry: (
            entry
            if entry and entry.state in {"fetched", "parked"}
            else Entry(
                athlete_id=athlete_id,
                wanted_at=not_before,
                state="parked",
                reason="backfill",
                priority=Priority.BACKFILL,
                not_before=not_before,
            )
        ),
    )
    return True
