"""What a token without `activity:read_all`, or a stranger, is not shown."""

import math
from dataclasses import replace
from typing import Any

import pytest

from simulator.wire_streams import KEYS
from tests.simulator.harness import ADA, SMALL, Strava, strava

pytestmark = pytest.mark.anyio

HOME = [52.4934, 13.4234]
PARTLY = "read,activity:read"
QUERY: dict[str, str | int] = {"keys": ",".join(KEYS), "key_by_type": "true"}


def metres_from_home(place: list[float]) -> float:
    north, east = place[0] - HOME[0], (place[1] - HOME[1]) * math.cos(math.radians(HOME[0]))
    return math.hypot(north, east) * 111_195


def decoded(line: str) -> list[list[float]]:
    """A polyline of precision 5."""
    numbers, shift, value = [], 0, 0
    for letter in line:
        part = ord(letter) - 63
        value |= (part & 0x1F) << shift
        shift += 5
        if part < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            shift, value = 0, 0
    lat = lng = 0
    places = []
    for n in range(0, len(numbers), 2):
        lat, lng = lat + numbers[n], lng + numbers[n + 1]
        places.append([lat / 1e5, lng / 1e5])
    return places


async def both_views(sim: Strava, path: str, **params: str | int) -> tuple[Any, Any]:
    await sim.signed_in()
    everything = await sim.json(path, **params)
    await sim.signed_in(PARTLY)
    return everything, await sim.json(path, **params)


async def outdoors(sim: Strava, sport: str = "Ride") -> int:
    rows = await sim.truth()
    return next(int(r["id"]) for r in rows if r["sport_type"] == sport and not r["private"])


async def test_streams_begin_and_end_outside_of_the_zone_and_stay_equally_long() -> None:
    sim = strava(replace(SMALL, max_points=None))
    path = f"/activities/{await outdoors(sim)}/streams"
    everything, partly = await both_views(sim, path, **QUERY)
    assert metres_from_home(everything["latlng"]["data"][0]) < 1
    places = partly["latlng"]["data"]
    assert min(metres_from_home(places[0]), metres_from_home(places[-1])) > 200
    assert set(partly) == set(everything)
    assert {len(stream["data"]) for stream in partly.values()} == {len(places)}
    assert {stream["original_size"] for stream in partly.values()} == {len(places)}
    first = everything["latlng"]["data"].index(places[0])
    assert first > 0
    for name, stream in partly.items():
        assert stream["data"] == everything[name]["data"][first : first + len(places)]
    again, still = await both_views(sim, path, **QUERY)
    assert (again, still) == (everything, partly)


async def test_the_map_and_both_ends_are_moved_out_of_the_zone_in_list_and_detail() -> None:
    sim = strava(replace(SMALL, max_points=None))
    number = await outdoors(sim)
    everything, partly = await both_views(sim, "/athlete/activities", per_page=200)
    whole = next(row for row in everything if row["id"] == number)
    cut = next(row for row in partly if row["id"] == number)
    assert whole["start_latlng"] == whole["end_latlng"] == HOME
    detail = await sim.json(f"/activities/{number}")
    for row in (cut, detail):
        assert 200 < metres_from_home(row["start_latlng"]) < 400
        assert 200 < metres_from_home(row["end_latlng"]) < 400
        line = decoded(row["map"]["summary_polyline"])
        assert math.dist(line[0], row["start_latlng"]) < 2e-5
        assert math.dist(line[-1], row["end_latlng"]) < 2e-5
    assert len(decoded(detail["map"]["polyline"])) > len(line)
    assert {n: cut[n] for n in ("distance", "moving_time", "elapsed_time")} == {
        n: whole[n] for n in ("distance", "moving_time", "elapsed_time")
    }


async def test_efforts_in_the_zone_are_left_out_and_indexes_count_what_is_left() -> None:
    sim = strava(replace(SMALL, max_points=None))
    number = await outdoors(sim)
    everything, partly = await both_views(sim, f"/activities/{number}")
    streams = await sim.json(f"/activities/{number}/streams", **QUERY)
    times = streams["time"]["data"]
    left = {effort["id"]: effort for effort in partly["segment_efforts"]}
    # The whole round begins at home.
    assert everything["segment_efforts"][0]["id"] not in left
    assert left
    for effort in everything["segment_efforts"]:
        if effort["id"] in left:
            moved = left[effort["id"]]
            took_s = times[moved["end_index"]] - times[moved["start_index"]]
            assert took_s == effort["elapsed_time"] == moved["elapsed_time"]
    laps = await sim.json(f"/activities/{number}/laps")
    assert laps == partly["laps"]
    assert (laps[0]["start_index"], laps[-1]["end_index"]) == (0, len(times) - 1)


async def test_what_never_left_the_zone_has_no_points_at_all() -> None:
    sim = strava()
    made = await sim.http.post(
        "/_sim/activities", json={"athlete_id": ADA, "sport_type": "Walk", "duration_s": 90}
    )
    number = made.json()["id"]
    await sim.http.patch(f"/_sim/activities/{number}", json={"private": False, "crop_s": 30})
    await sim.signed_in(PARTLY)
    assert await sim.json(f"/activities/{number}/streams", **QUERY) == {}
    detail = await sim.json(f"/activities/{number}")
    assert (detail["start_latlng"], detail["end_latlng"]) == ([], [])
    assert (detail["map"]["polyline"], detail["map"]["summary_polyline"]) == ("", "")


async def test_what_was_not_recorded_near_home_is_shown_whole() -> None:
    sim = strava(replace(SMALL, years=1.0))
    number = await outdoors(sim, "VirtualRide")
    everything, partly = await both_views(sim, f"/activities/{number}/streams", **QUERY)
    assert partly == everything


async def test_a_stranger_sees_only_what_is_for_everyone_and_never_the_zone() -> None:
    sim = strava(replace(SMALL, athletes=2, years=0.5))
    await sim.signed_in()
    rows = await sim.json("/athlete/activities", per_page=200)
    token = (await sim.connect(athlete_id=ADA + 1))["access_token"]
    sim.http.headers["Authorization"] = f"Bearer {token}"
    seen = set()
    for row in rows:
        answer = await sim.http.get(f"/activities/{row['id']}")
        assert answer.status_code == (200 if row["visibility"] == "everyone" else 404)
        seen.add((row["visibility"], answer.status_code))
        if answer.status_code == 200 and answer.json()["start_latlng"]:
            assert answer.json()["resource_state"] == 2
            assert metres_from_home(answer.json()["start_latlng"]) > 200
    assert len(seen) == 3
