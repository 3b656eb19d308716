"""A history of thousands of activities over Strava's own quota, in virtual time.

The steps over their real local adapters, and the simulator's app in this process. The service's
threads are one loop here: each minute release_work and reconcile, then fetch_activity a message,
and load_silver. Both clocks are moved by hand: reads take a second, our own work takes no time.

`python benchmarks/quota.py 5000` lives through ten days in about four minutes.
"""

import asyncio
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
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
from paceline.cli.truth import differences
from paceline.model.event import decode_event_message
from paceline.model.landed import decode_landed
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
from paceline.steps.release_work import READS_PER_ACTIVITY
from simulator.app import create_app
from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.state import Simulator
from simulator.world import Activity

BEGINS = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ATHLETE = 4_200_001
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LIMITS = (100, 1_000)  # what Strava grants a new application

# A read takes a second, and four workers share the waiting. A sum of powers of two, so that both
# clocks agree to the last bit.
READ_S = 0.25

# When the athlete stops the watch, in UTC: soon after a full minute, when work has just been
# released, and when a day's reads are nearly used up.
FINISHES = ("00:00:02", "03:15:01", "09:00:30", "12:34:56", "18:00:02", "23:45:01", "23:58:30")
LAST = time.fromisoformat(FINISHES[-1])

HISTORY, SHORTER_HISTORY = 1_500, 3_000
YEARS_AN_ACTIVITY, PER_WEEK = 12 / 5_000, 9.5  # of the simulated athlete, nearly

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


@dataclass
class Live:
    """An activity that was finished while the history came in."""

    at: datetime
    activity_id: int = 0
    took_s: float | None = None  # until its streams were loaded; the marts follow every few seconds


@dataclass
class World:
    """Strava, our service, and the time that passes for both."""

    strava: VirtualStrava
    runtime: LocalRuntime
    lives: list[Live] = field(default_factory=list)

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
        self.release()
        reconcile.run(self.runtime.reconciling)
        self._work()
        while self.now < ends:
            finish = min((live.at for live in self.lives if not live.activity_id), default=ends)
            self.strava.pass_time((min(finish, ends) - self.now).total_seconds())
            self._work()

    def release(self) -> None:
        bus = self.runtime.bus
        room = FETCH_QUEUE - bus.backlog("fetch_activity")
        if room > 0 and bus.backlog("load_silver") < LOAD_QUEUE:
            release_work.run(self.runtime.releasing, limit=room)

    def left(self) -> int:
        """How much is still to be fetched."""
        return self.runtime.ledger.counts()["parked"]

    def build(self) -> None:
        self._load()
        self.runtime.warehouse.refresh()

    def totals(self) -> tuple[int, float]:
        """Activities and metres of the history, as a dashboard shows them first."""
        self.build()
        query = "SELECT SUM(activities) AS n, SUM(distance_m) AS m FROM marts.daily_summary"
        (row,) = self.runtime.warehouse.query(query).to_pylist()
        return int(row["n"] or 0), float(row["m"] or 0.0)

    def _work(self) -> None:
        bus = self.runtime.bus
        self._finish()
        while found := bus.pull("fetch_activity", 1):
            fetch_activity.run(decode_event_message(found[0].data), self.runtime.fetching)
            bus.ack(found[0])
            self._see_live()
            self._finish()
        if bus.backlog("load_silver") >= LOAD_QUEUE // 2:
            self._load()

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
            for delivery in found:
                bus.ack(delivery)

    def _see_live(self) -> None:
        """Is it loaded? Looked up as soon as it was fetched."""
        for live in self.lives:
            if not live.activity_id or live.took_s is not None:
                continue
            entry = self.runtime.ledger.get(live.activity_id)
            if entry and entry.state == "fetched":
                self._load()
                query = "SELECT chunk FROM landing.streams WHERE activity_id = @id"
                if len(self.runtime.warehouse.query(query, {"id": live.activity_id})):
                    live.took_s = (self.now - live.at).total_seconds()


