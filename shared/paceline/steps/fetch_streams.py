"""The streams of one activity: there, not yet there, none, or not to be read."""

import hashlib
from datetime import timedelta

from paceline.errors import PayloadInvalid
from paceline.lake import Failure
from paceline.ledger import StreamState
from paceline.ports import Answer, Document
from paceline.reading import OK
from paceline.steps.fetch_work import Fetching, Work

# Streams lag the activity that they belong to.
STREAMS_RETRY_S = (300, 900, 2_700)
SETTLED = timedelta(days=1)

STREAM_KEYS = (
    "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth"
)

# An edit of the recording (a crop, a new upload) shows in these; an edit of the title does not.
_SHAPE = ("started_at", "elapsed_time_s", "moving_time_s", "distance_m", "elevation_gain_m")

_ENDED: tuple[StreamState, ...] = ("present", "none", "failed")


def fetch_streams(work: Work, use: Fetching, activity: Document) -> StreamState:
    """Asked for only where the detail shows that they are others than those we know of."""
    known = work.known
    if activity["manual"]:
        return "none"
    if known and known.streams in _ENDED and known.detail_sha == shape_sha(activity):
        return known.streams
    if work.stream_keys == "none":
        return "skipped"
    keys = STREAM_KEYS if work.stream_keys == "all" else work.stream_keys
    params = {"keys": keys, "key_by_type": "true"}
    path = f"activities/{work.activity_id}/streams"
    answer = use.reading.get(work.athlete_id, path, params, work.priority)
    try:
        if answer.status == OK and use.wire.has_points(answer.body):
            use.lake.keep(answer, "streams", work.subject, work.cause)
            return "present"
    except PayloadInvalid as error:
        return _unreadable(work, use, answer, error)
    return _absent(work, use, answer, activity)


def shape_sha(activity: Document) -> str:
    shape = "|".join(str(activity[name]) for name in _SHAPE)
    return hashlib.sha256(shape.encode()).hexdigest()


def _absent(work: Work, use: Fetching, answer: Answer, activity: Document) -> StreamState:
    waits = _may_still_come(work, activity)
    if not waits or _had_others(work):
        # Those of another recording leave, also of one whose fetch died before we knew of it.
        use.lake.keep(answer, "streams", work.subject, work.cause, "tombstone")
    return "waiting" if waits else "none"


def _unreadable(work: Work, use: Fetching, answer: Answer, error: PayloadInvalid) -> StreamState:
    """An answer from the edge, say: asked for again, and then named with what was answered."""
    gives_up = work.gives_up(work.tries(of_streams=True), STREAMS_RETRY_S)
    if not gives_up and not _had_others(work):
        return "waiting"
    name = use.lake.keep(answer, "streams", work.subject, work.cause, "tombstone")
    if not gives_up:
        return "waiting"
    failure = Failure(f"{type(error).__name__}: {error}", work.attempts)
    use.lake.tell("failure", "streams", work.subject, work.cause, bronze_name=name, note=failure)
    return "failed"


def _had_others(work: Work) -> bool:
    return work.known is not None and work.known.streams == "present"


def _may_still_come(work: Work, activity: Document) -> bool:
    """Streams lag an upload by minutes; what a backfill lists was uploaded long ago."""
    if work.message.reason == "backfill" and work.began_at - activity["started_at"] > SETTLED:
        return False
    return not work.gives_up(work.tries(of_streams=True), STREAMS_RETRY_S)
