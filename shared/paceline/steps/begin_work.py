"""An athlete has just connected, or connected again: their work begins, or goes on.

What can be read at once is read at once: the newest page of their list, so that the first totals
stand, and their profile, whose zones and thresholds the metrics need. release_work lists the rest,
and what fails here is read by the first comparison.
"""

from contextlib import suppress
from dataclasses import dataclass

from paceline.errors import PacelineError
from paceline.lake import Cause
from paceline.ledger import Ledger
from paceline.ports import Clock, Ids
from paceline.steps import backfill
from paceline.steps.backfill import Backfill, Backfilling
from paceline.steps.fetch_profile import Profiling, fetch
from paceline.vault import Vault


@dataclass(frozen=True)
class Beginning:
    """What beginning needs."""

    vault: Vault
    ledger: Ledger
    backfilling: Backfilling
    profiling: Profiling
    clock: Clock
    ids: Ids


def begin(athlete_id: int, use: Beginning) -> None:
    """Whoever connects gets their history; whoever connects again gets on with their work."""
    now = use.clock.now()
    use.ledger.wake(athlete_id, now)
    if backfill.stored(athlete_id, use.backfilling) is None:
        backfill.start(Backfill(athlete_id), use.backfilling)
        with suppress(PacelineError):
            backfill.go_on(athlete_id, use.backfilling, most_pages=1)
    else:
        backfill.wake(athlete_id, use.backfilling)
    athlete = use.vault.athlete(athlete_id)
    with suppress(PacelineError):
        cause = Cause(use.ids.new(), "backfill", now)
        fetch(athlete_id, cause, use.profiling, scopes=athlete.scopes if athlete else ())
