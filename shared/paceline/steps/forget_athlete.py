"""An athlete's event: believed only when Strava refuses their token. Then all their work stops.

Anybody may post such an event. Erasure is another step's work.
"""

from collections.abc import Callable
from dataclasses import dataclass

from paceline.budget import Budget
from paceline.errors import StravaRefused, StravaUnavailable
from paceline.model.event import Event, EventMessage
from paceline.model.outcome import Outcome
from paceline.vault import Vault


@dataclass(frozen=True)
class Forgetting:
    """What forgetting needs."""

    vault: Vault
    budget: Budget
    stop_work: Callable[[int], object] = lambda _athlete_id: None  # it may be called again


def run(message: EventMessage, use: Forgetting) -> Outcome:
    event = message.event
    if not _says_deauthorised(event):
        return Outcome("ignored", {"aspect": event.aspect_type})
    athlete = use.vault.athlete(event.owner_id)
    who = {"athlete": event.owner_id}
    if athlete is None:
        return Outcome("unknown_athlete", who)
    if athlete.status != "erasing" and not _token_is_refused(event.owner_id, use):
        return Outcome("forged_deauthorisation", who)  # or they have connected again since
    use.stop_work(event.owner_id)
    return Outcome("already_erasing" if athlete.status == "erasing" else "deauthorised", who)


def _says_deauthorised(event: Event) -> bool:
    """Strava sends an update; a delete, which others have seen, can mean nothing else."""
    if event.object_type != "athlete" or event.object_id != event.owner_id:
        return False
    return event.aspect_type == "delete" or event.updates.get("authorized") == "false"


def _token_is_refused(athlete_id: int, use: Forgetting) -> bool:
    reads = use.budget.current()
    if reads.halted and reads.blocked_until:
        raise StravaUnavailable(f"Nobody asks Strava before {reads.blocked_until}: {reads.halted}")
    try:
        return use.vault.erase_if_refused(athlete_id)
    except StravaRefused as error:  # our own credentials say nothing about the athlete
        raise StravaUnavailable(str(use.budget.halt(str(error)))) from error
