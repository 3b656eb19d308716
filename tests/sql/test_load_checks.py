"""Each written check finds the fault that it is there for, and nothing in sound rows."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from math import exp
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
HOUR = {"athlete_id": 1, "activity_id": 10, "recorded_s": 3600, "normalized_power_w": 250.0}
ZONE = {"athlete_id": 1, "activity_id": 10, "kind": "heart_rate", "zone": 1, "seconds": 60}
BEATS = {
    "athlete_id": 1,
    "activity_id": 10,
    "heartrate_histogram": [{"value": 100, "seconds": 50}, {"value": 101, "seconds": 10}],
}
CTL, ATL = 100 * (1 - exp(-1 / 42)), 100 * (1 - exp(-1 / 7))
DAY = {
    "athlete_id": 1,
    "local_date": date(2024, 2, 29),
    "day_number": 1,
    "activities": 1,
    "load": 100.0,
    "ctl": CTL,
    "atl": ATL,
    "tsb": 0.0,
    "ctl_days": 42.0,
    "atl_days": 7.0,
}
METRICS = {
    "athlete_id": 1,
    "activity_id": 10,
    "version": 1,
    "points": 61,
    "recorded_s": 60,
    "paused_s": 0,
    "max_power_w": 300.0,
    "normalized_power_w": 210.0,
    "work_kj": 12.0,
    "power_histogram": [{"value": 180, "seconds": 40}, {"value": 240, "seconds": 20}],
    "heartrate_coverage": 0.9,
    "heartrate_histogram": [{"value": 140, "seconds": 54}],
}
SPLIT = {"split": 1, "distance_m": 4_994.0}
DESCRIBED = {
    "athlete_id": 1,
    "activity_id": 10,
    "started_at": datetime(2024, 2, 29, 7, tzinfo=UTC),
    "started_local": datetime.fromisoformat("2024-02-29T08:00:00"),
    "utc_offset_s": 3_600,
    "distance_m": 10_000.0,
}
NEWER = METRICS | {"version": 2, "op": "upsert", "source": "api"}
TSB_BEFORE = (50 - 100) * exp(1 / 42) - (60 - 100) * exp(1 / 7)
POINT = {
    "athlete_id": 1,
    "activity_id": 10,
    "curve": "power",
    "duration_s": 2,
    "value": 150.0,
}
EFFORT = {
    "athlete_id": 1,
    "activity_id": 10,
    "distance_m": 400,
    "elapsed_time_s": 60,
    "start_index": 0,
    "end_index": 60,
}
SETTING = {"athlete_id": 1, "name": "ftp_w", "value": 250.0, "valid_from": date(2024, 1, 1)}
NEXT_DAY = {
    "athlete_id": 1,
    "local_date": date(2024, 3, 1),
    "day_number": 2,
    "activities": 0,
    "load": 0.0,
    "ctl": CTL * exp(-1 / 42),
    "atl": ATL * exp(-1 / 7),
    "tsb": CTL - ATL,
    "ctl_days": 42.0,
    "atl_days": 7.0,
}
LOW = DAY | {"ctl": -1.0, "tsb": -101 * exp(1 / 42) + 100}  # as if it had been below 0 before, too


def failing(name: str, rows: Rows, connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The checks of checks.sql that find something in these rows, all of which are touched."""
    touched: Rows = {
        "touched.activities": [{"athlete_id": 1, "activity_id": 10}],
        "touched.athletes": [{"athlete_id": 1}],
        "touched.settings": [{"athlete_id": 1}],
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


def load(*, ftp_w: float = 250.0, **changes: Any) -> tuple[str, Rows]:
    found: Rows = {
        "marts.activity_load": [LOAD | changes],
        "silver.metrics": [HOUR],
        "silver.settings": [SETTING | {"value": ftp_w}],
    }
    return "marts.activity_load", found


def zones(seconds: int) -> tuple[str, Rows]:
    found = {"marts.activity_zones": [ZONE | {"seconds": seconds}], "silver.metrics": [BEATS]}
    return "marts.activity_zones", found


def fitness(*days: Row) -> tuple[str, Rows]:
    return "marts.fitness_daily", {"marts.fitness_daily": [*days], "marts.activity_load": [LOAD]}


def metrics(**changes: Any) -> tuple[str, Rows]:
    return "silver.metrics", {"silver.metrics": [METRICS | changes]}


def curve(longer: Row) -> tuple[str, Rows]:
    return "silver.curve_points", {"silver.curve_points": [POINT, POINT | longer]}


def described(**changes: Any) -> tuple[str, Rows]:
    return "silver.activities", {"silver.activities": [DESCRIBED | changes]}


def streamed(distance_m: float) -> tuple[str, Rows]:
    found: Rows = {
        "silver.activities": [DESCRIBED],
        "silver.metrics": [HOUR | {"distance_m": distance_m}],
    }
    return "silver.efforts", found


def stored_and_landed(stored: int, landed: int) -> tuple[str, Rows]:
    row = {"athlete_id": 1, "activity_id": 10, "source": "api"}
    found: Rows = {
        "silver.activities": [row | {"version": stored}],
        "landing.activities": [row | {"version": landed, "op": "upsert"}],
    }
    return "silver.activities", found


def effort(**changes: Any) -> tuple[str, Rows]:
    found = {"silver.efforts": [EFFORT | changes], "silver.metrics": [METRICS]}
    return "silver.efforts", found


def setting(**changes: Any) -> tuple[str, Rows]:
    later = SETTING | {"valid_from": date(2024, 2, 1)}
    return "silver.settings", {"silver.settings": [SETTING | changes, later]}


FAULTS: Mapping[str, tuple[str, Rows]] = {
    "threshold_hour": load(tss=99.0),
    "splits_add_up": described(splits_metric=[SPLIT, SPLIT]),
    "wall_clock_agrees": described(started_local=datetime.fromisoformat("2024-02-29T09:00:00")),
    "moved_for_longer": described(moving_time_clamped=True),
    "stream_reaches_the_distance": streamed(10_051.0),
    "load_or_reason": load(load_missing_because="no heart rate"),
    "no_negative_load": load(load=-1.0),
    "measured_power_only": load(power_is_measured=False),
    "every_second_once": zones(59),
    "bounded": fitness(LOW),
    "no_gap": fitness(DAY, NEXT_DAY | {"local_date": date(2024, 3, 2)}),
    "every_load_counted": fitness(DAY | {"activities": 2}),
    "follows": fitness(DAY, NEXT_DAY | {"ctl": 2.30, "atl": 11.54 - 0.01}),
    "fresh": stored_and_landed(5, 6),
    "power_possible": metrics(normalized_power_w=300.1),
    "every_second_counted": metrics(power_histogram=[{"value": 200, "seconds": 59}]),
    "longer_not_stronger": curve({"duration_s": 10, "value": 150.1}),
    "within_the_recording": effort(end_index=61),
    "one_value_a_day": setting(valid_until=date(2024, 2, 2)),
}
OTHER_FAULTS = (
    ("power_possible", metrics(normalized_power_w=100.0)),
    ("every_second_counted", metrics(heartrate_coverage=0.8)),
    ("threshold_hour", load(ftp_w=251.0)),
    ("within_the_recording", effort(elapsed_time_s=61)),
    ("follows", fitness(DAY | {"tsb": -3.0})),
    ("fresh", ("silver.metrics", {"silver.metrics": [METRICS], "landing.metrics": [NEWER]})),
    ("within_the_recording", effort(end_index=0)),
)
SOUND = (
    load(),
    described(),
    described(started_local=datetime.fromisoformat("2024-02-29T00:00:01")),  # a hidden start
    described(splits_metric=[SPLIT, SPLIT | {"distance_m": 5_000.0}]),
    streamed(10_049.0),
    zones(60),
    fitness(DAY, NEXT_DAY),
    fitness(DAY | {"day_number": 5, "ctl": 50.0, "atl": 60.0, "tsb": TSB_BEFORE}),
    stored_and_landed(5, 5),
    metrics(),
    metrics(normalized_power_w=180.0),  # a hard start: below the mean of 200 W
    metrics(normalized_power_w=None, max_power_w=None, power_histogram=[], heartrate_histogram=[]),
    curve({"duration_s": 10}),
    curve({"duration_s": 3, "value": 200.0}),  # 300, 0, 300 W
    curve({"duration_s": 10, "curve": "heartrate", "value": 151.0}),
    effort(),
    setting(valid_until=date(2024, 2, 1)),
)
WRITTEN = {
    check.name
    for table in TABLES.values()
    if table.checks
    for check in checks_of(table, TABLES)
    if f"-- check: {check.name}:" in table.checks or f"-- warn: {check.name}:" in table.checks
}


def test_every_written_check_has_a_fault_here() -> None:
    assert set(FAULTS) == WRITTEN


@pytest.mark.parametrize(("check", "fault"), [*FAULTS.items(), *OTHER_FAULTS])
def test_a_check_finds_its_fault_and_no_other_does(
    check: str, fault: tuple[str, Rows], duckdb_tables: duckdb.DuckDBPyConnection
) -> None:
    assert failing(*fault, duckdb_tables) == {check}


@pytest.mark.parametrize("sound", SOUND)
def test_sound_rows_pass(sound: tuple[str, Rows], duckdb_tables: duckdb.DuckDBPyConnection) -> None:
    assert failing(*sound, duckdb_tables) == set()
