"""The steps over their local adapters beside a virtual Strava: the threads are one loop."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.virtual.strava import ATHLETE, VirtualStrava
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.strava.session import StravaSession
from paceline.model.event import decode_event_message
from paceline.model.landed import decode_landed
from paceline.runtime.local import LocalRuntime
from paceline.runtime.service import FETCH_QUEUE, LOAD_QUEUE
from paceline.runtime.settings import Settings
from paceline.steps import connect_athlete, fetch_activity, load_silver, reconcile, release_work
from simulator.config import SimulatorConfig

ROOT = Path(__file__).parents[2]
BEGINS = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMITS = (100, 1_000)  # what Strava grants a new application

YEARS_AN_ACTIVITY, PER_WEEK = 12 / 5_000, 9.5  # of the simulated athlete, nearly

SETTINGS = {
    "PACELINE_ROOT": str(ROOT),
    "PACELINE_STRAVA_CLIENT_ID": "12345",
    "PACELINE_STRAVA_CLIENT_SECRET": "simulated-secret",
    "PACELINE_VERIFY_TOKEN": "virtual-verify-token",
    "PACELINE_WEBHOOK_SECRET": "virtual-webhook-secret",
}


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
