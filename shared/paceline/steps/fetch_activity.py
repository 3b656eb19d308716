"""One activity: make the lake match what Strava says now, whatever the event said.

The version of everything a fetch brings is the moment the fetch began. A fetch that began after an
event was received has seen what the event announced, so the latest beginning always wins.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from paceline.errors import AccessLost, AthleteUnknown, PayloadInvalid, StravaRefused, WaitUntil
from paceline.ledger import Entry, Ledger, StreamState
from paceline.model.bronze import BronzeObject, Kind, version_of
from paceline.model.event import EventMessage
from paceline.model.landed import Landed, Op
from paceline.model.outcome import Outcome
from paceline.model.priority import Priority
from paceline.model.routes import LANDED
from paceline.ports import Answer, Blobs, Clock, Document, Publisher, Wire
from paceline.reading import NOT_FOUND, Reading

# A fresh activity may not be readable yet, and its streams later still.
NOT_FOUND_RETRY_S = (10, 60, 300, 1_800)
STREAMS_RETRY_S = (300, 900, 2_700)
SETTLED = timedelta(days=1)

STREAM_KEYS = (
    "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth"
)

# An edit of the recording (a crop, a new upload) shows in these; an edit of the title does not.
_SHAPE = ("started_at", "elapsed_time_s", "moving_time_s", "distance_m", "elevation_gain_m")


@dataclass(frozen=True)
class Fetching:
    """What fetching needs."""

    ledger: Ledger
    reading: Reading
    wire: Wire
    bronze: Blobs
    publisher: Publisher
    clock: Clock


@dataclass(frozen=True)
class _Work:
    """One fetch: the message, what the ledger knew, and when we began."""

    message: EventMessage
    known: Entry | None
    began_at: datetime

    @property
    def activity_id(self) -> int:
        return self.message.event.object_id

    @property
    def athlete_id(self) -> int:
        return self.message.event.owner_id

    def tries(self, *, of_streams: bool) -> int:
        """How often this was asked for again already; details and streams are counted apart."""
        known = self.known
        if known is None or known.state != "parked":
            return 0
        return known.attempts if (known.streams == "waiting") == of_streams else 0

    def counted(self, tries: int) -> int:
        """Only what fell due counts as a try: a burst of events must not use them up."""
        return tries if tries and self.message.reason == "webhook" else tries + 1

    def gives_up(self, tries: int, schedule_s: tuple[int, ...]) -> bool:
        return tries >= len(schedule_s) and self.message.reason != "webhook"

    @property
    def priority(self) -> Priority:
        if self.message.reason == "webhook":
            is_edit = self.message.event.aspect_type == "update"
            return Priority.EDIT if is_edit else Priority.LIVE
        return self.known.priority if self.known else Priority.BACKFILL


def run(message: EventMessage, use: Fetching) -> Outcome:
    known = use.ledger.get(message.event.object_id)
    if known and known.covers(message.received_at):
        return Outcome("covered")
    if known and known.detail_sha and known.athlete_id != message.event.owner_id:
        return Outcome("foreign_athlete")
    work = _Work(message, known, use.clock.now())
    try:
        return _fetch(work, use)
    except WaitUntil as wait:
        attempts = known.attempts if known and known.state == "parked" else 0
        return _park(work, use, wait.not_before, wait.why, attempts=attempts)
    except AthleteUnknown:
        return Outcome("unknown_athlete")
    except (AccessLost, StravaRefused, PayloadInvalid) as error:
        _fail(work, use, f"{type(error).__name__}: {error}")
        return Outcome("failed", {"error": type(error).__name__, "message": str(error)})


def _fetch(work: _Work, use: Fetching) -> Outcome:
    detail = _get(work, use, "", {"include_all_efforts": "true"})
    if detail.status == NOT_FOUND:
        return _not_found(work, use)
    activity = _read_detail(work, use, detail)
    if activity["athlete_id"] != work.athlete_id:
        return Outcome("foreign_athlete")  # a forged owner changes nothing, the ledger least
    _store(work, use, "activity", detail)
    sha = _shape_sha(activity)
    streams = _fetch_streams(work, use, activity, sha)
    if streams == "waiting":
        return _wait_for_streams(work, use, sha)
    _settle(work, use, state="fetched", detail_sha=sha, streams=streams)
    return Outcome("fetched", {"streams": streams})


def _read_detail(work: _Work, use: Fetching, detail: Answer) -> Document:
    try:
        return use.wire.activity(detail.body)
    except PayloadInvalid:
        # Kept all the same: load_silver quarantines it with a pointer to these bytes.
        _store(work, use, "activity", detail)
        raise


def _fetch_streams(work: _Work, use: Fetching, activity: Document, sha: str) -> StreamState:
    if activity["manual"]:
        return "none"
    if work.known and work.known.streams == "present" and work.known.detail_sha == sha:
        return "present"
    answer = _get(work, use, "/streams", {"keys": STREAM_KEYS, "key_by_type": "true"})
    if answer.status == NOT_FOUND or not use.wire.has_points(answer.body):
        if work.known and work.known.streams == "present":
            _publish(work, use, "tombstone", "streams")  # they were of another recording
        return "waiting" if _may_still_come(work, activity) else "none"
    _store(work, use, "streams", answer)
    return "present"


def _may_still_come(work: _Work, activity: Document) -> bool:
    """Streams lag an upload by minutes; what a backfill lists was uploaded long ago."""
    if work.message.reason == "backfill" and work.began_at - activity["started_at"] > SETTLED:
        return False
    return not work.gives_up(work.tries(of_streams=True), STREAMS_RETRY_S)


def _get(work: _Work, use: Fetching, path: str, params: dict[str, str]) -> Answer:
    path = f"activities/{work.activity_id}{path}"
    return use.reading.get(work.athlete_id, path, params, work.priority)


def _not_found(work: _Work, use: Fetching) -> Outcome:
    """Gone, or too young to be seen: only what we never saw and nobody deleted may be young."""
    if work.known and work.known.athlete_id != work.athlete_id:
        return Outcome("foreign_athlete")  # a stranger's token says nothing about it
    seen_before = work.known is not None and work.known.fetched_at is not None
    deleted = work.message.event.aspect_type == "delete"
    tries = work.tries(of_streams=False)
    if not (seen_before or deleted or work.gives_up(tries, NOT_FOUND_RETRY_S)):
        not_before = work.began_at + _delay(tries, NOT_FOUND_RETRY_S)
        return _park(work, use, not_before, "not found yet", attempts=work.counted(tries))
    # Forgotten before they are taken away: if we die in between, a later fetch brings them back.
    use.ledger.put(
        work.activity_id,
        lambda entry: replace(_wanted(entry, work), detail_sha=None, streams=None),
    )
    _publish(work, use, "tombstone", "activity")
    _settle(work, use, state="gone", detail_sha=None, streams=None)
    return Outcome("gone")


def _wait_for_streams(work: _Work, use: Fetching, sha: str) -> Outcome:
    tries = work.tries(of_streams=True)
    not_before = work.began_at + _delay(tries, STREAMS_RETRY_S)
    _settle(
        work,
        use,
        state="parked",
        detail_sha=sha,
        streams="waiting",
        not_before=not_before,
        attempts=work.counted(tries),
        last_error="no streams yet",
    )
    return Outcome("streams_waiting", {"not_before": not_before.isoformat()})


def _store(work: _Work, use: Fetching, kind: Kind, answer: Answer) -> None:
    item = BronzeObject(
        kind=kind,
        athlete_id=work.athlete_id,
        activity_id=work.activity_id,
        fetched_at=work.began_at,
        body=answer.body,
        request=answer.request,
        status=answer.status,
        headers=answer.headers,
    )
    use.bronze.put(item.name(), item.packed(), item.metadata())
    _publish(work, use, "upsert", kind, item.name())


def _publish(work: _Work, use: Fetching, op: Op, kind: Kind, bronze_name: str = "") -> None:
    landed = Landed(
        op=op,
        kind=kind,
        athlete_id=work.athlete_id,
        activity_id=work.activity_id,
        version=version_of(work.began_at),
        trace=work.message.trace,
        bronze_name=bronze_name,
    )
    use.publisher.publish(LANDED, landed.encode(), landed.attributes())


def _park(work: _Work, use: Fetching, not_before: datetime, why: str, *, attempts: int) -> Outcome:
    """Keep the work in the ledger; release_work sends it again when its time has come."""
    use.ledger.put(
        work.activity_id,
        lambda entry: replace(
            _wanted(entry, work),
            state="parked",
            not_before=not_before,
            attempts=attempts,
            last_error=why,
        ),
    )
    return Outcome("parked", {"not_before": not_before.isoformat(), "why": why})


def _settle(work: _Work, use: Fetching, **outcome: Any) -> None:
    """Record what this fetch saw, unless one that began later already did."""
    cleared = {"not_before": None, "attempts": 0, "last_error": None}

    def settled(entry: Entry | None) -> Entry:
        if entry and entry.fetched_at and entry.fetched_at > work.began_at:
            return entry
        if entry and _parked_since(entry, work):
            seen = {name: outcome[name] for name in ("detail_sha", "streams") if name in outcome}
            return replace(entry, fetched_at=work.began_at, **seen)
        wanted = replace(_wanted(entry, work), athlete_id=work.athlete_id)  # Strava has said so
        return replace(wanted, fetched_at=work.began_at, **(cleared | outcome))

    use.ledger.put(work.activity_id, settled)


def _fail(work: _Work, use: Fetching, why: str) -> None:
    def failed(entry: Entry | None) -> Entry:
        later = entry and entry.fetched_at and entry.fetched_at > work.began_at
        if entry and (later or _parked_since(entry, work)):
            return entry
        return replace(_wanted(entry, work), state="failed", last_error=why)

    use.ledger.put(work.activity_id, failed)


def _parked_since(entry: Entry, work: _Work) -> bool:
    """A message that came after we began was parked: it still has to be fetched."""
    return entry.state == "parked" and entry.wanted_at > work.began_at


def _delay(tries: int, schedule_s: tuple[int, ...]) -> timedelta:
    return timedelta(seconds=schedule_s[min(tries, len(schedule_s) - 1)])


def _wanted(entry: Entry | None, work: _Work) -> Entry:
    """The entry with this message in it: wanted when it was received, for its reason."""
    wanted_at = work.message.received_at
    if entry is None:
        return Entry(
            athlete_id=work.athlete_id,
            wanted_at=wanted_at,
            state="parked",
            reason=work.message.reason,
            priority=work.priority,
        )
    waits = entry.state == "parked"
    priority = min(work.priority, entry.priority) if waits else work.priority
    return replace(
        entry,
        wanted_at=max(entry.wanted_at, wanted_at),
        reason=work.message.reason,
        priority=priority,
    )


def _shape_sha(activity: Document) -> str:
    shape = "|".join(str(activity[name]) for name in _SHAPE)
    return hashlib.sha256(shape.encode()).hexdigest()
