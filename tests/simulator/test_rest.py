"""The read side: lists, details, faults and quotas."""

import math
from dataclasses import replace
from typing import Any

import pytest

from tests.simulator.harness import ADA, NOW_S, SMALL, Strava, first_error, strava, turned

pytestmark = pytest.mark.anyio


async def everything(sim: Strava, per_page: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page = 1
    while found := await sim.json("/athlete/activities", page=page, per_page=per_page):
        rows += found
        page += 1
    return rows


@pytest.mark.parametrize("per_page", [7, 200])
async def test_paging_to_the_empty_page_reads_the_whole_truth_newest_first(per_page: int) -> None:
    sim = strava(replace(SMALL, years=0.25))
    await sim.signed_in()
    truth = await sim.truth()
    rows = await everything(sim, per_page)
    assert len(truth) > 40
    assert [row["id"] for row in rows] == [row["id"] for row in truth]
    starts = [row["start_date"] for row in rows]
    assert starts == sorted(starts, reverse=True)
    for row, true in zip(rows, truth, strict=True):
        assert {name: row[name] for name in true if name in row} == {
            name: true[name] for name in true if name in row
        }


async def test_before_and_after_cut_by_start_and_after_turns_the_order() -> None:
    sim = strava()
    await sim.signed_in()
    rows = await everything(sim, 200)
    day_s = 86_400
    recent = await sim.json("/athlete/activities", after=int(NOW_S) - 20 * day_s, per_page=200)
    older = await sim.json("/athlete/activities", before=int(NOW_S) - 20 * day_s, per_page=200)
    assert recent
    assert older
    assert [row["id"] for row in older + recent[::-1]] != []
    assert [row["id"] for row in recent[::-1] + older] == [row["id"] for row in rows]


async def test_a_row_the_token_may_not_see_shortens_its_page() -> None:
    sim = strava()
    newest = (await sim.truth())[0]
    await sim.http.patch(f"/_sim/activities/{newest['id']}", json={"private": True})
    await sim.signed_in("read,activity:read")
    assert len(await sim.json("/athlete/activities", per_page=5)) == 4
    hidden = await sim.http.get(f"/activities/{newest['id']}")
    assert first_error(hidden) == (404, "Activity", "", "not found")


async def test_pages_are_cut_before_private_rows_are_taken_out() -> None:
    sim = strava(replace(SMALL, years=1.0))
    truth = (await sim.truth())[::-1]
    await sim.signed_in("read,activity:read")
    sizes = set()
    for page in range(1, len(truth) // 5 + 3):
        rows = await sim.json("/athlete/activities", page=page, per_page=5, after=0)
        expected = [row for row in truth[page * 5 - 5 : page * 5] if not row["private"]]
        assert [row["id"] for row in rows] == [row["id"] for row in expected]
        sizes.add(len(rows))
    assert sizes >= {0, 4, 5}


async def test_a_page_holds_thirty_rows_unless_asked_and_never_more_than_two_hundred() -> None:
    sim = strava(replace(SMALL, years=1.2))
    await sim.signed_in()
    assert len(await sim.truth()) > 220
    assert len(await sim.json("/athlete/activities")) == 30
    assert len(await sim.json("/athlete/activities", per_page=500)) == 200
    far_ms = int(NOW_S) * 1000
    assert len(await sim.json("/athlete/activities", before=far_ms)) == 30


@pytest.mark.parametrize("end", ["", "/laps", "/streams?keys=time", "/zones"])
async def test_private_activities_need_their_scope_and_all_need_one(end: str) -> None:
    sim = strava()
    number = next(row["id"] for row in await sim.truth() if row["has_streams"])
    await sim.http.patch(f"/_sim/activities/{number}", json={"private": True})
    path = f"/activities/{number}{end}"
    await sim.signed_in("read,activity:read_all")
    assert (await sim.http.get(path)).status_code == 200
    await sim.signed_in("read,activity:read")
    assert first_error(await sim.http.get(path)) == (404, "Activity", "", "not found")
    await sim.signed_in("read")
    assert first_error(await sim.http.get(path)) == (
        401, "AccessToken", "activity:read_permission", "missing",
    )  # fmt: skip


async def test_detail_agrees_with_its_summary_and_both_prefixes_agree() -> None:
    sim = strava()
    await sim.signed_in()
    for row in (await everything(sim, 200))[:20]:
        detail = await sim.json(f"/activities/{row['id']}", include_all_efforts="True")
        prefixed = await sim.json(f"/api/v3/activities/{row['id']}", include_all_efforts="1")
        assert prefixed == detail
        shared = {name for name in row if name not in {"resource_state", "map"}}
        assert {name: row[name] for name in shared} == {name: detail[name] for name in shared}
        assert detail["resource_state"] == 3


async def test_splits_and_laps_of_a_run_add_up() -> None:
    sim = strava()
    await sim.signed_in()
    rows = await everything(sim, 200)
    run = next(r for r in rows if r["sport_type"] == "Run" and r["distance"] > 5100)
    detail = await sim.json(f"/activities/{run['id']}")
    for cut in (detail["splits_metric"], detail["splits_standard"], detail["laps"]):
        assert math.isclose(sum(p["distance"] for p in cut), run["distance"], rel_tol=1e-3)
        assert sum(piece["elapsed_time"] for piece in cut) == run["elapsed_time"]
        assert sum(piece["moving_time"] for piece in cut) == run["moving_time"]
    assert await sim.json(f"/activities/{run['id']}/laps") == detail["laps"]
    efforts = {effort["name"]: effort for effort in detail["best_efforts"]}
    assert {"400m", "1K", "1 mile", "5K"} <= set(efforts)
    assert min(effort["id"] for effort in efforts.values()) > 2**53
    assert efforts["400m"]["elapsed_time"] * 10 < efforts["5K"]["elapsed_time"]
    assert detail["gear"]["id"] == run["gear_id"]


async def test_an_entry_typed_by_hand_has_neither_laps_nor_streams() -> None:
    sim = strava()
    await sim.signed_in()
    created = await sim.http.post(
        "/_sim/activities", json={"athlete_id": ADA, "sport_type": "WeightTraining"}
    )
    number = created.json()["id"]
    detail = await sim.json(f"/activities/{number}")
    assert detail["manual"] is True
    assert detail["upload_id"] is None
    assert "laps" not in detail
    streams = await sim.http.get(f"/activities/{number}/streams", params={"keys": "time"})
    assert streams.status_code == 404


async def test_local_time_carries_a_false_z_and_the_offset_of_its_day() -> None:
    sim = strava(replace(SMALL, years=1.0))
    offsets = {(row["start_date"][5:7], row["utc_offset"]) for row in await sim.truth()}
    assert ("07", 7200.0) in offsets
    assert ("01", 3600.0) in offsets
    assert {row["timezone"] for row in await sim.truth()} == {"(GMT+01:00) Europe/Berlin"}
    row = (await sim.truth())[0]
    assert int(row["start_date_local"][11:13]) == (int(row["start_date"][11:13]) + 1) % 24
    assert row["start_date_local"].endswith("Z")


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/activities/1", (404, "Activity", "", "not found")),
        ("/activities/seven", (404, "Activity", "id", "invalid")),
        ("/activities/" + "9" * 5000, (404, "Activity", "id", "invalid")),
        ("/activities/-5/streams", (404, "Activity", "", "not found")),
        ("/gear/b1", (404, "Gear", "", "not found")),
        ("/gear/" + "b²", (404, "Gear", "", "not found")),
        ("/athletes/77/stats", (404, "Athlete", "", "not found")),
        ("/nowhere", (404, "Resource", "path", "invalid")),
        ("/athlete/activities?page=0", (400, "Application", "page", "invalid")),
        ("/athlete/activities?per_page=many", (400, "Application", "per_page", "invalid")),
        ("/athlete/activities?before=1e9", (400, "Application", "before", "invalid")),
        ("/athlete/activities?after=1795262400000", (400, "Application", "after", "future")),
    ],
)
async def test_a_wrong_request_gets_a_fault(path: str, error: tuple[int, str, str, str]) -> None:
    sim = strava()
    await sim.signed_in()
    assert first_error(await sim.http.get(path)) == error


