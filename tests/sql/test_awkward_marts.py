"""Awkward activities in metrics and marts, compared with what Strava answered of them."""

import json

import pytest

from simulator.awkward_cases import CASES
from tests.sql.awkward import Loaded, Row


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_counted_in_the_marts_of_its_day(loaded: Loaded, case: str) -> None:
    row = loaded.silver(case)
    (summary,) = loaded.rows("marts.activity_summary", case)
    (load,) = loaded.rows("marts.activity_load", case)
    day = loaded.warehouse.query(
        "SELECT d.activities, d.distance_m, f.activities AS all_activities"
        " FROM marts.daily_summary AS d INNER JOIN marts.fitness_daily AS f"
        " ON d.athlete_id = f.athlete_id AND d.local_date = f.local_date"
        " WHERE d.sport_type = @sport AND CAST(d.local_date AS STRING) = @day",
        {"sport": row["sport_type"], "day": str(row["local_date"])},
    ).to_pylist()

    assert summary["has_streams"] == loaded.truth[case]["has_streams"]
    assert (load["load"] is None) != (load["load_missing_because"] is None)
    (counted,) = day
    assert counted["all_activities"] >= counted["activities"] >= 1
    assert counted["distance_m"] + 0.001 >= (row["distance_m"] or 0)
    on_map = loaded.rows("marts.routes", case)
    assert len(on_map) == int(bool(row["summary_polyline"]) and not row["private"])
    assert all(each["line_wkt"].startswith("LINESTRING(") for each in on_map)


@pytest.mark.parametrize("case", CASES)
def test_distances_of_splits_and_streams_are_the_activity_s(loaded: Loaded, case: str) -> None:
    row = loaded.silver(case)
    for splits in (row["splits_metric"], row["splits_standard"]):
        if splits:
            total_m = sum(split["distance_m"] for split in splits)
            assert total_m == pytest.approx(row["distance_m"], rel=0.001)
    for found in loaded.rows("silver.metrics", case):
        if found["distance_m"] is not None:
            assert found["distance_m"] == pytest.approx(row["distance_m"], rel=0.005)


def test_what_was_not_recorded_has_no_metrics(loaded: Loaded) -> None:
    for case in ("manual", "swim without streams"):
        assert loaded.rows("silver.metrics", case) == []
        assert loaded.rows("silver.points", case) == []
    (metrics,) = loaded.rows("silver.metrics", "no time stream")
    assert metrics["points"] == loaded.truth["no time stream"]["stream_points"]
    assert (metrics["recorded_s"], metrics["power_curve"], metrics["efforts"]) == (None, [], [])
    (metrics,) = loaded.rows("silver.metrics", "no distance")
    assert (metrics["distance_m"], metrics["speed_curve"], metrics["efforts"]) == (None, [], [])
    assert metrics["average_heartrate_bpm"] is not None
    (summary,) = loaded.rows("marts.activity_summary", "no distance")
    assert (summary["pace_s_per_km"], summary["pace_s_per_mi"]) == (None, None)


def test_time_is_counted_as_it_was_recorded(loaded: Loaded) -> None:
    def metrics(case: str) -> Row:
        (found,) = loaded.rows("silver.metrics", case)
        return found

    day, paused, smart = (metrics(case) for case in ("whole day", "long pauses", "smart recording"))
    assert (day["points"], day["recorded_s"], day["paused_s"]) == (86_401, 86_400, 0)
    minutes = (10, 25, 3, 61)
    assert paused["paused_s"] == pytest.approx(60 * sum(minutes), abs=len(minutes))
    assert paused["recorded_s"] + paused["paused_s"] == _length_s(loaded, "long pauses")
    assert smart["points"] < smart["recorded_s"]
    assert smart["recorded_s"] + smart["paused_s"] == _length_s(loaded, "smart recording")
    gaps = metrics("nulls in streams")
    assert 0.5 < gaps["heartrate_coverage"] < 1
    assert sum(bar["seconds"] for bar in gaps["power_histogram"]) == gaps["recorded_s"]
    above = loaded.silver("moving above elapsed")
    assert (above["moving_time_s"], above["moving_time_clamped"]) == (above["elapsed_time_s"], True)
    assert json.loads(above["raw_json"])["moving_time"] == above["elapsed_time_s"] + 60
    (summary,) = loaded.rows("marts.activity_summary", "moving above elapsed")
    assert summary["moving_time_s"] == summary["elapsed_time_s"] == above["elapsed_time_s"]
    assert loaded.silver("long pauses")["moving_time_clamped"] is False


def test_a_sport_of_the_future_is_in_the_group_other(loaded: Loaded) -> None:
    (load,) = loaded.rows("marts.activity_load", "unknown sport")

    assert (load["sport_type"], load["sport_group"]) == ("HoverboardRide", "other")


def _length_s(loaded: Loaded, case: str) -> int:
    times = json.loads(loaded.streams[case])["time"]["data"]
    return int(times[-1] - times[0])
