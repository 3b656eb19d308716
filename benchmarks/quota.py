"""A history of thousands of activities over Strava's own quota, in virtual time.

The library over its real local adapters, and the simulator's app in this process; both clocks stand
still but for the time that reads take, and for the waiting in between. The service's threads are
one loop here: release_work each minute, then fetch_activity a message, then load_silver.

`python benchmarks/quota.py 5000` takes ten virtual days.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
if __name__ == "__main__":  # or `import simulator` would find the benchmark of that name
    sys.path[0] = str(ROOT)

# ruff: noqa: E402
import httpx
import requests
from requests.adapters import BaseAdapter

from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.strava.session import StravaSession
from paceline.model.event import decode_event_message
from paceline.model.landed import decode_landed
from paceline.ports import Delivery
from paceline.runtime.local import LocalRuntime
from paceline.runtime.service import FETCH_QUEUE, LOAD_QUEUE
from paceline.runtime.settings import Settings
from paceline.steps import (
    connect_athlete,
    fetch_activity,
    load_silver,
    receive_webhook,
    reconcile,
    release_work,
)
from simulator.app import create_app
from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.state import Simulator

BEGINS = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ATHLETE = 4_200_001
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LIMITS = (100, 1_000)  # what Strava grants a new application

# A read takes a second, and four workers share the waiting. A power of two, so that both clocks
# agree to the last bit.
READ_S = 0.25

# When an athlete finishes, in UTC. A minute's work has just been released at the full minutes.
FINISHES = ("00:00:02", "03:15:01", "09:00:30", "12:34:56", "18:00:02", "23:45:01", "23:57:30")

SETTINGS = {
    "PACELINE_ROOT": str(ROOT),
    "PACELINE_STRAVA_CLIENT_ID": "12345",
    "PACELINE_STRAVA_CLIENT_SECRET": "simulated-secret",
    "PACELINE_VERIFY_TOKEN": "virtual-verify-token",
    "PACELINE_WEBHOOK_SECRET": "virtual-webhook-secret",
}


class VirtualStrava(BaseAdapter):
    """The simulator's app behind `requests`, and the time that its answers take."""

    def __init__(self, config: SimulatorConfig, clock: ManualClock) -> None:
        super().__init__()
        self.clock = clock
        self.reads: Counter[str] = Counter()  # by day in UTC
        self.kinds: Counter[str] = Counter()  # by what was asked for
        self.runtime: LocalRuntime | None = None
        self._loop = asyncio.new_event_loop()
        self._clock = Clock(clock.now().timestamp(), speed=0.0)
        callback = httpx.MockTransport(self._receive)
        self._app = create_app(config, clock=self._clock, outgoing=callback)
        self.sim: Simulator = self._app.state.simulator
        self.sim.world.activities(ATHLETE)  # drawn here, not in a thread
        transport = httpx.ASGITransport(app=self._app)
        self._http = httpx.AsyncClient(transport=transport, base_url="https://www.strava.com")

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self._clock.advance(seconds)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request; it ends when every event that it caused has been received."""
        return self._loop.run_until_complete(self._ask(method, path, **request))

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        answer = await self._http.request(method, path, **request)
        while self.sim.sender.counters.pending:
            await asyncio.sleep(0)
        return answer

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """What `requests` calls in the place of the network."""
        path, method = request.path_url, str(request.method)
        is_read = method == "GET" and "push_subscriptions" not in path
        self.pass_time(READ_S / 2 if is_read else 0)
        if is_read:
            self.reads[f"{self.clock.now():%d %b}"] += 1
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


@dataclass
class Live:
    """An activity that was finished while the history came in."""

    at: datetime
    activity_id: int = 0
    took_s: float | None = None  # until it was in the marts, with its streams


@dataclass
class World:
    """Strava, our service, and the time that passes for both."""

    strava: VirtualStrava
    runtime: LocalRuntime
    lives: list[Live] = field(default_factory=list)
    _looked_at: datetime = BEGINS - DAY  # when reconcile ran last

    @property
    def now(self) -> datetime:
        return self.strava.clock.now()

    def connect(self) -> None:
        """What the athlete's click and `paceline subscribe create` do."""
        runtime = self.runtime
        consent = self.strava.ask("POST", "/_sim/authorize", json={"athlete_id": ATHLETE}).json()
        connect_athlete.connect(consent["code"], runtime.connecting)
        address = f"https://callback.localhost/{runtime.settings.webhook_secret}"
        runtime.subscription.ensure(address, runtime.settings.verify_token)

    def minute(self) -> None:
        """One minute as the service spends it."""
        ends = self.now + MINUTE
        bus, runtime = self.runtime.bus, self.runtime
        room = FETCH_QUEUE - bus.backlog("fetch_activity")
        if room > 0 and bus.backlog("load_silver") < LOAD_QUEUE:
            release_work.run(runtime.releasing, limit=room)
        if self.now - self._looked_at >= timedelta(seconds=runtime.settings.reconcile_s):
            self._looked_at = self.now
            reconcile.run(runtime.reconciling)
        self._work()
        while self.now < ends:
            finish = min((live.at for live in self.lives if not live.activity_id), default=ends)
            self.strava.pass_time((min(finish, ends) - self.now).total_seconds())
            self._work()

    def left(self) -> int:
        return self.runtime.ledger.counts()["parked"]

    def total(self) -> dict[str, Any]:
        """What a dashboard shows first."""
        self.runtime.warehouse.refresh()
        query = (
            "SELECT SUM(activities) AS activities, SUM(distance_m) AS distance_m "
            "FROM marts.daily_summary"
        )
        row: dict[str, Any] = self.runtime.warehouse.query(query).to_pylist()[0]
        return row

    def _work(self) -> None:
        bus = self.runtime.bus
        self._finish()
        while found := bus.pull("fetch_activity", 1):
            message = decode_event_message(found[0].data)
            fetch_activity.run(message, self.runtime.fetching)
            bus.ack(found[0])
            if message.reason == "webhook":
                self._load()
                self._see_live()
            self._finish()
        self._load()
        self._see_live()

    def _finish(self) -> None:
        """The athlete stops the watch, whatever we are doing."""
        for live in self.lives:
            if not live.activity_id and live.at <= self.now:
                order = {"athlete_id": ATHLETE, "duration_s": 1_800, "sport_type": "Ride"}
                created = self.strava.ask("POST", "/_sim/activities", json=order)
                live.activity_id = int(created.json()["id"])

    def _load(self) -> None:
        bus = self.runtime.bus
        while found := bus.pull("load_silver", LOAD_QUEUE):
            load_silver.load([decode_landed(each.data) for each in found], self.runtime.loading)
            self._ack(found)

    def _ack(self, found: Sequence[Delivery]) -> None:
        for delivery in found:
            self.runtime.bus.ack(delivery)

    def _see_live(self) -> None:
        waited = [live for live in self.lives if live.activity_id and live.took_s is None]
        if not waited:
            return
        self.runtime.warehouse.refresh()
        query = "SELECT has_streams FROM marts.activity_summary WHERE activity_id = @activity_id"
        for live in waited:
            found = self.runtime.warehouse.query(query, {"activity_id": live.activity_id})
            if found.to_pylist() == [{"has_streams": True}]:
                live.took_s = (self.now - live.at).total_seconds()


