"""The checks of the load marts find the fault that each is there for, and nothing in sound rows."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import pytest

from paceline.warehouse.checks import checks_of
from paceline.warehouse.transpile import duckdb_name, to_duckdb
from tests.sql.rows import Row, as_arrow
from tests.sql.test_rows import TABLES, duckdb_tables

__all__ = ["duckdb_tables"]  # the fixture

Rows = Mapping[str, list[Row]]
LOAD = {
    "athlete_id": 1,
    "activity_id": 10,
    "local_date": date(2024, 2, 29),
    "load": 100.0,
    "load_source": "tss",
    "tss": 100.0,
    "power_is_measured": True,
    "normalized_power_source": "streams",
    "intensity_factor": 1.0,
    "recorded_s": 3600,
}
ZONE = {"athlete_id": 1, "activity_id": 10, "kind": "heart_rate", "zone": 1, "seconds": 60}
BEATS = {
    "athlete_id": 1,
    "activity_id": 10,
    "heartrate_histogram": [{"value": 100, "seconds": 50}, {"value": 101, "seconds": 10}],
}
DAY = {
    "athlete_id": 1,
    "local_date": date(2024, 2, 29),
    "day_number": 1,
    "activities": 1,
    "load": 100.0,
    "ctl": 2.35,
    "atl": 13.31,
}
NEXT_DAY = DAY | {"local_date": date(2024, 3, 1), "day_number": 2, "activities": 0, "load": 0.0}


def failing(name: str, rows: Rows, connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The checks of checks.sql that find something in these rows, all of which are touched."""
    touched: Rows = {
        "touched.loads": [{"athlete_id": 1, "activity_id": 10}],
        "touched.athletes_from": [{"athlete_id": 1, "from_date": date(2024, 2, 29)}],
    }
    connection.begin()
    try:
        for table, found in {**touched, **rows}.items():
            connection.register("given_rows", as_arrow(found, TABLES[table]))
            into = duckdb_name(TABLES[table])
            connection.execute(f"INSERT INTO {into} BY NAME SELECT * FROM given_rows")
        return {
            check.name
            for check in checks_of(TABLES[name], TABLES)
            if check.name in WRITTEN
            and connection.execute(to_duckdb(check.offending, TABLES)).fetchall()
        }
    finally:
        connection.rollback()


def load(**changes: Any) -> tuple[str, Rows]:
    return "marts.activity_load", {"marts.activity_load": [LOAD | changes]}


def zones(seconds: int) -> tuple[str, Rows]:
    found = {"marts.activity_zones": [ZONE | {"seconds": seconds}], "silver.metrics": [BEATS]}
    return "marts.activity_zones", found


def fitness(*days: Row) -> tuple[str, Rows]:
    return "marts.fitness_daily", {"marts.fitness_daily": [*days], "marts.activity_load": [LOAD]}


FAULTS: Mapping[str, tuple[str, Rows]] = {
    "threshold_hour": load(tss=99.0),
    "load_or_reason": load(load_missing_because="no heart rate"),
    "no_negative_load": load(load=-1.0),
    "measured_power_only": load(power_is_measured=False),
    "every_second_once": zones(59),
    "bounded": fitness(DAY | {"ctl": 100.1}, NEXT_DAY),
    "no_gap": fitness(DAY, NEXT_DAY | {"local_date": date(2024, 3, 2)}),
    "every_load_counted": fitness(DAY | {"load": 90.0}),
}
WRITTEN = set(FAULTS)


@pytest.mark.parametrize("check", FAULTS)
def test_a_check_finds_its_fault_and_no_other_does(
    check: str, duckdb_tables: duckdb.DuckDBPyConnection
) -> None:
    assert failing(*FAULTS[check], duckdb_tables) == {check}


@pytest.mark.parametrize("sound", [load(), zones(60), fitness(DAY, NEXT_DAY)])
def test_sound_rows_pass(sound: tuple[str, Rows], duckdb_tables: duckdb.DuckDBPyConnection) -> None:
    assert failing(*sound, duckdb_tables) == set()
