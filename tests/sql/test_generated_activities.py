"""What must hold in the marts of any activities: no check stops them, and the sums agree."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.manual import ManualClock
from paceline.metrics.summary import summarise
from tests.sql.landed import FIRST_DAY, SQL, activity, metric, tables
from tests.unit.test_metrics_properties import Activity, activities

NEAR = 1e-6
FTP_W = 250.0
SETTINGS = {"ftp_w": FTP_W, "max_hr_bpm": 190.0, "threshold_hr_bpm": 170.0, "rest_hr_bpm": 50.0}
Recorded = tuple[str, int, Activity]  # sport type, day, what the device recorded
Ask = Callable[[str], list[dict[str, Any]]]
HOUR_AT_FTP = Activity(
    t=np.arange(3_601),
    watts=np.full(3_601, FTP_W),
    beats=np.full(3_601, 150.0),
    distance_m=np.arange(0.0, 36_010.0, 10.0),
    altitude_m=np.zeros(3_601),
)


@contextmanager
def warehouse_in_a_folder(clock: ManualClock) -> Iterator[DuckDbWarehouse]:
    with TemporaryDirectory() as folder:
        lake, marts = Path(folder, "lake.duckdb"), Path(folder, "marts.duckdb")
        with closing(DuckDbWarehouse(lake, marts, SQL, clock)) as warehouse:
            yield warehouse


def landed(recorded: list[Recorded]) -> dict[str, list[dict[str, Any]]]:
    said = {"athlete_id": 1, "valid_from": FIRST_DAY, "version": 1, "op": "upsert"}
    return {
        "activities": [
            activity(
                place,
                day=day,
                sport_type=sport_type,
                device_watts=True,
                distance_m=float(each.distance_m[-1]),
                moving_time_s=int(each.t[-1]),
                elapsed_time_s=int(each.t[-1]),
            )
            for place, (sport_type, day, each) in enumerate(recorded, start=1)
        ],
        "metrics": [
            metric(place, **summarise(each.streams()))
            for place, (_, _, each) in enumerate(recorded, start=1)
        ],
        "settings": [
            said | {"name": name, "value": value, "source": "athlete"}
            for name, value in SETTINGS.items()
        ],
    }


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    recorded=st.lists(
        st.tuples(st.sampled_from(["Ride", "Run", "Swim"]), st.integers(0, 200), activities()),
        min_size=1,
        max_size=12,
    )
)
def test_no_check_stops_them_and_their_numbers_fit_together(
    recorded: list[Recorded], clock: ManualClock
) -> None:
    recorded = [*recorded, ("Ride", 30, HOUR_AT_FTP)]
    with warehouse_in_a_folder(clock) as warehouse:
        warehouse.append(tables(landed(recorded)))
        assert warehouse.refresh().blocked == {}

        def ask(sql: str) -> list[dict[str, Any]]:
            return list(warehouse.query(sql).to_pylist())

        (hour,) = ask(f"SELECT * FROM marts.activity_load WHERE activity_id = {len(recorded)}")
        assert abs(hour["tss"] - 100) < NEAR
        assert abs(hour["variability_index"] - 1) < NEAR
        _zones_hold_every_second(ask)
        (bounds,) = ask("SELECT MAX(load) AS load, MAX(ctl) AS ctl FROM marts.fitness_daily")
        assert bounds["ctl"] <= bounds["load"]
        (kept,) = ask("SELECT SUM(load) AS load FROM marts.fitness_daily")
        (made,) = ask("SELECT SUM(load) AS load FROM marts.activity_load")
        assert abs(kept["load"] - made["load"]) < 0.01
        (span,) = ask("SELECT MIN(local_date) AS first FROM marts.fitness_daily")
        assert span["first"] == FIRST_DAY + timedelta(days=min(day for _, day, _ in recorded))


def _zones_hold_every_second(ask: Ask) -> None:
    zones = ask(
        "SELECT activity_id, kind, SUM(seconds) AS seconds FROM marts.activity_zones"
        " GROUP BY activity_id, kind"
    )
    recorded = {
        row["activity_id"]: (row["recorded_s"], round(row["recorded_s"] * row["coverage"]))
        for row in ask(
            "SELECT activity_id, recorded_s, COALESCE(heartrate_coverage, 0) AS coverage"
            " FROM silver.metrics"
        )
    }
    assert zones
    for row in zones:
        power_s, heartrate_s = recorded[row["activity_id"]]
        assert row["seconds"] == (power_s if row["kind"] == "power" else heartrate_s)
