"""Events go wrong as the knobs say, and the log of the simulator tells how."""

import asyncio
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.simulator.harness import (
    ADA,
    CALLBACK,
    NOW_S,
    Callback,
    Strava,
    strava,
    turned,
    until,
)

pytestmark = pytest.mark.anyio

RUN = {"athlete_id": ADA, "sport_type": "Run", "duration_s": 600, "private": False}
READ = "read,activity:read"
READ_ALL = "read,activity:read_all"


async def connected(
    callback: Callback | None = None, scope: str = READ_ALL, **knobs: Any
) -> Strava:
    sim = strava(turned(**knobs), callback)
    await sim.subscribe()
    await sim.connect(scope)
    return sim


async def create(sim: Strava, **fields: Any) -> int:
    made = await sim.http.post("/_sim/activities", json=RUN | fields)
    assert made.status_code == 201, made.text
    number: int = made.json()["id"]
    return number


async def turn(sim: Strava, **knobs: Any) -> None:
    assert (await sim.http.patch("/_sim/knobs", json=knobs)).status_code == 200


async def wait(sim: Strava, seconds: float) -> None:
    """Simulated time, and a few turns of the loop for what it sets off."""
    await sim.http.post("/_sim/clock", json={"seconds": seconds})
    await breathe()


async def breathe() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def log(sim: Strava) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await sim.json("/_sim/events", limit=1000))["events"]
    return rows


def ids(posts: Iterable[dict[str, Any]]) -> list[int]:
    return [post["object_id"] for post in posts]


@pytest.mark.parametrize(
    ("scope", "hidden", "shown", "created_hidden"),
    [
        (READ_ALL, ("update", {"private": "true"}), ("update", {"private": "false"}), "create"),
        (READ, ("delete", {}), ("create", {}), None),
        ("read", None, None, None),
    ],
)
async def test_privacy_is_told_as_the_documents_table_says(
    scope: str, hidden: object, shown: object, created_hidden: str | None
) -> None:
    sim = await connected(scope=scope)
    number = await create(sim)
    await sim.settled()
    told = []
    for private in (True, False):
        sim.callback.posts.clear()
        await sim.http.patch(f"/_sim/activities/{number}", json={"private": private})
        await sim.settled()
        told.append([(post["aspect_type"], post["updates"]) for post in sim.callback.posts])
    assert told == [[hidden] if hidden else [], [shown] if shown else []]
    sim.callback.posts.clear()
    await create(sim, private=True)
    await sim.settled()
    aspects = [post["aspect_type"] for post in sim.callback.posts]
    assert aspects == ([created_hidden] if created_hidden else [])


async def test_attempts_are_a_gap_of_simulated_time_apart() -> None:
    sim = await connected(Callback(failures_first=9), webhook_gap_s=60.0)
    await create(sim)
    await breathe()
    for passed_s, posts in ((59, 1), (1, 2), (59, 2), (1, 3)):
        await wait(sim, passed_s)
        assert len(sim.callback.posts) == posts
    assert (await sim.settled())["lost"] == 1
    (row,) = await log(sim)
    assert row["state"] == "lost"
    assert row["attempts"] == [{"at_s": NOW_S + after_s, "answer": 500} for after_s in (0, 60, 120)]


async def test_a_long_jump_of_the_clock_makes_one_attempt_due() -> None:
    sim = await connected(Callback(failures_first=1), webhook_gap_s=60.0)
    await create(sim)
    await breathe()
    await wait(sim, 86_400)
    assert (await sim.settled())["attempts"] == 2
    assert sim.callback.posts[1]["event_time"] == NOW_S


async def test_a_callback_that_answers_too_late_is_named_in_the_log() -> None:
    sim = await connected(Callback(), webhook_timeout_s=0.02, webhook_attempts=1)
    sim.callback.status = None
    await create(sim)
    await sim.settled()
    (row,) = await log(sim)
    assert [attempt["answer"] for attempt in row["attempts"]] == ["TimeoutError"]


async def test_a_delayed_event_leaves_in_its_time_and_says_when_it_happened() -> None:
    sim = await connected(delay_s=900.0)
    await create(sim)
    await breathe()
    assert sim.callback.posts == []
    await wait(sim, 900)
    assert [post["event_time"] for post in sim.callback.posts] == [NOW_S]


async def test_a_duplicate_comes_a_gap_after_the_accepted_one() -> None:
    sim = await connected(duplicate_share=1.0, webhook_gap_s=60.0)
    await create(sim)
    await breathe()
    assert len(sim.callback.posts) == 1
    await wait(sim, 60)
    assert sim.callback.posts[0] == sim.callback.posts[1]
    counters = await sim.settled()
    assert (counters["queued"], counters["delivered"], counters["duplicated"]) == (1, 1, 1)
    assert [row["kind"] for row in await log(sim)] == ["duplicate", "real"]


async def test_an_event_that_is_never_accepted_is_not_duplicated() -> None:
    sim = await connected(Callback(failures_first=9), duplicate_share=1.0)
    await create(sim)
    counters = await sim.settled()
    assert (counters["attempts"], counters["duplicated"]) == (3, 0)


