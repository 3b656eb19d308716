"""`paceline doctor`: whether everything is there that the settings speak of, and answers.

Every check asks the thing itself, and changes nothing. What is wrong says what to do.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields

from paceline.adapters.strava.subscription import check_callback
from paceline.errors import PacelineError
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime import current
from paceline.runtime.parts import Runtime
from paceline.runtime.setting_values import Secret

_FRESHNESS = "SELECT refreshed_at, blocked_tables FROM marts.freshness"


class Amiss(PacelineError):
    """A check found something that needs somebody."""


@dataclass(frozen=True)
class Finding:
    check: str
    well: bool
    told: str


def doctor(*, as_json: bool) -> int:
    runtime = current()
    findings = list(examine(runtime))
    if as_json:
        print(json.dumps({"settings": shown(runtime), "findings": [asdict(f) for f in findings]}))
    else:
        print("\n".join(f"{name:<22}{value}" for name, value in shown(runtime).items()) + "\n")
        for each in findings:
            print(f"{'well' if each.well else 'AMISS':<7}{each.check:<15}{each.told}")
    return 0 if all(each.well for each in findings) else 1


def examine(runtime: Runtime) -> Iterator[Finding]:
    for name, check in CHECKS.items():
        try:
            yield Finding(name, well=True, told=check(runtime))
        except PacelineError as error:
            yield Finding(name, well=False, told=f"{type(error).__name__}: {error}")


def shown(runtime: Runtime) -> dict[str, str]:
    """Every setting, and of a secret only whether it is there."""
    values = {each.name: getattr(runtime.settings, each.name) for each in fields(runtime.settings)}
    return {name: _shown(value) for name, value in values.items()}


def _shown(value: object) -> str:
    if isinstance(value, Secret):
        return "is set" if value else "is not set"
    return str(value)


def _state(runtime: Runtime) -> str:
    counts = runtime.ledger.counts()
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _bronze(runtime: Runtime) -> str:
    if spooled := sum(1 for _ in runtime.bronze.names("spool/")):
        raise Amiss(
            f"{spooled} events wait in the spool: the bus did not take them when they came."
            " release_work publishes them; if they stay, look at the bus."
        )
    return "answers; no event is spooled"


def _bus(runtime: Runtime) -> str:
    if faults := runtime.bus_faults():
        raise Amiss(f"{'; '.join(faults)}. make deploy puts that right; its plan says how.")
    return f"{', '.join(each.name for each in SUBSCRIPTIONS)} are called, each with dead letters"


def _dead_letters(runtime: Runtime) -> str:
    dead = {each.name: len(runtime.dead_letters.dead_letters(each.name)) for each in SUBSCRIPTIONS}
    if any(dead.values()):
        told = ", ".join(f"{count} of {step}" for step, count in dead.items() if count)
        raise Amiss(f"{told}. Their logs say why; then paceline replay delivers them again.")
    return f"none of {', '.join(dead)}"


def _keyring(runtime: Runtime) -> str:
    sealed = runtime.cipher.seal(b"a word", b"doctor")
    if runtime.cipher.open(sealed, b"doctor") != b"a word":
        raise Amiss("What was sealed did not open again: restore the keyring from a backup.")
    return "seals and opens"


def _athletes(runtime: Runtime) -> str:
    athletes = runtime.vault.athletes()
    if lost := [str(a.athlete_id) for a in athletes if a.status == "needs_reauth"]:
        raise Amiss(f"{', '.join(lost)} must connect again: Strava took their access back.")
    return f"{sum(a.status == 'active' for a in athletes)} connected"


def _quota(runtime: Runtime) -> str:
    reads = runtime.budget.current()
    if reads.halted:
        raise Amiss(f"Strava's reads are stopped ({reads.halted}) until {reads.blocked_until}.")
    return f"{reads.short.used} of {reads.short.limit}, {reads.long.used} of {reads.long.limit}"


def _subscription(runtime: Runtime) -> str:
    ours, theirs = runtime.subscription_id(), runtime.subscription.current()
    if theirs is None:
        raise Amiss("Strava sends no events: paceline subscribe create.")
    if ours != theirs[0]:
        raise Amiss(
            f"Strava sends events as subscription {theirs[0]}, and we take {ours or 'none'}:"
            " paceline subscribe create puts that right."
        )
    return f"{ours} sends events here"


def _webhook(runtime: Runtime) -> str:
    """Ask the address that Strava has what Strava would ask."""
    if (theirs := runtime.subscription.current()) is None:
        return "Strava has no address yet"
    address, _, secret = theirs[1].rpartition("/")
    if secret != runtime.settings.secret("webhook_secret"):
        raise Amiss(
            f"Strava sends events to {address}/..., whose secret end is not the one that is set"
            " here: paceline subscribe create --replace tells Strava the right one."
        )
    check_callback(theirs[1], runtime.settings.secret("verify_token"))
    return f"{address}/... answers as Strava wants it"


def _marts(runtime: Runtime) -> str:
    with runtime.reader() as reader:
        found = reader.query(_FRESHNESS).to_pylist()
    if not found or found[0]["refreshed_at"] is None:
        return "not built yet"
    if found[0]["blocked_tables"]:
        raise Amiss("A check holds tables back: marts.failures and ops.check_failures say which.")
    age = runtime.clock.now() - found[0]["refreshed_at"]
    return f"built {age.total_seconds() / 60:.0f} minutes ago, when there was last something new"


CHECKS: dict[str, Callable[[Runtime], str]] = {
    "state": _state,
    "bronze": _bronze,
    "bus": _bus,
    "dead letters": _dead_letters,
    "keyring": _keyring,
    "athletes": _athletes,
    "reads": _quota,
    "subscription": _subscription,
    "webhook": _webhook,
    "marts": _marts,
}
