"""Strava's own list against the ledger: what is missing, changed or gone is wanted again.

Events may be lost, late or never sent (a new bike for an old ride sends none). So the last weeks
are listed each day, and the whole history now and then. Whatever differs heals by the way of any
event: it is fetched, and what Strava says then is what counts. Nothing is deleted here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from paceline.ledger import Entry, Ledger
from paceline.model.listed import Listed
from paceline.model.priority import Priority
from paceline.ports import Clock, Wire
from paceline.reading import Reading
from paceline.steps.listing import pages

WINDOW = timedelta(days=30)

# A list that comes back short must not send us looking for a whole history: at most so many, or
# this share, are asked for in one round; what is really gone is found over the next ones.
MOST_GONE, SHARE_GONE = 20, 0.1


@dataclass(frozen=True)
class Checking:
    """What a comparison needs."""

    ledger: Ledger
    reading: Reading
    wire: Wire
    clock: Clock


@dataclass(frozen=True)
class Scope:
    """What is compared, and what earlier rounds of the same comparison did."""

    since: datetime | None = None  # what started before is not listed
    wanted_since: datetime | None = None  # what started before was left out on purpose
    last_at: datetime | None = None
    began_at: datetime | None = None


@dataclass(frozen=True)
class Findings:
    """What one comparison found, by year where a table shows it."""

    athlete_id: int
    checked_at: datetime
    since: datetime | None
    listed: int
    wanted: Mapping[str, Sequence[int]]  # missing, changed, gone: the ids that are fetched again
    held_back: int  # gone as it seems, but too many at once
    is_trusted: bool  # what seemed gone at the last look was gone, or most of it
    years: Mapping[int, "Year"] = field(default_factory=dict)


@dataclass
class Year:
    """Of one year: how many Strava lists, how many were here before, what had to be healed."""

    listed: int = 0
    held: int = 0
    missing: int = 0
    changed: int = 0
    gone: int = 0


def check(athlete_id: int, scope: Scope, use: Checking) -> Findings:
    """Compare what started since then, or everything, and park what differs."""
    checked_at, since, wanted_since = use.clock.now(), scope.since, scope.wanted_since
    listed = {
        row.activity_id: row
        for page in pages(athlete_id, use.reading, use.wire, since=since, priority=Priority.EDIT)
        for row in page.rows
        if since is None or row.started_at is None or row.started_at >= since
    }
    known = use.ledger.of_athlete(athlete_id)
    use.ledger.remind_of_gone(known)
    missing = [
        each for each, row in listed.items() if _is_missing(known.get(each), row, wanted_since)
    ]
    missed = set(missing)
    changed = [
        each
        for each, row in listed.items()
        if each not in missed and _is_changed(known.get(each), row)
    ]
    unlisted = {each: entry for each, entry in known.items() if each not in listed}
    asked_before = scope.began_at or checked_at
    gone = [e for e, entry in unlisted.items() if _should_be_listed(entry, since, asked_before)]
    asked_for, held_back = _guarded(gone, known)
    wanted = {"missing": missing, "changed": changed, "gone": asked_for}
    ours = {
        each: row
        for each, row in listed.items()
        if _is_held(known.get(each)) or not _before(row.started_at, wanted_since)
    }
    years = _by_year(wanted, ours, known, since)
    for activity_id in (*missing, *changed, *asked_for):
        _want(activity_id, athlete_id, listed.get(activity_id), checked_at, use)
    is_trusted = _is_trusted(unlisted.values(), since, scope.last_at)
    return Findings(
        athlete_id, checked_at, since, len(listed), wanted, held_back, is_trusted, years
    )


def _is_missing(entry: Entry | None, row: Listed, wanted_since: datetime | None) -> bool:
    """What was here is missed wherever it began; of the rest only what is wanted."""
    if _is_held(entry):
        return entry is not None and entry.state in {"gone", "failed"}
    return not _before(row.started_at, wanted_since)


def _is_held(entry: Entry | None) -> bool:
    """It is or was in the lake by a fetch, or will be."""
    return entry is not None and entry.state != "listed"


def _is_changed(entry: Entry | None, row: Listed) -> bool:
    """Not what was seen last, nor what was already fetched once for this very row."""
    if entry is None or entry.state not in {"fetched", "listed"} or row.fingerprint is None:
        return False
    return row.fingerprint not in {entry.seen_sha, entry.listed_sha}


def _should_be_listed(entry: Entry, since: datetime | None, asked_before: datetime) -> bool:
    """What was given up may be in the lake all the same, at least as a list showed it."""
    is_there = entry.state in {"fetched", "failed", "listed"}
    return is_there and _asked_at(entry) < asked_before and _started_since(entry, since)


def _asked_at(entry: Entry) -> datetime:
    return max(entry.wanted_at, entry.fetched_at or entry.wanted_at)


def _started_since(entry: Entry, since: datetime | None) -> bool:
    return since is None or (entry.started_at is not None and entry.started_at >= since)


def _is_trusted(
    unlisted: Iterable[Entry], since: datetime | None, last_at: datetime | None
) -> bool:
    """Of what was asked for since the last look and is not listed, more is gone than is there."""
    seen = [
        entry.state == "gone"
        for entry in unlisted
        if last_at and entry.fetched_at and entry.fetched_at >= last_at
        if _started_since(entry, since)
    ]
    return sum(seen) > len(seen) / 2


def _guarded(gone: list[int], known: Mapping[int, Entry]) -> tuple[list[int], int]:
    """Those first that were not asked for the longest: what is there after all stops no other."""
    most = max(MOST_GONE, int(SHARE_GONE * len(known)))
    longest_ago = sorted(gone, key=lambda each: _asked_at(known[each]))
    return longest_ago[:most], max(0, len(gone) - most)


def _want(
    activity_id: int, athlete_id: int, row: Listed | None, now: datetime, use: Checking
) -> None:
    started_at, fingerprint = (row.started_at, row.fingerprint) if row else (None, None)

    def parked(entry: Entry | None) -> Entry:
        if entry and entry.state == "parked" and entry.athlete_id == athlete_id:
            return entry
        blank = Entry(athlete_id, wanted_at=now, state="parked", reason="reconcile")
        return replace(
            (entry or blank).wanted_again(now, "reconcile", Priority.EDIT),
            athlete_id=athlete_id,  # whose list shows it
            started_at=started_at or (entry.started_at if entry else None),
            listed_sha=fingerprint,
        )

    use.ledger.put(activity_id, parked)


def _by_year(
    wanted: Mapping[str, Sequence[int]],
    listed: Mapping[int, Listed],
    known: Mapping[int, Entry],
    since: datetime | None,
) -> dict[int, Year]:
    """Years that the comparison touched; what it did not list of them is taken as known."""
    starts = {each: row.started_at for each, row in listed.items()}
    starts |= {each: known[each].started_at for each in known if each not in starts}
    held = [each for each, entry in known.items() if entry.state == "fetched"]
    unlisted = [each for each in held if each not in listed and _before(starts[each], since)]
    counts = {name: _years(ids, starts) for name, ids in wanted.items()}
    listed_years, held_years = _years([*listed, *unlisted], starts), _years(held, starts)
    touched = {year for year in listed_years if since is None or year >= since.year}
    touched |= {year for count in counts.values() for year in count}
    return {
        year: Year(listed_years[year], held_years[year], *(counts[name][year] for name in wanted))
        for year in sorted(touched)
    }


def _years(ids: Sequence[int], starts: Mapping[int, datetime | None]) -> Counter[int]:
    return Counter(start.astimezone(UTC).year for each in ids if (start := starts[each]))


def _before(moment: datetime | None, since: datetime | None) -> bool:
    return moment is not None and since is not None and moment < since