async def test_a_held_event_comes_after_later_ones() -> None:
    sim = await connected(reorder_share=1.0)
    first = await create(sim)
    await breathe()
    assert [row["state"] for row in await log(sim)] == ["held"]
    await turn(sim, reorder_share=0.0)
    later = [await create(sim) for _ in range(3)]
    counters = await sim.settled()
    assert counters["held"] == 1
    came = ids(sim.callback.posts)
    assert sorted(came) == sorted([first, *later])
    assert came.index(first) > 0
    assert [number for number in came if number != first] == later


async def test_a_held_event_does_not_wait_for_later_ones_forever() -> None:
    sim = await connected(reorder_share=1.0)
    await create(sim)
    await wait(sim, 9)
    assert (await sim.events())["pending"] == 1
    await wait(sim, 21)
    assert (await sim.settled())["delivered"] == 1


async def test_lost_events_never_leave_and_are_counted() -> None:
    sim = await connected(loss_share=0.5)
    made = [await create(sim) for _ in range(40)]
    counters = await sim.settled()
    assert 8 < counters["dropped"] < 32
    assert counters["delivered"] == 40 - counters["dropped"] == len(sim.callback.posts)
    dropped = [row["event"] for row in await log(sim) if row["state"] == "dropped"]
    assert sorted(ids(dropped) + ids(sim.callback.posts)) == sorted(made)


async def test_forged_events_try_all_that_a_stranger_may_try() -> None:
    sim = await connected(forge_share=1.0, signing_secret="hush")
    subscription = sim.app.state.simulator.desk.current.subscription_id
    for _ in range(40):
        await create(sim)
    counters = await sim.settled()
    rows = await log(sim)
    forged = [row["event"] for row in rows if row["kind"] == "forged"]
    assert (counters["queued"], counters["forged"]) == (40, 40) == (40, len(forged))
    known = {row["id"] for row in await sim.truth()}
    assert any(post["subscription_id"] != subscription for post in forged)
    assert any(post["aspect_type"] == "delete" and post["object_id"] in known for post in forged)
    assert any(post["updates"] == {"authorized": "false"} for post in forged)
    assert any(post["owner_id"] != ADA and post["object_id"] in known for post in forged)
    assert any(post["owner_id"] != ADA and post["object_id"] not in known for post in forged)
    assert all(post["event_time"] <= NOW_S for post in forged)
    assert [person["scopes"] for person in await sim.json("/_sim/athletes")] != [[]]
    signed = [sound(sim, n) for n, post in enumerate(sim.callback.posts) if post in forged]
    assert set(signed) == {None, False}


async def test_a_refused_forgery_is_not_tried_again() -> None:
    sim = await connected(Callback(failures_first=9))
    await sim.http.post("/_sim/events", json={"kind": "delete"})
    counters = await sim.settled()
    assert (counters["attempts"], counters["lost"], counters["queued"]) == (1, 0, 0)


def sound(sim: Strava, number: int) -> bool | None:
    """Whether the signature of that post is right; None when there is none."""
    body, headers = sim.callback.requests[number]
    given = headers.get("x-strava-signature")
    if given is None:
        return None
    stamp, digest = (part.partition("=")[2] for part in given.split(","))
    assert given == f"t={stamp},v1={digest}"
    assert int(stamp) == sim.clock.now_s()
    return hmac.compare_digest(
        hmac.new(b"hush", stamp.encode() + b"." + body, hashlib.sha256).hexdigest(), digest
    )


async def test_events_are_signed_when_there_is_a_secret() -> None:
    sim = await connected()
    await create(sim)
    await sim.settled()
    await turn(sim, signing_secret="hush")
    await wait(sim, 500)
    await create(sim, name='Żółw & "co"')
    await sim.settled()
    assert "x-strava-signature" not in sim.callback.requests[0][1]
    assert sound(sim, 1) is True
    assert sim.callback.requests[1][1]["content-type"] == "application/json"


async def test_a_false_signature_is_drawn_anew_for_each_attempt() -> None:
    sim = await connected(Callback(failures_first=40), signing_secret="hush", webhook_attempts=41)
    await turn(sim, false_signature_share=0.5)
    await create(sim)
    await sim.settled()
    right = [sound(sim, number) for number in range(41)]
    assert 10 < right.count(True) < 31
    assert None not in right


async def test_the_same_seed_works_the_same_mischief() -> None:
    runs = []
    for _ in range(2):
        sim = await connected(
            forge_share=0.5, loss_share=0.3, duplicate_share=0.3, reorder_share=0.3, delay_s=50.0
        )
        for number in range(12):
            await create(sim, name=f"Run {number}")
            await wait(sim, 5)
        for _ in range(10):
            await wait(sim, 60)
        runs.append((sim.callback.posts, await sim.settled()))
    assert runs[0] == runs[1]
    assert runs[0][0] != []


