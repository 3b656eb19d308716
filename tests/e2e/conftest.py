"""One world for the end-to-end tests: simulator and local service in processes of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paceline.cli.rehearsal import Rehearsal
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    flags = ["--seed", "5", "--years", "0.2", "--max-points", "300", "--webhook-gap-s", "0.5"]
    home = tmp_path_factory.mktemp("world")
    world = Rehearsal(ROOT, home, flags, {"PACELINE_REFRESH_S": "0.3", "PACELINE_TICK_S": "0.3"})
    try:
        world.start_simulator()
        world.start_service()
        world.connect()
        world.plan_backfill()
        wait_for(lambda: not world.differences(), within_s=60)
        yield world
    finally:
        world.close()
