"""One activity of each kind that programs fear, by the way of all: list, fetch, bronze, marts."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from paceline.cli.rehearsal import Rehearsal
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
CASES = 39
LARGEST_EXACT_FLOAT = 2**53


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    world = Rehearsal(
        ROOT, tmp_path_factory.mktemp("awkward"), ["--seed", "5", "--years", "0.02", "--awkward"]
    )
    try:
        world.start_simulator()
        world.start_service()
        world.connect()
        world.plan_backfill()
        wait_for(lambda: not world.differences(), within_s=120)
        yield world
    finally:
        world.close()


def test_every_one_of_them_is_in_the_marts_as_strava_holds_it(world: Rehearsal) -> None:
    cases = {row["id"] for row in world.admin("GET", "truth") if "case" in row}
    assert len(cases) >= CASES
    assert max(cases) > LARGEST_EXACT_FLOAT
    assert world.differences() == []
    with duckdb.connect(str(world.runtime.marts_path), read_only=True) as connection:
        found = connection.execute("SELECT activity_id FROM activity_summary").fetchall()
        refused = connection.execute("SELECT * FROM failed_payloads").fetchall()
    assert cases <= {activity_id for (activity_id,) in found}
    assert refused == []
    assert world.dead_letters() == []
