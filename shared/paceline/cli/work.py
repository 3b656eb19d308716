"""`paceline backfill`, `sync`, `reconcile` and `replay`: what an operator sets going."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from paceline.errors import PacelineError, SettingsInvalid, StoreUnavailable
from paceline.ledger import Entry, reads_of
from paceline.lock import alone
from paceline.model.priority import Priority
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime import current
from paceline.runtime.parts import Runtime
from paceline.steps import backfill as step
from paceline.steps import reconcile as reconcile_step
from paceline.steps import replay as replay_step
from paceline.steps.backfill import Backfill
from paceline.steps.fetch_streams import STREAM_KEYS
from paceline.steps.survey import survey, survey_ids

LOOK_EVERY_S = 2.0
LONGEST = timedelta(minutes=15)  # what a crash left locked opens again


@dataclass
class _Total:
    """What was done for all the athletes of a batch."""

    athletes: int = 0
    failed: int = 0
    listed: int = 0
    planned: int = 0

    def told(self, what: str) -> str:
        done = self.athletes - self.failed
        return f"{self.athletes} athletes: {done} done, {self.failed} failed; {what}"


def backfill(arguments: argparse.Namespace) -> int:
    """Every chosen athlete; one who fails does not hold up the others."""
    _refuse_nonsense(arguments)
    runtime, total = current(), _Total()
    wish = Backfill(
        athlete_id=0,
        since=_day(arguments.since),
        until=_day(arguments.until),
        stream_keys=_stream_keys(arguments.streams),
        limit=arguments.limit,
    )
    _refuse_empty(wish)
    chosen = _chosen(runtime, arguments.athlete, only_one=bool(arguments.ids))
    with nullcontext() if arguments.dry_run else _alone("backfill", runtime):
        for athlete_id in chosen:
            mine = replace(wish, athlete_id=athlete_id)
            with _isolated(athlete_id, total):
                print(_one(mine, arguments, runtime, total))
    if len(chosen) > 1:
        would = "would be imported" if arguments.dry_run else "to import"
        print(total.told(f"{total.listed} activities listed, {total.planned} {would}."))
    if arguments.wait:
        _wait(runtime)
    return 1 if total.failed else 0


def _one(mine: Backfill, arguments: argparse.Namespace, runtime: Runtime, total: _Total) -> str:
    use, who = runtime.backfilling, f"Athlete {mine.athlete_id}"
    if arguments.ids:
        return f"{who}: {_of_ids(mine, arguments, runtime, total)}"
    done = survey(mine, use) if arguments.dry_run else step.plan(mine, use)
    total.listed += done.listed
    total.planned += done.planned
    if arguments.dry_run:
        would = f"would import {done.planned} of {done.listed} listed activities"
        return f"{who}: {would}; done about {_eta(runtime, mine, total.planned)}."
    return (
        f"{who}: {done.listed} activities listed, {done.planned} to import; "
        f"done about {_eta(runtime)}. {_worker(runtime)} imports them."
    )


def _of_ids(mine: Backfill, arguments: argparse.Namespace, runtime: Runtime, total: _Total) -> str:
    use, ids = runtime.backfilling, list(dict.fromkeys(arguments.ids))
    total.listed += len(ids)
    if arguments.dry_run:
        total.planned += (found := survey_ids(mine, ids, use))
        eta = _eta(runtime, mine, found)
        return f"would import {found} of {len(ids)} activities; done about {eta}."
    total.planned += (planned := step.want_ids(mine.athlete_id, ids, mine, use))
    return f"{planned} of {len(ids)} activities to import; done about {_eta(runtime)}."


def _refuse_nonsense(arguments: argparse.Namespace) -> None:
    narrowing = ("since", "until", "limit")
    if arguments.ids and (given := [n for n in narrowing if getattr(arguments, n) is not None]):
        raise SettingsInvalid(
            f"--ids names the activities to import, so --{given[0]} has no meaning beside it. Leave"
            " one of them out."
        )
    if arguments.dry_run and arguments.wait:
        raise SettingsInvalid(
            "--dry-run imports nothing, so there is nothing to --wait for. Leave one of them out."
        )


def _refuse_empty(wish: Backfill) -> None:
    if wish.since_at and wish.until_at and wish.since_at >= wish.until_at:
        raise SettingsInvalid(
            f"Nothing starts from {wish.since} on and before {wish.until}. Give --since a day that"
            " is before that of --until."
        )


@contextmanager
def _isolated(athlete_id: int, total: _Total) -> Iterator[None]:
    """What goes wrong for one athlete is told, and the next one's turn comes."""
    total.athletes += 1
    try:
        yield
    except PacelineError as error:
        total.failed += 1
        print(f"Athlete {athlete_id}: {type(error).__name__}: {error}", file=sys.stderr)
    except Exception as bug:  # noqa: BLE001 - whatever it is, the others are not to blame
        total.failed += 1
        print(f"Athlete {athlete_id}: unexpected {type(bug).__name__}: {bug}", file=sys.stderr)


