"""Events on their way to the callback: a few attempts each, then lost for good."""

import asyncio
from dataclasses import asdict, dataclass

import httpx

from simulator.knobs import Dials
from simulator.subscription import SubscriptionDesk
from simulator.world import Activity

_AT_ONCE = 16
_OK = 200


@dataclass
class EventCounters:
    queued: int = 0
    delivered: int = 0
    lost: int = 0
    attempts: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self) | {"pending": self.queued - self.delivered - self.lost}


@dataclass(frozen=True, slots=True)
class Event:
    object_type: str
    object_id: int
    aspect_type: str
    owner_id: int
    event_time: int
    updates: dict[str, str]


def activity_events(
    before: Activity | None, after: Activity | None, scopes: tuple[str, ...], now_s: float
) -> list[Event]:
    """What an application with these scopes is told of a change (the documents' privacy table)."""
    sees_all = "activity:read_all" in scopes
    subject = after or before
    if subject is None or not (sees_all or "activity:read" in scopes):
        return []
    was_seen = before is not None and (sees_all or not before.private)
    is_seen = after is not None and (sees_all or not after.private)
    if not was_seen and not is_seen:
        return []
    updates: dict[str, str] = {}
    if was_seen and is_seen and before is not None and after is not None:
        aspect, updates = "update", _updates(before, after)
        if not updates:
            return []
    else:
        aspect = "create" if is_seen else "delete"
    return [Event("activity", subject.activity_id, aspect, subject.athlete_id, int(now_s), updates)]


def deauthorization(athlete_id: int, now_s: float) -> Event:
    return Event("athlete", athlete_id, "update", athlete_id, int(now_s), {"authorized": "false"})


def _updates(before: Activity, after: Activity) -> dict[str, str]:
    """Only title, type and privacy are told, and all as text."""
    updates: dict[str, str] = {}
    if before.name != after.name:
        updates["title"] = after.name
    if before.sport_type != after.sport_type:
        updates["type"] = after.sport_type
    if before.private != after.private:
        updates["private"] = "true" if after.private else "false"
    return updates


class WebhookSender:
    def __init__(self, desk: SubscriptionDesk, dials: Dials) -> None:
        self._desk = desk
        self._dials = dials
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self.counters = EventCounters()

    def send(self, client: httpx.AsyncClient, event: Event) -> None:
        """Queue it, if there is a subscription to send it to; the caller does not wait."""
        subscription = self._desk.current
        if subscription is None:
            return
        self.counters.queued += 1
        message = asdict(event) | {"subscription_id": subscription.subscription_id}
        task = asyncio.create_task(self._deliver(client, subscription.callback_url, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(
        self, client: httpx.AsyncClient, url: str, message: dict[str, object]
    ) -> None:
        for attempt in range(self._dials.knobs.webhook_attempts):
            if attempt:
                await asyncio.sleep(self._dials.knobs.webhook_gap_s)
            if await self._accepted(client, url, message):
                self.counters.delivered += 1
                return
        self.counters.lost += 1

    async def _accepted(
        self, client: httpx.AsyncClient, url: str, message: dict[str, object]
    ) -> bool:
        async with self._at_once:
            self.counters.attempts += 1
            try:
                async with asyncio.timeout(self._dials.knobs.webhook_timeout_s):
                    answer = await client.post(url, json=message)
            except (TimeoutError, httpx.HTTPError):
                return False
        return answer.status_code == _OK
