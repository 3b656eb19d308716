"""Awkward activities in silver, compared with what the simulator knows of them."""

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from paceline.adapters.local.blobs import FileBlobs
from paceline.cli.truth import differences
from paceline.cli.truth_lake import compare_lake
from simulator.awkward_cases import CASES
from simulator.wire_streams import KEYS
from tests.simulator.harness import ADA
from tests.sql.awkward import Loaded
from tests.sql.landed import TABLES

# A column of silver.activities, and the field of the answer that it must equal.
COLUMNS = {
    "activity_id": "id",
    "name": "name",
    "description": "description",
    "sport_type": "sport_type",
    "workout_type": "workout_type",
    "distance_m": "distance",
    "elapsed_time_s": "elapsed_time",
    "elevation_gain_m": "total_elevation_gain",
    "elevation_high_m": "elev_high",
    "average_speed_mps": "average_speed",
    "average_cadence_rpm": "average_cadence",
    "average_temp_c": "average_temp",
    "average_power_w": "average_watts",
    "max_power_w": "max_watts",
    "weighted_power_w": "weighted_average_watts",
    "work_kj": "kilojoules",
    "has_heartrate": "has_heartrate",
    "device_name": "device_name",
    "legacy_type": "type",
    "location_city": "location_city",
    "device_watts": "device_watts",
    "average_heartrate_bpm": "average_heartrate",
    "max_heartrate_bpm": "max_heartrate",
    "calories_kcal": "calories",
    "relative_effort": "suffer_score",
    "perceived_exertion": "perceived_exertion",
    "gear_id": "gear_id",
    "upload_id": "upload_id",
    "external_id": "external_id",
    "trainer": "trainer",
    "manual": "manual",
    "private": "private",
    "flagged": "flagged",
    "visibility": "visibility",
    "kudos_count": "kudos_count",
    "pr_count": "pr_count",
    "utc_offset_s": "utc_offset",
}
PIECES = {
    "laps": {
        "lap_id": "id",
        "distance_m": "distance",
        "max_heartrate_bpm": "max_heartrate",
        "device_watts": "device_watts",
        "end_index": "end_index",
    },
    "splits_metric": {
        "split": "split",
        "average_heartrate_bpm": "average_heartrate",
        "average_grade_adjusted_speed_mps": "average_grade_adjusted_speed",
    },
    "splits_standard": {"split": "split", "moving_time_s": "moving_time"},
    "best_efforts": {"effort_id": "id", "name": "name", "pr_rank": "pr_rank"},
    "segment_efforts": {"effort_id": "id", "kom_rank": "kom_rank", "hidden": "hidden"},
}


def test_every_case_loads_and_nothing_is_quarantined(loaded: Loaded) -> None:
    assert set(loaded.truth) == set(CASES)
    assert set(loaded.outcomes) == {"loaded "}
    failed = loaded.warehouse.query("SELECT COUNT(*) AS n FROM ops.failed_events")
    assert failed["n"].to_pylist() == [0]


@pytest.mark.parametrize("case", CASES)
def test_silver_says_what_strava_said(loaded: Loaded, case: str) -> None:
    told, row = json.loads(loaded.details[case]), loaded.silver(case)

    assert told["name"] == loaded.truth[case]["name"]
    assert {column: row[column] for column in COLUMNS} == {
        column: told.get(field) for column, field in COLUMNS.items()
    }
    assert row["moving_time_s"] == min(int(told["moving_time"]), told["elapsed_time"])
    for pieces, fields in PIECES.items():
        assert [{column: piece[column] for column in fields} for piece in row[pieces]] == [
            {column: piece.get(field) for column, field in fields.items()}
            for piece in told.get(pieces, [])
        ]
    assert [effort["segment_id"] for effort in row["segment_efforts"]] == [
        effort["segment"]["id"] for effort in told["segment_efforts"]
    ]
    assert (row["start_lat"], row["start_lng"]) == tuple(told.get("start_latlng") or (None, None))
    assert row["summary_polyline"] == (told["map"]["summary_polyline"] or None)
    assert row["polyline"] == (told["map"]["polyline"] or None)


@pytest.mark.parametrize("case", CASES)
def test_the_json_is_whole_but_for_what_is_secret(loaded: Loaded, case: str) -> None:
    told = json.loads(loaded.details[case])
    del told["embed_token"]
    if told["photos"]["primary"]:
        del told["photos"]["primary"]["urls"]

    assert json.loads(loaded.silver(case)["raw_json"]) == told


