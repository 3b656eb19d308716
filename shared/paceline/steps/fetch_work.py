"""One fetch as the ledger sees it: what was known when it began, and what to remember of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from paceline.counters import Counters
from paceline.lake import Cause, Lake
from paceline.ledger import Entry, Ledger
from paceline.model.bronze import Subject
from paceline.model.event import EventMessage
from paceline.model.priority import Priority
from paceline.ports import Clock, Wire
from paceline.reading import Reading

# Why work is parked whose activity another process is fetching: due once that has ended.
BEING_FETCHED = "it is being fetched"


@dataclass(frozen=True)
class Fetching:
    """What fetching needs."""

    ledger: Ledger
    reading: Reading
    wire: Wire
    lake: Lake
    clock: Clock
    counters: Counters


@dataclass(frozen=True)
class Work:
    """One fetch: the message, what the ledger knew, and when we began."""

    message: EventMessage
    known: Entry | None
    began_at: datetime
    attempt: int = 1  # of the message

    @property
    def activity_id(self) -> int:
        return self.message.event.object_id

    @property
    def athlete_id(self) -> int:
        return self.message.event.owner_id

    @property
    def is_disputed(self) -> bool:
        """The ledger has it as another athlete's, and the message as this one's."""
        return self.known is not None and self.known.athlete_id != self.athlete_id

    @property
    def subject(self) -> Subject:
        return Subject(self.athlete_id, self.activity_id, self.began_at)

    @property
    def cause(self) -> Cause:
        """Of what has waited longest: released work goes on where its event came in."""
        message, known = self.message, self.known
        same = known and known.state == "parked" and message.reason in {"retry", known.reason}
        if known and same and known.trace and known.received_at:
            return Cause(known.trace, known.reason, known.received_at)
        return Cause(message.trace, message.reason, message.received_at)

    @property
    def may_be_young(self) -> bool:
        """Not found yet, rather than no more.

        What was created just now exists, also where we saw it before: it was hidden meanwhile. A
        delete may be older than the create that we are at.
        """
        told = self.message.event.aspect_type if self.message.reason == "webhook" else None
        if told in {"create", "delete"}:
            return told == "create" or self.tries(of_streams=False) > 0
        known = self.known
        never_seen = known is None or known.seen_sha is None
        return never_seen and (known is None or told is not None or known.state == "parked")

    @property
    def attempts(self) -> int:
        """How often this was tried: deliveries of the message, and times it was parked before."""
        parked = self.known.attempts if self.known and self.known.state == "parked" else 0
        return self.attempt + parked

    @property
    def stream_keys(self) -> str:
        return self.known.stream_keys if self.known else "all"

    @property
    def priority(self) -> Priority:
        if self.message.reason == "webhook":
            is_edit = self.message.event.aspect_type == "update"
            return Priority.EDIT if is_edit else Priority.LIVE
        return self.known.priority if self.known else Priority.BACKFILL

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

    def next_try(self, tries: int, schedule_s: tuple[int, ...]) -> datetime:
        return self.began_at + timedelta(seconds=schedule_s[min(tries, len(schedule_s) - 1)])


def park(work: Work, ledger: Ledger, not_before: datetime, why: str, *, attempts: int) -> None:
    """Keep the work in the ledger; release_work sends it again when its time has come."""
    ledger.put(
        work.activity_id,
        lambda entry: replace(
            wanted(entry, work),
            state="parked",
            not_before=not_before,
            attempts=attempts,
            last_error=why,
            released_until=None,
        ),
    )


def settle(work: Work, ledger: Ledger, **outcome: Any) -> None:
    """Record what this fetch saw, unless one that began later already did."""
    cleared = {"not_before": None, "attempts": 0, "last_error": None, "released_until": None}
    seen = {name: outcome[name] for name in _SEEN if name in outcome}

    def settled(entry: Entry | None) -> Entry:
        if entry and entry.fetched_at and entry.fetched_at > work.began_at:
            return entry
        if entry and _parked_since(entry, work):
            due = work.began_at if entry.last_error == BEING_FETCHED else entry.not_before
            return replace(entry, fetched_at=work.began_at, not_before=due, **seen)
        known = replace(wanted(entry, work), athlete_id=work.athlete_id)  # Strava has said so
        return replace(known, fetched_at=work.began_at, **(cleared | outcome))

    ledger.put(work.activity_id, settled)


def fail(work: Work, ledger: Ledger, why: str) -> None:
    def failed(entry: Entry | None) -> Entry:
        later = entry and entry.fetched_at and entry.fetched_at > work.began_at
        if entry and (later or _parked_since(entry, work)):
            return entry
        return replace(wanted(entry, work), state="failed", last_error=why)

    ledger.put(work.activity_id, failed)


def wanted(entry: Entry | None, work: Work) -> Entry:
    """The entry with this message in it: wanted when it was received, for its reason."""
    wanted_at = work.message.received_at
    cause = work.cause
    if entry is None:
        return Entry(
            athlete_id=work.athlete_id,
            wanted_at=wanted_at,
            state="parked",
            reason=cause.reason,
            priority=work.priority,
            trace=cause.trace,
            received_at=cause.received_at,
        )
    waits = entry.state == "parked"
    priority = min(work.priority, entry.priority) if waits else work.priority
    return replace(
        entry,
        wanted_at=max(entry.wanted_at, wanted_at),
        reason=cause.reason,
        priority=priority,
        trace=cause.trace,
        received_at=cause.received_at,
    )


# What a fetch saw of the activity, kept also when a later wish is still parked.
_SEEN = ("detail_sha", "streams", "started_at", "seen_sha")


def _parked_since(entry: Entry, work: Work) -> bool:
    """A message that came after we began was parked: it still has to be fetched."""
    return entry.state == "parked" and entry.wanted_at > work.began_at