@contextmanager
def world(
    folder: Path, *, years: float, per_week: float, limits: tuple[int, int] = LIMITS
) -> Iterator[World]:
    clock = ManualClock(BEGINS)
    config = SimulatorConfig(
        years=years,
        activities_per_week=per_week,
        max_points=60,
        now_s=BEGINS.timestamp(),
        read_limits=limits,
        overall_limits=(2 * limits[0], 2 * limits[1]),
    )
    strava = VirtualStrava(config, clock)
    runtime = LocalRuntime(Settings.from_env(SETTINGS | {"PACELINE_HOME": str(folder)}))
    session = StravaSession(
        runtime.settings.strava_api_base, runtime.settings.strava_oauth_base
    )
    session.mount("https://www.strava.com", strava)
    runtime.built.update(clock=clock, ids=CountingIds(), session=session)
    strava.runtime = runtime
    try:
        yield World(strava, runtime)
    finally:
        runtime.close()


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        with world(Path(name), years=12*n/5000, per_week=9.5) as w:
            t0 = time.time()
            w.connect()
            w.lives = [Live(BEGINS.replace(hour=int(t[:2]), minute=int(t[3:5]), second=int(t[6:])) + DAY * d)
              for d in range(n//500 + 1) for t in FINISHES]
            w.lives = [x for x in w.lives if x.at > BEGINS]
            day = None
            while True:
                w.minute()
                if w.now.date() != day:
                    day = w.now.date()
                    print(w.now, w.left(), dict(w.strava.reads), dict(w.strava.kinds), w.strava.sim.quota.refused, round(time.time()-t0,1))
                if not w.left(): break
            print(w.now, w.total(), len(w.strava.sim.world.activities(ATHLETE)), w.strava.sim.traffic.report())
            for l in w.lives: print(l)
            print(time.time()-t0)
    

if __name__ == "__main__":
    main()
