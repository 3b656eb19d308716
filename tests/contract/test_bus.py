"""What every bus promises to those who publish, and about what was given up on."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

import pytest
from google.pubsub_v1 import ReceivedMessage, SubscriberClient

from paceline.adapters.gcp.pubsub import Names, PubSubPublisher
from paceline.adapters.gcp.pubsub_dead_letters import PubSubDeadLetters, subscriber_client
from paceline.adapters.gcp.pubsub_topology import Delivering, create_bus
from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.model.routes import Subscription
from paceline.ports import Bus, DeadLetters, Publisher
from tests.emulators import use

SUBSCRIPTIONS = (
    Subscription("fetch", "events", {"object_type": "activity"}),
    Subscription("audit", "events"),
    Subscription("load", "landed"),
)
MAX_ATTEMPTS = 5  # Pub/Sub takes no less
BACKOFF_MAX_S = 40


@dataclass(frozen=True)
class Received:
    """One delivery, as far as every bus tells."""

    message_id: str
    data: bytes
    attributes: dict[str, str]


class BusRig(Protocol):
    """A bus with SUBSCRIPTIONS, and somebody who consumes."""

    @property
    def publisher(self) -> Publisher: ...

    @property
    def dead(self) -> DeadLetters: ...

    def receive(self, subscription: str) -> Sequence[Received]:
        """Acknowledge everything that waits."""

    def give_up_on_all(self, subscription: str) -> None:
        """Attempt everything that waits as often as the bus allows."""


@dataclass(frozen=True)
class SqliteRig:
    bus: Bus
    clock: ManualClock

    @property
    def publisher(self) -> Publisher:
        return self.bus

    @property
    def dead(self) -> DeadLetters:
        return self.bus

    def receive(self, subscription: str) -> Sequence[Received]:
        found = self.bus.pull(subscription, 100)
        assert all(self.bus.ack(each) for each in found)
        return [Received(each.message_id, each.data, dict(each.attributes)) for each in found]

    def give_up_on_all(self, subscription: str) -> None:
        for _ in range(MAX_ATTEMPTS):
            for each in self.bus.pull(subscription, 100):
                self.bus.nack(each, "it failed")
            self.clock.advance(BACKOFF_MAX_S)


@dataclass(frozen=True)
class PubSubRig:
    """The emulator keeps no filter: our functions do (runtime/push.py), and so does this."""

    publisher: PubSubPublisher
    dead: PubSubDeadLetters
    client: SubscriberClient
    names: Names

    def receive(self, subscription: str) -> Sequence[Received]:
        found: list[Received] = []
        name = self.names.subscription(subscription)
        while pulled := self._pull(subscription):
            self.client.acknowledge(subscription=name, ack_ids=[each.ack_id for each in pulled])
            messages = [each.message for each in pulled]
            found += [Received(m.message_id, m.data, dict(m.attributes)) for m in messages]
        (takes,) = (each.takes for each in SUBSCRIPTIONS if each.name == subscription)
        (topic,) = (each.topic for each in SUBSCRIPTIONS if each.name == subscription)
        return [each for each in found if takes(topic, each.attributes)]

    def give_up_on_all(self, subscription: str) -> None:
        """The emulator buries a message when it would deliver it once too often."""
        name = self.names.subscription(subscription)
        while pulled := self._pull(subscription):
            ack_ids = [each.ack_id for each in pulled]
            self.client.modify_ack_deadline(
                subscription=name, ack_ids=ack_ids, ack_deadline_seconds=0
            )

    def _pull(self, subscription: str) -> Sequence[ReceivedMessage]:
        """The emulator says that there is nothing shortly before the time is up."""
        name = self.names.subscription(subscription)
        answer = self.client.pull(subscription=name, max_messages=100, timeout=1.5)
        return list(answer.received_messages)


@pytest.fixture(params=["sqlite", "pubsub"])
def rig(
    request: pytest.FixtureRequest, project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BusRig]:
    if request.param == "sqlite":
        database: Database = request.getfixturevalue("database")
        clock: ManualClock = request.getfixturevalue("clock")
        bus = SqliteBus(
            database,
            SUBSCRIPTIONS,
            clock,
            CountingIds(),
            max_attempts=MAX_ATTEMPTS,
            backoff_max_s=BACKOFF_MAX_S,
        )
        yield SqliteRig(bus, clock)
        return
    use(request.getfixturevalue("pubsub_emulator"), monkeypatch)
    delivering = Delivering(ack_within_s=10, max_attempts=MAX_ATTEMPTS, backoff_s=None)
    create_bus(project, "paceline-test", {}, SUBSCRIPTIONS, delivering)
    with ExitStack() as stack:
        publisher = PubSubPublisher(project, "paceline-test", SUBSCRIPTIONS, within_s=20)
        stack.callback(publisher.close)
        dead = PubSubDeadLetters(project, "paceline-test", publisher, SUBSCRIPTIONS, quiet_s=1)
        stack.callback(dead.close)
        client = stack.enter_context(subscriber_client())
        yield PubSubRig(publisher, dead, client, Names(project, "paceline-test"))


def give_up(rig: BusRig, *messages: bytes) -> None:
    """Publish these to `load`, and let all attempts fail."""
    for data in messages:
        rig.publisher.publish("landed", data, {"trace": "t1"})
    rig.give_up_on_all("load")


def test_a_message_arrives_as_it_was_published(rig: BusRig) -> None:
    every_byte, attributes = bytes(range(256)), {"trace": "zürich", "empty": ""}
    message_id = rig.publisher.publish("landed", every_byte, attributes)
    assert rig.receive("load") == [Received(message_id, every_byte, attributes)]
    assert rig.receive("load") == []


def test_a_message_without_data_arrives_too(rig: BusRig) -> None:
    rig.publisher.publish("landed", b"", {"trace": "t1"})
    assert [each.data for each in rig.receive("load")] == [b""]


def test_a_large_message_with_long_attributes_arrives_whole(rig: BusRig) -> None:
    data, attributes = b"\x00\xff" * 500_000, {"k" * 256: "v" * 1_024}
    rig.publisher.publish("landed", data, attributes)
    (received,) = rig.receive("load")
    assert (received.data, received.attributes) == (data, attributes)


def test_each_subscription_of_the_topic_has_its_own_copy(rig: BusRig) -> None:
    message_id = rig.publisher.publish("events", b"x", {"object_type": "activity"})
    (fetch,) = rig.receive("fetch")
    (audit,) = rig.receive("audit")
    assert fetch.message_id == audit.message_id == message_id
    assert rig.receive("load") == []


def test_a_subscription_gets_only_messages_with_its_attributes(rig: BusRig) -> None:
    activity = {"object_type": "activity", "aspect_type": "create"}
    rig.publisher.publish("events", b"athlete", {"object_type": "athlete"})
    rig.publisher.publish("events", b"activity", activity)
    assert [each.data for each in rig.receive("fetch")] == [b"activity"]
    assert {each.data for each in rig.receive("audit")} == {b"athlete", b"activity"}


def test_a_topic_nobody_listens_to_is_a_mistake_of_the_caller(rig: BusRig) -> None:
    with pytest.raises(ValueError, match="evnets"):
        rig.publisher.publish("evnets", b"x", {})


def test_after_the_last_attempt_it_is_a_dead_letter_with_all_it_had(rig: BusRig) -> None:
    give_up(rig, b"\x00bad")
    (dead,) = rig.dead.dead_letters("load")
    assert dead.subscription == "load"
    assert dead.data == b"\x00bad"
    assert dead.attributes == {"trace": "t1"}
    assert dead.attempts == MAX_ATTEMPTS
    assert dead.reason
    assert rig.receive("load") == []


def test_dead_letters_are_listed_oldest_first_as_often_as_one_asks(rig: BusRig) -> None:
    give_up(rig, b"1")
    give_up(rig, b"2")
    first = rig.dead.dead_letters("load")
    assert [dead.data for dead in first] == [b"1", b"2"]
    assert rig.dead.dead_letters("load") == first
    assert list(rig.dead.dead_letters("fetch")) == []


def test_a_dead_letter_that_is_replayed_is_delivered_as_it_was_and_forgotten(rig: BusRig) -> None:
    give_up(rig, b"1", b"2")
    one, other = rig.dead.dead_letters("load")
    assert rig.dead.replay("load", [one.message_id, "unknown"]) == 1
    assert rig.dead.dead_letters("load") == [other]
    (again,) = rig.receive("load")
    assert again.data == one.data
    assert {"trace": "t1"}.items() <= again.attributes.items()


def test_all_are_replayed_once_and_with_all_attempts_before_them(rig: BusRig) -> None:
    give_up(rig, b"1", b"2")
    assert rig.dead.replay("load") == 2
    assert rig.dead.replay("load") == 0
    assert list(rig.dead.dead_letters("load")) == []
    rig.give_up_on_all("load")
    dead = rig.dead.dead_letters("load")
    assert {(each.data, each.attempts) for each in dead} == {
        (b"1", MAX_ATTEMPTS),
        (b"2", MAX_ATTEMPTS),
    }


def test_a_subscription_nobody_defined_is_a_mistake_of_the_caller(rig: BusRig) -> None:
    with pytest.raises(ValueError, match="laod"):
        rig.dead.dead_letters("laod")
    with pytest.raises(ValueError, match="laod"):
        rig.dead.replay("laod")
