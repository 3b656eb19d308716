"""`/_sim`: counters, live events, and requests that make no sense."""

from dataclasses import replace

import pytest

from tests.simulator.harness import ADA, SMALL, strava, until

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


async def test_state_tells_the_clock_and_keeps_the_secret() -> None:
    sim = strava()
    await sim.http.post("/_sim/clock", json={"seconds": 60})
    state = await sim.json("/_sim/state")
    assert state["now"] == "2026-11-21T12:01:00+00:00"
    assert state["config"]["seed"] == 7
    assert "client_secret" not in state["config"]
    assert state["subscription"] is None


async def test_every_athlete_lives_somewhere_else() -> None:
    sim = strava(replace(SMALL, athletes=8))
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
