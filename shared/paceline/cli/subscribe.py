"""`paceline subscribe`: the application's one push subscription.

The secret end of the address is added here: it is nobody's argument and nobody's output.
"""

from paceline.adapters.strava.subscription import check_callback
from paceline.errors import SettingsInvalid
from paceline.runtime import current
from paceline.runtime.parts import Runtime


def subscribe(action: str, public_url: str | None = None, *, replace: bool = False) -> int:
    runtime = current()
    if action == "create":
        return _create(runtime, public_url, replace=replace)
    existing = runtime.subscription.current()
    if existing is None:
        print("There is no subscription.")
    elif action == "delete":
        runtime.subscription.delete(existing[0])
        print(f"Subscription {existing[0]} is deleted.")
    else:
        print(f"Subscription {existing[0]} sends events to {_shown(existing[1])}.")
    return 0


def _create(runtime: Runtime, public_url: str | None, *, replace: bool) -> int:
    settings = runtime.settings
    if not public_url and settings.public_url:
        public_url = f"{settings.public_url}/receive_webhook"
    if not public_url:
        raise SettingsInvalid(
            "--url is missing: where the internet reaches receive_webhook. Give it, or set "
            "PACELINE_PUBLIC_URL to the address before /receive_webhook."
        )
    callback = f"{public_url.rstrip('/')}/{settings.secret('webhook_secret')}"
    verify_token = settings.secret("verify_token")
    check_callback(callback, verify_token)
    # While it changes, events of any number are taken: the secret end of the address still guards.
    number = runtime.subscription.ensure(
        callback,
        verify_token,
        replace=replace,
        changing=lambda: runtime.remember_subscription(None),
    )
    runtime.remember_subscription(number)
    print(f"Subscription {number} sends events to {_shown(callback)}.")
    return 0


def _shown(callback: str) -> str:
    return callback.rpartition("/")[0] + "/..."
