"""An athlete's history: listed first, so that totals stand at once, then fetched as reads allow.

A list costs one read for 200 activities. What it shows goes to bronze and silver at once; details
and streams follow as parked work, newest first. The plan is a document: whoever finds it
unfinished goes on where the last one stopped.
"""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from paceline.errors import Conflict
from paceline.lake import Cause, Lake
from paceline.ledger import Entry, Ledger
from paceline.model.bronze import Subject
from paceline.model.listed import Listed
from paceline.model.priority import Priority
from paceline.ports import Clock, Ids, State, Where, Wire
from paceline.reading import Reading
from paceline.steps.listing import Page, pages

COLLECTION = "backfills"

# Parked work is released in the order of its time: a year of age is three seconds in the queue,
# so that newer activities come first, of all athletes alike.
_AGE_IN_QUEUE = 1e-7


@dataclass(frozen=True)
class Backfilling:
    """What a backfill needs."""

    state: State
    ledger: Ledger
    reading: Reading
    wire: Wire
    lake: Lake
    clock: Clock
    ids: Ids


@dataclass(frozen=True)
class Backfill:
    """The document: what was asked for, and how far the listing has come."""

    athlete_id: int
    since: str | None = None
    until: str | None = None
    stream_keys: str = "all"
    limit: int | None = None  # of activities to fetch
    listed: int = 0
    planned: int = 0
    before: str | None = None  # the listing goes on with what started before
    reached: str | None = None  # the oldest start that was planned, where a limit ended it
    state: str = "listing"


def start(wish: Backfill, use: Backfilling) -> Backfill:
    """Remember what is wanted, over whatever was wanted before."""
    while True:
        found = use.state.get(COLLECTION, str(wish.athlete_id))
        begun = replace(wish, before=wish.until)
        try:
            if found:
                use.state.replace(COLLECTION, found.id, asdict(begun), found.version)
            else:
                use.state.create(COLLECTION, str(wish.athlete_id), asdict(begun))
        except Conflict:
            continue
        return begun


def unfinished(use: Backfilling) -> list[Backfill]:
    found = use.state.query(COLLECTION, [Where("state", "==", "listing")])
    return [Backfill(**each.data) for each in found]


def plan(wish: Backfill, use: Backfilling) -> Backfill:
    """Start, and list to the end. Raises what listing raises; `go_on` then continues."""
    start(wish, use)
    return go_on(wish.athlete_id, use)


def go_on(athlete_id: int, use: Backfilling, *, most_pages: int | None = None) -> Backfill:
    """List the rest, a page at a time; safe to be killed or told to wait between two."""
    current = stored(athlete_id, use) or Backfill(athlete_id, state="listed")
    before, since = _moment(current.before), _moment(current.since)
    found = pages(athlete_id, use.reading, use.wire, before=before, since=since)
    if current.state == "listing":
        for page in itertools.islice(found, most_pages):
            current = _take(page, current, use)
            if current.state != "listing":
                break
    return current


def _take(page: Page, current: Backfill, use: Backfilling) -> Backfill:
    """Park what is wanted of the page, store it, and only then remember that it is done.

    In this order, so that whatever is in the lake is in the ledger, also after a kill.
    """
    rows = [row for row in page.rows if _within(row, current)]
    planned = current.planned
    full = False
    for seen, row in enumerate(rows, start=1):
        planned += want(row, current, use)
        if full := current.limit is not None and planned >= current.limit:
            rows = rows[:seen]
            break
    if page.rows:
        now = use.clock.now()
        cause = Cause(use.ids.new(), "backfill", now)
        use.lake.keep(page.answer, "list", Subject(current.athlete_id, 0, now), cause)
    done = page.next_before is None or full
    taken = replace(
        current,
        listed=current.listed + len(rows),
        planned=planned,
        before=page.next_before.isoformat() if page.next_before else None,
        reached=_oldest(rows) if full else None,
        state="listed" if done else "listing",
    )
    return _save(taken, current, use)


