"""What runs through an athlete's whole history: against a plain loop, and rebuilt from a day on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import exp
from random import Random
from statistics import mean, stdev
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.duckdb_fingerprint import differences
from paceline.adapters.local.manual import ManualClock
from paceline.steps.build_marts import built_as_of
from tests.sql.conftest import Opener
from tests.sql.landed import FIRST_DAY, SQL, TABLES, activity, metric, tables, tombstone
from tests.sql.rows import Row
from tests.sql.test_rows import duckdb_tables, in_duckdb

__all__ = ["duckdb_tables"]  # the fixture

FIRST = date(2010, 1, 1)
YEARS_15 = 15 * 366
FITNESS = TABLES["marts.fitness_daily"]


WEIGHTS = {
    "ctl": 1 - exp(-1 / 42),
    "atl": 1 - exp(-1 / 7),
    "acute_load_ewma": 0.25,
    "chronic_load_ewma": 2 / 29,
}


def fitness_of(loads: dict[int, float], connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Rows of marts.fitness_daily for loads by day number, from 0."""
    rows = [
        {"athlete_id": 1, "activity_id": day, "local_date": FIRST + timedelta(day), "load": load}
        for day, load in loads.items()
    ]
    today = [{"athlete_id": 1, "local_date": FIRST + timedelta(max(loads))}]
    rows_of = {"marts.activity_load": rows, "silver.today": today, FITNESS.name: []}
    found = in_duckdb(FITNESS, rows_of, connection)
    return sorted(found, key=lambda row: row["local_date"])


def test_fifteen_years_equal_a_loop_over_the_days(
    duckdb_tables: duckdb.DuckDBPyConnection,
) -> None:
    random = Random(1)
    loads = {
        day: random.randrange(300_000) / 1000 for day in range(YEARS_15) if random.random() < 0.6
    }
    loads |= {0: 500.0, YEARS_15 - 1: 10.0}
    rows = fitness_of(loads, duckdb_tables)
    assert [row["local_date"] for row in rows] == [FIRST + timedelta(d) for d in range(YEARS_15)]
    means = dict.fromkeys(WEIGHTS, 0.0)
    for day, row in enumerate(rows):
        assert row["tsb"] == pytest.approx(means["ctl"] - means["atl"], abs=1e-9)
        for name, weight in WEIGHTS.items():
            means[name] += weight * (loads.get(day, 0.0) - means[name])
            assert row[name] == pytest.approx(means[name], rel=1e-9)
        assert row["monotony"] == foster(loads, day)
        assert row["warming_up"] == (day < 126)


def foster(loads: dict[int, float], day: int) -> Any:
    week = [loads.get(day - back, 0.0) for back in range(7)]
    if day < 6 or stdev(week) == 0:
        return None
    return pytest.approx(mean(week) / stdev(week), rel=1e-6)


def test_a_constant_load_comes_to_the_closed_form_and_never_above_it(
    duckdb_tables: duckdb.DuckDBPyConnection,
) -> None:
    rows = fitness_of(dict.fromkeys(range(YEARS_15), 100.0), duckdb_tables)
    assert rows[41]["ctl"] == pytest.approx(63.21, abs=0.005)  # 100 (1 - 1/e)
    assert rows[6]["atl"] == pytest.approx(63.21, abs=0.005)
    for row in rows:
        assert row["ctl"] == pytest.approx(100 * (1 - exp(-row["day_number"] / 42)), rel=1e-9)
        assert row["ctl"] <= 100 + 1e-9
    assert {row["monotony"] for row in rows} == {None}
    assert rows[26]["acwr"] is None
    assert rows[27]["acwr"] == pytest.approx(1)


def test_after_the_last_load_fitness_only_falls(duckdb_tables: duckdb.DuckDBPyConnection) -> None:
    rows = fitness_of({0: 200.0, 4000: 0.0}, duckdb_tables)
    for before, after in pairwise(rows):
        assert after["ctl"] == pytest.approx(before["ctl"] * exp(-1 / 42), rel=1e-9, abs=1e-9)
        assert after["atl"] == pytest.approx(before["atl"] * exp(-1 / 7), rel=1e-9, abs=1e-9)


