"""`paceline connect`, `subscribe`, `backfill` and `replay`: what an operator sets going."""

from urllib.parse import parse_qs, urlencode, urlsplit

from paceline.errors import PacelineError, SettingsInvalid, StravaRefused
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime import current
from paceline.steps import backfill as backfill_step
from paceline.steps import connect_athlete


def connect(pasted: str | None) -> int:
    runtime = current()
    if pasted is None:
        print("Open this address, agree, and paste the address you are sent back to:\n")
        print(f"  {_authorize_url()}\n")
        pasted = input("> ")
    grant = connect_athlete.connect(_code_in(pasted), runtime.connecting)
    print(f"Athlete {grant.athlete_id} is connected with {', '.join(grant.scopes)}.")
    if "activity:read_all" not in grant.scopes:
        print("Private activities are not visible: activity:read_all was not granted.")
    return 0


def subscribe(action: str, public_url: str | None) -> int:
    """The secret end of the address is added here: it is nobody's argument and nobody's output."""
    runtime = current()
    if action == "create":
        if not public_url:
            raise SettingsInvalid("--url is missing: where the internet reaches receive_webhook.")
        callback = f"{public_url.rstrip('/')}/{runtime.settings.webhook_secret}"
        subscription_id = runtime.subscription.ensure(callback, runtime.settings.verify_token)
        runtime.remember_subscription(subscription_id)
        print(f"Subscription {subscription_id} sends events to {_shown(callback)}.")
        return 0
    existing = runtime.subscription.current()
    if existing is None:
        print("There is no subscription.")
    elif action == "delete":
        runtime.subscription.delete(existing[0])
        print(f"Subscription {existing[0]} is deleted.")
    else:
        print(f"Subscription {existing[0]} sends events to {_shown(existing[1])}.")
    return 0


def _shown(callback: str) -> str:
    return callback.rpartition("/")[0] + "/..."


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


def _authorize_url() -> str:
    settings = current().settings
    query = {
        "client_id": settings.strava_client_id,
        "redirect_uri": "http://localhost/connected",
        "response_type": "code",
        "scope": settings.strava_scopes,
    }
    return f"{settings.strava_oauth_base}/authorize?{urlencode(query)}"


def _code_in(pasted: str) -> str:
    """The code itself, or the code in the address of the redirect."""
    query = parse_qs(urlsplit(pasted.strip()).query)
    if "error" in query:
        raise StravaRefused("The athlete did not agree, so there is nothing to connect.")
    return query["code"][0] if "code" in query else pasted.strip()
