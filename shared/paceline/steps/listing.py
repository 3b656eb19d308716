"""Strava's list of an athlete's activities, page by page, newest first.

The next page is asked for by time, not by number: what is uploaded or deleted while we list cannot
push a row out of sight. A page may come up short; only an empty one is the end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from paceline.errors import PayloadInvalid
from paceline.model.listed import Listed
from paceline.model.priority import Priority
from paceline.ports import Answer, Wire
from paceline.reading import OK, Reading

PAGE = 200

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Page:
    """One page, and where the next begins; None when this was the last."""

    answer: Answer
    rows: Sequence[Listed]
    next_before: datetime | None


def pages(
    athlete_id: int,
    reading: Reading,
    wire: Wire,
    *,
    before: datetime | None = None,
    since: datetime | None = None,
    priority: Priority = Priority.BACKFILL,
) -> Iterator[Page]:
    """Pages down to `since`; each costs a read, so the caller may stop and go on later."""
    while True:
        answer = _ask(athlete_id, reading, before, priority)
        rows = wire.listed(answer.body)
        page = Page(answer, rows, _next(rows, before, since))
        yield page
        if page.next_before is None:
            return
        before = page.next_before


def _ask(athlete_id: int, reading: Reading, before: datetime | None, priority: Priority) -> Answer:
    params = {"page": "1", "per_page": str(PAGE)}
    if before is not None:
        params["before"] = str(int(before.timestamp()))
    answer = reading.get(athlete_id, "athlete/activities", params, priority)
    if answer.status != OK:
        raise PayloadInvalid(f"Strava answered {answer.status} to a list of activities.")
    return answer


def _next(
    rows: Sequence[Listed], before: datetime | None, since: datetime | None
) -> datetime | None:
    starts = [row.started_at for row in rows if row.started_at]
    if not starts:
        return None
    oldest = min(starts).astimezone(UTC).replace(microsecond=0)
    if since is not None and oldest < since:
        return None
    # A full page may have cut a second in two, so that second is asked for again; but once only.
    again = oldest + _SECOND
    return again if len(rows) >= PAGE and again != before else oldest