def _alone(command: str, runtime: Runtime) -> AbstractContextManager[None]:
    return alone(command, runtime.state, runtime.clock, runtime.ids, most=LONGEST)


def sync(arguments: argparse.Namespace) -> int:
    """Ask for these activities now, whatever is known of them."""
    runtime = current()
    (athlete_id,) = _chosen(runtime, arguments.athlete, only_one=True)
    now = runtime.clock.now()
    with _alone("sync", runtime):
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
    for athlete_id, unread in report.unread.items():
        print(f"Athlete {athlete_id}: not read: {'; '.join(unread)}", file=sys.stderr)
    for athlete_id, why in report.failed.items():
        print(f"Athlete {athlete_id}: {why}", file=sys.stderr)
    if report.erased:
        print(f"{report.erased} activities that are gone were erased from the lake.")
    if len(chosen) > 1:
        print(_told(report, len(chosen)))
    return 1 if report.failed else 0


def _told(report: reconcile_step.Report, chosen: int) -> str:
    compared, failed = len(report.found), len(report.failed)
    left = max(0, chosen - compared - failed)
    differ = sum(len(ids) for found in report.found for ids in found.wanted.values())
    return (
        f"{chosen} athletes: {compared} compared, {failed} failed, {left} left for later; "
        f"{differ} activities differ and are fetched."
    )


def replay() -> int:
    """Whatever was given up on is tried again: messages, activities, payloads."""
    runtime = current()
    with _alone("replay", runtime):
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
        eta = _eta(runtime)
        print(f"\r\x1b[2K{total - left} of {total} imported, done about {eta}", end="", flush=True)
        time.sleep(LOOK_EVERY_S)
        left = runtime.ledger.parked()[Priority.BACKFILL]
        total = max(total, left)
    print(f"\r\x1b[2K{total} imported.")


def _eta(runtime: Runtime, wish: Backfill | None = None, activities: int = 0) -> str:
    """When what is parked will have been fetched, and so many more as the wish has them."""
    more = reads_of(activities, wish.stream_keys) if wish else 0
    done_at = runtime.budget.done_at(runtime.ledger.parked_reads(Priority.BACKFILL) + more)
    return done_at.astimezone().strftime("%Y-%m-%d %H:%M")


def _chosen(runtime: Runtime, athlete_id: int | None, *, only_one: bool = False) -> Sequence[int]:
    connected = [each.athlete_id for each in runtime.vault.athletes() if each.status == "active"]
    chosen = [each for each in connected if athlete_id in {None, each}]
    if not chosen:
        raise SettingsInvalid("Nobody of that kind is connected: see paceline status, connect.")
    if only_one and len(chosen) > 1:
        names = ", ".join(map(str, chosen))
        raise SettingsInvalid(f"Say whose they are, by the athlete's number: one of {names}.")
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
