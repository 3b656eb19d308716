"""What several contract tests stand on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paceline.adapters.local.manual import ManualClock
from paceline.adapters.local.sqlite import Database


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2024, 6, 1, 6, 0, tzinfo=UTC))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "paceline.db", busy_timeout_s=5) as database:
        yield database
