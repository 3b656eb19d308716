"""`/_sim`: counters, live events, and requests that make no sense."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from simulator.knobs import Knobs
from tests.simulator.harness import ADA, NOW_S, SMALL, first_error, strava, until

pytestmark = pytest.mark.anyio


async def test_requests_are_counted_by_route_and_status_and_can_be_reset() -> None:
    sim = strava()
    await sim.signed_in()
    for path in ("/athlete", "/api/v3/athlete", "/activities/1", "/activities/2"):
        await sim.http.get(path)
    await sim.http.get("/_sim/state")
    report = await sim.json("/_sim/requests")
    counts = {(r["method"], r["route"], r["status"]): r["count"] for r in report["requests"]}
    assert counts[("GET", "/athlete", 200)] == 2
    assert counts[("GET", "/activities/{id}", 404)] == 2
    assert report["read_calls"] == 4
    await sim.http.post("/_sim/reset_requests")
    assert await sim.json("/_sim/requests") == {"requests": [], "read_calls": 0}


async def test_live_events_flow_until_they_are_stopped() -> None:
    sim = strava()
    await sim.subscribe()
    await sim.connect()
    before = {row["id"] for row in await sim.truth()}
    await sim.http.post("/_sim/live", json={"every_s": 0.002})
    await until(sim.events, lambda counters: counters["queued"] >= 60)
    await sim.http.post("/_sim/live", json={"every_s": 0})
    counters = await sim.settled()
    assert counters["delivered"] == counters["queued"]
    aspects = {post["aspect_type"] for post in sim.callback.posts}
    assert aspects == {"create", "update", "delete"}
    now = {row["id"] for row in await sim.truth()}
    assert before < now


async def test_a_new_activity_has_just_ended() -> None:
    sim = strava()
    asked = {"athlete_id": ADA, "sport_type": "GravelRide", "duration_s": 900, "name": "Mine"}
    made = (await sim.http.post("/_sim/activities", json=asked)).json()
    assert (made["sport_type"], made["name"], made["elapsed_time"]) == ("GravelRide", "Mine", 900)
    assert made["start_date"] == "2026-11-21T11:45:00Z"
    assert 2000 < made["distance"] < 12_000
    assert (await sim.truth())[0] == made


@pytest.mark.parametrize(
    ("when", "start"),
    [
        ({"days_ago": 30}, "2026-10-22T11:30:00Z"),
        ({"start": "2019-07-06T05:00:00+02:00"}, "2019-07-06T03:00:00Z"),
        ({"start": "2019-07-06T03:00"}, "2019-07-06T03:00:00Z"),
    ],
)
async def test_an_old_file_may_be_uploaded_late(when: dict[str, Any], start: str) -> None:
    sim = strava()
    await sim.subscribe()
    await sim.connect()
    asked = {"athlete_id": ADA, "sport_type": "Run", "private": True, **when}
    made = (await sim.http.post("/_sim/activities", json=asked)).json()
    assert (made["start_date"], made["elapsed_time"], made["private"]) == (start, 1800, True)
    rows = await sim.truth()
    assert made in rows[1:]
    assert [row["start_date"] for row in rows] == sorted(r["start_date"] for r in rows)[::-1]
    await sim.settled()
    told = [(p["object_id"], p["aspect_type"], p["event_time"]) for p in sim.callback.posts]
    assert told == [(made["id"], "create", int(NOW_S))]


async def test_a_deleted_activity_comes_back_under_its_number() -> None:
    sim = strava()
    await sim.subscribe()
    await sim.signed_in()
    before = (await sim.truth())[0]
    path = f"/_sim/activities/{before['id']}"
    streams = await sim.json(f"/activities/{before['id']}/streams", keys="time")
    await sim.http.delete(path)
    await sim.settled()
    assert (await sim.http.get(f"/activities/{before['id']}")).status_code == 404
    assert await sim.json("/_sim/deleted") == [before]
    assert (await sim.http.post(f"{path}/restore")).json() == before
    await sim.settled()
    assert (await sim.truth())[0] == before
    assert await sim.json(f"/activities/{before['id']}/streams", keys="time") == streams
    assert await sim.json("/_sim/deleted") == []
    assert [post["aspect_type"] for post in sim.callback.posts] == ["delete", "create"]
    assert {post["object_id"] for post in sim.callback.posts} == {before["id"]}
    assert (await sim.http.post(f"{path}/restore")).status_code == 404


async def test_the_number_of_a_deleted_activity_is_not_given_away() -> None:
    sim = strava()
    asked = {"athlete_id": ADA, "start": "2026-11-01T10:00:00Z"}
    first = (await sim.http.post("/_sim/activities", json=asked)).json()
    await sim.http.delete(f"/_sim/activities/{first['id']}")
    second = (await sim.http.post("/_sim/activities", json=asked)).json()
    assert second["start_date"] == first["start_date"]
    assert second["id"] != first["id"]


async def test_what_was_never_recorded_cannot_be_cropped() -> None:
    sim = strava()
    asked = {"athlete_id": ADA, "sport_type": "Yoga"}
    made = (await sim.http.post("/_sim/activities", json=asked)).json()
    answer = await sim.http.patch(f"/_sim/activities/{made['id']}", json={"crop_s": 60})
    assert first_error(answer)[3] == "nothing was recorded"


async def test_the_feed_does_only_what_it_is_told_and_may_do_it_silently() -> None:
    sim = strava()
    await sim.subscribe()
    await sim.connect()
    before = {row["id"]: row for row in await sim.truth()}
    pace = {"every_s": 0.001, "kinds": ["crop"], "silent_edits": True}
    assert (await sim.http.post("/_sim/live", json=pace)).json() == pace
    assert (await sim.json("/_sim/state"))["live"] == pace

    async def edits() -> dict[str, int]:
        rows = [(row, before[row["id"]]) for row in await sim.truth()]
        return {
            "cropped": sum(now["elapsed_time"] < was["elapsed_time"] for now, was in rows),
            "renamed": sum(now["name"] != was["name"] for now, was in rows),
        }

    await until(edits, lambda found: found["cropped"] > 2)
    assert (await edits())["renamed"] == 0
    assert (await sim.settled())["queued"] == 0
    await sim.http.post("/_sim/live", json={"every_s": 0.001, "kinds": ["crop"]})
    await until(edits, lambda found: found["renamed"] > 0)
    await sim.http.post("/_sim/live", json={"every_s": 0})
    await sim.settled()
    assert {row["id"] for row in await sim.truth()} == set(before)
    renamed = {row["id"] for row in await sim.truth() if row["name"] != before[row["id"]]["name"]}
    assert {post["object_id"] for post in sim.callback.posts} == renamed


async def test_state_tells_everything_that_may_be_changed() -> None:
    state = await strava().json("/_sim/state")
    assert set(state) >= {
        "now", "now_s", "config", "knobs", "subscription", "events", "quota", "live", "athletes",
        "planned_faults", "read_calls",
    }  # fmt: skip
    assert state["athletes"] == {"count": 1, "connected": 0}
    assert state["live"]["every_s"] == 0


async def test_calm_turns_every_knob_back() -> None:
    sim = strava()
    await sim.http.patch("/_sim/knobs", json={"loss_share": 0.5, "rotation": "never"})
    assert (await sim.http.delete("/_sim/knobs")).json() == asdict(Knobs())
    assert await sim.json("/_sim/knobs") == asdict(Knobs())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://simulated.localhost"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "http://proxied.example"}, 200),
        ({"origin": "http://simulated.localhost"}, 200),
        ({}, 200),
    ],
)
async def test_a_page_of_another_site_presses_no_button(
    headers: dict[str, str], status: int
) -> None:
    sim = strava()
    answer = await sim.http.post("/_sim/clock", content=b'{"seconds": 60}', headers=headers)
    assert answer.status_code == status
    assert (await sim.json("/_sim/state"))["now_s"] == NOW_S + (60 if status == 200 else 0)


async def test_state_tells_the_clock_and_keeps_the_secret() -> None:
    sim = strava()
    await sim.http.post("/_sim/clock", json={"seconds": 60})
    state = await sim.json("/_sim/state")
    assert state["now"] == "2026-11-21T12:01:00+00:00"
    assert state["config"]["seed"] == 7
    assert "client_secret" not in state["config"]
    assert state["subscription"] is None


async def test_every_athlete_lives_somewhere_else() -> None:
    sim = strava(replace(SMALL, athletes=8, years=0.25))
    people = await sim.json("/_sim/athletes")
    assert len({person["timezone"] for person in people}) == 8
    assert all(person["activities"] > 20 for person in people)
    ids = [row["id"] for row in await sim.json("/_sim/truth")]
    assert len(ids) == len(set(ids)) == sum(person["activities"] for person in people)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/_sim/activities", b"[]"),
        ("POST", "/_sim/activities", b"{not json"),
        ("POST", "/_sim/activities", b'{"athlete_id": "x"}'),
        ("POST", "/_sim/activities", b'{"athlete_id": 4200001, "duration_s": 1e99}'),
        ("POST", "/_sim/activities", b'{"athlete_id": 4200001, "sport_type": "Chess"}'),
        ("POST", "/_sim/activities", b'{"athlete_id": 4200001, "days_ago": -1}'),
        ("POST", "/_sim/activities", b'{"athlete_id": 4200001, "start": "yesterday"}'),
        ("POST", "/_sim/activities", b'{"athlete_id": 4200001, "start": "2026-11-21T11:59Z"}'),
        ("POST", "/_sim/activities", b'{"athlete_id": 4200001, "start": "2014-01-01"}'),
        ("POST", "/_sim/activities", b'{"athlete_id": 4200001, "start": "2020", "days_ago": 1}'),
        ("POST", "/_sim/activities", b'{"athlete_id": 4200001, "private": "yes"}'),
        ("POST", "/_sim/activities/5/restore", b""),
        ("POST", "/_sim/live", b'{"every_s": 1, "kinds": ["swim"]}'),
        ("POST", "/_sim/live", b'{"every_s": 1, "kinds": []}'),
        ("POST", "/_sim/authorize", b'{"athlete_id": 4200001, "scope": "all"}'),
        ("POST", "/_sim/live", b'{"every_s": NaN}'),
        ("PATCH", "/_sim/activities/5", b"{}"),
        ("DELETE", "/_sim/activities/abc", b""),
    ],
)
async def test_nonsense_is_refused_with_a_fault(method: str, path: str, body: bytes) -> None:
    answer = await strava().http.request(method, path, content=body)
    assert answer.status_code in {400, 404}
    assert answer.json()["errors"]