COMPARED = (
    "marts.activity_load",
    "marts.activity_zones",
    "marts.zones_weekly",
    "marts.fitness_daily",
    "marts.rolling",
    "marts.streaks",
    "marts.year_over_year",
    "silver.today",
)


def content(warehouse: DuckDbWarehouse) -> dict[str, list[str]]:
    """To the last bit: where a rebuild begins does not show."""
    return {
        name: sorted(map(str, warehouse.query(f"SELECT * FROM {name}").to_pylist()))
        for name in COMPARED
    }


ids = st.integers(1, 5)
days = st.integers(0, 400)
sports = st.sampled_from(["Run", "Ride", "Swim"])


def setting(name: str, value: float, valid_from: date, version: int) -> dict[str, Any]:
    return {
        "athlete_id": 1,
        "name": name,
        "valid_from": valid_from,
        "value": value,
        "version": version,
        "op": "upsert",
        "source": "athlete",
    }


BEATS = [{"value": 120, "seconds": 600}, {"value": 160, "seconds": 1200}]
recorded = st.builds(
    lambda i, day, sport, effort: {
        "activities": [activity(i, day=day, sport_type=sport, relative_effort=effort)],
        "metrics": [metric(i, recorded_s=1800, heartrate_coverage=1.0, heartrate_histogram=BEATS)],
    },
    ids,
    days,
    sports,
    st.sampled_from([None, 20.0, 60.0]),
)
removed = st.builds(lambda i: {"activities": [tombstone(i, 0)], "metrics": [tombstone(i, 0)]}, ids)
changed = st.builds(
    lambda day, named: {"settings": [setting(named[0], named[1], FIRST_DAY + timedelta(day), 0)]},
    days,
    st.sampled_from(
        [("max_hr_bpm", 180.0), ("max_hr_bpm", 200.0), ("ctl_seed", 40.0), ("ctl_days", 30.0)]
    ),
)
days_pass = st.integers(1, 40)
steps = st.lists(st.one_of(recorded, recorded, recorded, removed, changed, days_pass), max_size=8)

