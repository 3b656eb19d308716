"""Activities that programs stumble over: each odd in its own way, and nothing else is different."""

import asyncio
import datetime as dt
from dataclasses import replace
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.awkward import odd_streams
from simulator.awkward_cases import CASES
from simulator.wire_streams import KEYS
from tests.simulator.harness import ADA, NOW_S, SMALL, Strava, strava, turned

pytestmark = pytest.mark.anyio

AWKWARD = replace(SMALL, awkward=True)
FULL = replace(AWKWARD, max_points=None)
QUERY = {"keys": ",".join(KEYS), "key_by_type": "True"}
BERLIN = ZoneInfo("Europe/Berlin")
MOST_INT64 = 2**63 - 1
MOST_EXACT_DOUBLE = 2**53


@pytest.fixture(scope="module")
def sim() -> Strava:
    """Only read from: one world is enough."""
    found = strava(FULL)
    asyncio.run(found.signed_in())
    return found


async def truth_of(sim: Strava, case: str) -> dict[str, Any]:
    return next(row for row in await sim.truth() if row.get("case") == case)


async def detail_of(sim: Strava, case: str) -> dict[str, Any]:
    shown: dict[str, Any] = await sim.json(f"/activities/{(await truth_of(sim, case))['id']}")
    return shown


async def streams_of(sim: Strava, case: str) -> dict[str, list[Any]]:
    number = (await truth_of(sim, case))["id"]
    answer = await sim.json(f"/activities/{number}/streams", **QUERY)
    return {name: stream["data"] for name, stream in answer.items()}


async def test_list_detail_and_truth_agree_about_every_case() -> None:
    sim = strava(AWKWARD)
    await sim.signed_in()
    truth = {row["case"]: row for row in await sim.truth() if "case" in row}
    assert list(CASES) == [case for case in CASES if case in truth]
    listed = {row["id"]: row for row in await sim.json("/athlete/activities", per_page=200)}
    shared = set(next(iter(listed.values()))) - {"resource_state", "map"}
    for row in truth.values():
        shown = await sim.json(f"/activities/{row['id']}")
        in_list = listed[row["id"]]
        assert {k: in_list[k] for k in shared & set(in_list)} == {
            k: shown[k] for k in shared & set(in_list)
        }
        assert {k: row[k] for k in row.keys() & shown.keys()} == {
            k: shown[k] for k in row.keys() & shown.keys()
        }
        answer = await sim.http.get(f"/activities/{row['id']}/streams", params=QUERY)
        assert answer.status_code == (200 if row["has_streams"] else 404)
        if row["has_streams"]:
            assert {len(s["data"]) for s in answer.json().values()} == {row["stream_points"]}


async def test_ordinary_activities_are_the_same_with_awkward_ones_beside_them() -> None:
    plain, odd = strava(), strava(AWKWARD)
    for sim in (plain, odd):
        await sim.signed_in()
        await sim.http.post("/_sim/activities", json={"athlete_id": ADA, "sport_type": "Run"})
    expected = await plain.truth()
    assert [row for row in await odd.truth() if "case" not in row] == expected
    for row in expected[:12]:
        paths = [f"/activities/{row['id']}", f"/activities/{row['id']}/streams"]
        for path in paths:
            answers = [await sim.http.get(path, params=QUERY) for sim in (plain, odd)]
            assert answers[0].content == answers[1].content


async def test_cases_stay_where_they_are_for_some_weeks() -> None:
    ids = []
    for day in range(0, 28, 3):
        truth = await strava(AWKWARD, now_s=NOW_S + day * 86_400).truth()
        ids.append(frozenset(row["id"] for row in truth if "case" in row))
    assert len(set(ids)) <= 2


async def test_a_case_can_be_made_now_and_is_announced_as_new() -> None:
    sim = strava(turned())
    await sim.subscribe()
    await sim.signed_in()
    made = await sim.http.post("/_sim/activities", json={"athlete_id": ADA, "case": "pool swim"})
    assert made.status_code == 201
    assert made.json()["case"] == "pool swim"
    shown = await sim.json(f"/activities/{made.json()['id']}")
    ended = dt.datetime.fromisoformat(shown["start_date"]).timestamp() + shown["elapsed_time"]
    assert ended == NOW_S
    await sim.settled()
    assert [post["object_id"] for post in sim.callback.posts] == [shown["id"]]
    unknown = await sim.http.post("/_sim/activities", json={"athlete_id": ADA, "case": "moonwalk"})
    assert unknown.status_code == 400


