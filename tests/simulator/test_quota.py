"""Buckets, windows, and how the usage is told."""

from dataclasses import replace

import pytest

from tests.simulator.harness import CLIENT, SMALL, Strava, first_error, strava, turned

pytestmark = pytest.mark.anyio
TIGHT = replace(SMALL, read_limits=(2, 5), overall_limits=(10, 20))


async def used(sim: Strava) -> tuple[int, int, int]:
    report = await sim.json("/_sim/quota")
    return report["read"]["used_quarter"], report["read"]["used_day"], report["refused"]


async def test_each_bucket_refuses_under_its_own_name() -> None:
    for config, field in (
        (TIGHT, "read rate limit"),
        (replace(TIGHT, overall_limits=(2, 20), read_limits=(5, 9)), "overall rate limit"),
        (replace(TIGHT, read_limits=(9, 2)), "read rate limit"),
        (replace(TIGHT, overall_limits=(9, 2), read_limits=(9, 9)), "overall rate limit"),
    ):
        sim = strava(config)
        await sim.signed_in()
        answers = [await sim.http.get("/athlete") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert first_error(answers[2]) == (429, "Application", field, "exceeded")
        assert "retry-after" not in answers[2].headers


async def test_refused_calls_count_and_those_over_the_quota_are_told_apart() -> None:
    sim = strava(TIGHT)
    assert (await sim.http.get("/athlete")).status_code == 401
    await sim.signed_in()
    assert (await sim.http.get("/api/v3/activities/1")).status_code == 404
    assert await used(sim) == (2, 2, 0)
    assert [(await sim.http.get("/athlete")).status_code for _ in range(3)] == [429] * 3
    assert await used(sim) == (5, 5, 3)
    sim.clock.advance(900)
    assert (await sim.http.get("/athlete")).status_code == 429
    assert await used(sim) == (1, 6, 4)


async def test_tokens_subscriptions_and_the_tester_are_not_metered() -> None:
    sim = strava(TIGHT)
    await sim.connect()
    await sim.subscribe()
    await sim.json("/push_subscriptions", **CLIENT)
    await sim.http.post("/oauth/token", data={})
    assert await used(sim) == (0, 0, 0)


async def test_limits_change_at_run_time_and_what_was_used_stays_used() -> None:
    sim = strava(TIGHT)
    await sim.signed_in()
    assert [(await sim.http.get("/athlete")).status_code for _ in range(3)] == [200, 200, 429]
    changed = await sim.http.post("/_sim/quota", json={"read_limits": [4, 1000]})
    assert changed.json()["read"] == {"limits": [4, 1000], "used_quarter": 3, "used_day": 3}
    assert changed.json()["overall"]["limits"] == [10, 20]
    answers = [await sim.http.get("/athlete") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[0].headers["x-readratelimit-limit"] == "4,1000"


@pytest.mark.parametrize("wrong", [[1], [1, -1], [1, 2.5], [True, 1], "1,2", {"a": 1}, [1, 10**12]])
async def test_limits_that_are_no_limits_change_nothing(wrong: object) -> None:
    sim = strava(TIGHT)
    answer = await sim.http.post("/_sim/quota", json={"overall_limits": wrong})
    assert answer.status_code == 400
    assert (await sim.json("/_sim/quota"))["overall"]["limits"] == [10, 20]


@pytest.mark.parametrize(
    ("kind", "on_athlete", "on_streams"),
    [
        ("usual", "1,1", None),
        ("everywhere", "1,1", "2,2"),
        ("nowhere", None, None),
        ("malformed", ",", None),
    ],
)
async def test_usage_is_told_as_the_knob_says(
    kind: str, on_athlete: str | None, on_streams: str | None
) -> None:
    sim = strava(turned(usage_headers=kind))
    await sim.signed_in()
    for path, usage in (("/athlete", on_athlete), ("/activities/1/streams", on_streams)):
        answer = await sim.http.get(path)
        assert answer.headers.get("x-readratelimit-usage") == usage
        assert answer.headers.get("x-ratelimit-limit") == (usage and "10000,100000")


async def test_paths_that_lead_nowhere_are_counted_as_one_and_hide_no_route() -> None:
    sim = strava()
    for n in range(600):
        await sim.http.get(f"/nowhere/{n}")
    for path in ("/gear/b7", "/api/v3/gear/no-such-thing", "/activities/12/streams"):
        await sim.http.get(path)
    await sim.http.request("GUESS", "/athlete")
    rows = (await sim.json("/_sim/requests"))["requests"]
    assert {(row["method"], row["route"], row["status"], row["count"]) for row in rows} == {
        ("GET", "(unknown)", 404, 600),
        ("GET", "/gear/{id}", 401, 2),
        ("GET", "/activities/{id}/streams", 401, 1),
        ("(other)", "/athlete", 405, 1),
    }
