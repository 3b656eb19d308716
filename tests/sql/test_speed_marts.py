"""Records, pace curve and VDOT, where the distance stream jumps."""

from itertools import accumulate
from typing import Any

import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.strava.wire import StravaWire
from paceline.metrics.summary import summarise
from tests.builders import as_bytes, streams
from tests.sql.awkward import Loaded
from tests.sql.conftest import Opener
from tests.sql.landed import activity, metric, tables

PACE_MPS = 1_000 / 300  # 5:00 a kilometre
NEW = ("speed_curve_on_foot", "efforts_on_foot", "speed_coverage_on_foot")


def recorded(activity_id: int, speeds_mps: list[float], **columns: Any) -> dict[str, Any]:
    """An activity whose streams are read as Strava sends them, one point a second."""
    distance = [0.0, *accumulate(speeds_mps)]
    body = as_bytes(streams(time=list(range(len(distance))), distance=distance))
    seconds = len(speeds_mps)
    told: dict[str, Any] = {
        "distance_m": distance[-1],
        "moving_time_s": seconds,
        "elapsed_time_s": seconds,
    }
    return {
        "activities": [activity(activity_id, **told, **columns)],
        "metrics": [metric(activity_id, **summarise(StravaWire().streams(body)))],
    }


def with_a_jump(seconds: int = 3_600) -> list[float]:
    middle = seconds // 2
    return [30.0 if middle <= second < middle + 10 else PACE_MPS for second in range(seconds)]


def best_efforts(warehouse: DuckDbWarehouse) -> dict[int, float]:
    found = warehouse.query(
        "SELECT extent, value FROM marts.records WHERE record = 'best_effort'"
    ).to_pylist()
    return {row["extent"]: row["value"] for row in found}


def fastest(warehouse: DuckDbWarehouse) -> dict[str, float]:
    """The best second of each sport group, in m/s."""
    found = warehouse.query(
        "SELECT sport_group, speed_mps FROM marts.pace_curve"
        " WHERE duration_s = 1 AND period = 'all'"
    ).to_pylist()
    return {row["sport_group"]: row["speed_mps"] for row in found}


def test_a_jump_in_a_run_is_in_no_record_no_vdot_and_no_pace_curve(
    warehouse: DuckDbWarehouse,
) -> None:
    warehouse.append(tables(recorded(1, with_a_jump())))
    assert warehouse.refresh().blocked == {}

    found = best_efforts(warehouse)
    assert (found[400], found[1_000], found[5_000]) == (120, 300, 1_500)
    assert 10_000 not in found  # no ten kilometres without the jump
    assert fastest(warehouse) == {"run": pytest.approx(PACE_MPS, abs=0.001)}
    (vdot,) = warehouse.query("SELECT vdot, distance_m FROM marts.vdot").to_pylist()
    assert vdot == {"vdot": pytest.approx(38.31, abs=0.01), "distance_m": 5_000}


def test_on_a_bike_the_same_speeds_stand(warehouse: DuckDbWarehouse) -> None:
    warehouse.append(tables(recorded(1, with_a_jump(), sport_type="Ride")))
    assert warehouse.refresh().blocked == {}

    assert fastest(warehouse) == {"ride": pytest.approx(30)}
    assert best_efforts(warehouse)[10_000] == 2_920  # 10 s for 300 m, the rest at 5:00 a kilometre


def test_a_run_from_before_there_was_a_limit_on_foot_keeps_its_records_until_it_is_read_again(
    warehouse: DuckDbWarehouse, reopen: Opener
) -> None:
    before: dict[str, Any] = {
        "efforts": [{"distance_m": 1_000, "elapsed_time_s": 220}],
        "speed_coverage": 1.0,
    }
    before |= {"speed_curve": [{"duration_s": 1, "value": 30.0}]}
    warehouse.append(tables({"activities": [activity(1)], "metrics": [metric(1, **before)]}))
    old = warehouse._connection
    old.execute("DROP INDEX landing.landing_metrics_activity")
    for column in NEW:
        old.execute(f"ALTER TABLE landing.metrics DROP COLUMN {column}")
    warehouse.close()
    again = reopen()
    assert again.refresh().blocked == {}
    assert (best_efforts(again), fastest(again)) == ({1_000: 220}, {"run": 30})

    again.append(tables(recorded(1, with_a_jump())))
    assert again.refresh().blocked == {}
    assert (best_efforts(again)[1_000], round(fastest(again)["run"], 2)) == (300, 3.33)


def test_the_walls_of_a_pool_are_no_speed(loaded: Loaded) -> None:
    (metrics,) = loaded.rows("silver.metrics", "pool swim")
    curves = {point["curve"] for point in loaded.rows("silver.curve_points", "pool swim")}

    assert metrics["speed_curve"][0] == {"duration_s": 1, "value": 25.0}
    assert "speed" not in curves
    assert loaded.rows("silver.efforts", "pool swim") == []
    groups = loaded.warehouse.query("SELECT DISTINCT sport_group FROM marts.pace_curve")
    assert "swim" not in groups["sport_group"].to_pylist()
