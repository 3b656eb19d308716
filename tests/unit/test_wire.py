"""Strava's JSON: lenient where it varies, strict where a wrong value would spoil a number."""

import json
from datetime import date, datetime

import pytest

from paceline.adapters.strava.wire import StravaWire
from paceline.errors import PayloadInvalid
from paceline.model.listed import fingerprint
from tests.builders import ACTIVITY, ATHLETE, as_bytes, detail, streams

wire = StravaWire()


def test_a_detail_becomes_a_typed_row() -> None:
    row = wire.activity(as_bytes(detail()))

    assert (row["activity_id"], row["athlete_id"]) == (ACTIVITY, ATHLETE)
    assert row["started_at"].isoformat() == "2026-10-03T22:30:11+00:00"
    assert row["started_local"] == datetime(2026, 10, 4, 0, 30, 11)  # noqa: DTZ001 - a civil time
    assert row["local_date"] == date(2026, 10, 4)  # the day it was for the athlete, not in UTC
    assert row["timezone"] == "Europe/Berlin"
    assert (row["start_lat"], row["end_lat"]) == (52.51, None)
    assert row["sport_type"] == "TrailRun"


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [
        ({"moving_time": 3_005.0}, "moving_time_s", 3_005),
        ({"moving_time": 10.5}, "moving_time_s", 10),
        ({"suffer_score": 82.5}, "relative_effort", 82.5),
        ({"average_temp": 21.4}, "average_temp_c", 21.4),
        ({"sport_type": "SkyRunning"}, "sport_type", "SkyRunning"),
        ({"sport_type": None}, "sport_type", "Run"),
        ({"gear_id": None}, "gear_id", None),
        ({"start_latlng": []}, "start_lat", None),
        ({"athlete_count": 0, "unheard_of": {}}, "name", "Lunch loop"),
        ({"start_latlng": [None, None]}, "start_lat", None),
        ({"timezone": "(GMT-05:00) America/New_York"}, "timezone", "America/New_York"),
    ],
)
def test_what_strava_is_known_to_vary_is_accepted(
    change: dict[str, object], column: str, value: object
) -> None:
    assert wire.activity(as_bytes(detail(**change)))[column] == value


NEW_YORK, BERLIN = "(GMT-05:00) America/New_York", "(GMT+01:00) Europe/Berlin"
KOLKATA, KATHMANDU = "(GMT+05:30) Asia/Kolkata", "(GMT+05:45) Asia/Kathmandu"


@pytest.mark.parametrize(
    ("start", "local", "timezone", "utc_offset", "expected_s"),
    [
        # In summer, though the bracket tells the offset of the winter.
        ("2026-07-03T22:30:00Z", "2026-07-03T18:30:00Z", NEW_YORK, -14_400.0, -14_400),
        ("2026-07-03T22:30:00Z", "2026-07-03T18:30:00Z", NEW_YORK, None, -14_400),
        ("2026-07-04T03:30:00Z", "2026-07-03T23:30:00Z", NEW_YORK, -14_400.0, -14_400),
        ("2026-10-03T20:00:00Z", "2026-10-04T01:30:00Z", KOLKATA, 19_800.0, 19_800),
        ("2026-10-03T20:00:00Z", "2026-10-04T01:45:00Z", KATHMANDU, None, 20_700),
        # Nothing tells the offset, or only a zone that nobody knows: the two starts do.
        ("2026-10-03T20:00:00Z", "2026-10-04T01:30:00Z", None, None, 19_800),
        ("2026-10-03T20:00:00Z", "2026-10-03T22:00:00Z", "(GMT+01:00) Mars/Olympus", None, 7_200),
        ("2026-10-03T20:00:00Z", "2026-10-03T21:00:00Z", "(GMT+01:00)", None, 3_600),
        # The clocks go forward on the way, and back.
        ("2026-03-29T00:15:00Z", "2026-03-29T01:15:00Z", BERLIN, 3_600.0, 3_600),
        ("2026-10-24T23:45:00Z", "2026-10-25T01:45:00Z", BERLIN, 7_200.0, 7_200),
        # A hidden start: the date is all that it tells.
        ("2026-10-03T16:30:00Z", "2026-10-03T00:00:01Z", BERLIN, 7_200.0, 7_200),
        ("2026-10-03T16:30:00Z", "2026-10-03T00:00:01Z", BERLIN, None, 7_200),
    ],
)
def test_the_local_day_is_that_of_the_local_start(
    start: str, local: str, timezone: str | None, utc_offset: float | None, expected_s: int
) -> None:
    told = {"start_date": start, "start_date_local": local, "timezone": timezone}
    row = wire.activity(as_bytes(detail(**told, utc_offset=utc_offset)))

    assert row["started_at"] == datetime.fromisoformat(start)
    assert row["started_local"] == datetime.fromisoformat(local[:-1])
    assert row["local_date"] == date.fromisoformat(local[:10])
    assert row["utc_offset_s"] == expected_s
    assert row["timezone"] == ((timezone or "").partition(") ")[2] or None)


