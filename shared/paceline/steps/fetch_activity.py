"""One activity: make the lake match what Strava says now, whatever the event said.

The version of everything a fetch brings is the moment the fetch began. A fetch that began after an
event was received has seen what the event announced, so the latest beginning always wins.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from paceline.counters import STRANGERS
from paceline.errors import (
    AccessLost,
    AccessRefused,
    AthleteLeft,
    AthleteUnknown,
    PayloadInvalid,
    Permanent,
    StravaRefused,
    StravaUnavailable,
    WaitUntil,
)
from paceline.lake import Failure
from paceline.ledger import Entry, StreamState
from paceline.model.bronze import Kind
from paceline.model.event import EventMessage
from paceline.model.landed import Op
from paceline.model.listed import fingerprint
from paceline.model.outcome import Outcome
from paceline.ports import Answer, Document
from paceline.reading import NOT_FOUND, OK
from paceline.steps.fetch_streams import STREAMS_RETRY_S, fetch_streams, shape_sha
from paceline.steps.fetch_work import BEING_FETCHED, Fetching, Work, fail, park, settle, wanted

# A fresh activity may not be readable yet.
NOT_FOUND_RETRY_S = (10, 60, 300, 1_800)

# An outage is not waited for on the bus, where ten attempts make a dead letter of a good message.
PATIENCE, OUTAGE = 4, timedelta(minutes=10)

# What was stored of an activity that is gone is kept until no message needs it: ten attempts take
# forty minutes, and BigQuery deletes no row within ninety minutes of its being streamed.
KEPT = timedelta(hours=2)

_NOTHING_SEEN: dict[str, Any] = dict.fromkeys(("detail_sha", "seen_sha", "streams"))

# Work of an athlete who must connect again is kept; connecting wakes it sooner.
NO_ACCESS = timedelta(days=1)


def run(message: EventMessage, use: Fetching, *, attempt: int = 1) -> Outcome:
    event = message.event
    return _run(message, use, attempt).about(
        athlete=event.owner_id, activity=event.object_id, reason=message.reason
    )


def _run(message: EventMessage, use: Fetching, attempt: int) -> Outcome:
    activity_id = message.event.object_id
    if settled := _needs_no_read(message, use.ledger.get(activity_id)):
        return settled
    if until := use.ledger.begin(activity_id, use.clock.now()):
        return _overtaken(message, use, until)
    try:
        known = use.ledger.get(activity_id)  # whoever was at it may just have ended
        if settled := _needs_no_read(message, known):
            return settled
        return _try(Work(message, known, use.clock.now(), attempt), use)
    finally:
        use.ledger.end(activity_id)


def _needs_no_read(message: EventMessage, known: Entry | None) -> Outcome | None:
    # What was not there may not have been readable yet: that says nothing against a create.
    unsaid = known and known.state == "gone" and message.event.aspect_type == "create"
    if known and not unsaid and known.covers(message.received_at):
        return Outcome("covered")
    if known and known.detail_sha and known.athlete_id != message.event.owner_id:
        return Outcome("foreign_athlete")
    return None


def _overtaken(message: EventMessage, use: Fetching, until: datetime) -> Outcome:
    """The fetch under way may cover this too; if not, or if it dies, this is due again then."""
    work = Work(message, use.ledger.get(message.event.object_id), use.clock.now())
    if work.is_disputed:
        return Outcome("foreign_athlete")
    return _wait(work, use, until, BEING_FETCHED, "parked")


def _try(work: Work, use: Fetching) -> Outcome:
    """Whatever Strava, the budget or the athlete say, the work is kept or named."""
    try:
        return _fetch(work, use)
    except WaitUntil as wait:
        return _wait(work, use, wait.not_before, wait.why, "parked")
    except StravaUnavailable as error:
        if work.attempt < PATIENCE:
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
        if isinstance(error, AthleteUnknown):
            use.counters.add(STRANGERS)
        return Outcome("athlete_left" if isinstance(error, AthleteLeft) else "unknown_athlete")
    if isinstance(error, AccessLost):
        until, name = work.began_at + NO_ACCESS, "access_lost"
        if isinstance(error, AccessRefused):
            until, name = error.not_before, "access_refused"
        return _wait(work, use, until, str(error), name if error.first else "parked")
    if isinstance(error, StravaRefused | PayloadInvalid):
        return _give_up(work, use, error)
    raise error


def _fetch(work: Work, use: Fetching) -> Outcome:
    detail = _get(work, use, "", {"include_all_efforts": "true"})
    if detail.status == NOT_FOUND:
        return _not_found(work, use, detail)
    if detail.status != OK:
        refused = StravaRefused(f"Strava answered {detail.status} to the activity.")
        refused.answer = detail
        raise refused
    activity = _read_detail(work, use, detail)
    if activity["athlete_id"] != work.athlete_id:
        return _foreign(work, use, activity["athlete_id"])
    _store(work, use, "activity", detail)
    streams = fetch_streams(work, use, activity)
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
    seen: dict[str, Any] = {
        "detail_sha": shape_sha(activity),
        "seen_sha": fingerprint(activity),
        "started_at": activity["started_at"],
        "streams": streams,
    }
    if streams != "waiting":
        settle(work, use.ledger, state="fetched", **seen)
        return Outcome("fetched", {"streams": streams})
    tries = work.tries(of_streams=True)
    not_before = work.next_try(tries, STREAMS_RETRY_S)
    if work.cause.reason == "webhook":  # it is answered: what comes later is not its latency
        seen["reason"] = "retry"
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


def _get(work: Work, use: Fetching, path: str, params: dict[str, str]) -> Answer:
    path = f"activities/{work.activity_id}{path}"
    return use.reading.get(work.athlete_id, path, params, work.priority)


def _not_found(work: Work, use: Fetching, answer: Answer) -> Outcome:
    """Gone, or too young to be seen, or hidden and about to be shown again."""
    if work.is_disputed:
        return Outcome("foreign_athlete")  # a stranger's token says nothing about it
    tries = work.tries(of_streams=False)
    if not work.may_be_young or work.gives_up(tries, NOT_FOUND_RETRY_S):
        _take_away(work, use, answer)
        erase_after = work.began_at + KEPT
        settle(work, use.ledger, state="gone", erase_after=erase_after, **_NOTHING_SEEN)
        return Outcome("gone")
    if work.known or work.attempt > 1:  # whoever tried before may have stored it, and died then
        _take_away(work, use, answer)  # it is not there now, whatever comes
    not_before = work.next_try(tries, NOT_FOUND_RETRY_S)
    park(work, use.ledger, not_before, "not found yet", attempts=work.counted(tries))
    return Outcome("parked", {"not_before": not_before.isoformat(), "why": "not found yet"})


def _take_away(work: Work, use: Fetching, answer: Answer) -> None:
    """Forgotten before it is taken away: if we die in between, a later fetch brings it back."""
    use.ledger.put(work.activity_id, lambda entry: _forgotten(wanted(entry, work)))
    _store(work, use, "activity", answer, "tombstone")


def _forgotten(entry: Entry) -> Entry:
    return replace(entry, **_NOTHING_SEEN)


def _wait(work: Work, use: Fetching, not_before: datetime, why: str, outcome: str) -> Outcome:
    """Parked as it was: waiting for reads or for consent is no try."""
    known = work.known
    attempts = known.attempts if known and known.state == "parked" else 0
    park(work, use.ledger, not_before, why, attempts=attempts)
    return Outcome(outcome, {"not_before": not_before.isoformat(), "why": why})


def _give_up(work: Work, use: Fetching, error: StravaRefused | PayloadInvalid) -> Outcome:
    named = f"{type(error).__name__}: {error}"
    failure = Failure(named, work.attempts)
    if isinstance(error, StravaRefused) and isinstance(error.answer, Answer):
        use.lake.keep(error.answer, "activity", work.subject, work.cause, "failure", failure)
    elif isinstance(error, StravaRefused):  # a payload is quarantined where it is loaded
        use.lake.tell("failure", "activity", work.subject, work.cause, note=failure)
    fail(work, use.ledger, named)
    return Outcome("failed", {"error": type(error).__name__, "message": str(error)})


def _store(work: Work, use: Fetching, kind: Kind, answer: Answer, op: Op = "upsert") -> None:
    use.lake.keep(answer, kind, work.subject, work.cause, op)
