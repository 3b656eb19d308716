"""The whole script, run as one job on BigQuery's stand-in: it gives the marts that DuckDB gives."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paceline.adapters.gcp.bigquery import BigQueryWarehouse
from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.duckdb_reader import EVERYTHING
from paceline.adapters.local.manual import ManualClock
from paceline.warehouse.explain import explain, find_mart, parse_key
from paceline.warehouse.tables import Table
from tests.bigquery import stand_in, warehouse_on
from tests.sql.landed import SQL, TABLES, activity, chunks, metric, tables, tombstone
from tests.sql.rows import comparable

FIRST = 12_345_678_901  # ids as far apart as Strava's: they are in different parts of the tables
STEP = 49_000_000
_TIMES = "says when things were done, or how long they took: each warehouse has times of its own"
NOT_COMPARED = {
    "marts.freshness": _TIMES,
    "marts.latency": _TIMES,
}
SHOWN = [
    table
    for table in TABLES.values()
    if table.layer in {"silver", "marts", "strava"}
    and table.kind in {"table", "view"}
    and table.name not in NOT_COMPARED
]
CURVE = [{"duration_s": 5, "value": 300.0}, {"duration_s": 1200, "value": 220.0}]


def run(number: int, version: int = 1, **columns: Any) -> dict[str, Any]:
    given = {"day": number, "average_heartrate_bpm": 140.0, "gear_id": "g1", "device_watts": True}
    return activity(FIRST + number * STEP, version, **{**given, **columns})


def measured(number: int, version: int = 1) -> dict[str, Any]:
    efforts = [{"distance_m": 1000, "elapsed_time_s": 240, "start_index": 0, "end_index": 1}]
    return metric(
        FIRST + number * STEP,
        version,
        recorded_s=300,
        normalized_power_w=200.0 + number,
        average_heartrate_bpm=140.0,
        power_curve=CURVE,
        power_histogram=[{"value": 150, "seconds": 100}, {"value": 250, "seconds": 200}],
        heartrate_histogram=[{"value": 140, "seconds": 300}],
        efforts=efforts,
    )


def streamed(number: int, version: int = 1) -> list[dict[str, Any]]:
    return chunks(FIRST + number * STEP, version, count=2)


def setting(value: float, version: int, valid_from: date) -> dict[str, Any]:
    told = {"athlete_id": 1, "name": "ftp_w", "valid_from": valid_from, "version": version}
    return {**told, "op": "upsert", "source": "athlete", "value": value}


FIRST_ROUND = {
    "activities": [run(number, version=5) for number in range(4)],
    "metrics": [measured(number, version=5) for number in range(4)],
    "streams": [chunk for number in range(4) for chunk in streamed(number, version=5)],
    "settings": [setting(250.0, 1, date(2024, 1, 1))],
}
# One is gone, one moves to another day, an old version of one comes late, one is new. What is
# between the oldest and the newest of them is only passed over.
SECOND_ROUND = {
    "activities": [
        tombstone(FIRST, 6),
        run(1, version=6, day=9),
        run(3, version=4, name="An older reading"),
        run(7),
    ],
    "metrics": [measured(3, version=4)],
    "streams": streamed(3, version=4),
}


@pytest.fixture
def duckdb(tmp_path: Path, clock: ManualClock) -> Iterator[DuckDbWarehouse]:
    lake, marts = tmp_path / "lake.duckdb", tmp_path / "marts.duckdb"
    with closing(DuckDbWarehouse(lake, marts, SQL, clock)) as warehouse:
        yield warehouse


@pytest.fixture
def clock() -> ManualClock:
    """BigQuery's is not ours to set, and both must have the same day.

    Before the ten minutes for which a run's watermark stays behind: DuckDB has no such overlap.
    """
    return ManualClock(datetime.now(UTC) - timedelta(minutes=20))


@pytest.fixture
def bigquery(tmp_path: Path, clock: ManualClock) -> Iterator[BigQueryWarehouse]:
    with stand_in(tmp_path / "bigquery"), warehouse_on(SQL, clock) as warehouse:
        warehouse.create_tables()
        yield warehouse


def shown(warehouse: DuckDbWarehouse | BigQueryWarehouse, table: Table) -> list[str]:
    return comparable(warehouse.query(f"SELECT * FROM {table.name}").to_pylist(), table)


def test_both_warehouses_show_the_same_after_both_runs(
    duckdb: DuckDbWarehouse, bigquery: BigQueryWarehouse, clock: ManualClock
) -> None:
    for landed in (FIRST_ROUND, SECOND_ROUND):
        reports = []
        for warehouse in (duckdb, bigquery):
            warehouse.append(tables(landed))
            reports.append(warehouse.refresh())
        assert reports[0].blocked == reports[1].blocked == {}
        assert set(reports[0].built) == set(reports[1].built)
        assert reports[0].touched_activities == reports[1].touched_activities == 4
        clock.advance(1)
    # Only now: sixty answers take the stand-in a minute.
    assert [t.name for t in SHOWN if shown(duckdb, t) != shown(bigquery, t)] == []
    assert len(shown(bigquery, TABLES["marts.activity_summary"])) == 4
    names = bigquery.query("SELECT name FROM silver.activities ORDER BY activity_id")
    assert "An older reading" not in names["name"].to_pylist()
    assert bigquery.refresh().built == ()
    for words in EXPLAINED:
        one, other = (explained(words, warehouse) for warehouse in (duckdb, bigquery))
        assert one == other
        assert one["inputs"], words
        assert one["payloads"], words


# A key of text, of a day and a number, and of a truth; with settings, a window, a chain of reads.
EXPLAINED = (
    f"activity_load {FIRST + STEP}",
    "rolling 2024-02-08 all 28",
    "records run false longest_time",
)


def explained(words: str, warehouse: DuckDbWarehouse | BigQueryWarehouse) -> dict[str, Any]:
    name, *key = words.split()
    mart = find_mart(name, TABLES)
    (found,) = explain(mart, parse_key(key, mart), TABLES, EVERYTHING, warehouse)
    return {
        "values": comparable([found.row], mart),
        "inputs": [
            (e.table, e.read_by, e.count, comparable(e.rows, TABLES[e.table])) for e in found.inputs
        ],
        "settings": comparable(found.settings, TABLES["silver.settings"]),
        "activities": found.activities,
        "payloads": found.payloads,
    }
