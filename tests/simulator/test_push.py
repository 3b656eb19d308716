"""The subscription, its handshake, and events on their way."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.simulator.harness import (
    ADA,
    CALLBACK,
    CLIENT,
    Callback,
    first_error,
    strava,
    turned,
    until,
)

pytestmark = pytest.mark.anyio

PATH = "/api/v3/push_subscriptions"
RUN = {"athlete_id": ADA, "sport_type": "Run", "duration_s": 600}


async def test_a_subscription_is_made_after_a_handshake_listed_and_deleted() -> None:
    sim = strava()
    made = await sim.subscribe()
    assert made.status_code == 201
    asked = sim.callback.queries[0]
    assert asked["hub.mode"] == "subscribe"
    assert asked["hub.verify_token"] == "ours"
    assert asked["kept"] == "1"
    listed = await sim.http.get(PATH, params=CLIENT)
    assert listed.json() == [made.json()]
    assert made.json()["callback_url"] == CALLBACK
    gone = await sim.http.delete(f"{PATH}/{made.json()['id']}", params=CLIENT)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await sim.http.get(PATH, params=CLIENT)).json() == []


async def test_there_is_one_subscription_for_an_application() -> None:
    sim = strava()
    await sim.subscribe()
    assert first_error(await sim.subscribe()) == (400, "PushSubscription", "", "already exists")


class Thinking(Callback):
    """Takes a moment for its answer."""

    async def _answer(self, request: Request) -> Response:
        await asyncio.sleep(0.01)
        return await super()._answer(request)


async def test_of_two_subscriptions_at_once_one_is_made() -> None:
    sim = strava(callback=Thinking())
    answers = await asyncio.gather(sim.subscribe(), sim.subscribe())
    assert sorted(answer.status_code for answer in answers) == [201, 400]
    assert [answer.json() for answer in answers if answer.status_code == 201] == (
        await sim.http.get(PATH, params=CLIENT)
    ).json()


async def test_a_subscription_is_shown_as_strava_shows_one_and_each_has_an_id_of_its_own() -> None:
    sim = strava()
    shown = (await sim.subscribe()).json()
    number = shown.pop("id")
    assert shown == {
        "resource_state": 2,
        "application_id": 12345,
        "callback_url": CALLBACK,
        "created_at": "2026-11-21T12:00:00.000000000Z",
        "updated_at": "2026-11-21T12:00:00.000000000Z",
    }
    by_form = await sim.http.request("DELETE", f"{PATH}/{number}", data=CLIENT)
    assert by_form.status_code == 204
    assert (await sim.subscribe()).json()["id"] != number
    challenges = [query["hub.challenge"] for query in sim.callback.queries]
    assert len(set(challenges)) == 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://callback.localhost/",
        "/hook",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:-5/",
        "http://xn--/",
        "http://[::1",
        "http://callback.localhost/hook/secret?" + "x" * 255,
    ],
)
async def test_what_is_no_address_is_not_verifiable(url: str) -> None:
    sim = strava()
    answer = await sim.http.post(PATH, data=CLIENT | {"callback_url": url, "verify_token": "x"})
    expected = "not verifiable" if url else "required"
    assert first_error(answer) == (400, "PushSubscription", "callback url", expected)
    assert sim.callback.queries == []


@pytest.mark.parametrize(
    ("callback", "code"),
    [
        (Callback(status=403), "GET to callback URL does not return 200"),
        (Callback(echo="something else"), "not verifiable"),
        (Callback(media_type="text/plain"), "not verifiable"),
        (Callback(status=None), "not verifiable"),
    ],
    ids=["refuses", "echoes wrongly", "does not say JSON", "too slow"],
)
async def test_a_callback_that_fails_the_handshake_gets_no_subscription(
    callback: Callback, code: str
) -> None:
    sim = strava(turned(webhook_timeout_s=0.05), callback)
    async with asyncio.timeout(0.5):
        answer = await sim.subscribe()
    assert first_error(answer) == (400, "PushSubscription", "callback url", code)
    assert (await sim.http.get(PATH, params=CLIENT)).json() == []


async def test_forms_of_many_parts_are_read_and_bad_ones_refused() -> None:
    sim = strava()
    fields = CLIENT | {"callback_url": CALLBACK, "verify_token": "ours"}
    parts = {name: (None, value) for name, value in fields.items()}
    assert (await sim.http.post(PATH, files=parts)).status_code == 201
    number = (await sim.http.get(PATH, params=CLIENT)).json()[0]["id"]
    assert (await sim.http.delete(f"{PATH}/{number}")).status_code == 401
    assert (await sim.http.delete(f"{PATH}/999", params=CLIENT)).status_code == 404
    no_url = await sim.http.post(PATH, data=CLIENT)
    assert first_error(no_url) == (400, "PushSubscription", "callback url", "required")
    stranger = await sim.http.post(PATH, data=fields | {"client_secret": "no"})
    assert first_error(stranger) == (400, "Application", "client_secret", "invalid")


async def test_create_edit_and_delete_are_told_with_text_updates() -> None:
    sim = strava()
    subscription = (await sim.subscribe()).json()["id"]
    await sim.connect()
    number = (await sim.http.post("/_sim/activities", json=RUN)).json()["id"]
    await sim.settled()
    path = f"/_sim/activities/{number}"
    for edit in ({"name": "New", "sport_type": "Walk"}, {"private": True}, {"gear_id": "g1"}):
        await sim.http.patch(path, json=edit)
        await sim.settled()
    await sim.http.patch(path, json={"crop_s": 60})
    await sim.http.delete(path)
    await sim.settled()
    told = [(post["aspect_type"], post["updates"]) for post in sim.callback.posts]
    assert told == [
        ("create", {}),
        ("update", {"title": "New", "type": "Walk"}),
        ("update", {"private": "true"}),
        ("delete", {}),
    ]
    assert {post["object_id"] for post in sim.callback.posts} == {number}
    assert {post["subscription_id"] for post in sim.callback.posts} == {subscription}
    assert {post["owner_id"] for post in sim.callback.posts} == {ADA}
    assert number not in {row["id"] for row in await sim.truth()}


async def test_without_read_all_hiding_looks_like_deleting() -> None:
    sim = strava()
    await sim.subscribe()
    await sim.connect("read,activity:read")
    path = f"/_sim/activities/{(await sim.http.post('/_sim/activities', json=RUN)).json()['id']}"
    await sim.settled()
    for edit in ({"private": True}, {"name": "Unseen"}, {"private": False}):
        await sim.http.patch(path, json=edit)
        await sim.settled()
    assert [post["aspect_type"] for post in sim.callback.posts] == ["create", "delete", "create"]


async def test_nothing_is_told_of_athletes_who_have_not_connected_or_lack_the_scope() -> None:
    sim = strava()
    await sim.subscribe()
    await sim.http.post("/_sim/activities", json=RUN)
    await sim.connect("read")
    await sim.http.post("/_sim/activities", json=RUN)
    assert (await sim.settled())["queued"] == 0


@pytest.mark.parametrize(("failures", "delivered", "attempts"), [(0, 1, 1), (2, 1, 3), (9, 0, 3)])
async def test_an_event_is_tried_three_times_and_then_lost(
    failures: int, delivered: int, attempts: int
) -> None:
    sim = strava(callback=Callback(failures_first=failures))
    await sim.subscribe()
    await sim.connect()
    await sim.http.post("/_sim/activities", json=RUN)
    counters = await sim.settled()
    assert (counters["delivered"], counters["lost"]) == (delivered, 1 - delivered)
    assert counters["attempts"] == len(sim.callback.posts) == attempts
    assert all(post == sim.callback.posts[0] for post in sim.callback.posts)


async def test_a_callback_that_is_too_slow_has_failed() -> None:
    sim = strava(turned(webhook_timeout_s=0.05))
    await sim.subscribe()
    await sim.connect()
    sim.callback.status = None
    await sim.http.post("/_sim/activities", json=RUN)
    assert (await sim.settled())["lost"] == 1
    assert len(sim.callback.posts) == 3


async def test_an_event_that_waits_for_its_retry_does_not_hold_up_another() -> None:
    sim = strava(turned(webhook_gap_s=60.0), Callback(failures_first=30))
    await sim.subscribe()
    await sim.connect()
    made = {(await sim.http.post("/_sim/activities", json=RUN)).json()["id"] for _ in range(31)}
    assert len(made) == 31
    counters = await until(sim.events, lambda counters: counters["delivered"] > 0)
    assert (counters["pending"], counters["attempts"]) == (30, 31)
