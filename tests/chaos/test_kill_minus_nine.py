"""The local service is killed at random moments; nothing it acknowledged is lost or there twice."""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from paceline.cli.rehearsal import Rehearsal

ROOT = Path(__file__).parents[2]
KILLS, EVENTS, SEED = 25, 300, 20_261_121
LIVES_S = (0.2, 2.0)  # how long each life of the service lasts, once it listens
EQUAL_WITHIN_S = 60


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Rehearsal]:
    # Strava gives up on an event after three attempts; here the sender insists, so that every
    # event is acknowledged in the end, and every acknowledged event must arrive.
    flags = ["--seed", "3", "--years", "0.1", "--max-points", "60"]
    flags += ["--webhook-attempts", "200", "--webhook-gap-s", "0.5"]
    settings = {"PACELINE_LEASE_S": "3", "PACELINE_REFRESH_S": "0.3", "PACELINE_TICK_S": "0.3"}
    world = Rehearsal(ROOT, tmp_path, flags, settings)
    world.start_simulator()
    world.start_service()
    world.connect()
    world.plan_backfill()
    yield world
    world.close()


def make_events(world: Rehearsal, chance: random.Random, stop: threading.Event) -> None:
    """Creates, edits and deletes, steadily, until there were enough."""
    (athlete,) = world.admin("GET", "athletes")
    alive: list[int] = []
    for number in range(EVENTS):
        kind = chance.choices(["create", "edit", "delete"], [6, 3, 1])[0] if alive else "create"
        if kind == "create":
            order = {"athlete_id": athlete["id"], "duration_s": 120}
            alive.append(world.admin("POST", "activities", order)["id"])
        elif kind == "edit":
            world.admin("PATCH", f"activities/{chance.choice(alive)}", {"name": f"Edit {number}"})
        else:
            gone = alive.pop(chance.randrange(len(alive)))
            world.admin("DELETE", f"activities/{gone}")
        if stop.wait(0.15):
            return


def wait_until_equal(world: Rehearsal) -> list[str]:
    pause = threading.Event()
    deadline = time.monotonic() + EQUAL_WITHIN_S
    while True:
        faults = world.differences()
        if (not faults and not world.events()["pending"]) or time.monotonic() > deadline:
            return faults
        pause.wait(0.5)


def test_after_25_kills_during_300_events_the_marts_equal_the_truth(world: Rehearsal) -> None:
    chance, stop = random.Random(SEED), threading.Event()
    events = threading.Thread(target=make_events, args=(world, random.Random(SEED), stop))
    events.start()
    try:
        for _ in range(KILLS):
            stop.wait(chance.uniform(*LIVES_S))
            world.processes.kill("paceline")
            world.start_service()
        events.join()
    finally:
        stop.set()
        events.join()

    assert wait_until_equal(world) == []
    assert world.dead_letters() == []
    assert world.events()["lost"] == 0
    world.processes.stop("paceline")
    with duckdb.connect(str(world.home / "warehouse.duckdb"), read_only=True) as silver:
        twice = "SELECT activity_id FROM silver.activities GROUP BY activity_id HAVING count(*) > 1"
        assert silver.execute(twice).fetchall() == []
