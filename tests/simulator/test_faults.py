"""What goes wrong by chance, by plan, and because the owner did not pay."""

import asyncio
import socket
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from simulator.faults import payment_required
from tests.simulator.harness import CLIENT, Strava, first_error, strava, turned
from tests.simulator.process import started

pytestmark = pytest.mark.anyio


async def signed_in(**knobs: Any) -> Strava:
    sim = strava(turned(**knobs))
    await sim.signed_in()
    return sim


async def test_errors_come_at_their_share_in_every_shape_and_the_same_for_the_same_seed() -> None:
    runs: list[list[tuple[int, bytes]]] = []
    for _ in range(2):
        sim = await signed_in(error_share=0.3)
        answers = [await sim.http.get("/athlete/zones") for _ in range(200)]
        runs.append([(answer.status_code, answer.content) for answer in answers])
    assert runs[0] == runs[1]
    statuses = Counter(status for status, _ in runs[0])
    assert set(statuses) == {200, 500, 502, 503, 504}
    assert 40 < 200 - statuses[200] < 80
    broken = [httpx.Response(status, content=body) for status, body in runs[0] if status != 200]
    shapes = {type(answer.json()["errors"]) for answer in broken if answer.content}
    assert shapes == {list, dict, str}
    assert any(answer.content and answer.json()["errors"] == [] for answer in broken)
    assert any(not answer.content for answer in broken)


async def test_one_share_does_not_shift_the_draws_of_another() -> None:
    async def errors(**knobs: Any) -> list[int]:
        sim = await signed_in(error_share=0.3, **knobs)
        statuses = [(await sim.http.get("/athlete")).status_code for _ in range(40)]
        return [n for n, status in enumerate(statuses) if status != 200]

    assert await errors() == await errors(hang_share=0.5, hang_s=0.0)


async def test_the_edge_answers_with_a_page_and_without_usage() -> None:
    sim = await signed_in(html_share=1.0)
    answer = await sim.http.get("/athlete")
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-cache"] == "Error from cloudfront"
    assert answer.text.startswith("<!DOCTYPE")
    assert not [name for name in answer.headers if "ratelimit" in name]


async def test_a_refusal_without_a_reason_is_not_counted_as_one_over_the_quota() -> None:
    sim = await signed_in(refuse_share=1.0)
    answer = await sim.http.get("/athlete")
    assert first_error(answer) == (429, "Application", "read rate limit", "exceeded")
    assert answer.headers["x-readratelimit-usage"] == "1,1"
    assert (await sim.json("/_sim/quota"))["refused"] == 0


async def test_a_hanging_read_holds_nobody_else_up() -> None:
    sim = await signed_in(hang_share=1.0, hang_s=0.2)
    began_s = time.monotonic()
    reads = [asyncio.create_task(sim.http.get("/athlete")) for _ in range(5)]
    await sim.json("/_sim/state")
    assert time.monotonic() - began_s < 0.15
    answers = await asyncio.gather(*reads)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert 0.2 <= time.monotonic() - began_s < 0.8


async def test_a_hanging_read_ends_when_the_client_leaves_or_the_simulator_closes() -> None:
    sim = await signed_in(hang_share=1.0, hang_s=600)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    messages = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return messages.pop(0)

    scope = {
        "type": "http", "method": "GET", "path": "/athlete", "query_string": b"", "headers": [],
    }  # fmt: skip
    await asyncio.wait_for(sim.app(scope, receive, send), 1)
    assert sent[0]["status"] == 401
    read = asyncio.create_task(sim.http.get("/athlete"))
    await asyncio.sleep(0.02)
    assert not read.done()
    sim.app.state.simulator.mishaps.closing.set()
    assert (await asyncio.wait_for(read, 1)).status_code == 200


def test_the_program_ends_at_once_although_a_read_hangs() -> None:
    with started("--hang-share", "1", "--hang-s", "600") as (_, base_url):
        address = urlsplit(base_url)
        reader = socket.create_connection((address.hostname, address.port or 0))
        reader.sendall(b"GET /athlete HTTP/1.1\r\nHost: simulated\r\n\r\n")
        reader.settimeout(0.2)
        with pytest.raises(TimeoutError):
            reader.recv(1)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 1.5
    assert reader.recv(100).startswith(b"HTTP/1.1 401")
    reader.close()


