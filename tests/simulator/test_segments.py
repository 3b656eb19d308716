"""Efforts on segments: the same places each time, and times that the streams confirm."""

import asyncio
import math
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from simulator.wire_streams import KEYS
from tests.simulator.harness import ADA, SMALL, Strava, strava

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
FULL = replace(SMALL, max_points=None)
ON_COURSES = {"Ride", "GravelRide", "Run", "TrailRun", "VirtualRide"}
SUMMARY_SEGMENT = {
    "id", "resource_state", "name", "activity_type", "distance", "average_grade", "maximum_grade",
    "elevation_high", "elevation_low", "start_latlng", "end_latlng", "elevation_profile",
    "climb_category", "city", "state", "country", "private", "hazardous", "starred",
}  # fmt: skip


@pytest.fixture(scope="module")
def rounds() -> list[Json]:
    """Some months of them."""

    async def asked() -> list[Json]:
        sim = strava(replace(SMALL, years=0.4))
        await sim.signed_in()
        rows = {row["id"]: row for row in await sim.json("/athlete/activities", per_page=200)}
        return [
            detail | {"row": rows[detail["id"]]} for detail in await details_of(sim, ON_COURSES)
        ]

    return asyncio.run(asked())


async def details_of(sim: Strava, sports: set[str], most: int = 100) -> list[Json]:
    """Newest first, with the hidden efforts."""
    rows = await sim.json("/athlete/activities", per_page=200)
    chosen = [row for row in rows if row["sport_type"] in sports][:most]
    return [
        await sim.json(f"/activities/{row['id']}", include_all_efforts="true") for row in chosen
    ]


async def test_an_effort_is_a_piece_of_the_streams() -> None:
    sim = strava(FULL)
    await sim.signed_in()
    for detail in await details_of(sim, {"Ride", "Run"}, 8):
        answer = await sim.json(
            f"/activities/{detail['id']}/streams", keys=",".join(KEYS), key_by_type="1"
        )
        streams = {name: stream["data"] for name, stream in answer.items()}
        assert len(detail["segment_efforts"]) >= 2
        for effort in detail["segment_efforts"]:
            first, last = effort["start_index"], effort["end_index"]
            seconds = streams["time"]
            assert effort["elapsed_time"] == seconds[last] - seconds[first]
            assert effort["moving_time"] == sum(
                seconds[n] - seconds[n - 1]
                for n in range(first + 1, last + 1)
                if streams["moving"][n]
            )
            covered_m = streams["distance"][last] - streams["distance"][first]
            assert math.isclose(covered_m, effort["distance"], rel_tol=0.01, abs_tol=35)
            for place, index in (("start_latlng", first), ("end_latlng", last)):
                there, here = effort["segment"][place], streams["latlng"][index]
                assert math.dist(there, here) < 6e-4
            assert effort["id"] > 2**53
            assert effort["activity"]["id"] == detail["id"]


def test_a_segment_comes_again_whenever_the_course_does_and_stays_the_same(
    rounds: list[Json],
) -> None:
    seen: dict[int, list[Json]] = defaultdict(list)
    for detail in rounds:
        for effort in detail["segment_efforts"]:
            assert effort["segment"]["activity_type"] == detail["type"]
            seen[effort["segment"]["id"]].append(effort["segment"])
    assert max(map(len, seen.values())) > 5
    for same in seen.values():
        assert all(segment == same[0] for segment in same)
        assert set(same[0]) == SUMMARY_SEGMENT
        assert same[0]["elevation_low"] <= same[0]["elevation_high"]
        assert same[0]["average_grade"] <= same[0]["maximum_grade"]


@pytest.mark.parametrize("spelled", ["true", "True", "1"])
async def test_hidden_efforts_come_only_when_asked_for(spelled: str) -> None:
    sim = strava()
    await sim.signed_in()
    ride = (await details_of(sim, {"Ride"}, 1))[0]
    everything = await sim.json(f"/activities/{ride['id']}", include_all_efforts=spelled)
    usual = await sim.json(f"/activities/{ride['id']}")
    assert {effort["hidden"] for effort in everything["segment_efforts"]} == {True, False}
    assert usual["segment_efforts"] == [
        effort for effort in everything["segment_efforts"] if not effort["hidden"]
    ]


def test_ranks_of_whole_rounds_follow_from_the_earlier_times(rounds: list[Json]) -> None:
    earlier: dict[int, list[int]] = defaultdict(list)
    ranks: set[int | None] = set()
    for detail in reversed(rounds):
        achieved = 0
        for effort in detail["segment_efforts"]:
            if effort["start_index"] or effort["elapsed_time"] != detail["elapsed_time"]:
                assert (effort["pr_rank"], effort["achievements"]) == (None, [])
                continue
            before = earlier[effort["segment"]["id"]]
            place = 1 + sum(other <= effort["elapsed_time"] for other in before)
            assert effort["pr_rank"] == (place if before and place <= 3 else None)
            before.append(effort["elapsed_time"])
            ranks.add(effort["pr_rank"])
            achieved += len(effort["achievements"])
            personal = [a["rank"] for a in effort["achievements"] if a["type"] == "pr"]
            assert personal == [effort["pr_rank"]] * (effort["pr_rank"] is not None)
            assert detail["pr_count"] == (effort["pr_rank"] == 1)
        assert detail["achievement_count"] == achieved == detail["row"]["achievement_count"]
        assert detail["pr_count"] == detail["row"]["pr_count"]
    assert ranks == {1, 2, 3, None}


async def test_a_crop_takes_the_efforts_behind_it_and_the_rank_of_the_round() -> None:
    sim = strava()
    await sim.signed_in()
    rides = await details_of(sim, {"Ride"}, 20)
    ride = next(ride for ride in rides if ride["achievement_count"])
    await sim.http.patch(
        f"/_sim/activities/{ride['id']}", json={"crop_s": ride["elapsed_time"] // 2}
    )
    after = await sim.json(f"/activities/{ride['id']}", include_all_efforts="1")
    assert 0 < len(after["segment_efforts"]) < len(ride["segment_efforts"])
    assert (after["achievement_count"], after["pr_count"]) == (0, 0)
    assert all(
        effort["end_index"] <= after["laps"][-1]["end_index"] for effort in after["segment_efforts"]
    )


async def test_an_activity_of_another_kind_has_no_efforts_on_the_segments_of_its_course() -> None:
    sim = strava()
    await sim.signed_in()
    ride = (await details_of(sim, {"Ride"}, 1))[0]
    await sim.http.patch(f"/_sim/activities/{ride['id']}", json={"sport_type": "EBikeRide"})
    assert (await sim.json(f"/activities/{ride['id']}"))["segment_efforts"] == []
    made = await sim.http.post("/_sim/activities", json={"athlete_id": ADA, "sport_type": "Yoga"})
    assert (await sim.json(f"/activities/{made.json()['id']}"))["segment_efforts"] == []


async def test_a_distance_correction_moves_no_effort() -> None:
    sim = strava()
    await sim.signed_in()
    ride = (await details_of(sim, {"Ride"}, 1))[0]
    await sim.http.patch(f"/_sim/activities/{ride['id']}", json={"distance_scale": 1.1})
    after = await sim.json(f"/activities/{ride['id']}", include_all_efforts="1")
    assert after["distance"] > ride["distance"]
    assert after["segment_efforts"] == ride["segment_efforts"]
