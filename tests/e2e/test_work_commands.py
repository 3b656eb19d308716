"""What an operator sets going: backfill, sync, reconcile and replay, against the running world."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from paceline.cli.rehearsal import Rehearsal
from paceline.model.bronze import prefix_of
from tests.e2e.commands import paceline
from tests.waiting import wait_for


def latest(world: Rehearsal) -> dict[str, Any]:
    truth: list[dict[str, Any]] = world.admin("GET", "truth")
    return next(row for row in truth if row["has_streams"] and not row["private"])


@contextmanager
def deaf(world: Rehearsal) -> Iterator[None]:
    """Every event is lost meanwhile."""
    world.admin("PATCH", "knobs", {"loss_share": 1.0})
    yield
    world.admin("PATCH", "knobs", {"loss_share": 0.0})


def equal(world: Rehearsal) -> None:
    wait_for(lambda: not world.differences(), within_s=30)


def test_a_backfill_that_has_nothing_left_plans_nothing(world: Rehearsal) -> None:
    done = paceline(world, "backfill")

    assert done.returncode == 0, done.stderr
    assert ", 0 to import" in done.stdout


def test_a_dry_run_counts_and_changes_nothing(world: Rehearsal) -> None:
    before = world.runtime.ledger.counts()
    done = paceline(world, "backfill", "--dry-run", "--until", "2020-01-01")

    assert done.returncode == 0, done.stderr
    assert "would import 0 of 0 listed" in done.stdout
    assert world.runtime.ledger.counts() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--streams", "heartbeat"], "no stream 'heartbeat'"),
        (["--since", "yesterday"], "yesterday is not a day"),
        (["--limit", "0"], "0 is not a whole number above 0"),
        (["17"], "Nobody of that kind is connected"),
    ],
)
def test_a_wish_that_cannot_be_met_is_named(
    world: Rehearsal, arguments: list[str], said: str
) -> None:
    done = paceline(world, "backfill", *arguments)

    assert done.returncode > 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_sync_asks_for_one_activity_again(world: Rehearsal) -> None:
    row = latest(world)
    prefix = prefix_of(row["athlete_id"], "activity", row["id"])
    before = len(list(world.runtime.bronze.names(prefix)))
    done = paceline(world, "sync", str(row["id"]))

    assert done.returncode == 0, done.stderr
    wait_for(lambda: len(list(world.runtime.bronze.names(prefix))) > before, within_s=20)


def test_what_no_event_told_is_healed_by_reconcile(world: Rehearsal) -> None:
    (athlete,) = world.admin("GET", "athletes")
    with deaf(world):
        edited = latest(world)
        gear_id = "" if edited["gear_id"] else "g7010"
        world.admin("PATCH", f"activities/{edited['id']}", {"gear_id": gear_id})
        old = {"athlete_id": athlete["id"], "duration_s": 600, "days_ago": 700}
        late = world.admin("POST", "activities", old)["id"]
        gone = world.admin("POST", "activities", {"athlete_id": athlete["id"]})["id"]
    paceline(world, "sync", str(gone))
    wait_for(lambda: gone in fetched(world), within_s=20)
    with deaf(world):
        world.admin("DELETE", f"activities/{gone}")
    assert world.differences()

    done = paceline(world, "reconcile", "--full")
    assert done.returncode == 0, done.stderr
    assert "1 missing, 1 changed, 1 gone" in done.stdout
    equal(world)
    assert late in fetched(world)
    wait_for(lambda: healed_year(world, 2), within_s=20)


def fetched(world: Rehearsal) -> list[int]:
    (athlete,) = world.admin("GET", "athletes")
    known = world.runtime.ledger.of_athlete(athlete["id"])
    return [each for each, entry in known.items() if entry.state == "fetched"]


def healed_year(world: Rehearsal, least: int) -> bool:
    report = json.loads(paceline(world, "status", "--json").stdout)
    told = [row["told"] for row in report["marts"]["completeness"]]
    return any(f"{least} healed" in text for text in told)


def test_an_activity_that_failed_comes_back_with_replay(world: Rehearsal) -> None:
    (athlete,) = world.admin("GET", "athletes")
    world.admin("POST", "faults", {"path": "/activities/", "status": 403, "body": "json"})
    made = world.admin("POST", "activities", {"athlete_id": athlete["id"], "duration_s": 300})
    wait_for(lambda: world.runtime.ledger.counts()["failed"] == 1, within_s=20)
    assert world.differences()

    done = paceline(world, "replay")
    assert "failed activities: 1 wanted again" in done.stdout
    equal(world)
    assert made["id"] in fetched(world)


def test_a_second_reconcile_is_told_that_one_is_running(world: Rehearsal) -> None:
    use = world.runtime.reconciling
    until = use.clock.now().replace(year=use.clock.now().year + 1).isoformat()
    stored = use.state.get("locks", "reconcile")
    lease = {"owner": "other", "until": until}
    assert stored is not None
    version = use.state.replace("locks", "reconcile", lease, stored.version)
    done = paceline(world, "reconcile")
    use.state.replace("locks", "reconcile", stored.data, version)

    assert done.returncode == 1
    assert "Another reconcile is running" in done.stderr


def test_a_rebuild_asks_strava_nothing_and_changes_no_number(world: Rehearsal) -> None:
    equal(world)
    world.processes.stop("paceline")
    nobody = "http://127.0.0.1:9"
    try:
        done = paceline(world, "rebuild", PACELINE_STRAVA_API_BASE=nobody)
        again = paceline(world, "refresh", "--full", PACELINE_STRAVA_API_BASE=nobody)
    finally:
        world.start_service()

    assert done.returncode == 0, done.stderr
    assert "Silver and marts are what they were." in done.stdout
    assert again.returncode == 0, again.stdout
    equal(world)
