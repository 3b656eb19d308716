"""Events on their way to the callback: a few attempts each, then lost for good."""

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

import httpx

from simulator.clock import Clock
from simulator.deliveries import Attempt, Delivery, DeliveryLog, EventCounters, Signature
from simulator.events import Event
from simulator.knobs import Dials
from simulator.mischief import Fate, Forgery, Mischief
from simulator.signing import SIGNATURE_HEADER, signature
from simulator.subscription import Subscription, SubscriptionDesk

_AT_ONCE = 16
_MOST_PENDING = 10_000
_OK = 200


@dataclass(slots=True)
class _Hold:
    """Ends when so many later events have left, or when its time is over."""

    behind: int
    over: asyncio.Future[None]


class WebhookSender:
    """Waits are simulated time and cost no connection; the answer's time limit is real."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        clock: Clock,
        desk: SubscriptionDesk,
        dials: Dials,
        mischief: Mischief,
    ) -> None:
        self._client = client
        self._clock = clock
        self._desk = desk
        self._dials = dials
        self._mischief = mischief
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._holds: dict[int, _Hold] = {}
        self.log = DeliveryLog()
        self.counters = EventCounters()

    def send(self, event: Event) -> None:
        """Queue it, if there is a subscription to send it to; the caller does not wait."""
        subscription = self._desk.current
        if subscription is None:
            return
        self.counters.queued += 1
        fate = self._mischief.fate(self.counters.queued)
        message = asdict(event) | {"subscription_id": subscription.subscription_id}
        delivery = self.log.open("real", subscription.callback_url, message, fate.dice)
        if fate.dropped or self.counters.pending >= _MOST_PENDING:
            self.counters.dropped += 1
            delivery.state = "dropped"
        else:
            self._start(self._deliver(delivery, fate, self._clock.now_s() + fate.delay_s))
        if fate.forged is not None and self.counters.pending < _MOST_PENDING:
            signed: Signature = Random(fate.dice + "/signed").choice(("none", "wrong"))
            self._forge(subscription, fate.forged, f"{fate.dice}/forged", signed, {})

    def forge_by_hand(
        self, forgery: Forgery, changes: dict[str, Any], signed: Signature
    ) -> Delivery | None:
        """None when there is nowhere to post it to."""
        subscription = self._desk.current
        if subscription is None or self.counters.pending >= _MOST_PENDING:
            return None
        dice = self._mischief.dice_by_hand()
        return self._forge(subscription, forgery, dice, signed, changes)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _forge(
        self,
        subscription: Subscription,
        forgery: Forgery,
        dice: str,
        signed: Signature,
        changes: dict[str, Any],
    ) -> Delivery:
        now_s = self._clock.now_s()
        message = self._mischief.forge(forgery, dice, subscription.subscription_id, now_s)
        url = subscription.callback_url
        delivery = self.log.open("forged", url, message | changes, dice)
        delivery.signature = signed
        self.counters.forged += 1
        self._start(self._post_once(delivery))
        return delivery

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.counters.pending += 1
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.counters.pending -= 1

    async def _deliver(self, delivery: Delivery, fate: Fate, leaves_s: float) -> None:
        await self._clock.wait_until(leaves_s)
        if fate.behind:
            await self._hold(delivery, fate.behind, leaves_s + fate.hold_s)
        if not await self._accepted(delivery):
            self.counters.lost += 1
            return
        self.counters.delivered += 1
        if fate.doubled:
            # As if the 200 had not been seen: the next attempt comes when it would have come.
            dice = f"{fate.dice}/duplicate"
            copy = self.log.open("duplicate", delivery.url, delivery.message, dice)
            self.counters.duplicated += 1
            await self._clock.wait_until(self._next_s(delivery))
            await self._accepted(copy)

    async def _hold(self, delivery: Delivery, behind: int, until_s: float) -> None:
        delivery.state = "held"
        self.counters.held += 1
        over = self._clock.alarm(until_s)
        self._holds[delivery.number] = _Hold(behind, over)
        try:
            await over
        finally:
            del self._holds[delivery.number]
        delivery.state = "waiting"

    def _has_left(self, delivery: Delivery) -> None:
        for number, hold in self._holds.items():
            if number < delivery.number:
                hold.behind -= 1
                if hold.behind <= 0 and not hold.over.done():
                    hold.over.set_result(None)

    async def _accepted(self, delivery: Delivery) -> bool:
        while len(delivery.attempts) < self._dials.knobs.webhook_attempts:
            if delivery.attempts:
                await self._clock.wait_until(self._next_s(delivery))
            answer = await self._post(delivery)
            if len(delivery.attempts) == 1 and delivery.kind == "real":
                self._has_left(delivery)
            if answer == _OK:
                delivery.state = "delivered"
                return True
        delivery.state = "lost"
        return False

    def _next_s(self, delivery: Delivery) -> float:
        return delivery.attempts[-1].at_s + self._dials.knobs.webhook_gap_s

    async def _post_once(self, delivery: Delivery) -> None:
        answer = await self._post(delivery)
        delivery.state = "delivered" if answer == _OK else "lost"

    async def _post(self, delivery: Delivery) -> int | str:
        """The status of the answer, or the name of what kept it from coming."""
        async with self._at_once:
            self.counters.attempts += 1
            at_s = self._clock.now_s()
            answer = await self._answer(delivery, at_s)
        delivery.attempts.append(Attempt(at_s, answer))
        return answer

    async def _answer(self, delivery: Delivery, now_s: float) -> int | str:
        body = delivery.body
        headers = {"Content-Type": "application/json"} | self._signed(delivery, body, now_s)
        try:
            async with asyncio.timeout(self._dials.knobs.webhook_timeout_s):
                answer = await self._client.post(
                    delivery.url, content=body, headers=headers, timeout=None
                )
        except (TimeoutError, httpx.HTTPError, OSError) as error:
            return type(error).__name__
        return answer.status_code

    def _signed(self, delivery: Delivery, body: bytes, now_s: float) -> dict[str, str]:
        knobs = self._dials.knobs
        kind = delivery.signature
        if kind == "usual":
            # Drawn for each attempt, so that a receiver that checks gets the event in the end.
            draw = Random(f"{delivery.dice}/{len(delivery.attempts)}").random()
            kind = "wrong" if draw < knobs.false_signature_share else "right"
        if kind == "none" or not knobs.signing_secret:
            return {}
        secret = knobs.signing_secret if kind == "right" else f"not {knobs.signing_secret}"
        return {SIGNATURE_HEADER: signature(secret, body, now_s)}
