"""Athletes about themselves: profile, zones, totals; and what of it may change."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from simulator.wire_streams import KEYS
from tests.simulator.harness import ADA, SMALL, Strava, first_error, strava

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
TWO = replace(SMALL, athletes=2, years=0.25)


async def zones_and_streams(sim: Strava, row: Json) -> tuple[list[Json], Json]:
    streams = await sim.json(
        f"/activities/{row['id']}/streams", keys=",".join(KEYS), key_by_type="1"
    )
    zones = await sim.json(f"/activities/{row['id']}/zones")
    return zones, {name: np.array(stream["data"]) for name, stream in streams.items()}


async def test_zones_of_an_activity_sort_its_moving_seconds() -> None:
    sim = strava(replace(SMALL, max_points=None))
    await sim.signed_in()
    rows = [row for row in await sim.json("/athlete/activities") if not row["manual"]]
    seen = set()
    for row in rows[:12]:
        detail = await sim.json(f"/activities/{row['id']}")
        zones, streams = await zones_and_streams(sim, row)
        assert [zone["type"] for zone in zones] == detail["available_zones"]
        seconds = np.diff(streams["time"], prepend=0) * streams["moving"]
        for zone in zones:
            name = {"heartrate": "heartrate", "pace": "velocity_smooth", "power": "watts"}
            values = streams[name[zone["type"]]]
            buckets = zone["distribution_buckets"]
            assert sum(bucket["time"] for bucket in buckets) == row["moving_time"]
            assert buckets[-1]["max"] == -1
            assert (zone["resource_state"], type(zone["score"])) == (3, float)
            last = seconds[values >= buckets[-1]["min"]].sum()
            assert buckets[-1]["time"] == last
            gaps = {low["max"] - high["min"] for low, high in pairwise(buckets)}
            assert gaps == ({-1} if zone["type"] == "heartrate" else {0})
            number = float if zone["type"] == "pace" else int
            assert {type(bucket["min"]) for bucket in buckets} == {number}
            seen.add(zone["type"])
    assert seen == {"heartrate", "pace", "power"}


async def test_zones_of_an_activity_are_for_subscribers_and_for_its_owner() -> None:
    sim = strava(TWO)
    await sim.signed_in()
    own = next(row for row in await sim.truth() if not row["has_streams"])
    assert await sim.json(f"/activities/{own['id']}/zones") == []
    token = (await sim.connect(athlete_id=ADA + 1))["access_token"]
    sim.http.headers["Authorization"] = f"Bearer {token}"
    assert (await sim.http.get(f"/activities/{own['id']}/zones")).status_code == 404
    number = (await sim.json("/athlete/activities"))[0]["id"]
    refused = await sim.http.get(f"/activities/{number}/zones")
    assert refused.status_code == 402
    assert set(refused.json()) == {"message", "errors"}
    assert (await sim.json("/athlete"))["premium"] is False
    await sim.http.patch(f"/_sim/athletes/{ADA + 1}", json={"premium": True})
    assert (await sim.http.get(f"/activities/{number}/zones")).status_code == 200


async def test_a_profile_is_a_summary_without_the_scope_for_more() -> None:
    sim = strava()
    await sim.signed_in("read")
    summary = await sim.json("/athlete")
    assert summary["resource_state"] == 2
    assert not {"weight", "ftp", "bikes", "email"} & set(summary)
    refused = await sim.http.get("/athlete/zones")
    assert first_error(refused) == (401, "AccessToken", "profile:read_all_permission", "missing")
    await sim.signed_in("read,profile:read_all")
    detail = await sim.json("/athlete")
    assert {"weight", "ftp", "bikes", "shoes", "clubs"} < set(detail)
    assert summary | {"resource_state": 3} == {name: detail[name] for name in summary}


async def test_a_changed_weight_and_ftp_show_at_once_and_leave_the_past_alone() -> None:
    sim = strava()
    await sim.signed_in()
    row = next(r for r in await sim.json("/athlete/activities") if r.get("device_watts"))
    paths = [f"/activities/{row['id']}" + end for end in ("", "/zones", "/streams?keys=watts")]
    before = [(await sim.http.get(path)).content for path in paths]
    zones = await sim.json("/athlete/zones")
    changes = {"ftp_w": 300, "weight_kg": 70.5, "max_hr": 200, "firstname": "Augusta"}
    answer = await sim.http.patch(f"/_sim/athletes/{ADA}", json=changes)
    assert answer.json().items() >= changes.items()
    me = await sim.json("/athlete")
    assert (me["ftp"], me["weight"], me["firstname"]) == (300, 70.5, "Augusta")
    assert me["updated_at"] == "2026-11-21T12:00:00Z"
    now = await sim.json("/athlete/zones")
    assert now["heart_rate"]["zones"][0] == {"min": 0, "max": 120}
    assert now["power"]["zones"][3] == {"min": 270, "max": 315}
    assert now != zones
    assert [(await sim.http.get(path)).content for path in paths] == before
    sim.clock.advance(3600)
    made = await sim.http.post("/_sim/activities", json={"athlete_id": ADA, "sport_type": "Run"})
    young = await sim.json(f"/activities/{made.json()['id']}/zones")
    assert young[0]["distribution_buckets"][0]["max"] == 119


async def test_without_an_ftp_there_are_no_power_zones() -> None:
    sim = strava()
    await sim.signed_in()
    await sim.http.patch(f"/_sim/athletes/{ADA}", json={"ftp_w": None})
    assert set(await sim.json("/athlete/zones")) == {"heart_rate"}
    assert (await sim.json("/athlete"))["ftp"] is None


@pytest.mark.parametrize(
    ("athlete_id", "change", "status"),
    [
        (ADA, {"ftp_w": 30}, 400),
        (ADA, {"ftp_w": 250.5}, 400),
        (ADA, {"weight_kg": True}, 400),
        (ADA, {"max_hr": None}, 400),
        (ADA, {"premium": "yes"}, 400),
        (ADA, {"firstname": ""}, 400),
        (ADA, {"height_m": 1.8}, 400),
        (ADA + 7, {"ftp_w": 250}, 404),
    ],
)
async def test_a_profile_refuses_what_cannot_be(
    athlete_id: int, change: dict[str, object], status: int
) -> None:
    sim = strava()
    await sim.signed_in()
    before = await sim.json("/athlete")
    answer = await sim.http.patch(f"/_sim/athletes/{athlete_id}", json=change)
    assert answer.status_code == status
    assert await sim.json("/athlete") == before


async def test_totals_count_what_is_for_everyone_and_only_ones_own() -> None:
    sim = strava(TWO)
    await sim.signed_in()
    rows = await sim.json("/athlete/activities", per_page=200)
    kinds = {
        "run": {"Run", "TrailRun", "VirtualRun"},
        "ride": {"Ride", "GravelRide", "VirtualRide"},
    }
    stats = await sim.json(f"/athletes/{ADA}/stats")
    for kind, sports in kinds.items():
        shown = [r for r in rows if r["sport_type"] in sports and r["visibility"] == "everyone"]
        totals = stats[f"all_{kind}_totals"]
        assert totals["count"] == len(shown) < sum(row["sport_type"] in sports for row in rows)
        assert totals["moving_time"] == sum(row["moving_time"] for row in shown)
        assert totals["distance"] == round(sum(row["distance"] for row in shown))
        recent = [r for r in shown if r["start_date"] >= "2026-10-24T12:00:00Z"]
        recently = stats[f"recent_{kind}_totals"]
        assert (recently["count"], type(recently["distance"])) == (len(recent), float)
        assert recently["achievement_count"] == sum(r["achievement_count"] for r in recent)
    assert stats["biggest_climb_elevation_gain"] > 0
    other = await sim.http.get(f"/athletes/{ADA + 1}/stats")
    assert other.status_code == 403


async def test_a_virtual_run_is_in_no_total_of_runs() -> None:
    sim = strava()
    await sim.signed_in()
    before = (await sim.json(f"/athletes/{ADA}/stats"))["all_run_totals"]["count"]
    rows = await sim.json("/athlete/activities")
    run = next(r for r in rows if r["sport_type"] == "Run" and r["visibility"] == "everyone")
    for sport, count in (("TrailRun", before), ("VirtualRun", before - 1)):
        await sim.http.patch(f"/_sim/activities/{run['id']}", json={"sport_type": sport})
        stats = await sim.json(f"/athletes/{ADA}/stats")
        assert stats["all_run_totals"]["count"] == count


async def test_an_athlete_who_never_rode_has_no_biggest_ride() -> None:
    sim = strava()
    await sim.signed_in()
    for row in await sim.truth():
        if "Ride" in row["sport_type"]:
            await sim.http.delete(f"/_sim/activities/{row['id']}")
    stats = await sim.json(f"/athletes/{ADA}/stats")
    assert (stats["biggest_ride_distance"], stats["biggest_climb_elevation_gain"]) == (None, None)
    assert stats["all_ride_totals"]["count"] == 0


async def test_gear_is_for_its_owner() -> None:
    sim = strava(TWO)
    await sim.signed_in()
    bike = (await sim.json("/athlete"))["bikes"][0]["id"]
    shoes = (await sim.json("/athlete"))["shoes"][0]["id"]
    assert {"frame_type", "weight"} < set(await sim.json(f"/gear/{bike}"))
    assert "notification_distance" in await sim.json(f"/gear/{shoes}")
    token = (await sim.connect(athlete_id=ADA + 1))["access_token"]
    refused = await sim.http.get(f"/gear/{bike}", headers={"Authorization": f"Bearer {token}"})
    assert first_error(refused) == (404, "Gear", "", "not found")
