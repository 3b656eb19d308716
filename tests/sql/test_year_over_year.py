"""Years side by side: too many rows to write down, so these look at the days that matter."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.sql.rows import Row, typed_row
from tests.sql.test_rows import TABLES, duckdb_tables, in_duckdb, in_googlesql

__all__ = ["duckdb_tables"]  # the fixture

YEAR_OVER_YEAR = TABLES["marts.year_over_year"]
Cumulated = dict[tuple[int, int, int], float]


def run(day: date, distance_m: float) -> Row:
    return {
        "athlete_id": 1,
        "local_date": day,
        "sport_group": "run",
        "activities": 1,
        "distance_m": distance_m,
        "moving_time_s": 600,
        "elevation_gain_m": 0.0,
    }


@pytest.fixture(params=["duckdb", "googlesql"])
def cumulated(
    request: pytest.FixtureRequest, duckdb_tables: duckdb.DuckDBPyConnection
) -> Callable[..., Cumulated]:
    """Metres since 1 January by year, month and day, on one engine and on the other."""

    def ask(*days: Row) -> Cumulated:
        today = [{"athlete_id": 1, "local_date": max(day["local_date"] for day in days)}]
        given: Mapping[str, list[dict[str, Any]]] = {
            "silver.sport_days": list(days),
            "silver.today": today,
        }
        rows = (
            in_duckdb(YEAR_OVER_YEAR, given, duckdb_tables)
            if request.param == "duckdb"
            else in_googlesql(YEAR_OVER_YEAR, given)
        )
        typed = [typed_row(row, YEAR_OVER_YEAR) for row in rows]
        return {(row["year"], row["month"], row["day"]): row["distance_m"] for row in typed}

    return ask


def test_every_year_begins_at_nothing_and_is_whole_but_the_last(
    cumulated: Callable[..., Cumulated],
) -> None:
    metres = cumulated(
        run(date(2022, 12, 31), 1000.0), run(date(2024, 2, 29), 2000.0), run(date(2024, 3, 1), 500)
    )
    assert metres[2022, 1, 1] == 0
    assert metres[2022, 12, 31] == 1000
    assert [metres[2023, 1, 1], metres[2023, 12, 31]] == [0, 0]  # a year without a run
    assert [metres[2024, 2, 28], metres[2024, 2, 29], metres[2024, 3, 1]] == [0, 2000, 2500]
    assert max(metres) == (2024, 3, 1)
    assert len(metres) == 366 + 366 + 31 + 29 + 1


def test_years_meet_on_29_february(cumulated: Callable[..., Cumulated]) -> None:
    metres = cumulated(
        run(date(2023, 2, 28), 100.0), run(date(2023, 3, 1), 10.0), run(date(2024, 12, 31), 1.0)
    )
    assert [metres[2023, 2, 28], metres[2023, 2, 29], metres[2023, 3, 1]] == [100, 100, 110]
    assert metres[2024, 2, 29] == 0
    assert len(metres) == 2 * 366
