"""From streams to the columns of landing.metrics, also where the streams are odd."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from paceline.adapters.strava.wire import StravaWire
from paceline.metrics import power
from paceline.metrics.summary import summarise
from paceline.model.streams import Streams
from paceline.warehouse.tables import load_tables

SCHEMA = load_tables(Path(__file__).parents[2] / "sql")["landing.metrics"].arrow_schema()
ARRAYS = [name for name in SCHEMA.names if pa.types.is_list(SCHEMA.field(name).type)]
OF_THE_MESSAGE = {"athlete_id", "activity_id", "version", "op", "source", "bronze_uri", "trace"}


def found(**columns: list[Any]) -> Streams:
    arrays = {name: pa.array(values) for name, values in columns.items()}
    return Streams(points=max(map(len, columns.values())), columns=arrays)


def measured(**columns: list[Any]) -> dict[str, Any]:
    """The row as it lands, without what is NULL or empty."""
    row = pa.Table.from_pylist([summarise(found(**columns))], schema=SCHEMA).to_pylist()[0]
    return {name: value for name, value in row.items() if value not in (None, [])}


def ride(seconds: int) -> dict[str, list[Any]]:
    """An even ride on an even slope, at one point a second."""
    return {
        "t": list(range(seconds)),
        "distance_m": [5.0 * second for second in range(seconds)],
        "altitude_m": [100 + 0.25 * second for second in range(seconds)],
        "heartrate_bpm": [140.0] * seconds,
        "power_w": [200.0] * seconds,
        "moving": [False] + [True] * (seconds - 1),
    }


def test_an_even_ride_is_even_by_every_measure() -> None:
    row = measured(**ride(1_801))

    assert row.keys() == set(SCHEMA.names) - OF_THE_MESSAGE - {"ingested_at"}
    assert (row["recorded_s"], row["paused_s"], row["moving_s"]) == (1_800, 0, 1_800)
    assert row["normalized_power_w"] == pytest.approx(200)
    assert {pair["value"] for pair in row["power_curve"]} == {200.0}
    assert [pair["duration_s"] for pair in row["speed_curve"]][-2:] == [1_500, 1_800]
    assert row["power_histogram"] == [{"value": 200, "seconds": 1_800}]
    assert row["heartrate_histogram"] == [{"value": 140, "seconds": 1_800}]
    assert row["decoupling_power_pct"] == pytest.approx(0)
    assert row["decoupling_speed_pct"] == pytest.approx(0)
    assert row["distance_m"] == 9_000.0
    assert row["gap_speed_mps"] == pytest.approx(5 * (1 + 2.82 * 0.05 + 16 * 0.05**2))
    assert row["minetti_speed_mps"] == pytest.approx(5 * 1.301, abs=0.005)
    assert row["elevation_gain_m"] == pytest.approx(450, abs=3)
    assert row["elevation_loss_m"] == 0
    assert (row["efforts"][0]["distance_m"], row["efforts"][0]["elapsed_time_s"]) == (5_000, 1_000)
    assert row["efforts_on_foot"][0] == {
        "distance_m": 400,
        "elapsed_time_s": 80,
        "start_index": 0,
        "end_index": 80,
    }


def test_what_is_not_there_is_an_empty_array_so_that_both_warehouses_hold_the_same() -> None:
    row = summarise(found(heartrate_bpm=[100.0, 101.0]))

    assert row == {"points": 2, **{name: [] for name in ARRAYS}}


def test_indices_of_efforts_are_places_in_the_stream_as_sent() -> None:
    t = [5, 0, 1, 1, 2, *range(3, 200)]
    distance = [None, 9.0, 9.0, 0.0, None, *[5.0 * s for s in range(2, 199)]]
    (effort, *_) = measured(t=t[1:], distance_m=distance[1:])["efforts_on_foot"]

    assert (effort["distance_m"], effort["elapsed_time_s"]) == (400, 80)
    assert t[1:][effort["end_index"]] - t[1:][effort["start_index"]] == 80


def test_a_pause_is_in_an_effort_but_in_no_curve_or_speed() -> None:
    t = [*range(101), *range(401, 501)]
    distance = [4.0 * s for s in range(101)] + [404.0 + 4 * s for s in range(100)]
    row = measured(t=t, distance_m=distance, altitude_m=[10.0] * 201, moving=[True] * 201)

    assert (row["recorded_s"], row["paused_s"], row["moving_s"]) == (199, 301, 199)
    assert {pair["duration_s"]: pair["value"] for pair in row["speed_curve"]}[90] == 4.0
    assert max(pair["duration_s"] for pair in row["speed_curve"]) == 90
    assert row["gap_speed_mps"] == pytest.approx(4)
    assert row["distance_m"] == 800.0
    assert row["efforts_on_foot"][-1]["distance_m"] == 400


def test_xpower_knows_of_the_pause() -> None:
    t = [*range(61), *range(361, 421)]
    row = measured(t=t, power_w=[300.0] * 121)
    closed_up = power.xpower_w(np.full(119, 300.0))

    assert closed_up is not None
    assert row["xpower_w"] < closed_up - 20


def jumping(seconds: int, at_s: int, jump_s: int, mps: float) -> dict[str, list[Any]]:
    """An even run at 4 m/s in which the satellites put some seconds far too far apart."""
    speeds = np.full(seconds, 4.0)
    speeds[0], speeds[at_s : at_s + jump_s] = 0, mps
    return {
        "t": list(range(seconds)),
        "distance_m": np.cumsum(speeds).tolist(),
        "altitude_m": [10.0] * seconds,
        "heartrate_bpm": [150.0] * seconds,
    }


def test_a_jump_that_a_bike_could_make_is_none_that_is_made_on_foot() -> None:
    row = measured(**jumping(1_801, at_s=1_000, jump_s=10, mps=30.0))
    fastest = {pair["duration_s"]: pair["value"] for pair in row["speed_curve"]}
    on_foot = {pair["duration_s"]: pair["value"] for pair in row["speed_curve_on_foot"]}

    assert fastest[10] == pytest.approx(30)
    assert on_foot[10] == pytest.approx(4)
    assert [each["elapsed_time_s"] for each in row["efforts"]] == [1_185]  # 5 km with the jump
    assert [each["elapsed_time_s"] for each in row["efforts_on_foot"][:3]] == [100, 201, 250]
    assert row["speed_coverage_on_foot"] == pytest.approx(1_790 / 1_800)
    assert row["gap_speed_mps"] == row["minetti_speed_mps"] == pytest.approx(4)
    assert row["decoupling_speed_pct"] == pytest.approx(0)
    assert row["distance_m"] == 1_790 * 4 + 10 * 30


def test_without_a_step_between_the_limits_both_are_told_alike() -> None:
    for streams in (jumping(1_801, at_s=1_700, jump_s=10, mps=60.0), ride(1_801)):
        row = measured(**streams)
        both = [each for each in row["efforts_on_foot"] if each["distance_m"] in {5_000, 10_000}]

        assert row["speed_curve_on_foot"] == row["speed_curve"]
        assert row["speed_coverage_on_foot"] == row["speed_coverage"]
        assert row["efforts"] == both != []


def test_a_bike_that_is_mostly_too_fast_for_a_runner_has_no_measures_of_a_runner() -> None:
    row = measured(**jumping(1_801, at_s=100, jump_s=1_500, mps=14.0))

    assert row["speed_coverage"] == 1
    assert row["speed_coverage_on_foot"] == pytest.approx(300 / 1_800)
    assert row.keys() >= {"speed_curve", "efforts", "efforts_on_foot"}
    runners = {"speed_curve_on_foot", "gap_speed_mps", "minetti_speed_mps", "decoupling_speed_pct"}
    assert not row.keys() & runners


def test_grade_adjusted_speed_leaves_standing_about_out() -> None:
    streams = ride(601) | {"moving": [True] * 301 + [False] * 300}
    streams["distance_m"][301:] = [1_500 + 0.1 * second for second in range(300)]
    streams["altitude_m"] = [10.0] * 601

    assert measured(**streams)["gap_speed_mps"] == pytest.approx(5)


def test_a_climb_at_the_same_speed_is_more_output() -> None:
    streams = ride(2_001) | {"altitude_m": [100.0] * 1_001 + [100 + s / 4 for s in range(1_000)]}
    flat, steep = 1, 1 + 2.82 * 0.05 + 16 * 0.05**2

    assert measured(**streams)["decoupling_speed_pct"] == pytest.approx(
        (flat - steep) * 100, abs=0.1
    )


def test_a_lone_spike_is_no_climb() -> None:
    altitude = [10.0] * 20
    altitude[10] = 15.0

    assert measured(t=list(range(20)), altitude_m=altitude)["elevation_gain_m"] == 0


def test_a_distance_that_is_mostly_missing_says_only_where_it_ended() -> None:
    distance = [4.0 * second if second % 3 == 0 else None for second in range(400)]
    row = measured(t=list(range(400)), distance_m=distance, altitude_m=[1.0] * 400)

    assert row["speed_coverage"] == pytest.approx(133 / 399)
    assert row["distance_m"] == 1_596.0
    assert not row.keys() & {"efforts", "efforts_on_foot", "speed_curve", "gap_speed_mps"}


def test_without_altitude_speed_stands_alone() -> None:
    streams = ride(1_501) | {"altitude_m": [None] * 1_501}
    streams["altitude_m"][:5] = [10.0] * 5
    row = measured(**streams)

    assert row["altitude_coverage"] == pytest.approx(4 / 1_500)
    assert row["decoupling_speed_pct"] == pytest.approx(0)
    assert not row.keys() & {"gap_speed_mps", "minetti_speed_mps", "elevation_gain_m"}


def test_a_sensor_that_is_mostly_missing_says_nothing() -> None:
    row = measured(t=[0, 1, 2, 3], heartrate_bpm=[100.0, None, None, 120.0])

    assert row.keys() == {"points", "recorded_s", "paused_s", "heartrate_coverage"}
    assert row["heartrate_coverage"] == pytest.approx(1 / 3)


def test_a_second_without_power_while_recording_is_coasting() -> None:
    row = measured(t=[0, 1, 2, 3], power_w=[None, 300.0, None, 300.0])

    assert row["average_power_w"] == pytest.approx(200)
    assert row["power_coverage"] == pytest.approx(2 / 3)
    assert row["power_histogram"] == [{"value": 0, "seconds": 1}, {"value": 300, "seconds": 2}]


def test_seconds_of_pauses_only_measure_no_more_than_efforts() -> None:
    row = measured(t=[0, 60, 120], distance_m=[0.0, 200.0, 400.0], power_w=[1.0, 2.0, 3.0])

    effort = {"distance_m": 400, "elapsed_time_s": 120, "start_index": 0, "end_index": 2}
    assert row == {
        "points": 3,
        "recorded_s": 0,
        "paused_s": 120,
        "distance_m": 400.0,
        "efforts_on_foot": [effort],
        "speed_coverage_on_foot": 0,
    }


ODD = [None, -1.0, -1e308, 1e308, float("nan"), float("inf"), float("-inf"), 0.0]


@pytest.mark.parametrize(
    "streams",
    [
        {"power_w": []},
        {"t": [], "power_w": [], "distance_m": [], "altitude_m": [], "heartrate_bpm": []},
        {"t": [0], "power_w": [1.0], "distance_m": [0.0], "altitude_m": [1.0], "moving": [True]},
        {"t": [0, 1], "distance_m": [0.0, 1.0], "altitude_m": [1.0, 2.0], "power_w": [1.0, None]},
        {"t": list(range(8)), "distance_m": ODD, "altitude_m": ODD, "heartrate_bpm": ODD},
        {"t": list(range(8)), "power_w": ODD, "moving": [None] * 8},
        {"t": [None, 3, None, 2, 1, -7, 2**62, -(2**62)], "power_w": ODD, "distance_m": ODD},
        {"t": [0, 700, 701, 702, 1_500], "power_w": [9.0] * 5, "distance_m": [0.0] * 5},
        {"t": [5] * 4, "power_w": [1.0] * 4, "distance_m": [0.0, 1.0, 2.0, 3.0]},
        {"t": list(range(40)), "altitude_m": [1.0, None] * 20, "distance_m": [None, 3.0] * 20},
    ],
    ids=" ".join,
)
def test_odd_streams_land_as_finite_numbers_or_as_nothing(streams: dict[str, list[Any]]) -> None:
    kinds = {"t": pa.int64(), "moving": pa.bool_()}
    columns = {
        name: pa.array(values, kinds.get(name, pa.float64())) for name, values in streams.items()
    }
    row = summarise(Streams(len(next(iter(streams.values()))), columns))

    pa.Table.from_pylist([row], schema=SCHEMA)
    numbers = [value for value in row.values() if isinstance(value, float)]
    numbers += [pair["value"] for name in ARRAYS if name.endswith("_curve") for pair in row[name]]
    assert np.isfinite(numbers).all()


def test_a_day_at_one_point_a_second() -> None:
    chance = np.random.default_rng(1)
    count = 86_400
    body = {
        "time": list(range(count)),
        "distance": np.cumsum(chance.uniform(1, 4, count)).round(1).tolist(),
        "altitude": (500 + np.cumsum(chance.normal(0, 0.3, count))).tolist(),
        "watts": chance.integers(0, 400, count).tolist(),
        "heartrate": chance.integers(90, 150, count).tolist(),
    }
    wire = json.dumps({key: {"data": values} for key, values in body.items()}).encode()
    row = summarise(StravaWire().streams(wire))

    assert row["recorded_s"] == count - 1
    assert row["power_curve"][-1]["duration_s"] == 21_600
    assert row["efforts"][-1]["distance_m"] == 160_934