@pytest.mark.parametrize("case", CASES)
def test_each_sample_is_one_row_with_the_values_of_its_streams(loaded: Loaded, case: str) -> None:
    rows = loaded.rows("silver.aggregate_stream", case)
    rows.sort(key=lambda row: row["index"])
    streams = json.loads(loaded.streams.get(case, b"{}"))

    count = loaded.truth[case]["stream_points"] if loaded.truth[case]["has_streams"] else 0
    assert [row["index"] for row in rows] == list(range(count))
    for key in set(KEYS) - {"latlng"}:
        expected = streams[key]["data"] if key in streams else [None] * count
        assert [row[key] for row in rows] == expected, key
    places = streams["latlng"]["data"] if "latlng" in streams else [[None, None]] * count
    assert [[row["lat"], row["lng"]] for row in rows] == places
    assert [row["power"] for row in rows] == [row["watts"] for row in rows]
    silver = loaded.silver(case)
    expected_day = {(silver["started_at"], silver["sport_type"], silver["local_date"])}
    found = {(row["start_date"], row["sport_type"], row["local_date"]) for row in rows}
    assert found == (expected_day if count else set())


@pytest.mark.parametrize("case", CASES)
def test_the_local_day_is_the_one_that_the_clock_on_the_wall_showed(
    loaded: Loaded, case: str
) -> None:
    truth, row = loaded.truth[case], loaded.silver(case)

    assert row["started_at"] == datetime.fromisoformat(truth["start_date"])
    assert row["local_date"] == date.fromisoformat(truth["start_date_local"][:10])
    offset = timedelta(seconds=row["utc_offset_s"])
    assert row["started_local"] == row["started_at"].replace(tzinfo=None) + offset
    assert f") {row['timezone']}" in truth["timezone"]


def test_odd_calendars_end_up_on_the_right_day(loaded: Loaded) -> None:
    west, half = loaded.silver("west of greenwich"), loaded.silver("half-hour zone")
    assert west["local_date"] == west["started_at"].date() - timedelta(days=1)
    assert (half["utc_offset_s"], half["timezone"]) == (19_800, "Asia/Kolkata")
    hidden = loaded.silver("hidden start")
    assert hidden["started_local"].time().isoformat() == "00:00:01"
    for case in ("across midnight", "clocks go forward", "clocks go back"):
        row = loaded.silver(case)
        (found,) = loaded.rows("marts.activity_summary", case)
        assert found["local_date"] == row["local_date"] == row["started_local"].date()
    assert loaded.silver("leap day")["local_date"].isoformat()[4:] == "-02-29"


def test_an_id_that_no_double_can_hold_is_the_same_everywhere(loaded: Loaded) -> None:
    huge = loaded.truth["huge id"]["id"]
    assert int(float(huge)) != huge
    tables = ("silver.activities", "silver.streams", "silver.metrics", "silver.stream_heartrate")
    for table in (*tables, "silver.aggregate_stream", "marts.activity_summary"):
        assert loaded.rows(table, "huge id"), table
    with duckdb.connect(loaded.marts, read_only=True) as marts:
        found = marts.execute(
            "SELECT a.id, (d.json->>'id')::BIGINT, (d.json->>'kudos_count')::INT"
            " FROM strava.activities a JOIN strava.activity_details d ON d.id = a.id"
            " JOIN activity_summary s ON s.activity_id = a.id WHERE a.id = ?",
            [huge],
        ).fetchall()
    assert found == [(huge, huge, json.loads(loaded.details["huge id"])["kudos_count"])]


def test_the_judges_of_demo_and_fire_find_no_difference(loaded: Loaded, tmp_path: Path) -> None:
    by_id = {row["id"]: case for case, row in loaded.truth.items()}

    def ask(_: int, path: str) -> tuple[int, bytes]:
        case = by_id[int(path.partition("?")[0].split("/")[1])]
        if "/streams" not in path:
            return 200, loaded.details[case]
        return (200, loaded.streams[case]) if case in loaded.streams else (404, b"")

    home = loaded.marts.parent
    copy = shutil.copy(home / "lake.duckdb", tmp_path)  # the test's own process has it open
    schema = TABLES["landing.activities"].arrow_schema()
    live, bronze = dict.fromkeys(by_id, ADA), FileBlobs(home / "bronze")
    compared = compare_lake(live, ask, bronze, Path(copy), schema)
    assert (compared.faults, compared.identical) == ([], len(CASES))
    assert differences(list(loaded.truth.values()), loaded.marts) == []
