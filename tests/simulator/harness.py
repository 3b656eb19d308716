"""A simulated Strava in this process, its clock standing still, and a callback of ours."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.app import create_app
from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.knobs import Knobs

NOW_S = 1_795_262_400.0  # 2026-11-21T12:00:00Z
ADA = 4_200_001
CLIENT = {"client_id": "12345", "client_secret": "simulated-secret"}
CALLBACK = "http://callback.localhost/hook/secret?kept=1"
SMALL = SimulatorConfig(
    years=0.15,
    max_points=300,
    now_s=NOW_S,
    read_limits=(10_000, 100_000),
    overall_limits=(10_000, 100_000),
    knobs=Knobs(webhook_gap_s=0.0, webhook_timeout_s=0.2),
)


def turned(**knobs: Any) -> SimulatorConfig:
    """The small world with some knobs turned."""
    return replace(SMALL, knobs=replace(SMALL.knobs, **knobs))


@dataclass
class Callback:
    """Our side of the push subscription; `status` None never answers."""

    status: int | None = 200
    echo: str | None = None
    media_type: str = "application/json"
    failures_first: int = 0
    posts: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[bytes, Headers]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/hook/secret", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            body = await request.body()
            self.requests.append((body, request.headers))
            self.posts.append(json.loads(body))
            if len(self.posts) <= self.failures_first:
                return Response(status_code=500)
        else:
            self.queries.append(dict(request.query_params))
        if self.status is None:
            await asyncio.Event().wait()
        challenge = self.echo or request.query_params.get("hub.challenge")
        echo = json.dumps({"hub.challenge": challenge})
        return Response(echo, status_code=self.status or 500, media_type=self.media_type)


@dataclass
class Strava:
    app: Starlette
    clock: Clock
    callback: Callback
    http: httpx.AsyncClient

    async def connect(self, scope: str = "", athlete_id: int = ADA) -> dict[str, Any]:
        """The token response of an athlete who has just said yes."""
        clicked = await self.http.post(
            "/_sim/authorize", json={"athlete_id": athlete_id} | ({"scope": scope} if scope else {})
        )
        return await self.token(grant_type="authorization_code", code=clicked.json()["code"])

    async def token(self, **fields: str) -> dict[str, Any]:
        answer = await self.http.post("/oauth/token", data=CLIENT | fields)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def signed_in(self, scope: str = "") -> None:
        token = (await self.connect(scope))["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    async def subscribe(self) -> httpx.Response:
        return await self.http.post(
            "/api/v3/push_subscriptions",
            data=CLIENT | {"callback_url": CALLBACK, "verify_token": "ours"},
        )

    async def json(self, path: str, **params: str | int) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def truth(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.json("/_sim/truth", athlete_id=ADA)
        return rows

    async def events(self) -> dict[str, int]:
        counters: dict[str, int] = (await self.json("/_sim/state"))["events"]
        return counters

    async def settled(self) -> dict[str, int]:
        """The event counters once nothing is on its way."""
        return await until(self.events, lambda counters: counters["pending"] == 0)


async def until(
    read: Callable[[], Awaitable[dict[str, int]]], good: Callable[[dict[str, int]], bool]
) -> dict[str, int]:
    async with asyncio.timeout(5):
        # The counters belong to the program under test: there is no event to wait for.
        while not good(found := await read()):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)
    return found


def strava(
    config: SimulatorConfig = SMALL, callback: Callback | None = None, now_s: float = NOW_S
) -> Strava:
    callback = callback or Callback()
    clock = Clock(now_s, speed=0.0)
    app = create_app(config, clock=clock, outgoing=httpx.ASGITransport(app=callback.app()))
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://simulated.localhost"
    )
    return Strava(app, clock, callback, http)


def first_error(answer: httpx.Response) -> tuple[int, str, str, str]:
    body = answer.json()
    error = body["errors"][0]
    assert body["message"]
    return answer.status_code, error["resource"], error["field"], error["code"]