async def test_tokens_are_asked_for_and_so_are_scopes() -> None:
    sim = strava()
    assert first_error(await sim.http.get("/athlete")) == (
        401, "Athlete", "access_token", "invalid",
    )  # fmt: skip
    await sim.signed_in("read")
    assert first_error(await sim.http.get("/athlete/activities")) == (
        401, "AccessToken", "activity:read_permission", "missing",
    )  # fmt: skip
    assert (await sim.http.get("/athlete/zones")).status_code == 401
    sim.clock.advance(21_601)
    assert (await sim.http.get("/athlete")).status_code == 401


async def test_athlete_zones_gear_and_stats_speak_of_the_same_person() -> None:
    sim = strava()
    token = (await sim.connect())["access_token"]
    me = await sim.json("/athlete", access_token=token)
    zones = await sim.json("/athlete/zones", access_token=token)
    gear = await sim.json(f"/gear/{me['bikes'][0]['id']}", access_token=token)
    stats = await sim.json(f"/athletes/{ADA}/stats", access_token=token)
    assert zones["heart_rate"]["zones"][-1]["max"] == -1
    assert len(zones["power"]["zones"]) == 7
    assert gear["distance"] == me["bikes"][0]["distance"] > 0
    assert stats["all_ride_totals"]["count"] > stats["recent_ride_totals"]["count"] > 0


