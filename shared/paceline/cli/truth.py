"""Compare marts with what the simulator holds: the judge of the demo and of the hard tests."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

# A column of activity_summary, and the field of the simulator's activity that it must equal.
COMPARED = {
    "athlete_id": "athlete_id",
    "name": "name",
    "sport_type": "sport_type",
    "distance_m": "distance",
    "moving_time_s": "moving_time",
    "elapsed_time_s": "elapsed_time",
    "elevation_gain_m": "total_elevation_gain",
    "gear_id": "gear_id",
    "private": "private",
    "has_streams": "has_streams",
}

Row = dict[str, Any]


def differences(truth: Sequence[Row], marts: Path) -> list[str]:
    """What is missing, what is too much, what is twice and what is not equal; empty when right."""
    if not marts.exists():
        return [f"{marts.name} does not exist yet"] if truth else []
    with duckdb.connect(str(marts), read_only=True) as connection:
        columns = ", ".join(COMPARED)
        found = _rows(
            connection,
            f"SELECT activity_id, local_date::VARCHAR AS local_date, {columns} "  # noqa: S608
            "FROM marts.activity_summary",
        )
        days = _rows(
            connection,
            "SELECT athlete_id, local_date::VARCHAR AS local_date, sport_type, activities, "
            "distance_m, moving_time_s FROM marts.daily_summary",
        )
    return _compare_activities(truth, found) + _compare_days(truth, days)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _compare_activities(truth: Sequence[Row], found: Sequence[Row]) -> list[str]:
    wanted = {row["id"]: row for row in truth}
    have = {row["activity_id"]: row for row in found}
    faults = [f"{activity} is missing" for activity in sorted(wanted.keys() - have.keys())]
    faults += [f"{activity} should be gone" for activity in sorted(have.keys() - wanted.keys())]
    if len(found) > len(have):
        faults.append(f"{len(found) - len(have)} activities are there twice")
    for activity in sorted(wanted.keys() & have.keys()):
        expected = {column: wanted[activity][name] for column, name in COMPARED.items()}
        expected["local_date"] = _local_date(wanted[activity])
        faults += [
            f"{activity}: {column} is {have[activity][column]!r}, not {value!r}"
            for column, value in expected.items()
            if not _same(have[activity][column], value)
        ]
    return faults


def _compare_days(truth: Sequence[Row], days: Sequence[Row]) -> list[str]:
    sums: dict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0, 0.0, 0])
    for row in truth:
        day = sums[row["athlete_id"], _local_date(row), row["sport_type"]]
        day[0] += 1
        day[1] += row["distance"]
        day[2] += row["moving_time"]
    have = {
        (row["athlete_id"], row["local_date"], row["sport_type"]): [
            row["activities"],
            row["distance_m"],
            row["moving_time_s"],
        ]
        for row in days
    }
    if len(have) < len(days):
        return ["a day of a sport is there twice in daily_summary"]
    return [
        f"daily_summary {key} is {have.get(key)}, not {sums.get(key)}"
        for key in sorted(sums.keys() | have.keys())
        if not (
            key in have
            and key in sums
            and all(_same(a, b) for a, b in zip(have[key], sums[key], strict=True))
        )
    ]


def _local_date(row: Row) -> str:
    return str(datetime.fromisoformat(row["start_date_local"]).date())


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and abs(a - b) <= 1e-6 * max(1.0, abs(b))
    return bool(a == b)
