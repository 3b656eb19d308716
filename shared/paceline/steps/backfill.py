"""An athlete's history: listed first, so that totals stand at once, then fetched as reads allow.

A list costs one read for 200 activities. What it shows goes to bronze and silver at once; details
and streams follow as parked work, newest first. The plan is a document: whoever finds it
unfinished goes on where the last one stopped.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta

from paceline.backoff import pause_after
from paceline.errors import Busy, Conflict, WaitUntil
from paceline.lake import Cause, Lake
from paceline.ledger import Ledger
from paceline.lock import COLLECTION as LOCKS
from paceline.lock import alone
from paceline.model.bronze import Subject
from paceline.model.listed import Listed
from paceline.ports import Clock, Document, Ids, State, Where, Wire
from paceline.reading import Reading
from paceline.steps.listing import Page, pages
from paceline.steps.parking import Parking, suffices

COLLECTION = "backfills"

EVERYTHING = datetime.min.replace(tzinfo=UTC).isoformat()

# One page is listed by one process; another one looks again after this pause.
PAGE_LASTS, LOOK_EVERY_S = timedelta(minutes=2), 1.0


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
    pause: Callable[[float], object] = time.sleep


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
    state: str = "listing"
    oldest_wanted: str | None = None  # of all backfills that were listed: a narrower one adds none
    attempts: int = 0  # that failed, since the last that did not
    not_before: str | None = None
    last_error: str | None = None

    @property
    def since_at(self) -> datetime | None:
        return _moment(self.since)

    @property
    def until_at(self) -> datetime | None:
        return _moment(self.until)

    def includes(self, row: Listed) -> bool:
        """What has no start is included: only its id could be read."""
        start, since, until = row.started_at, self.since_at, self.until_at
        if start is None:
            return True
        return not (since and start < since) and not (until and start >= until)

    def holds(self, other: "Backfill") -> bool:
        """Whoever has listed this has listed the other."""
        begins = not self.since_at or bool(other.since_at and self.since_at <= other.since_at)
        ends = not self.until_at or bool(other.until_at and other.until_at <= self.until_at)
        asked, others = ((each.since, each.until, each.limit) for each in (self, other))
        enough = self.limit is None or asked == others
        return begins and ends and enough and suffices(self.stream_keys, other.stream_keys)


def start(wish: Backfill, use: Backfilling) -> Backfill:
    """Remember what is wanted, unless it is part of what is being listed.

    Nor does it replace an unfinished listing of anything else, which comes first. Returns what is
    to be listed now.
    """
    while True:
        found = use.state.get(COLLECTION, str(wish.athlete_id))
        known = _decode(found.data) if found else None
        is_listing = known is not None and known.state == "listing"
        if known and is_listing and (known.holds(wish) or not wish.holds(known)):
            return known
        oldest_wanted = known.oldest_wanted if known else None
        begun = replace(wish, before=wish.until, oldest_wanted=oldest_wanted)
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
    return [_decode(each.data) for each in found]


def due(use: Backfilling) -> list[Backfill]:
    """Unfinished, and not waiting because it failed."""
    now = use.clock.now()
    return [each for each in unfinished(use) if (_moment(each.not_before) or now) <= now]


def plan(wish: Backfill, use: Backfilling) -> Backfill:
    """Start, and list to the end. Raises what listing raises; `go_on` then continues."""
    while True:
        begun = start(wish, use)
        is_planned = begun.holds(wish)
        try:
            done = _listed(wish.athlete_id, use)
        except WaitUntil as wait:
            if is_planned:
                raise
            why = f"An earlier backfill is listed first, so ask for this one again: {wait.why}"
            raise WaitUntil(wait.not_before, why) from wait
        if is_planned:
            return done


def _listed(athlete_id: int, use: Backfilling) -> Backfill:
    """With whoever else is listing it, a page each."""
    while True:
        try:
            return go_on(athlete_id, use)
        except Busy:
            use.pause(LOOK_EVERY_S)


def go_on(athlete_id: int, use: Backfilling, *, most_pages: int | None = None) -> Backfill:
    """List the rest, a page at a time; safe to be killed or told to wait between two.

    Raises Busy while another process is at a page.
    """
    current = stored(athlete_id, use) or Backfill(athlete_id, state="listed")
    taken = 0
    while current.state != "listed" and taken != most_pages:
        current = _list_page(athlete_id, use)
        taken += 1
    return current


def _list_page(athlete_id: int, use: Backfilling) -> Backfill:
    """The next page of whatever is wanted now."""
    with alone(_lock(athlete_id), use.state, use.clock, use.ids, most=PAGE_LASTS):
        current = stored(athlete_id, use) or Backfill(athlete_id, state="listed")
        if current.state == "listed":
            return current
        before, since = _moment(current.before), current.since_at
        asked_at = use.clock.now()  # before Strava: what is deleted meanwhile is gone later
        page = next(pages(athlete_id, use.reading, use.wire, before=before, since=since))
        return _take(page, asked_at, current, use)


def _take(page: Page, asked_at: datetime, current: Backfill, use: Backfilling) -> Backfill:
    """Park what is wanted of the page, store it, and only then remember that it is done.

    In this order, so that whatever is in the lake is in the ledger, also after a kill.
    """
    parking = parking_of(current, use)
    rows: list[Listed] = []
    planned, full = current.planned, False
    for row in page.rows:
        if full or not current.includes(row):
            parking.note(row)
            continue
        rows.append(row)
        planned += parking.want(row)
        full = current.limit is not None and planned >= current.limit
    if page.rows:
        cause = Cause(use.ids.new(), "backfill", use.clock.now())
        use.lake.keep(page.answer, "list", Subject(current.athlete_id, 0, asked_at), cause)
    done = page.next_before is None or full
    reached = (_oldest(rows) if full else None) or current.since
    taken = replace(
        current,
        listed=current.listed + len(rows),
        planned=planned,
        before=page.next_before.isoformat() if page.next_before else None,
        state="listed" if done else "listing",
        oldest_wanted=_older(current.oldest_wanted, reached) if done else current.oldest_wanted,
        attempts=0,
        not_before=None,
        last_error=None,
    )
    return _save(taken, current, use)


def want_ids(athlete_id: int, activity_ids: Sequence[int], wish: Backfill, use: Backfilling) -> int:
    """Park these, whatever is known of them, and ask for their streams anew."""
    parking = parking_of(replace(wish, athlete_id=athlete_id), use)
    return sum(parking.want_afresh(each) for each in activity_ids)


def stored(athlete_id: int, use: Backfilling) -> Backfill | None:
    """What was asked for, and how far it has come."""
    found = use.state.get(COLLECTION, str(athlete_id))
    return _decode(found.data) if found else None


def forget(athlete_id: int, use: Backfilling) -> None:
    """Nothing is wanted of this athlete any more."""
    use.state.delete(COLLECTION, str(athlete_id))
    use.state.delete(LOCKS, _lock(athlete_id))


def put_off(athlete_id: int, why: str, use: Backfilling) -> None:
    """It failed: that is told, and it is gone on with later, later still if it fails again."""
    now = use.clock.now()
    subject, cause = Subject(athlete_id, 0, now), Cause(use.ids.new(), "backfill", now)
    use.lake.tell("failure", "list", subject, cause, note=why)

    def failed(known: Backfill) -> Backfill:
        not_before = (now + pause_after(known.attempts)).isoformat()
        attempts = known.attempts + 1
        return replace(known, attempts=attempts, not_before=not_before, last_error=why)

    _change(athlete_id, failed, use)


def wake(athlete_id: int, use: Backfilling) -> None:
    """What waits because it failed is due at once."""
    _change(athlete_id, lambda known: replace(known, not_before=None), use)


def _change(athlete_id: int, changes: Callable[[Backfill], Backfill], use: Backfilling) -> None:
    while found := use.state.get(COLLECTION, str(athlete_id)):
        changed = changes(_decode(found.data))
        try:
            use.state.replace(COLLECTION, found.id, asdict(changed), found.version)
        except Conflict:
            continue
        return


def _decode(data: Document) -> Backfill:
    """Also what an older version stored, which knew only of the last backfill."""
    known = {each.name: data[each.name] for each in fields(Backfill) if each.name in data}
    if data["state"] == "listed" and "oldest_wanted" not in data:
        known["oldest_wanted"] = _older(None, data.get("reached") or data["since"])
    return Backfill(**known)


def parking_of(wish: Backfill, use: Backfilling) -> Parking:
    return Parking(use.ledger, use.clock, wish.athlete_id, wish.stream_keys)


def _lock(athlete_id: int) -> str:
    return f"listing-{athlete_id}"


def _oldest(rows: Sequence[Listed]) -> str | None:
    starts = [row.started_at for row in rows if row.started_at]
    return min(starts).isoformat() if starts else None


def _older(known: str | None, reached: str | None) -> str:
    """As far back as one of them goes."""
    found = [reached or EVERYTHING, *([known] if known else [])]
    return min(found, key=datetime.fromisoformat)


def _save(taken: Backfill, over: Backfill, use: Backfilling) -> Backfill:
    """Somebody may have asked for something else meanwhile: then that is what counts."""
    found = use.state.get(COLLECTION, str(taken.athlete_id))
    if found is None or _decode(found.data) != over:
        return replace(taken, state="replaced")
    try:
        use.state.replace(COLLECTION, found.id, asdict(taken), found.version)
    except Conflict:
        return replace(taken, state="replaced")
    return taken


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