async def test_not_found_may_come_without_a_word() -> None:
    sim = await signed_in(empty_not_found=True)
    answer = await sim.http.get("/activities/1")
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["x-readratelimit-usage"] == "1,1"


async def test_an_inactive_application_is_refused_everywhere_but_keeps_its_tokens() -> None:
    sim = strava()
    token = await sim.connect()
    sim.http.headers["Authorization"] = f"Bearer {token['access_token']}"
    await sim.http.patch("/_sim/knobs", json={"inactive": True})
    for path in ("/athlete", "/api/v3/activities/1/streams", "/api/v3/push_subscriptions"):
        answer = await sim.http.get(path, params=CLIENT)
        assert first_error(answer) == (403, "Application", "Status", "Inactive")
        assert answer.json()["message"] == "Forbidden"
    await sim.token(grant_type="refresh_token", refresh_token=token["refresh_token"])
    await sim.http.patch("/_sim/knobs", json={"inactive": False})
    assert (await sim.http.get("/athlete")).status_code == 200


async def test_a_planned_fault_meets_the_next_calls_to_its_path_and_no_others() -> None:
    sim = await signed_in()
    plan = {"path": "/activities/", "status": 502, "body": "empty", "times": 2}
    made = await sim.http.post("/_sim/faults", json=plan)
    assert (made.status_code, made.json()) == (201, [plan])
    assert (await sim.http.get("/athlete/activities")).status_code == 200
    assert (await sim.http.get("/activities/1")).status_code == 502
    assert await sim.json("/_sim/faults") == [plan | {"times": 1}]
    second = await sim.http.get("/api/v3/activities/1/streams")
    assert (second.status_code, second.content) == (502, b"")
    assert (await sim.http.get("/activities/1")).status_code == 404
    assert (await sim.json("/_sim/quota"))["read"]["used_day"] == 4


@pytest.mark.parametrize(
    ("status", "message", "field", "code"),
    [
        (401, "Authorization Error", "", "invalid"),
        (404, "Record Not Found", "", "not found"),
        (429, "Rate Limit Exceeded", "rate limit", "exceeded"),
        (500, "Internal Server Error", "", "internal server error"),
    ],
)
async def test_a_planned_fault_may_say_it_in_other_words_than_usual(
    status: int, message: str, field: str, code: str
) -> None:
    sim = await signed_in()
    await sim.http.post("/_sim/faults", json={"path": "/athlete", "status": status})
    answer = await sim.http.get("/athlete")
    assert first_error(answer) == (status, "Application", field, code)
    assert answer.json()["message"] == message


async def test_a_planned_fault_leaves_a_token_call_undone() -> None:
    sim = strava(turned(rotation="always"))
    token = await sim.connect()
    await sim.http.post("/_sim/faults", json={"path": "/oauth/token", "body": "html"})
    refresh = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    failed = await sim.http.post("/oauth/token", data=CLIENT | refresh)
    assert failed.status_code == 503
    assert failed.text.startswith("<!DOCTYPE")
    await sim.token(**refresh)


async def test_plans_can_be_forgotten_and_are_bounded() -> None:
    sim = strava()
    statuses = [
        (await sim.http.post("/_sim/faults", json={"status": 500})).status_code for _ in range(101)
    ]
    assert statuses == [201] * 100 + [400]
    assert (await sim.http.delete("/_sim/faults")).json() == []
    assert (await sim.http.get("/athlete")).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [{"status": 200}, {"status": "503"}, {"times": 0}, {"times": True}, {"body": "xml"},
     {"body": ["json"]}, {"path": 7}],
)  # fmt: skip
async def test_a_plan_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    sim = strava()
    assert (await sim.http.post("/_sim/faults", json=wrong)).status_code == 400
    assert await sim.json("/_sim/faults") == []


async def test_something_for_subscribers_only_is_a_402() -> None:
    answer = payment_required().response()
    assert answer.status_code == 402
    assert b'"message":"Payment Required"' in bytes(answer.body)
