"""Only what was touched is rewritten, whatever happened before."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.manual import ManualClock
from tests.sql.conftest import Opener
from tests.sql.landed import (
    FIRST_DAY,
    SQL,
    TABLES,
    activity,
    chunks,
    chunks_tombstone,
    metric,
    tables,
    tombstone,
)

COMPARED = tuple(name for name, table in TABLES.items() if table.kind == "table")


def content(warehouse: DuckDbWarehouse) -> dict[str, list[str]]:
    return {
        name: sorted(map(str, warehouse.query(f"SELECT * FROM {name}").to_pylist()))
        for name in COMPARED
    }


def test_one_more_activity_rewrites_only_the_rows_of_its_keys(warehouse: DuckDbWarehouse) -> None:
    rows = [activity(n, day=n * 3) for n in range(20)]
    warehouse.append(tables({"activities": rows, "streams": [*chunks(1), *chunks(2)]}))
    warehouse.refresh()
    marked = {
        "silver.activities": "name",
        "silver.streams": "trace",
        "marts.activity_summary": "name",
        "marts.daily_summary": "sport_type",
        "marts.monthly_summary": "sport_type",
    }
    for table, column in marked.items():
        warehouse._connection.execute(f"UPDATE {table} SET {column} = 'untouched'")
    warehouse.append(
        tables({"activities": [activity(2, version=2, day=6)], "streams": chunks(2, version=2)})
    )
    assert warehouse.refresh().touched_activities == 1
    rewritten = {
        table: warehouse.query(
            f"SELECT COUNTIF({column} IS NULL OR {column} != 'untouched') AS n, COUNT(*) AS total"
            f" FROM {table}"
        ).to_pylist()[0]
        for table, column in marked.items()
    }
    assert rewritten == {
        "silver.activities": {"n": 1, "total": 20},
        "silver.streams": {"n": 1, "total": 2},
        "marts.activity_summary": {"n": 1, "total": 20},
        "marts.daily_summary": {"n": 1, "total": 20},
        "marts.monthly_summary": {"n": 1, "total": 4},
    }


def test_one_more_activity_adds_up_its_own_week_month_and_year_alone(
    warehouse: DuckDbWarehouse,
) -> None:
    warehouse.append(tables({"activities": [activity(n, day=100 * n) for n in range(9)]}))
    warehouse.refresh()
    periods = {"weekly": "week_start", "monthly": "month", "yearly": "year"}
    for period in periods:
        warehouse._connection.execute(f"UPDATE marts.{period}_summary SET activities = -1")
    warehouse.append(tables({"activities": [activity(4, version=2, day=400)]}))
    warehouse.refresh()

    rewritten = {
        name: warehouse.query(
            f"SELECT {name} FROM marts.{period}_summary WHERE activities != -1"
        ).to_pylist()
        for period, name in periods.items()
    }
    day = FIRST_DAY + timedelta(days=400)
    assert rewritten == {
        "week_start": [{"week_start": day - timedelta(days=day.weekday())}],
        "month": [{"month": day.month}],
        "year": [{"year": day.year}],
    }


def test_other_sql_than_last_time_rebuilds_everything(
    warehouse: DuckDbWarehouse, reopen: Opener, tmp_path: Path
) -> None:
    warehouse.append(tables({"activities": [activity(n, day=n) for n in range(3)]}))
    warehouse.refresh()
    warehouse.close()
    changed = tmp_path / "sql"
    for source in SQL.rglob("*.*"):
        target = changed / source.relative_to(SQL)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text().replace("AS daily_summary", "AS daily"))
    daily = changed / "marts" / "daily_summary" / "query.sql"
    daily.write_text(daily.read_text().replace("COUNT(*) AS act", "10 * COUNT(*) AS act"))
    again = reopen(changed)
    assert again.refresh().touched_activities == 3
    found = again.query("SELECT SUM(activities) AS n FROM marts.monthly_summary")
    assert found["n"].to_pylist() == [30]
    assert again.refresh().built == ()


class Stopped(BaseException):
    """The process ends here."""


@dataclass
class StoppingConnection:
    """DuckDB until so many statements have run; then nothing is committed any more."""

    connection: duckdb.DuckDBPyConnection
    statements_left: int

    def execute(self, *arguments: Any) -> duckdb.DuckDBPyConnection:
        self.statements_left -= 1
        if self.statements_left < 0:
            raise Stopped
        return self.connection.execute(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


@pytest.mark.parametrize("statements", [3, 10, 15, 19, 24, 28])
def test_a_run_that_is_stopped_anywhere_is_finished_by_the_next(
    warehouse: DuckDbWarehouse, reopen: Opener, statements: int
) -> None:
    warehouse.append(tables({"activities": [activity(1, day=0), activity(2, day=0)]}))
    warehouse.refresh()
    # Landing may forget what silver has: then nobody but the stopped run knew of the old day.
    warehouse._connection.execute("DELETE FROM landing.activities")
    warehouse.append(tables({"activities": [activity(1, version=2, day=3)]}))
    script = warehouse._script()
    stopping = StoppingConnection(warehouse._connection, len(script.plan.views) + statements)
    warehouse._compiled = replace(script, connection=cast("Any", stopping))  # makes the views
    with pytest.raises(Stopped):
        warehouse.refresh()
    warehouse.close()
    again = reopen()
    assert again.refresh().touched_activities == 1
    days = "SELECT local_date, activities FROM marts.daily_summary ORDER BY local_date"
    assert [row["activities"] for row in again.query(days).to_pylist()] == [1, 1]
    months = "SELECT month, activities FROM marts.monthly_summary ORDER BY month"
    assert again.query(months).to_pylist() == [
        {"month": 1, "activities": 1},
        {"month": 2, "activities": 1},
    ]


def best(of: int) -> dict[str, Any]:
    """Curves and an effort, the better the greater the number."""
    curve = [{"duration_s": duration_s, "value": of + 0.5} for duration_s in (60, 1200)]
    beats = [{"duration_s": 60, "value": 100 + of / 100}]
    effort = {"distance_m": 5000, "elapsed_time_s": 2000 - of}
    return {"power_curve": curve, "heartrate_curve": beats, "efforts": [effort]}


ids = st.integers(1, 4)
versions = st.integers(1, 5)
upserts = st.builds(
    lambda i, v: {
        # The day and the sport follow from the version, as what Strava says at one moment does.
        "activities": [
            activity(
                i,
                v,
                day=(i * 7 + v * v) % 5,
                sport_type="Run" if v % 3 else "Ride",
                device_watts=v != 2,
                private=v == 4,
                summary_polyline="_p~iF~ps|U",
            )
        ],
        "streams": chunks(i, v, count=1 + (i + v) % 3),
        "metrics": [metric(i, v, **best(100 * v + i))] if v % 2 else [],
    },
    ids,
    versions,
)
# Tombstones have even versions and what comes after them odd ones: a version has one meaning.
deletions = st.builds(
    lambda i, v: {
        "activities": [tombstone(i, 10 + 2 * v)],
        "streams": chunks_tombstone(i, 10 + 2 * v),
        "metrics": [tombstone(i, 10 + 2 * v)],
    },
    ids,
    versions,
)
resurrections = st.builds(
    lambda i, v: {"activities": [activity(i, 11 + 2 * v, day=v)]}, ids, versions
)
REFRESH: dict[str, list[dict[str, Any]]] = {}
steps = st.lists(
    st.one_of(upserts, upserts, deletions, resurrections, st.just(REFRESH)), max_size=10
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[DuckDbWarehouse]]:
    """Two warehouses, emptied for each example: to open one costs more than an example does."""
    clock = ManualClock(datetime(2024, 6, 1, 6, 0, tzinfo=UTC))
    homes = [tmp_path_factory.mktemp(name) for name in ("often", "once")]
    pair = [DuckDbWarehouse(home / "l.duckdb", home / "m.duckdb", SQL, clock) for home in homes]
    yield pair
    for warehouse in pair:
        warehouse.close()


def empty(warehouse: DuckDbWarehouse) -> None:
    for table in TABLES.values():
        if table.kind not in {"temp", "view"}:
            warehouse._connection.execute(f"DELETE FROM {table.name}")


@settings(max_examples=10, deadline=None)
@given(steps=steps, shuffle=st.randoms(use_true_random=False))
def test_refreshing_as_things_arrive_gives_what_one_full_refresh_gives(
    pair: list[DuckDbWarehouse], steps: list[dict[str, Any]], shuffle: Random
) -> None:
    often, once = pair
    empty(often)
    empty(once)
    for rows in steps:
        if rows:
            often.append(tables(rows))
        else:
            assert often.refresh().blocked == {}
    often.refresh()
    arrivals = [rows for rows in steps if rows]
    shuffle.shuffle(arrivals)
    for rows in arrivals:
        once.append(tables(rows))
    once.refresh(full=True)
    assert content(often) == content(once)
