"""Every field of Strava's activity is a typed column of silver, or named with the reason why not.

Fields and types: developers.strava.com/docs/reference (DetailedActivity, Lap, Split,
DetailedSegmentEffort, SummarySegment, StreamSet), and what its answers are seen to have besides.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from paceline.adapters.local.blobs import FileBlobs
from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.strava.wire import StravaWire
from paceline.model.bronze import BronzeObject, Kind
from paceline.model.landed import Landed
from paceline.steps.load_silver import Loading, load
from tests.builders import ACTIVITY, ATHLETE, NOW, as_bytes
from tests.sql.landed import TABLES

ROOT = Path(__file__).parents[2]
LEFT_OUT = set(
    re.findall(
        r"`([\w.]+)`",
        "".join(
            line.split("|")[1]
            for line in (ROOT / "docs/raw-json.md").read_text().splitlines()
            if line.startswith("| `")
        ),
    )
)
NEVER_KEPT = {"embed_token", "photos.primary.urls"}
START, LOCAL = "2026-10-03T22:30:11Z", "2026-10-04T00:30:11Z"
STARTED = datetime(2026, 10, 3, 22, 30, 11, tzinfo=UTC)

# A field, what Strava sends, and the column that has it, which holds the same unless said.
Field = tuple[Any, str] | tuple[Any, str, Any]

ACTIVITY_FIELDS: Mapping[str, Field] = {
    "id": (ACTIVITY, "activity_id"),
    "athlete.id": (ATHLETE, "athlete_id"),
    "upload_id": (20_100_000_456, "upload_id"),
    "external_id": ("garmin_ping_1", "external_id"),
    "name": ("Lunch loop", "name"),
    "description": ("With the dog", "description"),
    "private_note": ("Left knee", "private_note"),
    "distance": (10_012.4, "distance_m"),
    "moving_time": (3_005, "moving_time_s"),
    "elapsed_time": (3_101, "elapsed_time_s"),
    "total_elevation_gain": (84.5, "elevation_gain_m"),
    "type": ("Run", "legacy_type"),
    "sport_type": ("TrailRun", "sport_type"),
    "workout_type": (3, "workout_type"),
    "start_date": (START, "started_at", STARTED),
    "start_date_local": (LOCAL, "started_local", datetime.fromisoformat(LOCAL[:-1])),
    "timezone": ("(GMT+01:00) Europe/Berlin", "timezone", "Europe/Berlin"),
    "utc_offset": (7_200.0, "utc_offset_s"),
    "location_city": ("Berlin", "location_city"),
    "location_state": ("BE", "location_state"),
    "location_country": ("Germany", "location_country"),
    "achievement_count": (1, "achievement_count"),
    "kudos_count": (2, "kudos_count"),
    "comment_count": (3, "comment_count"),
    "athlete_count": (4, "athlete_count"),
    "photo_count": (5, "photo_count"),
    "total_photo_count": (6, "total_photo_count"),
    "pr_count": (7, "pr_count"),
    "map.polyline": ("_p~iF~ps|U_ulLnnqC", "polyline"),
    "map.summary_polyline": ("_p~iF~ps|U", "summary_polyline"),
    "trainer": (False, "trainer"),
    "commute": (True, "commute"),
    "manual": (False, "manual"),
    "private": (True, "private"),
    "flagged": (False, "flagged"),
    "from_accepted_tag": (True, "from_accepted_tag"),
    "hide_from_home": (True, "hide_from_home"),
    "visibility": ("only_me", "visibility"),
    "gear_id": ("g77", "gear_id"),
    "average_speed": (3.33, "average_speed_mps"),
    "max_speed": (5.1, "max_speed_mps"),
    "average_cadence": (84.2, "average_cadence_rpm"),
    "average_temp": (21, "average_temp_c"),
    "average_watts": (210.5, "average_power_w"),
    "weighted_average_watts": (225, "weighted_power_w"),
    "max_watts": (640, "max_power_w"),
    "kilojoules": (632.5, "work_kj"),
    "device_watts": (True, "device_watts"),
    "has_heartrate": (True, "has_heartrate"),
    "average_heartrate": (151.8, "average_heartrate_bpm"),
    "max_heartrate": (176.0, "max_heartrate_bpm"),
    "heartrate_opt_out": (True, "heartrate_opt_out"),
    "elev_high": (61.2, "elevation_high_m"),
    "elev_low": (33.1, "elevation_low_m"),
    "suffer_score": (71.5, "relative_effort"),
    "perceived_exertion": (6.5, "perceived_exertion"),
    "prefer_perceived_exertion": (True, "prefer_perceived_exertion"),
    "calories": (712.5, "calories_kcal"),
    "device_name": ("Garmin Forerunner 265", "device_name"),
}
SENSED: Mapping[str, Field] = {
    "average_cadence": (83.5, "average_cadence_rpm"),
    "average_watts": (215.5, "average_power_w"),
    "device_watts": (True, "device_watts"),
    "average_heartrate": (150.5, "average_heartrate_bpm"),
    "max_heartrate": (170.0, "max_heartrate_bpm"),
}
PIECE: Mapping[str, Field] = {
    "name": ("Lap 1", "name"),
    "elapsed_time": (310, "elapsed_time_s"),
    "moving_time": (300, "moving_time_s"),
    "start_date": (START, "started_at", STARTED),
    "distance": (1_000.5, "distance_m"),
    "start_index": (10, "start_index"),
    "end_index": (310, "end_index"),
}
SPLIT: Mapping[str, Field] = {
    "distance": (1_000.6, "distance_m"),
    "elapsed_time": (301, "elapsed_time_s"),
    "moving_time": (299, "moving_time_s"),
    "elevation_difference": (-4.2, "elevation_difference_m"),
    "split": (1, "split"),
    "average_speed": (3.34, "average_speed_mps"),
    "average_grade_adjusted_speed": (3.41, "average_grade_adjusted_speed_mps"),
    "average_heartrate": (143.9, "average_heartrate_bpm"),
    "pace_zone": (2, "pace_zone"),
}
BEST_EFFORT: Mapping[str, Field] = {
    **PIECE,
    "id": (2**61 + 1, "effort_id"),
    "pr_rank": (1, "pr_rank"),
    "achievements": ([{"type_id": 3, "type": "pr", "rank": 1}], "achievements"),
}
PIECES: Mapping[str, Mapping[str, Field]] = {
    "laps": {
        **PIECE,
        **SENSED,
        "id": (2**61, "lap_id"),
        "lap_index": (1, "lap_index"),
        "split": (2, "split"),
        "average_speed": (3.35, "average_speed_mps"),
        "max_speed": (4.5, "max_speed_mps"),
        "total_elevation_gain": (7.5, "elevation_gain_m"),
        "pace_zone": (3, "pace_zone"),
    },
    "splits_metric": SPLIT,
    "splits_standard": SPLIT,
    "best_efforts": BEST_EFFORT,
    "segment_efforts": {
        **BEST_EFFORT,
        **SENSED,
        "kom_rank": (10, "kom_rank"),
        "hidden": (True, "hidden"),
        "visibility": ("everyone", "visibility"),
        "segment.id": (2**54 + 1, "segment_id"),
        "segment.name": ("Mill climb", "segment_name"),
        "segment.activity_type": ("Run", "segment_sport_type"),
        "segment.distance": (800.5, "segment_distance_m"),
        "segment.average_grade": (4.5, "average_grade_pct"),
        "segment.maximum_grade": (9.5, "maximum_grade_pct"),
        "segment.elevation_high": (99.5, "elevation_high_m"),
        "segment.elevation_low": (59.5, "elevation_low_m"),
        "segment.climb_category": (1, "climb_category"),
        "segment.starred": (True, "starred"),
    },
}
PAIRS = {"start_latlng": ("start_lat", "start_lng"), "end_latlng": ("end_lat", "end_lng")}
STREAMS: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "time": (3, {"t": 3}),
    "distance": (1.5, {"distance_m": 1.5}),
    "latlng": ([52.5, 13.25], {"lat": 52.5, "lng": 13.25}),
    "altitude": (33.5, {"altitude_m": 33.5}),
    "velocity_smooth": (3.5, {"speed_mps": 3.5}),
    "heartrate": (140, {"heartrate_bpm": 140.0}),
    "cadence": (84, {"cadence_rpm": 84.0}),
    "watts": (210, {"power_w": 210.0}),
    "temp": (21, {"temp_c": 21.0}),
    "moving": (True, {"moving": True}),
    "grade_smooth": (-2.5, {"grade_pct": -2.5}),
}
DESCRIBED = {"resolution": "high", "original_size": 1, "series_type": "distance"}


def body(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as objects within objects."""
    found: dict[str, Any] = {}
    for path, value in fields.items():
        *folders, name = path.split(".")
        place = found
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = value
    return found