CLOCK = ManualClock(datetime(2024, 6, 1, 6, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[DuckDbWarehouse]]:
    """Two warehouses, emptied for each example: to open one costs more than an example does."""
    homes = [tmp_path_factory.mktemp(name) for name in ("often", "once")]
    pair = [DuckDbWarehouse(home / "l.duckdb", home / "m.duckdb", SQL, CLOCK) for home in homes]
    yield pair
    for warehouse in pair:
        warehouse.close()


def emptied(warehouse: DuckDbWarehouse) -> DuckDbWarehouse:
    for table in TABLES.values():
        if table.kind not in {"temp", "view"}:
            warehouse._connection.execute(f"DELETE FROM {table.name}")
    return warehouse


@settings(max_examples=8, deadline=None)
@given(steps=steps)
def test_rebuilt_from_a_day_on_is_what_rebuilding_everything_gives(
    pair: list[DuckDbWarehouse], steps: list[int | dict[str, list[dict[str, Any]]]]
) -> None:
    often, once = map(emptied, pair)
    for version, step in enumerate(steps, 1):
        if isinstance(step, int):
            CLOCK.advance(step * 86_400)
            assert often.refresh().blocked == {}
            continue
        landed = tables(
            {name: [row | {"version": version} for row in rows] for name, rows in step.items()}
        )
        often.append(landed)
        once.append(landed)
        assert often.refresh().blocked == {}
    assert once.refresh(full=True).blocked == {}
    assert content(often) == content(once)


def days_of(warehouse: DuckDbWarehouse, name: str) -> list[date]:
    rows = warehouse.query(f"SELECT DISTINCT local_date FROM {name} ORDER BY local_date")
    return list(rows["local_date"].to_pylist())


RUNS_ON = ("marts.fitness_daily", "marts.rolling")


def test_one_more_activity_leaves_the_days_before_it_alone(
    warehouse: DuckDbWarehouse, clock: ManualClock
) -> None:
    rows = [activity(n, day=n * 3, relative_effort=50.0) for n in range(40)]
    warehouse.append(tables({"activities": rows}))
    warehouse.refresh()
    warehouse._connection.execute("UPDATE marts.fitness_daily SET activities_without_load = 7")
    warehouse.append(tables({"activities": [activity(40, day=120, relative_effort=50.0)]}))
    assert warehouse.refresh().blocked == {}
    rewritten = warehouse.query(
        "SELECT MIN(local_date) AS first_date, MAX(local_date) AS last_date"
        " FROM marts.fitness_daily WHERE activities_without_load != 7"
    )
    assert rewritten.to_pylist() == [
        {"first_date": FIRST_DAY + timedelta(118), "last_date": clock.now().date()}
    ]


def test_when_the_last_activity_goes_the_days_stay_and_count_it_no_more(
    warehouse: DuckDbWarehouse, clock: ManualClock
) -> None:
    warehouse.append(tables({"activities": [activity(1), activity(2, day=90)]}))
    warehouse.refresh()
    warehouse.append(tables({"activities": [tombstone(2, 2)]}))
    assert warehouse.refresh().blocked == {}
    until_today = [
        FIRST_DAY + timedelta(day) for day in range((clock.now().date() - FIRST_DAY).days + 1)
    ]
    for name in RUNS_ON:
        assert days_of(warehouse, name) == until_today
    counted = warehouse.query("SELECT SUM(activities) AS activities FROM marts.fitness_daily")
    assert counted.to_pylist() == [{"activities": 1}]


def test_days_that_have_not_come_yet_go_with_the_activity_that_was_dated_there(
    warehouse: DuckDbWarehouse, clock: ManualClock
) -> None:
    ahead = (clock.now().date() - FIRST_DAY).days + 10
    warehouse.append(tables({"activities": [activity(1), activity(2, day=ahead)]}))
    warehouse.refresh()
    assert days_of(warehouse, "marts.rolling")[-1] == FIRST_DAY + timedelta(ahead)
    warehouse.append(tables({"activities": [tombstone(2, 2)]}))
    assert warehouse.refresh().blocked == {}
    for name in RUNS_ON:
        assert days_of(warehouse, name)[-1] == clock.now().date()


def test_a_day_that_passes_is_told_of_once_though_nothing_landed(
    warehouse: DuckDbWarehouse, clock: ManualClock
) -> None:
    warehouse.append(tables({"activities": [activity(1), activity(2, day=90)]}))
    warehouse.refresh()
    clock.advance(3 * 86_400)
    assert "marts.fitness_daily" in warehouse.refresh().built
    for name in RUNS_ON:
        assert days_of(warehouse, name)[-1] == clock.now().date()
    assert warehouse.refresh().built == ()
    assert warehouse.refresh(full=True).drifted == {}


def test_a_comparison_is_as_of_when_the_marts_were_built(
    warehouse: DuckDbWarehouse, clock: ManualClock
) -> None:
    warehouse.append(tables({"activities": [activity(1)]}))
    warehouse.refresh()
    built = clock.now().date()
    clock.advance(3 * 86_400)
    assert warehouse.refresh(full=True).drifted == {}
    assert days_of(warehouse, "marts.fitness_daily")[-1] == built


def test_another_file_as_of_the_same_instant_has_the_same_rows_days_later(
    reopen: Opener, warehouse: DuckDbWarehouse, clock: ManualClock
) -> None:
    landed = tables({"activities": [activity(1), activity(2, day=90, relative_effort=50.0)]})
    warehouse.append(landed)
    warehouse.refresh()
    clock.advance(3 * 86_400)
    other = reopen(folder="rebuilt")
    other.append(landed)
    other.refresh(full=True, as_of=built_as_of(warehouse))
    assert differences(warehouse.fingerprints(), other.fingerprints()) == {}
    other.refresh()
    assert "marts.fitness_daily" in differences(warehouse.fingerprints(), other.fingerprints())
