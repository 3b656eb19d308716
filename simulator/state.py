"""Everything one simulator holds, and the few things that touch several parts of it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import Request

from simulator.athletes import Athlete
from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.detail import summary
from simulator.events import activity_events, deauthorization
from simulator.grants import Grants
from simulator.knobs import Dials
from simulator.mishaps import Mishaps
from simulator.profiles import Profiles
from simulator.quota import Quota
from simulator.recorded_wire import recorded_summary
from simulator.records import Ledger, Records
from simulator.subscription import SubscriptionDesk
from simulator.traffic import Traffic
from simulator.webhooks import WebhookSender
from simulator.wire_streams import Parts, StreamCache, encode_streams
from simulator.world import Activity, Edit, NewActivity, World


@dataclass
class Simulator:
    config: SimulatorConfig
    clock: Clock
    dials: Dials
    world: World
    grants: Grants
    quota: Quota
    mishaps: Mishaps
    desk: SubscriptionDesk
    sender: WebhookSender
    client: httpx.AsyncClient
    traffic: Traffic = field(default_factory=Traffic)
    cache: StreamCache = field(default_factory=StreamCache)
    profiles: Profiles = field(default_factory=Profiles)
    records: Records = field(default_factory=Records)
    _drawing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def drawn(self, athlete_id: int) -> None:
        """Comes back when the history is there; meanwhile the event loop serves others."""
        if self.world.athlete(athlete_id) is None or self.world.is_drawn(athlete_id):
            return
        async with self._drawing:
            await asyncio.to_thread(self.world.activities, athlete_id)

    def ledger(self, athlete: Athlete) -> Ledger:
        return self.records.of(athlete, self.world.activities(athlete.athlete_id))

    def summary(self, activity: Activity) -> dict[str, Any]:
        """The row of a list, for an owner who shows all of it."""
        owner = self.world.owner(activity)
        if activity.recording is not None:
            return recorded_summary(owner, activity, activity.recording)
        return summary(owner, activity, self.ledger(owner).standing(activity))

    def create(self, new: NewActivity) -> Activity:
        activity = self.world.create(new, self.clock.now_s())
        self._tell(None, activity)
        return activity

    def edit(self, activity: Activity, edit: Edit) -> Activity:
        changed = self.world.edit(activity, edit)
        self._tell(activity, changed)
        return changed

    def delete(self, activity: Activity) -> None:
        self.world.delete(activity)
        self._tell(activity, None)

    def restore(self, activity_id: int) -> Activity | None:
        """A deleted activity comes back under its id, which looks like a new one."""
        activity = self.world.restore(activity_id)
        self._tell(None, activity)
        return activity

    def revoke(self, token: str) -> bool:
        """False for a token that was not alive."""
        athlete_id = self.grants.revoke(token, self.clock.now_s())
        if athlete_id is None:
            return False
        self.sender.send(deauthorization(athlete_id, self.clock.now_s()))
        return True

    def disconnect(self, athlete_id: int) -> bool:
        """False for an athlete who was not connected."""
        connected = self.grants.end(athlete_id)
        if connected:
            self.sender.send(deauthorization(athlete_id, self.clock.now_s()))
        return connected

    def stream_parts(self, activity: Activity) -> Parts:
        key = (activity.activity_id, activity.cropped_s, activity.stretch)
        parts = self.cache.get(key)
        if parts is None:
            parts = encode_streams(self.world.streams(activity), activity.case)
            self.cache.put(key, parts)
        return parts

    def _tell(self, before: Activity | None, after: Activity | None) -> None:
        subject = after or before
        if subject is None:
            return
        scopes = self.grants.scopes_of(subject.athlete_id)
        for event in activity_events(before, after, scopes, self.clock.now_s()):
            self.sender.send(event)


def simulator_of(request: Request) -> Simulator:
    found = request.app.state.simulator
    if not isinstance(found, Simulator):
        raise TypeError("this app was not made by create_app")
    return found