@contextmanager
def world(activities: int, limits: tuple[int, int] = LIMITS) -> Iterator[World]:
    """An athlete with about so many activities, who has not connected yet."""
    clock = ManualClock(BEGINS)
    config = SimulatorConfig(
        years=YEARS_AN_ACTIVITY * activities,
        activities_per_week=PER_WEEK,
        max_points=60,
        now_s=BEGINS.timestamp(),
        read_limits=limits,
        overall_limits=(2 * limits[0], 2 * limits[1]),
    )
    strava = VirtualStrava(config, clock)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        runtime = LocalRuntime(Settings.from_env(SETTINGS | {"PACELINE_HOME": folder}))
        settings = runtime.settings
        session = StravaSession(settings.strava_api_base, settings.strava_oauth_base)
        session.mount("https://www.strava.com", strava)
        runtime.built.update(clock=clock, ids=CountingIds(), session=session)
        strava.runtime = runtime
        try:
            yield World(strava, runtime)
        finally:
            runtime.close()


@dataclass(frozen=True)
class Figures:
    """What a history took."""

    activities: int
    took: timedelta
    promised: timedelta  # when it was listed
    kinds: Counter[str]
    shares: Sequence[float]  # of a day's reads, of each day at whose end work was left
    refused: int  # calls over the quota
    lives: Sequence[Live]


def imported(world: World, limits: tuple[int, int] = LIMITS) -> Figures:
    """Connect, and live on until everything is there, with an activity now and then."""
    world.connect()
    world.release()
    promised = world.runtime.budget.done_at(READS_PER_ACTIVITY * world.left())
    shares: list[float] = []
    while world.left():
        today = world.now.date()
        world.lives += [live for live in _lives(today) if live.at > world.now]
        while world.now.date() == today and world.left():
            for _ in range(HOUR // MINUTE):
                world.minute()
        if world.left():
            shares.append(world.strava.reads[today] / limits[1])
    return Figures(
        activities=len(world.strava.history()),
        took=world.now - BEGINS,
        promised=promised - BEGINS,
        kinds=world.strava.kinds,
        shares=shares,
        refused=world.strava.sim.quota.refused,
        lives=[live for live in world.lives if live.activity_id],
    )


def _lives(day: date) -> list[Live]:
    return [Live(datetime.combine(day, time.fromisoformat(each), UTC)) for each in FINISHES]


def reads_to_first_totals(world: World) -> int:
    """From the athlete's click to the totals of the whole history on the dashboard."""
    world.connect()
    world.release()
    history = world.strava.history()
    activities, distance_m = world.totals()
    if activities != len(history):
        raise RuntimeError(f"the dashboard shows {activities} of {len(history)} activities")
    if abs(distance_m - sum(each.figures.distance_m for each in history)) > len(history):
        raise RuntimeError(f"the dashboard shows {distance_m} m")
    return sum(world.strava.kinds.values())


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else HISTORY
    with world(SHORTER_HISTORY) as short:
        reads = reads_to_first_totals(short)
        count = len(short.strava.history())
        print(f"quota: connect to first totals of {count} activities: {reads} reads (at most 30)")
    with world(wanted) as whole:
        report(imported(whole))
        whole.build()
        truth = whole.strava.ask("GET", "/_sim/truth").json()
        faults = differences(truth, whole.runtime.marts_path)
        print(f"quota: {len(faults)} differences between the marts and Strava (none)")


def report(found: Figures) -> None:
    kinds, count = found.kinds, found.activities
    each = (kinds["detail"] + kinds["streams"]) / count
    took_s = [live.took_s or float("inf") for live in found.lives]
    late = [s for live, s in zip(found.lives, took_s, strict=True) if live.at.time() == LAST]
    print(f"quota: {count} activities at {LIMITS[0]} reads a quarter and {LIMITS[1]} a day:")
    print(f"quota: {found.took / DAY:.1f} days, promised {found.promised / DAY:.1f}")
    print(f"quota: {kinds.total()} reads, {each:.2f} an activity (at most 2.0), besides", end=" ")
    print(f"{kinds['list']} of lists and {kinds['profile']} of profiles")
    print(f"quota: of the days at whose end work was left, {len(found.shares)}:", end=" ")
    print(f"{statistics.mean(found.shares):.1%} of the reads used (at least 99 %)")
    print(f"quota: {found.refused} calls over the quota, each a 429 (none)")
    print(f"quota: {len(took_s)} live activities are loaded after {statistics.median(took_s)} s,")
    print(f"quota: at most {max(took_s)} s; before midnight at most {max(late)} s (virtual)")


if __name__ == "__main__":
    main()