@pytest.mark.parametrize("start", ["2026-10-03T22:30:11", "2026-10-04T00:30:11+02:00"])
def test_an_instant_is_in_utc_however_it_is_written(start: str) -> None:
    row = wire.activity(as_bytes(detail(start_date=start)))

    assert row["started_at"].isoformat() == "2026-10-03T22:30:11+00:00"
    assert fingerprint(row) == fingerprint(wire.activity(as_bytes(detail())))


HUGE = 3_000_000_000_000_000_001
SENSED = {"average_watts": 210.5, "average_heartrate": 150.1, "max_heartrate": 160.0}
SENSED_ROW = {
    "average_cadence_rpm": None,
    "average_power_w": 210.5,
    "device_watts": None,
    "average_heartrate_bpm": 150.1,
    "max_heartrate_bpm": 160.0,
}
BEGAN = {"start_date": "2026-10-03T22:30:11Z", "start_date_local": "2026-10-04T00:30:11Z"}


EFFORT = {
    "id": HUGE,
    "name": "1K",
    "distance": 1000,
    "elapsed_time": 240,
    "moving_time": 239.0,
    "start_index": 3,
    "end_index": 240,
    "pr_rank": 1,
    **BEGAN,
}
EFFORT_ROW = {
    "effort_id": HUGE,
    "name": "1K",
    "distance_m": 1000.0,
    "started_at": datetime.fromisoformat(BEGAN["start_date"]),
    "elapsed_time_s": 240,
    "moving_time_s": 239,
    "start_index": 3,
    "end_index": 240,
    "pr_rank": 1,
}


def test_laps_and_splits_are_kept_with_their_ids_and_units() -> None:
    lap = {"id": HUGE, "lap_index": 1, "split": 1, "max_speed": 5.5, "pace_zone": 2, **SENSED}
    split = {"split": 1, "distance": 1000.6, "elevation_difference": None, "pace_zone": 3}
    body = detail(
        laps=[lap | {"total_elevation_gain": 7.5}],
        splits_metric=[split],
        splits_standard=[split | {"distance": 1609.3, "average_heartrate": 143.9}],
    )
    row = wire.activity(as_bytes(body))

    (kept,) = row["laps"]
    assert (kept["lap_id"], kept["max_speed_mps"], kept["pace_zone"]) == (HUGE, 5.5, 2)
    assert kept["elevation_gain_m"] == 7.5
    assert kept.items() >= SENSED_ROW.items()
    assert row["splits_metric"][0]["elevation_difference_m"] is None
    assert row["splits_metric"][0]["pace_zone"] == 3
    assert row["splits_standard"][0]["distance_m"] == 1609.3


