"""`paceline backfill` and `replay`: what an operator sets going."""

from paceline.errors import PacelineError, SettingsInvalid
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime import current
from paceline.steps import backfill as backfill_step


def backfill(athlete_id: int | None) -> int:
    runtime = current()
    athletes = [
        a.athlete_id for a in runtime.vault.athletes() if athlete_id in {None, a.athlete_id}
    ]
    if not athletes:
        raise SettingsInvalid("Nobody to backfill: connect an athlete first (paceline connect).")
    failures = 0
    for each in athletes:
        try:
            planned = backfill_step.plan(each, runtime.backfilling)
            print(f"Athlete {each}: {planned} activities to import; paceline up imports them.")
        except PacelineError as error:
            failures += 1
            print(f"Athlete {each}: {error}")
    return 1 if failures else 0


def replay() -> int:
    """Dead letters go back to the bus with all their attempts before them."""
    bus = current().bus
    for subscription in SUBSCRIPTIONS:
        print(f"{subscription.name}: {bus.replay(subscription.name)} sent again")
    return 0
