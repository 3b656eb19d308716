"""Streams add up to their activity, and the same seed gives the same bytes."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulator.numerals import json_booleans, json_numbers, json_pairs
from simulator.wire_streams import KEYS
from tests.simulator.harness import ADA, NOW_S, SMALL, Strava, strava

pytestmark = pytest.mark.anyio

FULL = replace(SMALL, max_points=None)
QUERY = {"keys": ",".join(KEYS), "key_by_type": "True"}


async def streams_of(sim: Strava, number: int) -> dict[str, list[Any]]:
    answer = await sim.json(f"/activities/{number}/streams", **QUERY)
    return {name: stream["data"] for name, stream in answer.items()}


def check_against(
    row: dict[str, Any], streams: dict[str, list[Any]], climb_tolerance: float = 0.01
) -> None:
    time_s, moving = np.array(streams["time"]), np.array(streams["moving"])
    steps = np.diff(time_s)
    assert {len(data) for data in streams.values()} == {len(time_s)}
    assert time_s[0] == 0
    assert steps.min() >= 1
    assert time_s[-1] == row["elapsed_time"]
    assert steps[moving[1:]].sum() == row["moving_time"]
    assert math.isclose(streams["distance"][-1], row["distance"], abs_tol=0.11)
    assert np.diff(streams["distance"]).min() >= 0
    spent_s = np.append(0, steps) * moving
    assert abs(np.average(streams["heartrate"], weights=spent_s) - row["average_heartrate"]) < 0.15
    assert max(streams["heartrate"]) == row["max_heartrate"]
    assert max(streams["velocity_smooth"]) <= row["max_speed"] + 0.001
    if "altitude" in streams:
        rises = np.diff(streams["altitude"])
        assert math.isclose(
            rises[rises > 0].sum(), row["total_elevation_gain"], rel_tol=climb_tolerance, abs_tol=1
        )
        assert streams["latlng"][0] == row["start_latlng"]


@pytest.mark.parametrize("config", [SMALL, FULL], ids=["thinned", "every second"])
async def test_streams_meet_the_totals_of_their_activity(config: Any) -> None:
    sim = strava(config)
    await sim.signed_in()
    points = {row["id"]: row["stream_points"] for row in await sim.truth()}
    rows = await sim.json("/athlete/activities", per_page=200)
    for row in [row for row in rows if not row["manual"]][:25]:
        streams = await streams_of(sim, row["id"])
        # Between samples far apart a hill may be missed.
        check_against(row, streams, 0.01 if config.max_points is None else 0.3)
        assert len(streams["time"]) == points[row["id"]]
        assert config.max_points is None or len(streams["time"]) <= config.max_points
        assert ("watts" in streams) == row.get("device_watts", False)
        assert ("latlng" in streams) == bool(row["start_latlng"])


async def test_a_ride_with_a_meter_has_all_eleven_streams() -> None:
    sim = strava()
    await sim.signed_in()
    rows = await sim.json("/athlete/activities", per_page=200)
    ride = next(row for row in rows if row["sport_type"] == "Ride")
    streams = await streams_of(sim, ride["id"])
    assert set(streams) == set(KEYS)
    spent_s = np.diff(streams["time"], prepend=0) * np.array(streams["moving"])
    assert abs(np.average(streams["watts"], weights=spent_s) - ride["average_watts"]) < 0.2
    turning = np.array(streams["cadence"]) > 0
    cadence = np.average(np.array(streams["cadence"])[turning], weights=spent_s[turning])
    assert abs(cadence - ride["average_cadence"]) < 0.2
    assert max(streams["watts"]) == ride["max_watts"]


async def test_without_key_by_type_streams_are_a_list_and_without_keys_only_distance() -> None:
    sim = strava()
    await sim.signed_in()
    number = next(row["id"] for row in await sim.truth() if row["has_streams"])
    listed = await sim.json(f"/activities/{number}/streams", keys="time,heartrate,unheard")
    assert [stream["type"] for stream in listed] == ["time", "distance", "heartrate"]
    bare = await sim.json(f"/activities/{number}/streams", key_by_type="1")
    assert list(bare) == ["distance"]
    assert bare["distance"]["original_size"] == len(bare["distance"]["data"])


async def test_the_same_seed_and_present_give_the_same_bytes_in_any_order() -> None:
    worlds = [strava(), strava()]
    for sim in worlds:
        await sim.signed_in()
    rows = [row for row in await worlds[0].truth() if row["has_streams"]][:6]
    assert await worlds[0].truth() == await worlds[1].truth()

    async def read(sim: Strava, order: list[dict[str, Any]]) -> dict[int, bytes]:
        return {
            row["id"]: (
                await sim.http.get(f"/activities/{row['id']}/streams", params=QUERY)
            ).content
            for row in order
        }

    assert await read(worlds[0], rows) == await read(worlds[1], rows[::-1])
    other = strava(replace(SMALL, seed=8))
    assert await other.truth() != await worlds[0].truth()


async def test_a_world_that_starts_a_week_later_holds_the_same_past() -> None:
    week_s = 7 * 86_400
    now = await strava().truth()
    later = await strava(now_s=NOW_S + week_s).truth()
    oldest = min(row["start_date"] for row in later)
    assert [row for row in now if row["start_date"] >= oldest] == [
        row for row in later if row["start_date"] <= now[0]["start_date"]
    ]
    assert len(later) > len([row for row in now if row["start_date"] >= oldest])


async def test_a_crop_shortens_the_streams_and_the_totals_follow() -> None:
    sim = strava(FULL)
    await sim.signed_in()
    made = await sim.http.post(
        "/_sim/activities", json={"athlete_id": ADA, "sport_type": "Ride", "duration_s": 1200}
    )
    before = made.json()
    after = (await sim.http.patch(f"/_sim/activities/{before['id']}", json={"crop_s": 300})).json()
    assert before["elapsed_time"] == 1200
    assert after["elapsed_time"] == 900
    assert 0 < after["distance"] < before["distance"]
    row = next(r for r in await sim.json("/athlete/activities") if r["id"] == before["id"])
    streams = await streams_of(sim, before["id"])
    check_against(row, streams)
    assert after["stream_points"] == len(streams["time"])


async def test_a_distance_correction_stretches_the_stream() -> None:
    sim = strava()
    await sim.signed_in()
    number = next(row["id"] for row in await sim.truth() if row["has_streams"])
    before = (await streams_of(sim, number))["distance"][-1]
    await sim.http.patch(f"/_sim/activities/{number}", json={"distance_scale": 1.1})
    after = (await streams_of(sim, number))["distance"][-1]
    assert math.isclose(after, before * 1.1, abs_tol=0.2)
    row = next(row for row in await sim.truth() if row["id"] == number)
    assert math.isclose(row["distance"], after, abs_tol=0.11)


def test_numbers_are_written_as_json_writes_them() -> None:
    values = np.array([0.0, -0.04, 0.5, -1.25, 10.0, 1234.567, -0.0004, 99999.9])
    for decimals in (0, 1, 3):
        text = json_numbers(values, decimals)
        expected = np.rint(values * 10**decimals) / 10**decimals
        assert json.loads(b"[" + text + b"]") == expected.tolist()
    pairs = json_pairs(np.array([-33.5, 0.25]), np.array([151.2, -0.000001]), 6)
    assert json.loads(b"[" + pairs + b"]") == [[-33.5, 151.2], [0.25, -0.000001]]
    assert json_booleans(np.array([True, False])) == b"true,false"