def test_efforts_are_kept_with_their_ids_and_units() -> None:
    achieved = {"type_id": 3, "type": "pr", "rank": 1}
    segment = {"id": HUGE + 1, "name": "Mill climb", "activity_type": "Run", "distance": 800.5}
    segment |= {"average_grade": 4.5, "maximum_grade": 9, "climb_category": 0, "starred": True}
    on_segments = [
        {**EFFORT, **SENSED, "segment": segment, "kom_rank": 10, "hidden": True},
        {**EFFORT, "id": HUGE + 2, "pr_rank": None, "segment": None},
    ]
    body = detail(best_efforts=[EFFORT | {"achievements": [achieved]}], segment_efforts=on_segments)
    row = wire.activity(as_bytes(body))

    assert row["best_efforts"] == [EFFORT_ROW | {"achievements": [achieved]}]
    first, second = row["segment_efforts"]
    assert first == EFFORT_ROW | SENSED_ROW | {
        "achievements": [],
        "visibility": None,
        "kom_rank": 10,
        "hidden": True,
        "segment_id": HUGE + 1,
        "segment_name": "Mill climb",
        "segment_sport_type": "Run",
        "segment_distance_m": 800.5,
        "average_grade_pct": 4.5,
        "maximum_grade_pct": 9.0,
        "elevation_high_m": None,
        "elevation_low_m": None,
        "climb_category": 0,
        "starred": True,
    }
    assert (second["effort_id"], second["pr_rank"], second["segment_id"]) == (HUGE + 2, None, None)


def test_what_comes_and_goes_by_itself_is_kept_and_changes_no_fingerprint() -> None:
    counts: dict[str, float] = {"kudos_count": 12, "comment_count": 1, "achievement_count": 3}
    counts |= {"pr_count": 1, "athlete_count": 0, "total_photo_count": 2.0}
    row = wire.activity(as_bytes(detail(**counts)))

    assert {name: row[name] for name in counts} == counts
    assert fingerprint(row) == fingerprint(wire.activity(as_bytes(detail())))


@pytest.mark.parametrize(
    "line", [None, "", {}, {"summary_polyline": None}, {"summary_polyline": ""}]
)
def test_no_line_on_the_map_is_null(line: object) -> None:
    row = wire.activity(as_bytes(detail() | {"map": line or None}))
    assert (row["summary_polyline"], row["polyline"]) == (None, None)


def test_the_json_is_kept_but_for_the_token_and_the_addresses_of_photos() -> None:
    primary = {"unique_id": "u", "urls": {"100": "https://photos.invalid/u.jpg"}, "source": 1}
    told = detail(unheard_of={"of": [1, 2.0, None]}, map={"polyline": "a`b\\c"})
    secret = {"embed_token": "secret", "photos": {"primary": primary, "count": 1}}
    row = wire.activity(as_bytes(told | secret))

    kept = json.loads(row["raw_json"])
    assert kept.pop("photos") == {"primary": {"unique_id": "u", "source": 1}, "count": 1}
    assert kept == told
    assert f'"id":{ACTIVITY}' in row["raw_json"]
    (listed,) = wire.listed(as_bytes([told]))
    assert listed.row is not None
    assert json.loads(listed.row["raw_json"]) == told


def test_null_and_absent_are_the_same() -> None:
    body = detail() | {"laps": None, "splits_metric": None, "best_efforts": None, "gear_id": None}
    row = wire.activity(as_bytes(body))

    assert (row["laps"], row["best_efforts"], row["gear_id"]) == ([], [], None)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"<html>", "JSON"),
        (b"[]", "not an object"),
        (as_bytes(detail(start_date_local=None)), "start_date_local"),
        (as_bytes(detail(laps=[{"id": 2**63}])), r"laps\.0\.id"),
        (as_bytes(detail(id=None)), "id"),
        (as_bytes(detail(distance="far")), "distance"),
        (as_bytes(detail(distance=-1)), "distance"),
        (as_bytes(detail(start_date="yesterday")), "start_date"),
        (as_bytes(detail(moving_time=10**30)), "moving_time"),
        (as_bytes(detail()).replace(b"10012.4", b"1e400"), "distance"),
        (as_bytes(detail()).replace(b"3005", b"1e400"), "moving_time"),
    ],
)
def test_what_would_spoil_a_number_is_refused_by_name(body: bytes, named: str) -> None:
    with pytest.raises(PayloadInvalid, match=named):
        wire.activity(body)


