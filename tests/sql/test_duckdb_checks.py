"""A check that fails leaves the old rows, blocks what reads them, and is repaired by a new row."""

import shutil
from pathlib import Path

import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.manual import ManualClock
from paceline.warehouse.tables import TableInvalid
from tests.sql.conftest import Opener
from tests.sql.landed import SQL, activity, tables

CHECK = "-- check: not_too_far: nobody runs 100 km on one day here\n"
OFFENDING = "SELECT 1 FROM {table} AS t WHERE t.distance_m > 100000;\n"


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """Our tables, and a check of its own on the daily summary."""
    copy = tmp_path / "sql"
    shutil.copytree(SQL, copy)
    checks = copy / "marts" / "daily_summary" / "checks.sql"
    checks.write_text(CHECK + OFFENDING.format(table="marts.daily_summary"))
    return copy


@pytest.fixture
def warehouse(reopen: Opener, sql: Path) -> DuckDbWarehouse:
    """One good activity is in; then came one that a check refuses, moved from another day."""
    warehouse = reopen(sql)
    warehouse.append(tables({"activities": [activity(1, day=0), activity(2, day=0)]}))
    assert warehouse.refresh().blocked == {}
    moved = activity(2, version=2, day=3, distance_m=200_000.0)
    warehouse.append(tables({"activities": [moved, activity(3, day=4)]}))
    return warehouse


def rows(warehouse: DuckDbWarehouse, table: str) -> list[tuple[object, ...]]:
    found = warehouse.query(f"SELECT * FROM {table}").to_pylist()
    return sorted(tuple(row.values()) for row in found)


def test_a_failing_check_names_itself_and_blocks_what_reads_the_table(
    warehouse: DuckDbWarehouse, clock: ManualClock
) -> None:
    clock.advance(60)
    report = warehouse.refresh()
    blocked = dict(report.blocked)
    failed = "not_too_far: nobody runs 100 km on one day here"
    assert blocked.pop("marts.daily_summary") == failed
    assert blocked["marts.monthly_summary"] == "marts.daily_summary"
    assert set(blocked.values()) == {"marts.daily_summary"}
    assert "marts.activity_summary" in report.built
    failures = warehouse.query("SELECT table_name, reason FROM ops.check_failures").to_pylist()
    assert {row["table_name"]: row["reason"] for row in failures} == report.blocked
    assert warehouse.query("SELECT blocked_tables FROM marts.freshness").to_pylist() == [
        {"blocked_tables": len(report.blocked)}
    ]


def test_the_blocked_tables_keep_their_old_rows(warehouse: DuckDbWarehouse) -> None:
    before = rows(warehouse, "marts.daily_summary"), rows(warehouse, "marts.monthly_summary")
    warehouse.refresh()
    after = rows(warehouse, "marts.daily_summary"), rows(warehouse, "marts.monthly_summary")
    assert after == before


def test_the_watermark_stays_until_everything_is_built(warehouse: DuckDbWarehouse) -> None:
    mark = rows(warehouse, "ops.watermarks")
    warehouse.refresh()
    assert rows(warehouse, "ops.watermarks") == mark
    assert warehouse.refresh().touched_activities == 2


def test_after_repair_everything_arrives_also_the_day_that_was_left(
    warehouse: DuckDbWarehouse, reopen: Opener, sql: Path
) -> None:
    warehouse.refresh()
    repaired = activity(2, version=3, day=3, distance_m=2000.0)
    warehouse.append(tables({"activities": [repaired]}))
    assert warehouse.refresh().blocked == {}
    fresh = reopen(sql, folder="fresh")
    fresh.append(tables({"activities": [activity(1, day=0), repaired, activity(3, day=4)]}))
    fresh.refresh()
    for table in ("silver.activities", "marts.daily_summary", "marts.monthly_summary"):
        assert rows(warehouse, table) == rows(fresh, table)
    assert rows(warehouse, "ops.unfinished_days") == []


def test_a_full_run_that_is_blocked_leaves_the_next_one_as_small_as_it_was(
    warehouse: DuckDbWarehouse,
) -> None:
    mark = rows(warehouse, "ops.watermarks")
    blocked = warehouse.refresh(full=True)
    assert blocked.touched_activities == 3
    assert "marts.daily_summary" in blocked.blocked
    assert rows(warehouse, "ops.watermarks") == mark
    assert warehouse.refresh().touched_activities == 2

    repaired = activity(2, version=3, day=3, distance_m=2000.0)
    warehouse.append(tables({"activities": [repaired]}))
    assert warehouse.refresh().blocked == {}
    days = {row[1] for row in rows(warehouse, "marts.daily_summary")}
    assert len(days) == 3  # also the day that was left


