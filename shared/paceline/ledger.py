"""The ledger: what we know about each activity, one document each.

It makes fetching idempotent, holds parked work, and answers "why is this missing?".
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

from paceline.errors import Conflict, StoreUnavailable
from paceline.model.event import Reason
from paceline.model.priority import Priority
from paceline.ports import Document, State, Stored, Where

COLLECTION, FETCHING = "ledger", "fetching"

# How long one fetch keeps others off its activity; a longer one, or one that died, is overtaken.
LEASE = timedelta(minutes=1)

# Listed: in the lake as a list shows it, and nobody wants more of it.
WorkState = Literal["parked", "fetched", "gone", "failed", "listed"]
StreamState = Literal["present", "none", "waiting", "skipped", "failed"]


@dataclass(frozen=True)
class Entry:
    athlete_id: int
    wanted_at: datetime
    state: WorkState
    reason: Reason
    priority: Priority = Priority.LIVE
    fetched_at: datetime | None = None
    not_before: datetime | None = None
    attempts: int = 0
    detail_sha: str | None = None
    streams: StreamState | None = None
    last_error: str | None = None
    started_at: datetime | None = None
    seen_sha: str | None = None  # fingerprint of what was seen last: a detail, or a list's row
    listed_sha: str | None = None  # fingerprint of the list's row that reconcile acted on last
    stream_keys: str = "all"  # or none, or the wanted ones by name
    trace: str | None = None  # of what has been waiting, and since when
    received_at: datetime | None = None
    released_until: datetime | None = None  # its message is on its way, or was lost, until then
    erase_after: datetime | None = None  # it is gone, and what was stored of it goes then

    def wanted_again(self, now: datetime, reason: Reason, priority: Priority) -> "Entry":
        """Parked and due now, and no sooner fetch covers it; what was seen of it is kept."""
        return replace(
            self,
            wanted_at=now,
            state="parked",
            reason=reason,
            priority=priority,
            not_before=now,
            attempts=0,
            trace=None,
            received_at=None,
            released_until=None,
        )

    def wanted_afresh(self, now: datetime, reason: Reason, priority: Priority) -> "Entry":
        """Wanted again, and what was seen of it is asked for anew, streams and all."""
        again = self.wanted_again(now, reason, priority)
        return replace(again, detail_sha=None, streams=None)

    def covers(self, received_at: datetime) -> bool:
        """True when Strava was asked after this was received; what was left open then is parked."""
        asked = self.fetched_at is not None and self.fetched_at >= received_at
        return asked and self.state != "failed"


class Ledger:
    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, activity_id: int) -> Entry | None:
        stored = self._state.get(COLLECTION, str(activity_id))
        return _decode(stored.data) if stored else None

    def put(self, activity_id: int, change: Callable[[Entry | None], Entry]) -> Entry:
        """Apply `change` to the current entry, again if somebody else wrote meanwhile."""
        while True:
            stored = self._state.get(COLLECTION, str(activity_id))
            entry = change(_decode(stored.data) if stored else None)
            try:
                self._write(activity_id, entry, stored)
            except Conflict:
                continue
            return entry

    def due(self, now: datetime, limit: int) -> Sequence[tuple[int, Entry]]:
        """Parked work whose time has come, most urgent first."""
        found = self._state.query(
            COLLECTION,
            [Where("state", "==", "parked"), Where("not_before", "<=", _text(now))],
            order_by=["priority", "not_before"],
            limit=limit,
        )
        return [(int(stored.id), _decode(stored.data)) for stored in found]

    def of_athlete(self, athlete_id: int, since: datetime | None = None) -> dict[int, Entry]:
        """Everything known of an athlete, or what started since; parked work may lack a start."""
        where = [Where("athlete_id", "==", athlete_id)]
        if since is not None:
            where.append(Where("started_at", ">=", _text(since)))
        found = self._state.query(COLLECTION, where)
        return {int(stored.id): _decode(stored.data) for stored in found}

    def how_many(self, athlete_id: int) -> int:
        """Of how many activities of this athlete we know."""
        return self._state.count(COLLECTION, [Where("athlete_id", "==", athlete_id)])

    def wake(self, athlete_id: int, now: datetime) -> int:
        """Parked work of this athlete is due at once. Returns how much there was."""
        parked = [Where("athlete_id", "==", athlete_id), Where("state", "==", "parked")]
        found = self._state.query(COLLECTION, parked)
        for stored in found:
            self.put(int(stored.id), lambda entry: _due_now(entry, now))
        return len(found)

    def stop(self, athlete_id: int, why: str) -> int:
        """Parked work of this athlete is given up. Returns how much there was."""
        parked = [Where("athlete_id", "==", athlete_id), Where("state", "==", "parked")]
        found = self._state.query(COLLECTION, parked)
        for stored in found:
            self.put(int(stored.id), lambda entry: _stopped(entry, why))
        return len(found)

    def parked(self) -> dict[Priority, int]:
        """How much work waits, by class."""
        waits = Where("state", "==", "parked")
        return {
            each: self._state.count(COLLECTION, [waits, Where("priority", "==", each)])
            for each in Priority
        }

    def in_flight(self, priority: Priority, now: datetime) -> int:
        """How many released messages of this class nobody has come to yet."""
        where = [
            Where("state", "==", "parked"),
            Where("priority", "==", priority),
            Where("released_until", ">", _text(now)),
        ]
        return self._state.count(COLLECTION, where)

    def parked_reads(self, priority: Priority) -> int:
        """Reads that the parked work of a class takes: a detail each, and streams where wanted."""
        waits = [Where("state", "==", "parked"), Where("priority", "==", priority)]
        details = self._state.count(COLLECTION, waits)
        bare = self._state.count(COLLECTION, [*waits, Where("stream_keys", "==", "none")])
        return reads_of(details - bare, "all") + reads_of(bare, "none")

    def claim(self, activity_id: int, seen: Entry, until: datetime) -> bool:
        """Take due work for ourselves. False when somebody else was faster.

        The claim is only a later `not_before`: if we die, the work falls due again.
        """
        stored = self._state.get(COLLECTION, str(activity_id))
        if stored is None or _decode(stored.data) != seen:
            return False
        try:
            self._write(activity_id, replace(seen, not_before=until, released_until=until), stored)
        except Conflict:
            return False
        return True

    def begin(self, activity_id: int, now: datetime) -> datetime | None:
        """Keep others off this activity while it is fetched, or say when the one at it has ended.

        It spares reads and decides nothing: whoever began last still wins.
        """
        until = now + LEASE
        stored = self._state.get(FETCHING, str(activity_id))
        held_until = _time(stored.data["until"]) if stored else None
        if held_until and held_until > now:
            return held_until
        try:
            if stored:
                self._state.replace(FETCHING, stored.id, {"until": _text(until)}, stored.version)
            else:
                self._state.create(FETCHING, str(activity_id), {"until": _text(until)})
        except Conflict:
            return until
        return None

    def end(self, activity_id: int) -> None:
        with suppress(StoreUnavailable):  # it runs out by itself
            self._state.delete(FETCHING, str(activity_id))

    def failed(self) -> list[int]:
        """Activities whose work was given up on."""
        found = self._state.query(COLLECTION, [Where("state", "==", "failed")])
        return [int(stored.id) for stored in found]

    def to_erase(self, now: datetime, limit: int) -> Sequence[tuple[int, Entry]]:
        """What is gone, and whose stored objects nothing on its way needs any more."""
        found = self._state.query(
            COLLECTION,
            [Where("erase_after", "<=", _text(now))],
            order_by=["erase_after"],
            limit=limit,
        )
        return [(int(stored.id), _decode(stored.data)) for stored in found]

    def remind_of_gone(self, known: Mapping[int, Entry]) -> None:
        """So that `to_erase` finds what an older version wrote; what is as we write it stays."""
        for activity_id, entry in known.items():
            if entry.state == "gone" and entry.erase_after:
                self.put(activity_id, partial(_as_it_is, entry))

    def erased(self, activity_id: int, seen: Entry) -> None:
        """Not asked for again, unless it was found to be gone once more meanwhile."""

        def without(entry: Entry | None) -> Entry:
            if entry is None:
                raise LookupError("an entry of the ledger was removed while it was swept")
            is_same = entry.erase_after == seen.erase_after
            return replace(entry, erase_after=None) if is_same else entry

        self.put(activity_id, without)

    def counts(self) -> dict[WorkState, int]:
        states: tuple[WorkState, ...] = ("parked", "fetched", "gone", "failed", "listed")
        return {s: self._state.count(COLLECTION, [Where("state", "==", s)]) for s in states}

    def _write(self, activity_id: int, entry: Entry, over: Stored | None) -> None:
        data = _encode(entry)
        if over is None:
            self._state.create(COLLECTION, str(activity_id), data)
        elif over.data != data:
            self._state.replace(COLLECTION, str(activity_id), data, over.version)


def reads_of(activities: int, stream_keys: str) -> int:
    """Reads that it takes to fetch so many activities with these streams."""
    return activities if stream_keys == "none" else 2 * activities


def _as_it_is(seen: Entry, entry: Entry | None) -> Entry:
    return entry or seen


def _stopped(entry: Entry | None, why: str) -> Entry:
    if entry is None:
        raise LookupError("an entry of the ledger was removed while it was stopped")
    return replace(entry, state="failed", last_error=why) if entry.state == "parked" else entry


def _due_now(entry: Entry | None, now: datetime) -> Entry:
    if entry is None:
        raise LookupError("an entry of the ledger was removed while it was woken")
    sooner = entry.state == "parked" and entry.not_before is not None and entry.not_before > now
    return replace(entry, not_before=now, released_until=None) if sooner else entry


def _encode(entry: Entry) -> Document:
    return {
        name: _text(value) if isinstance(value, datetime) else value
        for name, value in asdict(entry).items()
    }


def _decode(data: Document) -> Entry:
    """Also what another version stored: an older one erased nothing of what was gone."""
    if data["state"] == "gone" and "erase_after" not in data:
        data = {**data, "erase_after": data["fetched_at"]}
    times = {name: _time(data.get(name)) for name in _TIMES}
    known = {name: value for name, value in data.items() if name in _NAMES}
    return Entry(**{**known, **times, "priority": Priority(data["priority"])})


_NAMES = {each.name for each in fields(Entry)}
_TIMES = (
    "wanted_at",
    "fetched_at",
    "not_before",
    "started_at",
    "received_at",
    "released_until",
    "erase_after",
)


def _text(moment: datetime) -> str:
    """Of one width and zone, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _time(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