def test_an_error_does_not_repeat_what_may_be_personal() -> None:
    with pytest.raises(PayloadInvalid) as error:
        wire.activity(as_bytes(detail(distance="my home address")))
    assert "home" not in str(error.value)


def test_streams_of_unequal_length_are_refused_with_their_lengths() -> None:
    body = as_bytes(streams(time=[0, 1, 2], watts=[100, 110]))

    with pytest.raises(PayloadInvalid, match="time 3, watts 2"):
        wire.streams(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[",
        b"[]",
        as_bytes({"time": [1]}),
        as_bytes({"time": {"data": None}}),
        as_bytes(streams(time=["a"])),
        as_bytes(streams(latlng=[1.0])),
        as_bytes(streams(latlng=[["a", "b"]])),
    ],
)
def test_streams_of_another_shape_are_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        wire.streams(body)


def test_null_island_and_missing_pairs_are_null() -> None:
    found = wire.streams(as_bytes(streams(latlng=[[52.5, 13.4], [0, 0], None, []])))

    assert found.columns["lat"].to_pylist() == [52.5, None, None, None]
    assert found.columns["lng"].to_pylist() == [13.4, None, None, None]


def test_gaps_inside_a_stream_stay_gaps() -> None:
    found = wire.streams(as_bytes(streams(time=[0, 1], heartrate=[None, 120], moving=[None, True])))

    assert found.points == 2
    assert found.columns["heartrate_bpm"].to_pylist() == [None, 120.0]


def test_no_streams_is_an_answer() -> None:
    assert wire.streams(b"{}").points == 0


def test_what_is_said_beside_the_points_is_kept_where_it_fits() -> None:
    thinned = {"data": [0, 1], "resolution": "low", "original_size": 9.0, "series_type": "time"}
    found = wire.streams(as_bytes({"watts": thinned | {"original_size": 7}, "time": thinned}))
    odd = wire.streams(as_bytes({"time": thinned | {"resolution": 1}}))
    silent = wire.streams(as_bytes({"time": {"data": [0, 1]}}))

    assert (found.resolution, found.original_size, found.series_type) == ("low", 9, "time")
    for each in (odd, silent):
        assert (each.points, each.resolution, each.original_size) == (2, None, None)


def test_activities_are_taken_out_of_a_list_and_the_others_are_told_as_before() -> None:
    rows = [detail(id=each, name=f"Zürich {each}", distance=1e-7) for each in (1, ACTIVITY, 3)]
    body = as_bytes(rows)
    left = wire.without(body, {ACTIVITY, 99})
    assert json.loads(left) == [rows[0], rows[2]]
    assert wire.listed(left) == [wire.listed(body)[0], wire.listed(body)[2]]
    assert wire.without(body, {99}) is body
    assert wire.without(body, {1, 3, ACTIVITY}) == b"[]"
    with pytest.raises(PayloadInvalid):
        wire.without(b"<html>", {1})


def test_a_list_gives_its_ids() -> None:
    (found,) = wire.listed(as_bytes([detail()]))
    (unfit,) = wire.listed(as_bytes([{"id": ACTIVITY, "name": "x"}]))

    assert (found.activity_id, unfit.activity_id) == (ACTIVITY, ACTIVITY)
    assert found.fingerprint == fingerprint(wire.activity(as_bytes(detail())))
    assert unfit.row is None
    with pytest.raises(PayloadInvalid):
        wire.listed(b'[{"name": "x"}]')
