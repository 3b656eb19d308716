"""A warehouse in a folder of its own, and how to open it again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.manual import ManualClock
from tests.sql.awkward import loaded
from tests.sql.landed import SQL
from tests.unit.conftest import house

# `house`: the steps over their local adapters, for tests from bytes to marts.
__all__ = ["house", "loaded"]

Opener = Callable[..., DuckDbWarehouse]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2024, 6, 1, 6, 0, tzinfo=UTC))


@pytest.fixture
def reopen(tmp_path: Path, clock: ManualClock) -> Iterator[Opener]:
    with ExitStack() as stack:

        def open_warehouse(sql: Path = SQL, folder: str = "lake") -> DuckDbWarehouse:
            home = tmp_path / folder
            warehouse = DuckDbWarehouse(home / "lake.duckdb", home / "marts.duckdb", sql, clock)
            stack.enter_context(closing(warehouse))
            return warehouse

        yield open_warehouse


@pytest.fixture
def warehouse(reopen: Opener) -> DuckDbWarehouse:
    return reopen()


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    return tmp_path / "lake" / "marts.duckdb"
