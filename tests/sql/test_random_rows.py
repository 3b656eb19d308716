"""Rows that nobody thought of: both engines must make the same of them.

The rows are drawn from the types in metadata.yaml. Values that rows are joined and filtered by come
from short lists, so that they often meet.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from math import isclose
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paceline.warehouse.column_types import ColumnType
from paceline.warehouse.order import reads
from paceline.warehouse.tables import Column, Table
from tests.sql.rows import Row, typed_row
from tests.sql.test_rows import TABLES, duckdb_tables, in_duckdb, in_googlesql

__all__ = ["duckdb_tables"]  # the fixture

# All that is built from other tables. A list that is written in the SQL itself reads no rows.
BUILT = tuple(name for name, table in TABLES.items() if reads(table, TABLES))
DATES = (
    date(2023, 12, 31),
    date(2024, 1, 1),
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
)
MOMENT = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
SETTINGS = ("ftp_w", "rest_hr_bpm", "max_hr_bpm", "threshold_hr_bpm", "threshold_speed_mps", "sex")
VTS = ("vt1_hr_bpm", "vt2_hr_bpm")
ZONES = tuple(f"heart_rate_zone_{zone}_min" for zone in range(1, 6))
MET_BY_NAME: Mapping[str, tuple[Any, ...]] = {
    "athlete_id": (1, 1, 1, 2),
    "activity_id": (10, 10, 11, 12),
    "sport_type": ("Run", "Ride", "Swim", "Yoga"),
    "sport_group": ("run", "ride", "swim", "other"),
    "kind": ("heart_rate", "power"),
    "zone": (1, 2, 5),
    "name": ("ftp_w", "threshold_hr_bpm", *SETTINGS, "css_mps", *VTS, *ZONES, "landing"),
    "week_start": (date(2023, 12, 25), date(2024, 1, 1)),
    "curve": ("power", "heartrate", "speed"),
    "period": ("90 days", "2024"),
    "duration_s": (5, 180, 300, 600, 900, 1200),
    "lat_cell": (0, 1),
    "lng_cell": (0, 1),
    "op": ("upsert", "upsert", "tombstone"),
    "reason": ("webhook", "backfill"),
    "stage": ("load_silver", "fetch_activity"),
    "blocked_tables": (0, 0, 1),
    "chunk": (0, 1),
    "chunks": (1, 2),
    "workout_type": (0, 1, 11),
    "summary_polyline": ("", "_p~iF~ps|U_ulLnnqC_mqNvxq`@", "_p~iF~ps|U??", "@A??CD", "~~?"),
    "visibility": ("everyone", "only_me"),
    "year": (2023, 2024),
    "month": (1, 2, 12),
}
MET_AS_INT64: Mapping[str, tuple[int, ...]] = {"distance_m": (400, 1_000, 5_000)}


def of_type(kind: ColumnType) -> st.SearchStrategy[Any]:
    if kind.element:
        return st.lists(of_type(kind.element), max_size=3)
    if kind.fields:
        return st.fixed_dictionaries({name: of_name(name, field) for name, field in kind.fields})
    scalars: dict[str, st.SearchStrategy[Any]] = {
        # Eighths, which every engine adds up to the same sum in any order.
        "FLOAT64": st.integers(0, 8 * 1_000).map(lambda eighths: eighths / 8),
        "INT64": st.integers(0, 4000),
        "BOOL": st.booleans(),
        "STRING": st.sampled_from(("a", "b")),
        "DATE": st.sampled_from(DATES),
        "DATETIME": st.just(MOMENT.replace(tzinfo=None)),
        "TIMESTAMP": st.just(MOMENT),
    }
    return scalars[kind.name]


def of_name(name: str, kind: ColumnType) -> st.SearchStrategy[Any]:
    met = MET_BY_NAME.get(name) or (MET_AS_INT64.get(name) if kind.name == "INT64" else None)
    return st.sampled_from(met) if met else of_type(kind)


def of_column(column: Column) -> st.SearchStrategy[Any]:
    values = of_name(column.name, column.type)
    # More values than gaps, so that rows are not all left out.
    return values if column.required else values | values | values | st.none()


def rows_of(table: Table) -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries({column.name: of_column(column) for column in table.columns})
    return st.lists(
        row,
        min_size=2 if table.key else 0,
        max_size=6,
        unique_by=lambda found: tuple(found[name] for name in table.key) or repr(found),
    )


def read_by(table: Table) -> st.SearchStrategy[dict[str, list[Row]]]:
    """Rows for everything it reads but itself: what it goes on from is not any row."""
    read = sorted(reads(table, TABLES) - {table.name})
    return st.fixed_dictionaries({name: rows_of(TABLES[name]) for name in read})


@pytest.mark.parametrize("name", BUILT)
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_both_engines_give_the_same_rows(
    name: str, duckdb_tables: duckdb.DuckDBPyConnection, data: st.DataObject
) -> None:
    table = TABLES[name]
    drawn = data.draw(read_by(table))
    ours = by_key(in_duckdb(table, drawn, duckdb_tables), table)
    googles = by_key(in_googlesql(table, drawn), table)
    assert ours.keys() == googles.keys()
    for key, rows in ours.items():
        assert len(rows) == len(googles[key])
        differing = {
            column: (value, other[column])
            for row, other in zip(rows, googles[key], strict=True)
            for column, value in row.items()
            if not is_same(value, other[column])
        }
        assert not differing, key


def by_key(rows: list[Row], table: Table) -> dict[tuple[Any, ...], list[Row]]:
    """A view can show one key twice, of rows that cannot be there together."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in sorted((typed_row(row, table) for row in rows), key=str):
        found.setdefault(tuple(row[name] for name in table.key), []).append(row)
    assert table.kind == "view" or len(found) == len(rows), "two rows with one key"
    return found


def is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-8)
    return bool(one == other)
