"""Each minute: parked work whose time has come goes back to the bus, within the budget.

Backfills that are still being listed are listed on, and what the spool holds is sent; so are
deauthorisations that could not be verified when they were claimed. A listing that fails is told of,
and tried again later each time.

Work is claimed before it is sent, and a claim is no more than a later time: if we die between the
two, or the message is lost, the work falls due again.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from paceline.budget import Budget
from paceline.claims import Claims
from paceline.errors import AccessLost, Busy, Permanent, Retryable, WaitUntil
from paceline.ledger import Entry, Ledger
from paceline.model.event import OWN_SUBSCRIPTION, Event, EventMessage
from paceline.model.outcome import Outcome
from paceline.model.priority import Priority
from paceline.model.routes import EVENTS
from paceline.ports import Clock, Ids, Publisher
from paceline.spool import Spool
from paceline.steps import backfill
from paceline.steps.backfill import Backfilling

CLAIM = timedelta(minutes=15)
READS_PER_ACTIVITY = 2


@dataclass(frozen=True)
class Releasing:
    """What releasing needs."""

    ledger: Ledger
    budget: Budget
    publisher: Publisher
    clock: Clock
    ids: Ids
    backfilling: Backfilling
    spool: Spool
    claims: Claims


@dataclass
class Listings:
    """What became of the backfills that were still being listed."""

    listed: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    lost: bool = False  # access to an athlete, as was found out here


def run(use: Releasing, *, limit: int) -> Outcome:
    """Release at most `limit` pieces of work, and no more than their reads allow."""
    spooled = use.spool.replay()
    _send_claims(use)
    found = _list_on(use.backfilling)
    released = _release(use, limit)
    fields: dict[str, str | int] = {
        "released": released,
        "listed": found.listed,
        "spooled": spooled,
    }
    if not found.failed:
        return Outcome("released", fields)
    fields["errors"] = "; ".join(f"{each}: {why}" for each, why in found.failed.items())[:500]
    return Outcome("access_lost" if found.lost else "failed", fields)


def _list_on(use: Backfilling) -> Listings:
    """Backfills that were stopped by the budget or a crash; one that fails stops no other."""
    found = Listings()
    for each in backfill.due(use):
        try:
            found.listed += max(0, backfill.go_on(each.athlete_id, use).listed - each.listed)
        except WaitUntil:
            return found
        except Busy:
            continue  # another process lists it
        except (Permanent, Retryable) as error:
            found.failed[each.athlete_id] = f"{type(error).__name__}: {error}"
            found.lost |= isinstance(error, AccessLost) and error.first
            backfill.put_off(each.athlete_id, found.failed[each.athlete_id], use)
    return found


def _release(use: Releasing, limit: int) -> int:
    now = use.clock.now()
    released = 0
    left = {each: use.budget.free(each) // READS_PER_ACTIVITY for each in Priority}
    for each in (Priority.EDIT, Priority.BACKFILL):  # the bus may keep no order: few are on it
        left[each] -= use.ledger.in_flight(each, now)
    for activity_id, entry in use.ledger.due(now, limit):
        if left[entry.priority] < 1:
            continue
        if use.ledger.claim(activity_id, entry, until=now + CLAIM):
            _send(activity_id, entry, use)
            released += 1
            left = {each: count - 1 for each, count in left.items()}
    return released


def _send_claims(use: Releasing) -> None:
    """Verifying costs no read."""
    now = use.clock.now()
    for claim in use.claims.take_due(now):
        event = Event(
            object_type="athlete",
            object_id=claim.athlete_id,
            aspect_type="update",
            owner_id=claim.athlete_id,
            subscription_id=OWN_SUBSCRIPTION,
            event_time=int(now.timestamp()),
            updates={"authorized": "false"},
        )
        message = EventMessage(event, now, claim.trace, "retry")
        use.publisher.publish(EVENTS, message.encode(), message.attributes())


def _send(activity_id: int, entry: Entry, use: Releasing) -> None:
    event = Event(
        object_type="activity",
        object_id=activity_id,
        aspect_type="update",
        owner_id=entry.athlete_id,
        subscription_id=OWN_SUBSCRIPTION,
        event_time=int(entry.wanted_at.timestamp()),
    )
    reason = entry.reason if entry.reason in {"backfill", "reconcile"} else "retry"
    # Received now, so that no fetch before this covers it; the trace is that of what waits.
    message = EventMessage(event, use.clock.now(), entry.trace or use.ids.new(), reason)
    use.publisher.publish(EVENTS, message.encode(), message.attributes())
