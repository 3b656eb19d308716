"""The runtime gcp under fire: functions and Google's services die one after the other.

The emulators of Pub/Sub and Firestore keep everything in memory, which the services do not. So the
first is killed, and what it loses with it must be healed; the second only falls silent.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paceline.cli.emulated import EmulatedRehearsal
from paceline.ledger import Entry
from tests.e2e.commands import paceline
from tests.emulators import found_or_skipped
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
FLAGS = ["--seed", "11", "--years", "0.1", "--max-points", "200", "--webhook-gap-s", "0.5"]
KNOBS = {"duplicate_share": 0.1, "reorder_share": 0.2, "forge_share": 0.05, "rotation": "always"}
# The stand-in for BigQuery takes a minute for the script, so that is run once, in the end.
LATER = "86400"
SETTINGS = {
    "PACELINE_TICK_S": "1",
    "PACELINE_REFRESH_S": LATER,
    "PACELINE_RECONCILE_S": LATER,
}
PORTS = {"simulator": 12_022, "paceline": 12_021, "dashboard": 12_501}
EVENTS_BETWEEN = 12
# Streams that lag; and what was created and taken away while nobody could look.
NEVER_MIND = {"no streams yet", "not found yet"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EmulatedRehearsal]:
    with found_or_skipped():
        world = EmulatedRehearsal(ROOT, tmp_path, FLAGS, SETTINGS, PORTS)
        _ = world.emulators
    try:
        world.start_simulator()
        world.start_service()
        world.connect()
        world.plan_backfill()
        yield world
    finally:
        world.close()


def test_whatever_dies_in_the_cloud_the_marts_equal_the_truth(world: EmulatedRehearsal) -> None:
    world.admin("PATCH", "knobs", KNOBS)
    world.admin("POST", "live", {"every_s": 0.4})
    for disaster in (functions_die, storage_dies, firestore_is_silent, bigquery_dies, bus_dies):
        more_events(world)
        disaster(world)
    more_events(world)
    world.admin("POST", "live", {"every_s": 0})
    assert_spooled_events_came_back(world)

    # What was on the bus when it died is claimed for a quarter of an hour: nobody waits for that.
    if left := parked(world):
        asked = paceline(world, "sync", *map(str, left))
        assert asked.returncode == 0, asked.stderr
    assert wait_for(lambda: idle(world), within_s=60), parked(world)
    healed = paceline(world, "reconcile", "--full")
    assert healed.returncode == 0, healed.stderr
    assert wait_for(lambda: idle(world), within_s=60), parked(world)
    # What the bus lost of what had landed is in bronze, and in nobody's list of work.
    built = paceline(world, "rebuild", within_s=900)
    assert built.returncode == 0, built.stdout + built.stderr

    assert world.differences() == []
    assert world.final_differences() == []
    assert world.dead_letters() == []
    assert world.admin("GET", "quota")["refused"] == 0


def more_events(world: EmulatedRehearsal) -> None:
    """Strava stops after three tries, so these may be lost while nobody answers."""
    before = sum(world.events().values())
    assert wait_for(lambda: sum(world.events().values()) >= before + EVENTS_BETWEEN, within_s=60)


def functions_die(world: EmulatedRehearsal) -> None:
    for _ in range(3):
        world.processes.kill("paceline")
        world.start_service()
        time.sleep(1)


def storage_dies(world: EmulatedRehearsal) -> None:
    restarted(world, "Cloud Storage")


def bigquery_dies(world: EmulatedRehearsal) -> None:
    restarted(world, "BigQuery")


def firestore_is_silent(world: EmulatedRehearsal) -> None:
    world.emulators["Firestore"].pause(4)


def bus_dies(world: EmulatedRehearsal) -> None:
    """Its messages with it. Meanwhile Strava is told 200 for what is spooled."""
    restarted(world, "Pub/Sub", dark_s=8)
    world.create_bus()


def restarted(world: EmulatedRehearsal, name: str, dark_s: float = 3) -> None:
    emulator = world.emulators[name]
    emulator.kill()
    time.sleep(dark_s)
    emulator.start()


def assert_spooled_events_came_back(world: EmulatedRehearsal) -> None:
    log = (world.home / "logs" / "paceline.log").read_text()
    assert '"outcome": "spooled"' in log
    assert wait_for(lambda: not any(world.runtime.bronze.names("spool/")), within_s=60)


def idle(world: EmulatedRehearsal) -> bool:
    """Nothing is left to do but to ask once more, in minutes, for what may never come."""
    return {entry.last_error for entry in parked(world).values()} <= NEVER_MIND


def parked(world: EmulatedRehearsal) -> dict[int, Entry]:
    (athlete,) = world.runtime.vault.athletes()
    known = world.runtime.ledger.of_athlete(athlete.athlete_id)
    return {number: entry for number, entry in known.items() if entry.state == "parked"}