def want(row: Listed, wish: Backfill, use: Backfilling) -> bool:
    """Park it unless it is here already, or parked. False when there was nothing to do."""
    known = use.ledger.get(row.activity_id)
    if known and _is_there(known, wish):
        return False
    now = use.clock.now()
    use.ledger.put(row.activity_id, lambda entry: _parked(entry, row, wish, now))
    return True


def _parked(entry: Entry | None, row: Listed, wish: Backfill, now: datetime) -> Entry:
    if entry and _is_there(entry, wish):
        return entry
    if entry and entry.state == "parked" and entry.athlete_id == wish.athlete_id:
        return replace(entry, stream_keys=wish.stream_keys)
    blank = Entry(wish.athlete_id, wanted_at=now, state="parked", reason="backfill")
    return replace(
        (entry or blank).wanted_again(now, "backfill", Priority.BACKFILL),
        athlete_id=wish.athlete_id,  # whose list shows it
        not_before=now + _AGE_IN_QUEUE * (now - (row.started_at or now)),
        started_at=row.started_at or (entry.started_at if entry else None),
        streams=None,  # so that they are asked for, as they are wanted now
        stream_keys=wish.stream_keys,
    )


def want_ids(athlete_id: int, activity_ids: Sequence[int], wish: Backfill, use: Backfilling) -> int:
    """Park these, whatever is known of them, and ask for their streams anew."""
    now = use.clock.now()

    def afresh(entry: Entry | None) -> Entry:
        if entry and entry.seen_sha and entry.athlete_id != athlete_id:
            return entry  # Strava has said whose it is
        blank = Entry(athlete_id, wanted_at=now, state="parked", reason="backfill")
        again = (entry or blank).wanted_afresh(now, "backfill", Priority.BACKFILL)
        return replace(again, athlete_id=athlete_id, stream_keys=wish.stream_keys)

    found = [use.ledger.put(activity_id, afresh) for activity_id in activity_ids]
    return sum(each.athlete_id == athlete_id for each in found)


def survey(wish: Backfill, use: Backfilling) -> Backfill:
    """What a plan would find: it lists, and leaves everything as it is."""
    before, since = _moment(wish.until), _moment(wish.since)
    listed = planned = 0
    for page in pages(wish.athlete_id, use.reading, use.wire, before=before, since=since):
        for row in page.rows:
            if _within(row, wish):
                known = use.ledger.get(row.activity_id)
                listed += 1
                planned += not (known and _is_there(known, wish))
        if wish.limit is not None and planned >= wish.limit:
            return replace(wish, listed=listed, planned=wish.limit, state="listed")
    return replace(wish, listed=listed, planned=planned, state="listed")


def stored(athlete_id: int, use: Backfilling) -> Backfill | None:
    """What was asked for, and how far it has come."""
    found = use.state.get(COLLECTION, str(athlete_id))
    return Backfill(**found.data) if found else None


def forget(athlete_id: int, use: Backfilling) -> None:
    """Nothing is wanted of this athlete any more."""
    use.state.delete(COLLECTION, str(athlete_id))


def _is_there(known: Entry, wish: Backfill) -> bool:
    enough = wish.stream_keys in {known.stream_keys, "none"} or known.stream_keys == "all"
    theirs = known.athlete_id == wish.athlete_id
    return known.state in {"parked", "fetched"} and enough and theirs


def _within(row: Listed, wish: Backfill) -> bool:
    since, until = _moment(wish.since), _moment(wish.until)
    if row.started_at is None:
        return True
    return not (since and row.started_at < since) and not (until and row.started_at >= until)


def _oldest(rows: Sequence[Listed]) -> str | None:
    starts = [row.started_at for row in rows if row.started_at]
    return min(starts).isoformat() if starts else None


def _save(taken: Backfill, over: Backfill, use: Backfilling) -> Backfill:
    """Somebody may have asked for something else meanwhile: then that is what counts."""
    found = use.state.get(COLLECTION, str(taken.athlete_id))
    if found is None or found.data != asdict(over):
        return replace(taken, state="replaced")
    try:
        use.state.replace(COLLECTION, found.id, asdict(taken), found.version)
    except Conflict:
        return replace(taken, state="replaced")
    return taken


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
