"""`paceline backfill`, `sync`, `reconcile` and `replay`: what an operator sets going."""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from paceline.errors import PacelineError, SettingsInvalid, StoreUnavailable
from paceline.ledger import Entry
from paceline.model.priority import Priority
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime import current
from paceline.runtime.parts import Runtime
from paceline.steps import backfill as step
from paceline.steps import reconcile as reconcile_step
from paceline.steps import replay as replay_step
from paceline.steps.backfill import Backfill
from paceline.steps.fetch_streams import STREAM_KEYS
from paceline.steps.release_work import READS_PER_ACTIVITY

LOOK_EVERY_S = 2.0


def backfill(arguments: argparse.Namespace) -> int:
    """Every chosen athlete; one who fails does not hold up the others."""
    runtime = current()
    wish = Backfill(
        athlete_id=0,
        since=_day(arguments.since),
        until=_day(arguments.until),
        stream_keys=_stream_keys(arguments.streams),
        limit=arguments.limit,
    )
    failures = 0
    for athlete_id in _chosen(runtime, arguments.athlete):
        try:
            print(_one(athlete_id, wish, arguments, runtime))
        except PacelineError as error:
            failures += 1
            print(f"Athlete {athlete_id}: {type(error).__name__}: {error}", file=sys.stderr)
    if arguments.wait:
        _wait(runtime)
    return 1 if failures else 0


def _one(athlete_id: int, wish: Backfill, arguments: argparse.Namespace, runtime: Runtime) -> str:
    use, mine = runtime.backfilling, Backfill(**{**vars(wish), "athlete_id": athlete_id})
    if arguments.ids:
        planned = step.want_ids(athlete_id, arguments.ids, mine, use)
        return f"Athlete {athlete_id}: {planned} of {len(arguments.ids)} activities to import."
    if arguments.dry_run:
        found = step.survey(mine, use)
        would = f"would import {found.planned} of {found.listed} listed activities"
        return f"Athlete {athlete_id}: {would}; done about {_eta(runtime, found.planned)}."
    done = step.plan(mine, use)
    left = runtime.ledger.parked()[Priority.BACKFILL]
    return (
        f"Athlete {athlete_id}: {done.listed} activities listed, {done.planned} to import; "
        f"done about {_eta(runtime, left)}. {_worker(runtime)} imports them."
    )


def sync(arguments: argparse.Namespace) -> int:
    """Ask for these activities now, whatever is known of them."""
    runtime = current()
    (athlete_id,) = _chosen(runtime, arguments.athlete, only_one=True)
    now = runtime.clock.now()
    for activity_id in arguments.ids:
        runtime.ledger.put(activity_id, lambda entry: _wanted_now(entry, athlete_id, now))
    asked = f"{len(arguments.ids)} activities are asked for next"
    print(f"{asked}; {_worker(runtime)} fetches them.")
    return 0


def _worker(runtime: Runtime) -> str:
    return "paceline up" if runtime.settings.runtime == "local" else "fetch_activity"


def _wanted_now(entry: Entry | None, athlete_id: int, now: datetime) -> Entry:
    known = entry or Entry(athlete_id, wanted_at=now, state="parked", reason="replay")
    return known.wanted_afresh(now, "replay", Priority.LIVE)


def reconcile(arguments: argparse.Namespace) -> int:
    runtime = current()
    chosen = _chosen(runtime, arguments.athlete)
    report = reconcile_step.reconcile(
        runtime.reconciling, full=arguments.full, force=True, athlete_ids=chosen
    )
    for found in report.found:
        counts = ", ".join(f"{len(ids)} {name}" for name, ids in found.wanted.items())
        held = f"; {found.held_back} more seem gone and wait" if found.held_back else ""
        print(f"Athlete {found.athlete_id}: {found.listed} listed, {counts}{held}.")
    for athlete_id, why in report.failed.items():
        print(f"Athlete {athlete_id}: {why}", file=sys.stderr)
    return 1 if report.failed else 0


def replay() -> int:
    """Whatever was given up on is tried again: messages, activities, payloads."""
    runtime = current()
    for subscription in SUBSCRIPTIONS:
        sent = runtime.dead_letters.replay(subscription.name)
        print(f"{subscription.name}: {sent} sent again")
    print(f"failed activities: {replay_step.failed_activities(runtime.replaying)} wanted again")
    names = _refused_payloads(runtime)
    print(f"refused payloads: {replay_step.payloads(names, runtime.replaying)} loaded again")
    return 0


def _refused_payloads(runtime: Runtime) -> list[str]:
    try:
        with runtime.reader() as reader:
            found = reader.query("SELECT payload_uri FROM marts.failed_payloads")
    except StoreUnavailable:  # nothing was built yet, so nothing was refused
        return []
    return [str(name) for name in found["payload_uri"].to_pylist()]


def _wait(runtime: Runtime) -> None:
    """Progress until nothing of a backfill is parked; Ctrl-C leaves it running."""
    total = left = runtime.ledger.parked()[Priority.BACKFILL]
    while left or step.unfinished(runtime.backfilling):
        eta = _eta(runtime, left)
        print(f"\r\x1b[2K{total - left} of {total} imported, done about {eta}", end="", flush=True)
        time.sleep(LOOK_EVERY_S)
        left = runtime.ledger.parked()[Priority.BACKFILL]
        total = max(total, left)
    print(f"\r\x1b[2K{total} imported.")


def _eta(runtime: Runtime, activities: int) -> str:
    done_at = runtime.budget.done_at(activities * READS_PER_ACTIVITY)
    return done_at.astimezone().strftime("%Y-%m-%d %H:%M")


def _chosen(runtime: Runtime, athlete_id: int | None, *, only_one: bool = False) -> Sequence[int]:
    connected = [each.athlete_id for each in runtime.vault.athletes() if each.status == "active"]
    chosen = [each for each in connected if athlete_id in {None, each}]
    if not chosen:
        raise SettingsInvalid("Nobody of that kind is connected: see paceline status, connect.")
    if only_one and len(chosen) > 1:
        raise SettingsInvalid(f"Say whose: --athlete, one of {', '.join(map(str, chosen))}.")
    return chosen


def _day(text: str | None) -> str | None:
    """Midnight in UTC of a day, or an instant as given."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsInvalid(f"{text} is not a day, such as 2026-03-01.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _stream_keys(text: str) -> str:
    known = STREAM_KEYS.split(",")
    asked = ["watts" if key.strip() == "power" else key.strip() for key in text.split(",")]
    if text in {"all", "none"}:
        return text
    if wrong := [key for key in asked if key not in known]:
        raise SettingsInvalid(
            f"There is no stream {wrong[0]!r}. Say all, none, or some of {', '.join(known)}."
        )
    return ",".join(key for key in known if key in asked)
