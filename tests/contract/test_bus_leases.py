"""What a bus promises to those who pull: the one on a laptop, for Pub/Sub pushes by itself."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.model.routes import Subscription
from paceline.ports import Bus, Delivery

SUBSCRIPTIONS = (
    Subscription("fetch", "events", {"object_type": "activity"}),
    Subscription("audit", "events"),
    Subscription("load", "landed"),
)
LEASE_S = 60
MAX_ATTEMPTS = 3
BACKOFF_MAX_S = 40


@dataclass(frozen=True)
class BusRig:
    """A bus with SUBSCRIPTIONS and the limits above, and a way to let time pass."""

    bus: Bus
    pass_time: Callable[[float], None]

    def publish(self, data: bytes = b"x") -> str:
        return self.bus.publish("landed", data, {})

    def pull_one(self) -> Delivery:
        (delivery,) = self.bus.pull("load", 10)
        return delivery

    def give_up_on_one(self) -> Delivery:
        for _ in range(MAX_ATTEMPTS):
            delivery = self.pull_one()
            self.bus.nack(delivery, f"attempt {delivery.attempt} failed")
            self.pass_time(BACKOFF_MAX_S)
        return delivery


@pytest.fixture(params=["sqlite"])
def rig(request: pytest.FixtureRequest, database: Database, clock: ManualClock) -> BusRig:
    bus = SqliteBus(
        database,
        SUBSCRIPTIONS,
        clock,
        CountingIds(),
        lease_s=LEASE_S,
        max_attempts=MAX_ATTEMPTS,
        backoff_max_s=BACKOFF_MAX_S,
    )
    return BusRig(bus, clock.advance)


def test_a_message_arrives_as_it_was_published(rig: BusRig, clock: ManualClock) -> None:
    every_byte = bytes(range(256))
    message_id = rig.bus.publish("landed", every_byte, {"trace": "zürich", "empty": ""})
    delivery = rig.pull_one()
    assert delivery.subscription == "load"
    assert delivery.message_id == message_id
    assert delivery.data == every_byte
    assert delivery.attributes == {"trace": "zürich", "empty": ""}
    assert delivery.published_at == clock.now()
    assert delivery.attempt == 1


def test_a_subscription_without_messages_gives_none(rig: BusRig) -> None:
    assert list(rig.bus.pull("load", 10)) == []
    assert list(rig.bus.dead_letters("load")) == []
    assert rig.bus.backlog("load") == 0


def test_each_subscription_of_the_topic_has_its_own_copy(rig: BusRig) -> None:
    message_id = rig.bus.publish("events", b"x", {"object_type": "activity"})
    (fetch,), (audit,) = rig.bus.pull("fetch", 10), rig.bus.pull("audit", 10)
    assert fetch.message_id == audit.message_id == message_id
    assert rig.bus.ack(fetch)
    assert (rig.bus.backlog("fetch"), rig.bus.backlog("audit")) == (0, 1)
    assert rig.bus.backlog("load") == 0


def test_pull_gives_at_most_as_many_as_asked_for(rig: BusRig) -> None:
    published = {rig.publish() for _ in range(5)}
    first, second = rig.bus.pull("load", 3), rig.bus.pull("load", 3)
    assert len(first) == 3
    assert len(second) == 2
    assert {d.message_id for d in (*first, *second)} == published
    assert list(rig.bus.pull("load", 0)) == []


def test_a_leased_message_is_held_back_until_its_lease_runs_out(rig: BusRig) -> None:
    rig.publish()
    first = rig.pull_one()
    rig.pass_time(LEASE_S - 1)
    assert list(rig.bus.pull("load", 10)) == []
    rig.pass_time(1)
    second = rig.pull_one()
    assert second.message_id == first.message_id
    assert second.attempt == 2
    assert second.lease != first.lease


def test_an_acknowledged_message_never_comes_back(rig: BusRig) -> None:
    rig.publish()
    assert rig.bus.ack(rig.pull_one()) is True
    rig.pass_time(10 * LEASE_S)
    assert list(rig.bus.pull("load", 10)) == []
    assert rig.bus.backlog("load") == 0
    assert list(rig.bus.dead_letters("load")) == []


def test_a_second_acknowledgement_is_refused(rig: BusRig) -> None:
    rig.publish()
    delivery = rig.pull_one()
    assert rig.bus.ack(delivery) is True
    assert rig.bus.ack(delivery) is False


def test_an_ack_after_the_lease_passed_on_is_refused_and_changes_nothing(rig: BusRig) -> None:
    rig.publish()
    stale = rig.pull_one()
    rig.pass_time(LEASE_S)
    current = rig.pull_one()
    assert rig.bus.ack(stale) is False
    assert rig.bus.backlog("load") == 1
    assert list(rig.bus.pull("load", 10)) == []
    assert rig.bus.ack(current) is True


def test_a_late_ack_counts_while_nobody_else_has_the_message(rig: BusRig) -> None:
    rig.publish()
    late = rig.pull_one()
    rig.pass_time(2 * LEASE_S)
    assert rig.bus.ack(late) is True
    assert rig.bus.backlog("load") == 0


def test_a_message_given_back_is_due_again_after_a_pause(rig: BusRig) -> None:
    rig.publish()
    rig.bus.nack(rig.pull_one(), "not now")
    assert list(rig.bus.pull("load", 10)) == []
    rig.pass_time(BACKOFF_MAX_S)
    assert rig.pull_one().attempt == 2


def test_giving_back_after_the_lease_passed_on_changes_nothing(rig: BusRig) -> None:
    rig.publish()
    stale = rig.pull_one()
    rig.pass_time(LEASE_S)
    current = rig.pull_one()
    rig.bus.nack(stale, "too late")
    rig.pass_time(BACKOFF_MAX_S)
    assert list(rig.bus.pull("load", 10)) == []
    assert rig.bus.ack(current) is True


def test_after_the_last_attempt_it_is_a_dead_letter_with_all_it_had(
    rig: BusRig, clock: ManualClock
) -> None:
    message_id = rig.bus.publish("landed", b"\x00bad", {"trace": "t1"})
    rig.give_up_on_one()
    (dead,) = rig.bus.dead_letters("load")
    assert dead.subscription == "load"
    assert dead.message_id == message_id
    assert dead.data == b"\x00bad"
    assert dead.attributes == {"trace": "t1"}
    assert dead.attempts == MAX_ATTEMPTS
    assert dead.reason == "attempt 3 failed"
    assert (clock.now() - dead.died_at).total_seconds() == BACKOFF_MAX_S
    assert list(rig.bus.pull("load", 10)) == []
    assert rig.bus.backlog("load") == 0


def test_a_message_that_kills_each_worker_ends_as_a_dead_letter(rig: BusRig) -> None:
    message_id = rig.publish()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert rig.pull_one().attempt == attempt
        rig.pass_time(LEASE_S)
    healthy = rig.publish()
    assert [d.message_id for d in rig.bus.pull("load", 1)] == [healthy]
    (dead,) = rig.bus.dead_letters("load")
    assert dead.message_id == message_id
    assert dead.attempts == MAX_ATTEMPTS
    assert "never answered" in dead.reason


def test_the_backlog_counts_what_waits_and_what_is_leased(rig: BusRig) -> None:
    for _ in range(4):
        rig.publish()
    acked, given_back, _leased = rig.bus.pull("load", 3)
    rig.bus.ack(acked)
    rig.bus.nack(given_back, "later")
    assert rig.bus.backlog("load") == 3
