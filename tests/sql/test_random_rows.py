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

# Add a mart here, and the values that its rows meet by below.
MARTS = (
    "marts.activity_load",
    "marts.activity_zones",
    "marts.zones_weekly",
    "marts.fitness_daily",
    "marts.rolling",
    "touched.athletes_from",
    "touched.loads",
    "silver.grouped_activities",
    "silver.sport_days",
    "silver.curve_bests",
    "silver.activity_cells",
    "marts.weekly_summary",
    "marts.yearly_summary",
    "marts.record_history",
    "marts.power_curve",
    "marts.critical_power",
    "marts.vdot",
    "marts.eddington",
    "marts.streaks",
    "marts.gear_usage",
    "marts.routes",
    "marts.heat_cells",
)
DATES = (
    date(2023, 12, 31),
    date(2024, 1, 1),
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
)
MOMENT = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
SETTINGS = ("ftp_w", "rest_hr_bpm", "max_hr_bpm", "threshold_hr_bpm", "threshold_speed_mps", "sex")
ZONES = tuple(f"heart_rate_zone_{zone}_min" for zone in range(1, 6))
MET_BY_NAME: Mapping[str, tuple[Any, ...]] = {
    "athlete_id": (1, 2),
    "activity_id": (10, 11, 12),
    "sport_type": ("Run", "Ride", "Swim", "Yoga"),
    "sport_group": ("run", "ride", "swim", "other"),
    "kind": ("heart_rate", "power"),
    "zone": (1, 2, 5),
    "name": (*SETTINGS, "css_mps", *ZONES),
    "week_start": (date(2023, 12, 25), date(2024, 1, 1)),
    "curve": ("power", "heartrate", "speed"),
    "period": ("90 days", "2024"),
    "duration_s": (5, 180, 300, 600, 900, 1200),
    "lat_cell": (0, 1),
    "lng_cell": (0, 1),
}


def of_type(kind: ColumnType) -> st.SearchStrategy[Any]:
    if kind.element:
        return st.lists(of_type(kind.element), max_size=3)
    if kind.fields:
        return st.fixed_dictionaries({name: of_type(field) for name, field in kind.fields})
    scalars: dict[str, st.SearchStrategy[Any]] = {
        # Eighths, which every engine adds up to the same sum in any order.
        "FLOAT64": st.integers(0, 8 * 400).map(lambda eighths: eighths / 8),
        "INT64": st.integers(0, 4000),
        "BOOL": st.booleans(),
        "STRING": st.sampled_from(("a", "b")),
        "DATE": st.sampled_from(DATES),
        "DATETIME": st.just(MOMENT.replace(tzinfo=None)),
        "TIMESTAMP": st.just(MOMENT),
    }
    return scalars[kind.name]


def of_column(column: Column) -> st.SearchStrategy[Any]:
    met = MET_BY_NAME.get(column.name)
    values = st.sampled_from(met) if met else of_type(column.type)
    return values if column.required else st.none() | values


def rows_of(table: Table) -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries({column.name: of_column(column) for column in table.columns})
    return st.lists(
        row, max_size=6, unique_by=lambda found: tuple(found[name] for name in table.key)
    )


def read_by(table: Table) -> st.SearchStrategy[dict[str, list[Row]]]:
    """Rows for everything it reads but itself: what it goes on from is not any row."""
    read = sorted(reads(table, TABLES) - {table.name})
    return st.fixed_dictionaries({name: rows_of(TABLES[name]) for name in read})


@pytest.mark.parametrize("name", MARTS)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
    for key, row in ours.items():
        differing = {
            column: (value, googles[key][column])
            for column, value in row.items()
            if not is_same(value, googles[key][column])
        }
        assert not differing, key


def by_key(rows: list[Row], table: Table) -> dict[tuple[Any, ...], Row]:
    typed = [typed_row(row, table) for row in rows]
    found = {tuple(row[name] for name in table.key): row for row in typed}
    assert len(found) == len(rows), "two rows with one key"
    return found


def is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-8)
    return bool(one == other)
