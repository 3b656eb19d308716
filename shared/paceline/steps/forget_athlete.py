"""An athlete's event: believed only when Strava refuses their token. Then all their work stops.

Anybody may post such an event. Where Strava cannot be asked now, the claim is kept, and
release_work sends it again when its time has come. Erasure is another step's work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from paceline.budget import Budget
from paceline.claims import Claim, Claims
from paceline.counters import STRANGERS, Counters
from paceline.errors import (
    AccessRefused,
    ApplicationRefused,
    StravaUnavailable,
    WaitUntil,
)
from paceline.model.event import Event, EventMessage
from paceline.model.outcome import Outcome
from paceline.ports import Clock
from paceline.vault import Vault

# An outage is not waited for on the bus, where ten attempts make a dead letter of a good message.
PATIENCE, OUTAGE = 4, timedelta(minutes=10)


@dataclass(frozen=True)
class Forgetting:
    """What forgetting needs."""

    vault: Vault
    budget: Budget
    claims: Claims
    counters: Counters
    clock: Clock
    stop_work: Callable[[int], object] = lambda _athlete_id: None  # it may be called again


def run(message: EventMessage, use: Forgetting, *, attempt: int = 1) -> Outcome:
    event = message.event
    if not _says_deauthorised(event):
        return Outcome("ignored", {"aspect": event.aspect_type})
    return _verified(message, use, attempt).about(athlete=event.owner_id)


def _verified(message: EventMessage, use: Forgetting, attempt: int) -> Outcome:
    athlete_id = message.event.owner_id
    athlete = use.vault.athlete(athlete_id)
    if athlete is None:
        use.counters.add(STRANGERS)
        return Outcome("unknown_athlete")
    try:
        leaves = athlete.status == "erasing" or _token_is_refused(athlete_id, use)
    except WaitUntil as wait:
        return _kept(message, use, wait.not_before, wait.why, "parked")
    except AccessRefused as refused:
        return _kept(message, use, refused.not_before, str(refused), "parked")
    except StravaUnavailable as error:
        if attempt < PATIENCE:
            raise
        return _kept(message, use, use.clock.now() + OUTAGE, str(error), "strava_unavailable")
    if leaves:
        use.stop_work(athlete_id)
    use.claims.settle(athlete_id)  # last: whoever dies before this does all of it again
    if not leaves:
        return Outcome("forged_deauthorisation")  # or they have connected again since
    return Outcome("already_erasing" if athlete.status == "erasing" else "deauthorised")


def _kept(
    message: EventMessage, use: Forgetting, not_before: datetime, why: str, outcome: str
) -> Outcome:
    use.claims.keep(Claim(message.event.owner_id, not_before.isoformat(), message.trace, why))
    return Outcome(outcome, {"not_before": not_before.isoformat(), "why": why})


def _says_deauthorised(event: Event) -> bool:
    """Strava sends an update; a delete, which others have seen, can mean nothing else."""
    if event.object_type != "athlete" or event.object_id != event.owner_id:
        return False
    return event.aspect_type == "delete" or event.updates.get("authorized") == "false"


def _token_is_refused(athlete_id: int, use: Forgetting) -> bool:
    reads = use.budget.current()
    if reads.halted and reads.blocked_until:
        raise WaitUntil(datetime.fromisoformat(reads.blocked_until), reads.halted)
    try:
        return use.vault.erase_if_refused(athlete_id)
    except ApplicationRefused as error:  # that says nothing about the athlete
        raise use.budget.halt(str(error)) from error
