"""A changed setting rebuilds the days on which it has another value, and reads no stream."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.warehouse.order import reads
from tests.sql.landed import FIRST_DAY, TABLES, activity, chunks, metric, tables

DAYS = 10


def said(value: float | None, day: int, version: int = 1) -> dict[str, Any]:
    return {
        "athlete_id": 1,
        "name": "ftp_w",
        "valid_from": date.fromordinal(FIRST_DAY.toordinal() + day),
        "value": value,
        "version": version,
        "op": "tombstone" if value is None else "upsert",
        "source": "athlete",
    }


def profile(version: int, ftp_w: int) -> dict[str, Any]:
    return {"athlete_id": 1, "version": version, "ftp_w": ftp_w, "weight_kg": 70.0}


@pytest.fixture
def trained(warehouse: DuckDbWarehouse) -> DuckDbWarehouse:
    """Ten days with an activity each, a first threshold, and a mark in every row of the marts."""
    warehouse.append(
        tables(
            {
                "activities": [activity(n, day=n) for n in range(DAYS)],
                "streams": [row for n in range(DAYS) for row in chunks(n)],
                "metrics": [metric(n) for n in range(DAYS)],
                "settings": [said(250, -90)],
            }
        )
    )
    assert warehouse.refresh().blocked == {}
    warehouse._connection.execute("UPDATE marts.daily_summary SET sport_type = 'untouched'")
    return warehouse


def rebuilt_days(warehouse: DuckDbWarehouse) -> list[int]:
    """Places of the days whose rows were written anew."""
    found = warehouse.query(
        "SELECT local_date FROM marts.daily_summary WHERE sport_type != 'untouched'"
        " ORDER BY local_date"
    )
    return [(day - FIRST_DAY).days for day in found["local_date"].to_pylist()]


def test_a_threshold_from_a_day_in_the_middle_rebuilds_that_day_and_later_ones(
    trained: DuckDbWarehouse,
) -> None:
    trained.append(tables({"settings": [said(265, 6)]}))
    report = trained.refresh()

    assert report.touched_activities == 0
    assert rebuilt_days(trained) == [6, 7, 8, 9]


def test_the_same_value_again_rebuilds_nothing(trained: DuckDbWarehouse) -> None:
    trained.append(tables({"settings": [said(250, 3)]}))

    assert "marts.daily_summary" not in trained.refresh().built
    assert rebuilt_days(trained) == []


def test_what_is_taken_back_rebuilds_the_days_it_held(trained: DuckDbWarehouse) -> None:
    trained.append(tables({"settings": [said(265, 3), said(270, 7)]}))
    trained.refresh()
    trained._connection.execute("UPDATE marts.daily_summary SET sport_type = 'untouched'")
    trained.append(tables({"settings": [said(None, 3, version=2)]}))
    trained.refresh()

    assert rebuilt_days(trained) == [3, 4, 5, 6]


def test_a_reading_of_strava_that_says_nothing_new_rebuilds_nothing(
    warehouse: DuckDbWarehouse,
) -> None:
    first = 1_706_600_000_000_000
    warehouse.append(tables({"activities": [activity(1)], "athletes": [profile(first, 250)]}))
    warehouse.refresh()
    warehouse.append(tables({"athletes": [profile(first + 10**11, 250)]}))

    assert warehouse.refresh().built == ("silver.settings",)
    assert warehouse.refresh().built == ()


def test_an_activity_that_comes_late_moves_a_reading_to_the_athletes_day(
    warehouse: DuckDbWarehouse,
) -> None:
    """Read at 20:00 in UTC: only the activity says that it was the next day already over there."""
    read_at = int(datetime.combine(FIRST_DAY, time(20), UTC).timestamp()) * 10**6
    warehouse.append(
        tables(
            {
                "activities": [activity(n, day=n) for n in range(3)],
                "athletes": [profile(read_at - 10**11, 240), profile(read_at, 250)],
            }
        )
    )
    warehouse.refresh()
    assert ftp_by_day(warehouse) == [250.0, 250.0, 250.0]
    warehouse.append(tables({"activities": [activity(9, day=0, utc_offset_s=46_800)]}))
    warehouse.refresh()

    assert ftp_by_day(warehouse) == [240.0, 240.0, 250.0, 250.0]
    kept = warehouse.query("SELECT * FROM silver.settings ORDER BY name, valid_from")
    warehouse.refresh(full=True)
    assert warehouse.query("SELECT * FROM silver.settings ORDER BY name, valid_from") == kept


def ftp_by_day(warehouse: DuckDbWarehouse) -> list[float]:
    found = warehouse.query("SELECT ftp_w FROM marts.activity_load ORDER BY local_date")
    return list(found["ftp_w"].to_pylist())


def test_no_stream_is_read_for_a_setting(trained: DuckDbWarehouse) -> None:
    trained._connection.execute("DROP TABLE silver.streams")
    trained.append(tables({"settings": [said(265, 6)]}))
    report = trained.refresh()

    assert report.blocked == {}
    assert "marts.daily_summary" in report.built
    assert {"silver.streams", "silver.metrics", "silver.activities"}.isdisjoint(report.built)


def test_a_run_stopped_after_the_settings_were_rebuilt_forgets_no_day(
    trained: DuckDbWarehouse,
) -> None:
    """The old settings are gone by then; the days are kept until everything is built."""
    trained.append(tables({"settings": [said(265, 6)]}))
    script = trained._script()
    script._touch()
    for build in script.plan.builds:
        if build.table.name == "silver.settings":
            script._build(build, full=False)
    trained.refresh()

    assert rebuilt_days(trained) == [6, 7, 8, 9]


def test_what_reads_settings_is_rebuilt_for_the_days_they_change() -> None:
    users = [table for table in TABLES.values() if "silver.settings" in reads(table, TABLES)]
    rebuilt = {table.name: table.rebuilt_by for table in users if table.kind == "table"}

    assert {name: by for name, by in rebuilt.items() if not follows_days(by or "")} == {}


def follows_days(touched: str) -> bool:
    inner = reads(TABLES[touched], TABLES)
    return touched == "touched.days" or any(
        follows_days(name) for name in inner if TABLES[name].kind == "temp"
    )
