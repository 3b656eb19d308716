"""What a backfill would find: it lists, and leaves everything as it is."""

from collections.abc import Sequence
from dataclasses import replace

from paceline.steps.backfill import Backfill, Backfilling, parking_of
from paceline.steps.listing import pages


def survey(wish: Backfill, use: Backfilling) -> Backfill:
    parking, listed, planned = parking_of(wish, use), 0, 0
    for page in pages(
        wish.athlete_id, use.reading, use.wire, before=wish.until_at, since=wish.since_at
    ):
        rows = [row for row in page.rows if wish.includes(row)]
        listed += len(rows)
        planned += sum(not parking.has(row.activity_id) for row in rows)
        if wish.limit is not None and planned >= wish.limit:
            return replace(wish, listed=listed, planned=wish.limit, state="listed")
    return replace(wish, listed=listed, planned=planned, state="listed")


def survey_ids(wish: Backfill, activity_ids: Sequence[int], use: Backfilling) -> int:
    """How many of these would be fetched."""
    parking = parking_of(wish, use)
    return sum(parking.may_be_theirs(each) for each in set(activity_ids))
