"""Everything one simulator holds, and the few things that touch several parts of it."""

from dataclasses import dataclass, field

import httpx
from starlette.requests import Request

from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.grants import Grants
from simulator.knobs import Dials
from simulator.quota import Quota
from simulator.subscription import SubscriptionDesk
from simulator.traffic import Traffic
from simulator.webhooks import WebhookSender, activity_events, deauthorization
from simulator.wire_streams import Parts, StreamCache, encode_streams
from simulator.world import Activity, Edit, World


@dataclass
class Simulator:
    config: SimulatorConfig
    clock: Clock
    dials: Dials
    world: World
    grants: Grants
    quota: Quota
    desk: SubscriptionDesk
    sender: WebhookSender
    client: httpx.AsyncClient
    traffic: Traffic = field(default_factory=Traffic)
    cache: StreamCache = field(default_factory=StreamCache)

    def create(
        self, athlete_id: int, duration_s: int, sport: str | None = None, name: str | None = None
    ) -> Activity:
        activity = self.world.create(athlete_id, self.clock.now_s(), duration_s, sport, name)
        self._tell(None, activity)
        return activity

    def edit(self, activity: Activity, edit: Edit) -> Activity:
        changed = self.world.edit(activity, edit)
        self._tell(activity, changed)
        return changed

    def delete(self, activity: Activity) -> None:
        self.world.delete(activity)
        self._tell(activity, None)

    def revoke(self, token: str) -> bool:
        """False for a token that was not alive."""
        athlete_id = self.grants.revoke(token)
        if athlete_id is None:
            return False
        self.sender.send(self.client, deauthorization(athlete_id, self.clock.now_s()))
        return True

    def stream_parts(self, activity: Activity) -> Parts:
        key = (activity.activity_id, activity.cropped_s, activity.stretch)
        parts = self.cache.get(key)
        if parts is None:
            parts = encode_streams(self.world.streams(activity))
            self.cache.put(key, parts)
        return parts

    def _tell(self, before: Activity | None, after: Activity | None) -> None:
        subject = after or before
        if subject is None:
            return
        scopes = self.grants.scopes_of(subject.athlete_id)
        for event in activity_events(before, after, scopes, self.clock.now_s()):
            self.sender.send(self.client, event)


def simulator_of(request: Request) -> Simulator:
    found = request.app.state.simulator
    if not isinstance(found, Simulator):
        raise TypeError("this app was not made by create_app")
    return found
