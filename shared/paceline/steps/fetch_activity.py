"""One activity: make the lake match what Strava says now, whatever the event said.

The version of everything a fetch brings is the moment the fetch began. A fetch that began after an
event was received has seen what the event announced, so the latest beginning always wins.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paceline.errors import (
    AccessLost,
    AthleteLeft,
    AthleteUnknown,
    PayloadInvalid,
    Permanent,
    StravaRefused,
    StravaUnavailable,
    WaitUntil,
)
from paceline.lake import Lake
from paceline.ledger import Entry, Ledger, StreamState
from paceline.model.bronze import Kind
from paceline.model.event import EventMessage
from paceline.model.landed import Op
from paceline.model.listed import fingerprint
from paceline.model.outcome import Outcome
from paceline.ports import Answer, Clock, Document, Wire
from paceline.reading import NOT_FOUND, OK, Reading
from paceline.steps.fetch_work import Work, fail, park, settle, wanted

# A fresh activity may not be readable yet, and its streams later still.
NOT_FOUND_RETRY_S = (10, 60, 300, 1_800)
STREAMS_RETRY_S = (300, 900, 2_700)
SETTLED = timedelta(days=1)

# An outage is not waited for on the bus, where ten attempts make a dead letter of a good message.
PATIENCE, OUTAGE = 4, timedelta(minutes=10)

# Work of an athlete who must connect again is kept; connecting wakes it sooner.
NO_ACCESS = timedelta(days=1)

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
    lake: Lake
    clock: Clock


def run(message: EventMessage, use: Fetching, *, attempt: int = 1) -> Outcome:
    event = message.event
    return _run(message, use, attempt).about(
        athlete=event.owner_id, activity=event.object_id, reason=message.reason
    )


def _run(message: EventMessage, use: Fetching, attempt: int) -> Outcome:
    known = use.ledger.get(message.event.object_id)
    if known and known.covers(message.received_at):
        return Outcome("covered")
    if known and known.detail_sha and known.athlete_id != message.event.owner_id:
        return Outcome("foreign_athlete")
    return _try(Work(message, known, use.clock.now()), use, attempt)


def _try(work: Work, use: Fetching, attempt: int) -> Outcome:
    """Whatever Strava, the budget or the athlete say, the work is kept or named."""
    try:
        return _fetch(work, use)
    except WaitUntil as wait:
        return _wait(work, use, wait.not_before, wait.why, "parked")
    except StravaUnavailable as error:
        if attempt < PATIENCE:
            raise
        return _wait(work, use, work.began_at + OUTAGE, str(error), "strava_unavailable")
    except Permanent as error:
        if work.is_disputed:  # what a stranger's token is refused says nothing about it
            return Outcome("foreign_athlete")
        return _refused(work, use, error)


def _refused(work: Work, use: Fetching, error: Permanent) -> Outcome:
    if isinstance(error, AthleteUnknown | AthleteLeft):
        if work.known:  # nobody is left to fetch it for
            fail(work, use.ledger, str(error))
        return Outcome("athlete_left" if isinstance(error, AthleteLeft) else "unknown_athlete")
    if isinstance(error, AccessLost):
        name = "access_lost" if error.first else "parked"
        return _wait(work, use, work.began_at + NO_ACCESS, str(error), name)
    if isinstance(error, StravaRefused | PayloadInvalid):
        return _give_up(work, use, error)
    raise error


def _fetch(work: Work, use: Fetching) -> Outcome:
    detail = _get(work, use, "", {"include_all_efforts": "true"})
    if detail.status == NOT_FOUND:
        return _not_found(work, use, detail)
    if detail.status != OK:
        raise StravaRefused(f"Strava answered {detail.status} to the activity.")
    activity = _read_detail(work, use, detail)
    if activity["athlete_id"] != work.athlete_id:
        return _foreign(work, use, activity["athlete_id"])
    _store(work, use, "activity", detail)
    streams = _fetch_streams(work, use, activity)
    return _settled(work, use, activity, streams)


def _foreign(work: Work, use: Fetching, athlete_id: int) -> Outcome:
    """A forged owner changes nothing; work that was parked in their name goes to the real one."""

    def corrected(entry: Entry | None) -> Entry:
        if entry is None:
            raise LookupError("an entry of the ledger was removed while it was fetched")
        waits = entry.state == "parked" and entry.athlete_id == work.athlete_id
        return replace(entry, athlete_id=athlete_id, not_before=work.began_at) if waits else entry

    if work.known:
        use.ledger.put(work.activity_id, corrected)
    return Outcome("foreign_athlete")


def _settled(work: Work, use: Fetching, activity: Document, streams: StreamState) -> Outcome:
    seen = {
        "detail_sha": _shape_sha(activity),
        "seen_sha": fingerprint(activity),
        "started_at": activity["started_at"],
        "streams": streams,
    }
    if streams != "waiting":
        settle(work, use.ledger, state="fetched", **seen)
        return Outcome("fetched", {"streams": streams})
    tries = work.tries(of_streams=True)
    not_before = work.next_try(tries, STREAMS_RETRY_S)
    settle(
        work,
        use.ledger,
        state="parked",
        not_before=not_before,
        attempts=work.counted(tries),
        last_error="no streams yet",
        **seen,
    )
    return Outcome("streams_waiting", {"not_before": not_before.isoformat()})


def _read_detail(work: Work, use: Fetching, detail: Answer) -> Document:
    try:
        return use.wire.activity(detail.body)
    except PayloadInvalid:
        # Kept all the same: load_silver quarantines it with a pointer to these bytes.
        _store(work, use, "activity", detail)
        raise


def _fetch_streams(work: Work, use: Fetching, activity: Document) -> StreamState:
    known = work.known
    if activity["manual"]:
        return "none"
    if known and known.streams == "present" and known.detail_sha == _shape_sha(activity):
        return "present"
    if work.stream_keys == "none":
        return "skipped"
    keys = STREAM_KEYS if work.stream_keys == "all" else work.stream_keys
    answer = _get(work, use, "/streams", {"keys": keys, "key_by_type": "true"})
    if answer.status != OK or not use.wire.has_points(answer.body):
        absent: StreamState = "waiting" if _may_still_come(work, activity) else "none"
        if absent == "none" or (known and known.streams == "present"):
            # Those of another recording leave, also of one whose fetch died before we knew of it.
            _store(work, use, "streams", answer, "tombstone")
        return absent
    _store(work, use, "streams", answer)
    return "present"


def _may_still_come(work: Work, activity: Document) -> bool:
    """Streams lag an upload by minutes; what a backfill lists was uploaded long ago."""
    if work.message.reason == "backfill" and work.began_at - activity["started_at"] > SETTLED:
        return False
    return not work.gives_up(work.tries(of_streams=True), STREAMS_RETRY_S)


def _get(work: Work, use: Fetching, path: str, params: dict[str, str]) -> Answer:
    path = f"activities/{work.activity_id}{path}"
    return use.reading.get(work.athlete_id, path, params, work.priority)


def _not_found(work: Work, use: Fetching, answer: Answer) -> Outcome:
    """Gone, or too young to be seen: only what we never saw and nobody deleted may be young."""
    if work.is_disputed:
        return Outcome("foreign_athlete")  # a stranger's token says nothing about it
    seen_before = work.known is not None and work.known.fetched_at is not None
    deleted = work.message.event.aspect_type == "delete"
    tries = work.tries(of_streams=False)
    if not (seen_before or deleted or work.gives_up(tries, NOT_FOUND_RETRY_S)):
        not_before = work.next_try(tries, NOT_FOUND_RETRY_S)
        park(work, use.ledger, not_before, "not found yet", attempts=work.counted(tries))
        return Outcome("parked", {"not_before": not_before.isoformat(), "why": "not found yet"})
    # Forgotten before they are taken away: if we die in between, a later fetch brings them back.
    use.ledger.put(work.activity_id, lambda entry: _forgotten(wanted(entry, work)))
    _store(work, use, "activity", answer, "tombstone")
    settle(work, use.ledger, state="gone", detail_sha=None, seen_sha=None, streams=None)
    return Outcome("gone")


def _forgotten(entry: Entry) -> Entry:
    return replace(entry, detail_sha=None, seen_sha=None, streams=None)


def _wait(work: Work, use: Fetching, not_before: datetime, why: str, outcome: str) -> Outcome:
    """Parked as it was: waiting for reads or for consent is no try."""
    known = work.known
    attempts = known.attempts if known and known.state == "parked" else 0
    park(work, use.ledger, not_before, why, attempts=attempts)
    return Outcome(outcome, {"not_before": not_before.isoformat(), "why": why})


def _give_up(work: Work, use: Fetching, error: StravaRefused | PayloadInvalid) -> Outcome:
    named = f"{type(error).__name__}: {error}"
    if isinstance(error, StravaRefused):  # a payload is quarantined where it is loaded
        use.lake.tell("failure", "activity", work.subject, work.cause, note=named)
    fail(work, use.ledger, named)
    return Outcome("failed", {"error": type(error).__name__, "message": str(error)})


def _store(work: Work, use: Fetching, kind: Kind, answer: Answer, op: Op = "upsert") -> None:
    use.lake.keep(answer, kind, work.subject, work.cause, op)


def _shape_sha(activity: Document) -> str:
    shape = "|".join(str(activity[name]) for name in _SHAPE)
    return hashlib.sha256(shape.encode()).hexdigest()
