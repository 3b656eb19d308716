"""The bus against a model that fits in a page, over every order of events."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.model.routes import Subscription
from paceline.ports import Delivery

LEASE_S, MAX_ATTEMPTS, BACKOFF_MIN_S, BACKOFF_MAX_S = 60, 3, 10, 15
Q = Subscription("q", "topic")


@dataclass
class Message:
    """What the model knows of one message."""

    due: datetime
    where: Literal["queue", "leased", "acked", "dead"] = "queue"
    attempts: int = 0
    lease: str = ""


class BusMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock(datetime(2024, 6, 1, tzinfo=UTC))
        self.database = Database(Path(self.folder.name) / "paceline.db")
        self.bus = SqliteBus(
            self.database,
            [Q],
            self.clock,
            CountingIds(),
            lease_s=LEASE_S,
            max_attempts=MAX_ATTEMPTS,
            backoff_min_s=BACKOFF_MIN_S,
            backoff_max_s=BACKOFF_MAX_S,
            jitter=lambda: 1.0,
        )
        self.messages: dict[str, Message] = {}
        self.handed_out: list[Delivery] = []

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @rule(count=st.integers(1, 3))
    def publish(self, count: int) -> None:
        for _ in range(count):
            message_id = self.bus.publish("topic", b"x", {})
            assert message_id not in self.messages
            self.messages[message_id] = Message(due=self.clock.now())

    @rule(limit=st.integers(1, 4))
    def pull(self, limit: int) -> None:
        expected = self._expect_pull(limit)
        deliveries = self.bus.pull("q", limit)
        assert [delivery.message_id for delivery in deliveries] == expected
        for delivery in deliveries:
            message = self.messages[delivery.message_id]
            assert delivery.attempt == message.attempts
            message.lease = delivery.lease
        self.handed_out.extend(deliveries)

    @rule()
    def pull_and_die(self) -> None:
        """A worker that takes all it can and is never heard of again."""
        self.pull(100)
        self.clock.advance(LEASE_S)

    def _expect_pull(self, limit: int) -> Sequence[str]:
        now = self.clock.now()
        waiting = [m for m in self.messages.items() if m[1].where in {"queue", "leased"}]
        taken: list[str] = []
        for message_id, message in sorted(waiting, key=lambda item: item[1].due):
            if message.due > now or len(taken) == limit:
                break
            if message.attempts == MAX_ATTEMPTS:
                message.where = "dead"
                continue
            message.where, message.attempts = "leased", message.attempts + 1
            message.due = now + timedelta(seconds=LEASE_S)
            taken.append(message_id)
        return taken

    @precondition(lambda self: self.handed_out)
    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        delivery = data.draw(st.sampled_from(self.handed_out))
        held = self._holds(delivery)
        assert self.bus.ack(delivery) is held
        if held:
            self.messages[delivery.message_id].where = "acked"

    @precondition(lambda self: self.handed_out)
    @rule(data=st.data())
    def nack(self, data: st.DataObject) -> None:
        delivery = data.draw(st.sampled_from(self.handed_out))
        held = self._holds(delivery)
        self.bus.nack(delivery, "failed")
        message = self.messages[delivery.message_id]
        if held and message.attempts == MAX_ATTEMPTS:
            message.where = "dead"
        elif held:
            pause_s = min(BACKOFF_MAX_S, BACKOFF_MIN_S * 2 ** (message.attempts - 1))
            message.where, message.lease = "queue", ""
            message.due = self.clock.now() + timedelta(seconds=pause_s)

    def _holds(self, delivery: Delivery) -> bool:
        message = self.messages[delivery.message_id]
        return message.where == "leased" and message.lease == delivery.lease

    @rule(seconds=st.sampled_from([0.001, 10, 15, 59.999, 60]))
    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @precondition(lambda self: any(m.where == "dead" for m in self.messages.values()))
    @rule()
    def replay(self) -> None:
        dead = [message for message in self.messages.values() if message.where == "dead"]
        assert self.bus.replay("q") == len(dead)
        for message in dead:
            message.where, message.attempts, message.due = "queue", 0, self.clock.now()

    @invariant()
    def every_message_is_in_exactly_one_place(self) -> None:
        dead = [letter.message_id for letter in self.bus.dead_letters("q")]
        with self.database.reading() as connection:
            rows = connection.execute("SELECT message_id, lease IS NOT NULL FROM messages")
            live = {message_id: "leased" if leased else "queue" for message_id, leased in rows}
        assert self.bus.backlog("q") == len(live)
        found = {**live, **dict.fromkeys(dead, "dead")}
        assert len(found) == len(live) + len(dead)
        assert found == {i: m.where for i, m in self.messages.items() if m.where != "acked"}


TestBusAgainstItsModel = BusMachine.TestCase
TestBusAgainstItsModel.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, derandomize=True, database=None
)