async def test_the_seed_decides_which_events_are_lost() -> None:
    lost = []
    for seed in (1, 2, 2):
        sim = strava(replace(turned(loss_share=0.5), seed=seed))
        await sim.subscribe()
        await sim.connect()
        for _ in range(20):
            await create(sim)
        lost.append([row["state"] for row in await log(sim)])
    assert lost[1] == lost[2] != lost[0]


async def test_one_knob_does_not_shift_the_luck_of_another() -> None:
    dropped = []
    for doubled in (0.0, 1.0):
        sim = await connected(loss_share=0.5, duplicate_share=doubled)
        for _ in range(20):
            await create(sim)
        await sim.settled()
        rows = [row for row in await log(sim) if row["kind"] == "real"]
        dropped.append([row["state"] for row in rows])
    assert dropped[0] == dropped[1]


async def test_an_event_is_forged_by_hand_with_any_fields() -> None:
    sim = await connected(signing_secret="hush")
    order = {"object_id": "12", "aspect_type": "delete", "owner_id": ADA, "extra": [1]}
    made = await sim.http.post("/_sim/events", json=order | {"signature": "right"})
    assert made.status_code == 201
    assert made.json()["kind"] == "forged"
    await sim.settled()
    assert sim.callback.posts == [made.json()["event"]]
    assert order.items() <= sim.callback.posts[0].items()
    assert set(sim.callback.posts[0]) == {
        "object_type", "object_id", "aspect_type", "owner_id", "event_time", "updates",
        "subscription_id", "extra",
    }  # fmt: skip
    assert sound(sim, 0) is True


@pytest.mark.parametrize(
    "body",
    [
        b'{"kind": "theft"}',
        b'{"kind": []}',
        b'{"signature": "usual"}',
        b'{"signature": "right"}',
        b'{"object_id": "\\ud800"}',
        b"[]",
    ],
)
async def test_a_forgery_that_makes_no_sense_is_refused(body: bytes) -> None:
    sim = await connected()
    assert (await sim.http.post("/_sim/events", content=body)).status_code == 400
    assert (await sim.settled())["forged"] == 0


async def test_without_a_subscription_there_is_nowhere_to_forge_to() -> None:
    assert (await strava().http.post("/_sim/events", json={})).status_code == 400


async def test_the_log_is_newest_first_and_bounded() -> None:
    sim = await connected()
    made = [await create(sim) for _ in range(5)]
    await sim.settled()
    report = await sim.json("/_sim/events", limit=2)
    assert [row["event"]["object_id"] for row in report["events"]] == [made[4], made[3]]
    assert report["counters"]["delivered"] == 5
    for wrong in ("0", "1001", "x"):
        assert (await sim.http.get("/_sim/events", params={"limit": wrong})).status_code == 400
    kept = sim.app.state.simulator.sender.log
    for _ in range(1000):
        kept.open("real", CALLBACK, {}, "")
    assert len(kept._last) == len(await log(sim)) == 1000


async def test_more_events_than_can_wait_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.webhooks._MOST_PENDING", 3)
    sim = await connected(delay_s=1000.0, forge_share=1.0)
    for _ in range(6):
        await create(sim)
    counters = await sim.events()
    assert (counters["pending"], counters["queued"]) == (3, 6)
    assert counters["dropped"] + counters["pending"] - counters["forged"] == 6
    assert (await sim.http.post("/_sim/events", json={})).status_code == 400


async def test_an_athlete_who_disconnects_is_told_of_and_then_silent() -> None:
    sim = await connected()
    token = await sim.connect(READ_ALL)
    assert (await sim.http.post(f"/_sim/athletes/{ADA}/disconnect")).status_code == 204
    await create(sim)
    await sim.settled()
    (post,) = sim.callback.posts
    assert (post["object_type"], post["aspect_type"]) == ("athlete", "update")
    assert post["updates"] == {"authorized": "false"}
    assert post["object_id"] == post["owner_id"] == ADA
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert (await sim.http.get("/athlete", headers=bearer)).status_code == 401
    for athlete_id in (ADA, 1, "x"):
        answer = await sim.http.post(f"/_sim/athletes/{athlete_id}/disconnect")
        assert answer.status_code == 404


async def test_events_go_where_the_subscription_was_when_they_happened() -> None:
    sim = await connected(delay_s=100.0)
    old = sim.app.state.simulator.desk.current.subscription_id
    await create(sim)
    sim.app.state.simulator.desk.delete(old)
    new = (await sim.subscribe()).json()["id"]
    await create(sim)
    await wait(sim, 100)
    assert sorted(post["subscription_id"] for post in sim.callback.posts) == [old, new]


async def test_simulated_time_at_a_high_speed_brings_the_retry_by_itself() -> None:
    sim = await connected(Callback(failures_first=2), webhook_gap_s=60.0)
    await sim.http.post("/_sim/clock", json={"speed": 6000})
    await create(sim)
    counters = await until(sim.events, lambda counters: counters["delivered"] == 1)
    assert counters["attempts"] == 3
    (row,) = await log(sim)
    times = [attempt["at_s"] for attempt in row["attempts"]]
    assert all(later - earlier >= 60 for earlier, later in pairwise(times))
