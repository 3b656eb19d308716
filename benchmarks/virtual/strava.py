"""The simulator's app in the place of Strava, in this process and in virtual time."""

import asyncio
from collections import Counter
from datetime import date
from io import BytesIO
from typing import Any

import httpx
import requests
from requests.adapters import BaseAdapter

from paceline.adapters.local.manual import ManualClock
from paceline.runtime.local import LocalRuntime
from paceline.steps import receive_webhook
from simulator.app import create_app
from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.state import Simulator
from simulator.world import Activity

ATHLETE = 4_200_001

# A read takes a second, and four workers share the waiting. A sum of powers of two, so that both
# clocks agree to the last bit.
READ_S = 0.25


class VirtualStrava(BaseAdapter):
    """The simulator's app behind `requests`, and the time that its answers take."""

    def __init__(self, config: SimulatorConfig, clock: ManualClock) -> None:
        super().__init__()
        self.clock = clock
        self.reads: Counter[date] = Counter()  # by day in UTC
        self.kinds: Counter[str] = Counter()  # by what was asked for
        self.runtime: LocalRuntime | None = None
        self._loop = asyncio.new_event_loop()
        self._clock = Clock(clock.now().timestamp(), speed=0.0)
        callback = httpx.MockTransport(self._receive)
        self._app = create_app(config, clock=self._clock, outgoing=callback)
        self.sim: Simulator = self._app.state.simulator
        self.history()  # drawn here, not in a thread
        transport = httpx.ASGITransport(app=self._app)
        self._http = httpx.AsyncClient(transport=transport, base_url="https://www.strava.com")

    def history(self) -> list[Activity]:
        return self.sim.world.activities(ATHLETE)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self._clock.advance(seconds)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request; it ends when every event that it caused has been received."""
        return self._loop.run_until_complete(self._ask(method, path, **request))

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        answer = await self._http.request(method, path, **request)
        while self.sim.sender.counters.pending:  # noqa: ASYNC110 - the simulator's own counter
            await asyncio.sleep(0)
        return answer

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """What `requests` calls in the place of the network."""
        path, method = request.path_url, str(request.method)
        is_read = method == "GET" and "push_subscriptions" not in path
        self.pass_time(READ_S / 2 if is_read else 0)
        if is_read:
            self.reads[self.clock.now().date()] += 1
            self.kinds[_kind(path)] += 1
        answer = self.ask(method, path, headers=dict(request.headers), content=request.body)
        self.pass_time(READ_S / 2 if is_read else 0)
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(answer.headers)
        response.raw = BytesIO(answer.content)
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        async def closed() -> None:
            await self.sim.sender.close()
            await self.sim.client.aclose()
            await self._http.aclose()

        self._loop.run_until_complete(closed())
        self._loop.close()

    def _receive(self, request: httpx.Request) -> httpx.Response:
        """Our side of the push subscription."""
        assert self.runtime is not None
        reply = receive_webhook.handle(
            receive_webhook.Request(
                request.method,
                request.url.path,
                dict(request.url.params),
                len(request.content),
                BytesIO(request.content),
            ),
            self.runtime.receiving,
        )
        content_type = {"content-type": "application/json"}
        return httpx.Response(reply.status, content=reply.body, headers=content_type)


def _kind(path: str) -> str:
    name = path.removeprefix("/api/v3/").partition("?")[0]
    if not name.startswith("activities/"):
        return "list" if name == "athlete/activities" else "profile"
    return "streams" if name.endswith("/streams") else "detail"