def everything() -> dict[str, Any]:
    """An activity with every field there is."""
    left_out = {path: f"left out {path}" for path in LEFT_OUT}
    sent = {path: field[0] for path, field in ACTIVITY_FIELDS.items()}
    whole = body(sent | {path: [52.5, 13.25] for path in PAIRS})
    for name, fields in PIECES.items():
        here = {
            path.removeprefix(f"{name}."): value
            for path, value in left_out.items()
            if path.startswith(f"{name}.")
        }
        whole[name] = [body({path: field[0] for path, field in fields.items()} | here)]
    rest = {path: value for path, value in left_out.items() if path.split(".")[0] not in PIECES}
    return merged(whole, body(rest))


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = one.keys() & other.keys()
    return one | other | {name: merged(one[name], other[name]) for name in both}


def paths(value: Any, before: str = "") -> Iterator[str]:
    """Every field of an object, as a dotted name; of lists, those of their objects."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, f"{before}.{name}" if before else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from paths(inner, before)
    else:
        yield before


@pytest.fixture
def loaded(warehouse: DuckDbWarehouse, tmp_path: Path, clock: Any) -> DuckDbWarehouse:
    """The activity on its way from bronze to silver."""
    schemas = {name: table.arrow_schema() for name, table in TABLES.items()}
    use = Loading(FileBlobs(tmp_path / "bronze"), StravaWire(), warehouse, schemas, clock)
    streams = {key: {"data": [sent], **DESCRIBED} for key, (sent, _) in STREAMS.items()}
    bodies: dict[Kind, Any] = {"activity": everything(), "streams": streams}
    batch = []
    for kind, told in bodies.items():
        item = BronzeObject(kind, ATHLETE, ACTIVITY, NOW, as_bytes(told), "GET /", 200)
        use.bronze.put(item.name(), item.packed(), item.metadata())
        batch.append(Landed("upsert", kind, ATHLETE, ACTIVITY, item.version, "trace", item.name()))
    assert [outcome.name for outcome in load(batch, use)] == ["loaded", "loaded"]
    assert warehouse.refresh().blocked == {}
    return warehouse


def columns(fields: Mapping[str, Field]) -> dict[str, Any]:
    return {field[1]: field[2] if len(field) > 2 else field[0] for field in fields.values()}


def test_every_field_of_an_activity_is_a_column_or_is_named_as_left_out(
    loaded: DuckDbWarehouse,
) -> None:
    (row,) = loaded.query("SELECT * FROM silver.activities").to_pylist()

    assert row.items() >= columns(ACTIVITY_FIELDS).items()
    for name, fields in PIECES.items():
        assert row[name] == [columns(fields)], name  # and no field of them is anything else
    for lat, lng in PAIRS.values():
        assert (row[lat], row[lng]) == (52.5, 13.25)
    kept = set(paths(json.loads(row["raw_json"])))
    assert LEFT_OUT - kept == NEVER_KEPT


def test_every_stream_is_a_column_of_points_and_what_is_said_of_them_is_kept(
    loaded: DuckDbWarehouse,
) -> None:
    (row,) = loaded.query("SELECT * FROM silver.streams").to_pylist()
    told = {name: value for _, fields in STREAMS.values() for name, value in fields.items()}

    assert row["points"] == [{"index": 0, **told}]
    assert row.items() >= DESCRIBED.items()


def test_no_field_is_both_a_column_and_left_out() -> None:
    with_column = set(ACTIVITY_FIELDS) | set(PAIRS)
    with_column |= {f"{name}.{path}" for name, fields in PIECES.items() for path in fields}
    assert LEFT_OUT.isdisjoint(with_column)
    assert set(paths(everything())) <= with_column | LEFT_OUT | {
        f"{name}.achievements.{field}"
        for name in ("best_efforts", "segment_efforts")
        for field in ("type_id", "type", "rank")
    }


def test_silver_has_no_column_of_the_api_that_nobody_fills(loaded: DuckDbWarehouse) -> None:
    (row,) = loaded.query("SELECT * FROM silver.activities").to_pylist()
    assert [name for name, value in row.items() if value in (None, [])] == []
