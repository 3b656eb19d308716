"""Rows as load_silver would append them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from paceline.warehouse.tables import load_tables

SQL = Path(__file__).parents[2] / "sql"
TABLES = load_tables(SQL)
FIRST_DAY = date(2024, 1, 30)  # so that a week of days has a month's end in it


def activity(activity_id: int, version: int = 1, *, day: int = 0, **columns: Any) -> dict[str, Any]:
    local_date = FIRST_DAY + timedelta(days=day)
    started_local = datetime.combine(local_date, time(7))
    return {
        "athlete_id": 1,
        "activity_id": activity_id,
        "version": version,
        "op": "upsert",
        "source": "api",
        "name": f"Run {activity_id}",
        "sport_type": "Run",
        "started_at": started_local.replace(tzinfo=UTC),
        "started_local": started_local,
        "local_date": local_date,
        "distance_m": 1000.1 * version,
        "moving_time_s": 300,
        "elapsed_time_s": 330,
        **columns,
    }


def tombstone(activity_id: int, version: int) -> dict[str, Any]:
    return {
        "athlete_id": 1,
        "activity_id": activity_id,
        "version": version,
        "op": "tombstone",
        "source": "api",
    }


def metric(activity_id: int, version: int = 1, **columns: Any) -> dict[str, Any]:
    return {**tombstone(activity_id, version), "op": "upsert", "points": 2, **columns}


def chunks(activity_id: int, version: int = 1, count: int = 1) -> list[dict[str, Any]]:
    return [
        {
            **tombstone(activity_id, version),
            "op": "upsert",
            "chunk": chunk,
            "chunks": count,
            "points": [{"t": chunk * 10 + t, "heartrate_bpm": 100.0 + version} for t in range(2)],
        }
        for chunk in range(count)
    ]


def chunks_tombstone(activity_id: int, version: int) -> list[dict[str, Any]]:
    return [{**tombstone(activity_id, version), "chunk": 0, "chunks": 0, "points": []}]


def tables(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, pa.Table]:
    """Arrow tables by name; `activities` stands for `landing.activities`."""
    named = {f"landing.{name}": found for name, found in rows.items()}
    return {
        name: pa.Table.from_pylist(found, schema=TABLES[name].arrow_schema())
        for name, found in named.items()
    }
