"""Every field of an activity: which types it may have, and when it is there at all."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from types import NoneType
from typing import Any

import pytest

from tests.simulator.harness import ADA, SMALL, Strava, strava

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
Field = tuple[set[type], Callable[[Json], bool] | None]

ATHLETES = 3
RIDES = {"Ride", "GravelRide", "VirtualRide", "MountainBikeRide", "EBikeRide"}
RUNS = {"Run", "TrailRun", "VirtualRun"}


def always(_row: Json) -> bool:
    return True


def recorded(row: Json) -> bool:
    return not row["manual"]


def located(row: Json) -> bool:
    return bool(row["start_latlng"])


def hearted(row: Json) -> bool:
    return bool(row["has_heartrate"])


def powered(row: Json) -> bool:
    return row["sport_type"] in RIDES and not row["manual"]


def metered(row: Json) -> bool:
    return row.get("device_watts") is True


def run_with_map(row: Json) -> bool:
    return row["sport_type"] in RUNS and located(row)


def geared(row: Json) -> bool:
    return row["gear_id"] is not None


# None as the rule: it may be there or not.
SUMMARY: dict[str, Field] = {
    "id": ({int}, always),
    "upload_id": ({int, NoneType}, always),
    "upload_id_str": ({str}, recorded),
    "external_id": ({str, NoneType}, always),
    "resource_state": ({int}, always),
    "athlete": ({dict}, always),
    "name": ({str}, always),
    "distance": ({float}, always),
    "total_elevation_gain": ({float}, always),
    "moving_time": ({int}, always),
    "elapsed_time": ({int}, always),
    "type": ({str}, always),
    "sport_type": ({str}, always),
    "workout_type": ({int, NoneType}, always),
    "start_date": ({str}, always),
    "start_date_local": ({str}, always),
    "timezone": ({str}, always),
    "utc_offset": ({float}, always),
    "start_latlng": ({list}, always),
    "end_latlng": ({list}, always),
    "location_city": ({NoneType}, always),
    "location_state": ({NoneType}, always),
    "location_country": ({NoneType}, always),
    "achievement_count": ({int}, always),
    "kudos_count": ({int}, always),
    "comment_count": ({int}, always),
    "athlete_count": ({int}, always),
    "photo_count": ({int}, always),
    "total_photo_count": ({int}, always),
    "pr_count": ({int}, always),
    "map": ({dict}, always),
    "trainer": ({bool}, always),
    "commute": ({bool}, always),
    "manual": ({bool}, always),
    "private": ({bool}, always),
    "flagged": ({bool}, always),
    "from_accepted_tag": ({bool}, always),
    "has_kudoed": ({bool}, always),
    "hide_from_home": ({bool}, always),
    "visibility": ({str}, always),
    "gear_id": ({str, NoneType}, always),
    "average_speed": ({float}, always),
    "max_speed": ({float}, always),
    "average_cadence": ({float}, None),
    "average_temp": ({int}, None),
    "average_watts": ({float}, powered),
    "device_watts": ({bool}, powered),
    "kilojoules": ({float}, powered),
    "weighted_average_watts": ({int}, metered),
    "max_watts": ({int}, metered),
    "has_heartrate": ({bool}, always),
    "average_heartrate": ({float}, hearted),
    "max_heartrate": ({float}, hearted),
    "heartrate_opt_out": ({bool}, always),
    "display_hide_heartrate_option": ({bool}, always),
    "elev_high": ({float}, located),
    "elev_low": ({float}, located),
    "suffer_score": ({float, NoneType}, recorded),
    "device_name": ({str}, recorded),
}
DETAIL: dict[str, Field] = SUMMARY | {
    "description": ({str, NoneType}, always),
    "private_note": ({str, NoneType}, always),
    "perceived_exertion": ({int, NoneType}, always),
    "prefer_perceived_exertion": ({bool, NoneType}, always),
    "calories": ({float}, always),
    "embed_token": ({str}, always),
    "gear": ({dict}, geared),
    "photos": ({dict}, always),
    "splits_metric": ({list}, located),
    "splits_standard": ({list}, located),
    "laps": ({list}, recorded),
    "best_efforts": ({list}, always),
    "segment_efforts": ({list}, always),
    "stats_visibility": ({list}, always),
    "similar_activities": ({dict}, None),
    "available_zones": ({list}, always),
}
LAP: dict[str, Field] = {
    name: ({kind}, always)
    for kind, names in {
        int: "id resource_state elapsed_time moving_time lap_index split start_index end_index",
        float: "distance average_speed max_speed total_elevation_gain",
        str: "name start_date start_date_local",
        dict: "activity athlete",
        bool: "device_watts",
    }.items()
    for name in names.split()
} | {
    "average_cadence": ({float}, None),
    "average_watts": ({float}, lambda lap: bool(lap["device_watts"])),
    "average_heartrate": ({float}, None),
    "max_heartrate": ({float}, lambda lap: "average_heartrate" in lap),
    "pace_zone": ({int}, None),
}
SPLIT: dict[str, Field] = {
    "distance": ({float}, always),
    "elapsed_time": ({int}, always),
    "moving_time": ({int}, always),
    "elevation_difference": ({float, NoneType}, always),
    "split": ({int}, always),
    "average_speed": ({float}, always),
    "average_grade_adjusted_speed": ({float, NoneType}, always),
    "average_heartrate": ({float}, None),
    "pace_zone": ({int}, always),
}


def check(row: Json, table: dict[str, Field]) -> None:
    assert set(row) <= set(table)
    for name, (kinds, rule) in table.items():
        if rule is not None:
            assert (name in row) == rule(row), (name, row)
        if name in row:
            assert type(row[name]) in kinds, (name, row[name])


@pytest.fixture(scope="module")
def rows() -> list[Json]:
    """Of every athlete; each comes with its detail under `detail`."""
    return asyncio.run(rows_of_all(strava(replace(SMALL, athletes=ATHLETES))))


async def rows_of_all(sim: Strava) -> list[Json]:
    found: list[Json] = []
    for number in range(ATHLETES):
        token = (await sim.connect(athlete_id=ADA + number))["access_token"]
        sim.http.headers["Authorization"] = f"Bearer {token}"
        rows = await sim.json("/athlete/activities", per_page=200)
        found += [r | {"detail": await sim.json(f"/activities/{r['id']}")} for r in rows]
    return found


def test_every_field_has_its_type_and_is_there_when_it_should_be(rows: list[Json]) -> None:
    for row in rows:
        detail = row["detail"]
        check({name: value for name, value in row.items() if name != "detail"}, SUMMARY)
        check(detail, DETAIL)
        for lap in detail.get("laps", []):
            check(lap, LAP)
        for split in detail.get("splits_metric", []) + detail.get("splits_standard", []):
            check(split, SPLIT)
        assert bool(detail["best_efforts"]) <= run_with_map(row)
        assert set(detail["map"]) == {"id", "summary_polyline", "polyline", "resource_state"}
        assert set(row["map"]) == {"id", "summary_polyline", "resource_state"}
        assert bool(detail["map"]["polyline"]) == located(row)
        assert row["visibility"] in {"everyone", "followers_only", "only_me"}
        assert (row["visibility"] == "only_me") == row["private"]
    # The rules were tried on both sides.
    for rule in (recorded, located, hearted, powered, metered, run_with_map, geared):
        assert {rule(row) for row in rows} == {True, False}, rule
    assert len({row["visibility"] for row in rows}) == 3
    assert {row["hide_from_home"] for row in rows} == {True, False}
    assert {row.get("device_watts") for row in rows} == {True, False, None}


def test_what_only_the_detail_tells_differs_from_one_activity_to_the_next(
    rows: list[Json],
) -> None:
    details = [row["detail"] for row in rows]
    assert {None, ""} < {detail["description"] for detail in details}
    assert {type(detail["perceived_exertion"]) for detail in details} == {int, NoneType}
    for detail in details:
        photos = detail["photos"]
        assert photos["count"] == detail["total_photo_count"]
        assert (photos["primary"] is None) == (photos["count"] == 0)
        if photos["primary"]:
            assert set(photos["primary"]["urls"]) == {"100", "600"}
        if "similar_activities" in detail:
            trend = detail["similar_activities"]["trend"]
            speed = trend["speeds"][trend["current_activity_index"]]
            assert speed == round(detail["average_speed"], 3)
    assert any("similar_activities" in detail for detail in details)
    assert {detail["type"] for detail in details if detail["sport_type"] == "TrailRun"} == {"Run"}


@pytest.mark.parametrize(
    ("sport_type", "collapsed"),
    [
        ("EMountainBikeRide", "EBikeRide"),
        ("VirtualRow", "Rowing"),
        ("Padel", "Workout"),
        ("Windsurf", "Windsurf"),
        ("HoverBoard", "HoverBoard"),
    ],
)
async def test_type_is_the_older_and_coarser_name(sport_type: str, collapsed: str) -> None:
    sim = strava()
    await sim.signed_in()
    number = (await sim.truth())[0]["id"]
    await sim.http.patch(f"/_sim/activities/{number}", json={"sport_type": sport_type})
    detail = await sim.json(f"/activities/{number}")
    assert (detail["sport_type"], detail["type"]) == (sport_type, collapsed)


async def test_an_activity_without_gear_has_no_gear_object_and_gear_counts_its_metres() -> None:
    sim = strava()
    await sim.signed_in()
    row = next(row for row in await sim.truth() if row["gear_id"] and row["distance"] > 1000)
    before = (await sim.json(f"/activities/{row['id']}"))["gear"]
    assert before == next(
        gear
        for gear in (await sim.json("/athlete"))["bikes"] + (await sim.json("/athlete"))["shoes"]
        if gear["id"] == row["gear_id"]
    )
    await sim.http.patch(f"/_sim/activities/{row['id']}", json={"gear_id": ""})
    detail = await sim.json(f"/activities/{row['id']}")
    assert detail["gear_id"] is None
    assert "gear" not in detail
    gear = await sim.json(f"/gear/{row['gear_id']}")
    assert abs(before["distance"] - gear["distance"] - row["distance"]) <= 1
    assert set(before) < set(gear)
    assert {"brand_name", "model_name", "description"} < set(gear)