async def test_usage_is_shown_on_all_but_streams_and_rejected_calls_count() -> None:
    sim = strava(replace(SMALL, read_limits=(3, 50), overall_limits=(20, 200)))
    await sim.signed_in()
    number = next(row["id"] for row in await sim.truth() if row["has_streams"])
    shown = await sim.http.get("/athlete")
    raw = dict(shown.headers.raw)
    assert raw[b"X-Ratelimit-Limit"] == b"20,200"
    assert raw[b"X-Readratelimit-Usage"] == b"1,1"
    streams = await sim.http.get(f"/activities/{number}/streams", params={"keys": "time"})
    assert "x-ratelimit-usage" not in streams.headers
    assert (await sim.http.get("/athlete")).headers["x-readratelimit-usage"] == "3,3"
    refused = await sim.http.get("/athlete")
    assert first_error(refused) == (429, "Application", "read rate limit", "exceeded")
    assert refused.json()["message"] == "Rate Limit Exceeded"
    assert refused.headers["x-readratelimit-usage"] == "4,4"


async def test_windows_roll_at_the_quarter_hour_and_at_midnight_utc() -> None:
    sim = strava(replace(SMALL, read_limits=(2, 3)))
    await sim.signed_in()
    statuses = [(await sim.http.get("/athlete")).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    sim.clock.advance(15 * 60)
    used_up = await sim.http.get("/athlete")
    assert used_up.status_code == 429
    assert used_up.headers["x-readratelimit-usage"] == "1,4"
    sim.clock.advance(12 * 3600)
    await sim.signed_in()
    assert (await sim.http.get("/athlete")).headers["x-readratelimit-usage"] == "1,1"


async def test_a_new_activity_is_not_found_and_then_without_streams_for_a_while() -> None:
    sim = strava(turned(not_found_lag_s=30, streams_lag_s=90))
    await sim.signed_in()
    made = await sim.http.post("/_sim/activities", json={"athlete_id": ADA, "sport_type": "Run"})
    path = f"/activities/{made.json()['id']}"
    query = {"keys": "time", "key_by_type": "true"}
    assert (await sim.http.get(path)).status_code == 404
    sim.clock.advance(31)
    assert (await sim.http.get(path)).status_code == 200
    assert (await sim.http.get(path + "/streams", params=query)).json() == {}
    sim.clock.advance(60)
    assert set((await sim.http.get(path + "/streams", params=query)).json()) == {"time", "distance"}


async def test_another_athletes_activity_is_shown_as_a_summary_without_streams() -> None:
    sim = strava(replace(SMALL, athletes=2))
    rows = await sim.json("/_sim/truth", athlete_id=ADA + 1)
    await sim.signed_in()
    other = next(row for row in rows if row["has_streams"] and not row["private"])
    assert (await sim.json(f"/activities/{other['id']}"))["resource_state"] == 2
    assert (await sim.http.get(f"/activities/{other['id']}/streams")).status_code == 404


async def test_a_body_without_end_is_refused() -> None:
    answer = await strava().http.post("/oauth/token", content=b"x" * 100_000)
    assert answer.status_code == 413