def test_a_row_twice_in_silver_is_caught_by_the_key(
    warehouse: DuckDbWarehouse, reopen: Opener, sql: Path
) -> None:
    warehouse.close()
    query = sql / "silver" / "activities" / "query.sql"
    query.write_text(query.read_text().replace(") = 1\n", ") <= 2\n"))
    again = reopen(sql)
    again.append(tables({"activities": [activity(1, version=2)]}))
    report = again.refresh()
    assert report.blocked["silver.activities"].startswith("unique_key: athlete_id, activity_id")
    assert report.blocked["marts.daily_summary"] == "silver.activities"
    assert {"silver.metrics", "silver.streams"} <= set(report.built)


def test_a_query_that_fails_on_its_rows_blocks_its_table_only(
    warehouse: DuckDbWarehouse, reopen: Opener, sql: Path
) -> None:
    warehouse.close()
    query = sql / "marts" / "activity_summary" / "query.sql"
    number = "CAST(CAST(activities.name AS FLOAT64) AS STRING) AS name,"
    query.write_text(query.read_text().replace("activities.name,", number))
    again = reopen(sql)
    again.append(tables({"activities": [activity(2, version=3)]}))
    report = again.refresh()
    assert list(report.blocked) == ["marts.activity_summary"]
    assert "Could not convert string 'Run" in report.blocked["marts.activity_summary"]
    assert "marts.monthly_summary" in report.built


def test_a_reference_to_nothing_is_caught(
    warehouse: DuckDbWarehouse, reopen: Opener, sql: Path
) -> None:
    warehouse.close()
    metadata = sql / "marts" / "activity_summary" / "metadata.yaml"
    metadata.write_text(
        metadata.read_text().replace("  silver.activities: [", "  silver.metrics: [")
    )
    again = reopen(sql)
    again.append(tables({"activities": [activity(4)]}))
    assert again.refresh().blocked["marts.activity_summary"] == (
        "references_silver_metrics: every athlete_id, activity_id must be in silver.metrics"
    )


def test_a_warning_is_recorded_and_holds_nothing_back(
    reopen: Opener, tmp_path: Path, clock: ManualClock
) -> None:
    copy = tmp_path / "warned"
    shutil.copytree(SQL, copy)
    summary = copy / "marts" / "daily_summary" / "checks.sql"
    summary.write_text(
        CHECK.replace("check:", "warn:") + OFFENDING.format(table="marts.daily_summary")
    )
    warehouse = reopen(copy)
    far = [activity(1, distance_m=200_000.0), activity(2, day=1, distance_m=200_000.0), activity(3)]
    warehouse.append(tables({"activities": far}))
    assert warehouse.refresh().blocked == {}
    assert warehouse.query("SELECT * FROM ops.warnings").to_pylist() == [
        {
            "warned_at": clock.now(),
            "table_name": "marts.daily_summary",
            "warning": "not_too_far: nobody runs 100 km on one day here",
            "offending_rows": 2,
        }
    ]
    assert warehouse.query("SELECT COUNT(*) AS n FROM ops.check_failures")["n"][0].as_py() == 0


@pytest.mark.parametrize("ends", ["[0, 99999]", "[null, 99999.5]", "[300000, null]"])
def test_a_value_outside_of_its_range_blocks(reopen: Opener, tmp_path: Path, ends: str) -> None:
    copy = tmp_path / "ranged"
    shutil.copytree(SQL, copy)
    metadata = copy / "marts" / "daily_summary" / "metadata.yaml"
    wanted = "\n  distance_m: {type: FLOAT64, "
    assert wanted in metadata.read_text()
    metadata.write_text(metadata.read_text().replace(wanted, f"{wanted}range: {ends}, "))
    warehouse = reopen(copy)
    warehouse.append(tables({"activities": [activity(1, distance_m=200_000.0)]}))
    assert warehouse.refresh().blocked["marts.daily_summary"] == (
        "range: a value outside of what there can be in month, activities, distance_m"
    )
    metadata.write_text(metadata.read_text().replace(ends, "[0]"))
    with pytest.raises(TableInvalid, match=r"range must be \[low, high\]"):
        reopen(copy, "other")