async def test_a_pool_swim_is_counted_in_lengths(sim: Strava) -> None:
    shown, streams = await detail_of(sim, "pool swim"), await streams_of(sim, "pool swim")
    assert shown["start_latlng"] == []
    assert {"latlng", "altitude", "watts"} & set(streams) == set()
    steps = {round(b - a, 1) for a, b in pairwise(streams["distance"])} - {0.0}
    assert steps in ({25.0}, {50.0})
    assert [lap["distance"] for lap in shown["laps"]] == [100.0] * (int(shown["distance"]) // 100)
    resting = [n for n, moves in enumerate(streams["moving"]) if not moves]
    assert resting
    assert {streams["cadence"][n] for n in resting} == {0}
    assert 20 < shown["average_cadence"] < 40


async def test_sensors_that_are_missing_leave_neither_fields_nor_streams(sim: Strava) -> None:
    heartless = await detail_of(sim, "no heart rate")
    assert heartless["has_heartrate"] is False
    assert "heartrate" not in await streams_of(sim, "no heart rate")
    measured = {"average_heartrate", "max_heartrate"}
    assert not [lap for lap in [heartless, *heartless["laps"]] if measured & set(lap)]
    assert "latlng" not in await streams_of(sim, "no gps")
    assert (await detail_of(sim, "no gps"))["trainer"] is True
    assert set(await streams_of(sim, "no distance")) == {"time", "heartrate", "moving"}
    assert (await detail_of(sim, "no distance"))["distance"] == 0
    assert "time" not in await streams_of(sim, "no time stream")
    assert "laps" not in await detail_of(sim, "manual")
    assert (await detail_of(sim, "manual"))["upload_id"] is None
    assert (await detail_of(sim, "swim without streams"))["upload_id"]


async def test_watts_are_measured_or_estimated_or_estimated_with_a_stream(sim: Strava) -> None:
    found = {}
    for case in ("power", "estimated power", "estimated watts stream"):
        shown = await detail_of(sim, f"ride with {case}")
        streams = await streams_of(sim, f"ride with {case}")
        assert shown["average_watts"] > 0
        assert {lap["device_watts"] for lap in shown["laps"]} == {shown["device_watts"]}
        found[case] = shown["device_watts"], "watts" in streams, "max_watts" in shown
    assert found == {
        "power": (True, True, True),
        "estimated power": (False, False, False),
        "estimated watts stream": (False, True, False),
    }


async def test_fields_have_the_odd_values_that_their_case_names(sim: Strava) -> None:
    halves = await detail_of(sim, "fractional ints")
    assert (halves["suffer_score"], halves["average_temp"]) == (82.5, 21.4)
    assert halves["max_heartrate"] % 1 == halves["moving_time"] % 1 == 0.5
    floats = await detail_of(sim, "whole numbers as floats")
    assert isinstance(floats["elapsed_time"], float)
    assert isinstance(floats["utc_offset"], int)
    nulls = await detail_of(sim, "null fields")
    assert nulls["trainer"] is nulls["suffer_score"] is nulls["map"]["polyline"] is None
    late = await truth_of(sim, "moving above elapsed")
    assert late["moving_time"] > late["elapsed_time"]
    assert (await detail_of(sim, "unknown sport"))["type"] == "HoverboardRide"
    assert (await detail_of(sim, "flagged"))["flagged"] is True
    assert (await detail_of(sim, "private"))["visibility"] == "only_me"
    assert (await detail_of(sim, "null latlng"))["start_latlng"] is None
    assert (await detail_of(sim, "empty latlng"))["end_latlng"] == []
    assert "start_latlng" not in await detail_of(sim, "absent latlng")
    assert len((await detail_of(sim, "long title"))["name"]) == 1000
    assert max(map(ord, (await detail_of(sim, "emoji title"))["name"])) > 0xFFFF


async def test_ids_fit_in_64_bits_and_not_in_a_double(sim: Strava) -> None:
    shown = await detail_of(sim, "huge id")
    assert MOST_EXACT_DOUBLE < shown["id"] <= MOST_INT64
    assert int(float(shown["id"])) != shown["id"]
    pieces = shown["laps"] + shown["best_efforts"] + shown["segment_efforts"]
    ids = [piece["id"] for piece in pieces]
    assert len(set(ids)) == len(ids)
    assert MOST_EXACT_DOUBLE < min(ids) <= max(ids) <= MOST_INT64


async def test_local_dates_and_offsets_are_as_odd_as_the_calendar(sim: Strava) -> None:
    for case, change in (("clocks go forward", 3600.0), ("clocks go back", -3600.0)):
        row = await truth_of(sim, case)
        start = dt.datetime.fromisoformat(row["start_date"])
        zone = dt.timezone(dt.timedelta(seconds=row["utc_offset"]))
        assert row["start_date_local"][:19] == start.astimezone(zone).isoformat()[:19]
        after = await sim.json(f"/activities/{row['id']}")
        assert start.astimezone(BERLIN).utcoffset() == dt.timedelta(seconds=row["utc_offset"])
        end = start + dt.timedelta(seconds=after["elapsed_time"])
        moved = end.astimezone(BERLIN).utcoffset()
        assert moved == dt.timedelta(seconds=row["utc_offset"] + change)
    west = await truth_of(sim, "west of greenwich")
    assert west["start_date_local"][:10] < west["start_date"][:10]
    assert west["timezone"].startswith("(GMT-07:00) ")
    assert (await truth_of(sim, "half-hour zone"))["utc_offset"] == 19_800
    assert (await truth_of(sim, "hidden start"))["start_date_local"][11:] == "00:00:01Z"
    assert (await truth_of(sim, "leap day"))["start_date_local"][4:10] == "-02-29"


async def test_long_streams_have_gaps_of_null_but_keep_their_peak(sim: Strava) -> None:
    streams = await streams_of(sim, "many points")
    assert {len(data) for data in streams.values()} == {13_129}
    assert None in streams["heartrate"]
    known = [beats for beats in streams["heartrate"] if beats is not None]
    assert max(known) == (await detail_of(sim, "many points"))["max_heartrate"]
    ride = await streams_of(sim, "nulls in streams")
    assert {name for name, data in ride.items() if None in data} == {
        "heartrate", "watts", "cadence"
    }  # fmt: skip


async def test_time_runs_for_a_day_jumps_over_pauses_and_skips_seconds(sim: Strava) -> None:
    assert (await truth_of(sim, "whole day"))["stream_points"] == 86_401
    gaps = [b - a for a, b in pairwise((await streams_of(sim, "long pauses"))["time"])]
    assert sorted(gaps)[-4:] == [180, 600, 1500, 3660]
    smart = [b - a for a, b in pairwise((await streams_of(sim, "smart recording"))["time"])]
    assert set(range(1, 9)) <= set(smart)
    assert "35" in (await detail_of(sim, "smart recording"))["device_name"]


async def test_home_is_hidden_from_a_token_that_may_not_see_it() -> None:
    sim = strava(AWKWARD)
    await sim.signed_in("activity:read")
    whole = await truth_of(sim, "privacy zone")
    assert 0 < len((await streams_of(sim, "privacy zone"))["time"]) < whole["stream_points"]
    assert await streams_of(sim, "inside the privacy zone") == {}


async def test_every_case_can_be_read_with_a_token_that_does_not_see_home() -> None:
    sim = strava(AWKWARD)
    await sim.signed_in("activity:read")
    rows = await sim.json("/athlete/activities", per_page=200)
    cases = {row["id"]: row["case"] for row in await sim.truth() if "case" in row}
    assert {cases[row["id"]] for row in rows if row["id"] in cases} == set(CASES) - {"private"}
    for number, case in cases.items():
        for path in ("", "/laps", "/zones"):
            answer = await sim.http.get(f"/activities/{number}{path}")
            assert answer.status_code == (404 if case == "private" else 200), (case, path)


async def test_every_kind_of_athlete_has_every_case() -> None:
    sim = strava(replace(AWKWARD, athletes=4))
    for athlete_id in (ADA + 1, ADA + 2, ADA + 3):
        token = (await sim.connect(athlete_id=athlete_id))["access_token"]
        sim.http.headers["Authorization"] = f"Bearer {token}"
        truth = await sim.json("/_sim/truth", athlete_id=athlete_id)
        cases = {row["case"]: row for row in truth if "case" in row}
        assert set(cases) == set(CASES)
        for row in cases.values():
            assert (await sim.json(f"/activities/{row['id']}"))["name"] == row["name"]
        number = cases["ride with power"]["id"]
        assert "watts" in await sim.json(f"/activities/{number}/streams", **QUERY)


def test_a_gap_spares_the_peak_that_the_totals_tell_of() -> None:
    beats = [140] * 300
    beats[97] = 180
    text = ",".join(map(str, beats)).encode()
    kept = odd_streams("nulls in streams", {"heartrate": text})["heartrate"].split(b",")
    assert kept[97] == b"180"
    assert kept[194:196] == [b"null", b"null"]
    assert odd_streams("", {"heartrate": text}) == {"heartrate": text}
