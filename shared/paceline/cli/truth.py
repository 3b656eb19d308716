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
        found = _summaries(connection)
        days = _rows(
            connection,
            "SELECT athlete_id, local_date::VARCHAR AS local_date, sport_type, activities, "
            "distance_m, moving_time_s FROM marts.daily_summary",
        )
    truth = [_as_in_silver(row) for row in truth]
    faults = _compare_activities(truth, found)
    named = [f"{number}: {fault}" for number in sorted(faults) for fault in faults[number]]
    return named + _compare_days(truth, days)


def differing(truth: Sequence[Row], marts: Path) -> dict[int, list[str]]:
    """Each activity of which the marts say something else, and what."""
    if not marts.exists():
        return {row["id"]: ["is missing"] for row in truth}
    with duckdb.connect(str(marts), read_only=True) as connection:
        return _compare_activities([_as_in_silver(row) for row in truth], _summaries(connection))


def _as_in_silver(row: Row) -> Row:
    """In whole seconds, and nobody moves for longer than it took."""
    return row | {"moving_time": int(min(row["moving_time"], row["elapsed_time"]))}


def _summaries(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    columns = ", ".join(COMPARED)
    return _rows(
        connection,
        f"SELECT activity_id, local_date::VARCHAR AS local_date, {columns} "  # noqa: S608
        "FROM marts.activity_summary",
    )


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _compare_activities(truth: Sequence[Row], found: Sequence[Row]) -> dict[int, list[str]]:
    wanted = {row["id"]: row for row in truth}
    have: dict[int, list[Row]] = defaultdict(list)
    for row in found:
        have[row["activity_id"]].append(row)
    faults = {number: _faults(wanted.get(number), have.get(number, [])) for number in wanted | have}
    return {number: told for number, told in faults.items() if told}


def _faults(wanted: Row | None, have: Sequence[Row]) -> list[str]:
    """Of one activity: as it should be, and the rows that there are of it."""
    if wanted is None:
        return ["should be gone"]
    if len(have) != 1:
        return ["is there twice" if have else "is missing"]
    expected = {column: wanted[name] for column, name in COMPARED.items()}
    expected["local_date"] = _local_date(wanted)
    return [
        f"{column} is {have[0][column]!r}, not {value!r}"
        for column, value in expected.items()
        if not _same(have[0][column], value)
    ]


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
