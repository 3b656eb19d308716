"""Strava's JSON: lenient where it varies, strict where a wrong value would spoil a number."""

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


def test_null_and_absent_are_the_same() -> None:
    body = detail() | {"laps": None, "splits_metric": None, "best_efforts": None, "gear_id": None}
    row = wire.activity(as_bytes(body))

    assert (row["laps"], row["best_efforts"], row["gear_id"]) == ([], [], None)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"<html>", "JSON"),
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


def test_a_list_gives_its_ids() -> None:
    (found,) = wire.listed(as_bytes([detail()]))
    (unfit,) = wire.listed(as_bytes([{"id": ACTIVITY, "name": "x"}]))

    assert (found.activity_id, unfit.activity_id) == (ACTIVITY, ACTIVITY)
    assert found.fingerprint == fingerprint(wire.activity(as_bytes(detail())))
    assert unfit.row is None
    with pytest.raises(PayloadInvalid):
        wire.listed(b'[{"name": "x"}]')
