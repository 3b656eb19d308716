"""Many dead letters, in the emulator: more than one pull, one lease or one request can hold."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument
from google.pubsub_v1 import PubsubMessage, PullResponse

from paceline.adapters.gcp.pubsub import Names, PubSubPublisher, publisher_client
from paceline.adapters.gcp.pubsub_dead_letters import PubSubDeadLetters, subscriber_client
from paceline.adapters.gcp.pubsub_topology import create_bus
from paceline.cli.emulators.process import Emulator
from paceline.errors import PublishUnavailable
from tests.emulators import use

PREFIX = "paceline-test"
STEP = "load_silver"
MANY = 650


class Tiring(PubSubPublisher):
    """One that goes away after so many messages."""

    left = 10**6

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> str:
        if self.left == 0:
            raise PublishUnavailable
        self.left -= 1
        return super().publish(topic, data, attributes)


class AsTheService:
    """The emulator's client, but with what the service does and the emulator does not.

    A pull may come back with nothing although there is something, and a request may name 2,500
    messages: cloud.google.com/pubsub/docs/pull, cloud.google.com/pubsub/quotas.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._pulls = 0

    def pull(self, **asked: Any) -> Any:
        self._pulls += 1
        return PullResponse() if self._pulls % 3 == 1 else self._client.pull(**asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def acknowledge(self, ack_ids: list[str], **asked: Any) -> None:
        self._client.acknowledge(ack_ids=_few(ack_ids), **asked)

    def modify_ack_deadline(self, ack_ids: list[str], **asked: Any) -> None:
        self._client.modify_ack_deadline(ack_ids=_few(ack_ids), **asked)


def _few(ack_ids: list[str]) -> list[str]:
    if len(ack_ids) > 2_500 or sum(map(len, ack_ids)) > 512 * 1024:
        raise InvalidArgument("Request payload size exceeds the limit")  # type: ignore[no-untyped-call]
    return ack_ids


@pytest.fixture
def publisher(
    project: str, pubsub_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tiring]:
    use(pubsub_emulator, monkeypatch)
    create_bus(project, PREFIX, {})
    with closing(Tiring(project, PREFIX, within_s=20)) as publisher:
        yield publisher


@pytest.fixture
def dead(project: str, publisher: Tiring) -> Iterator[PubSubDeadLetters]:
    with closing(PubSubDeadLetters(project, PREFIX, publisher, quiet_s=1)) as dead:
        yield dead


def bury(project: str, count: int, size: int = 0) -> set[bytes]:
    """As Pub/Sub does with what was tried too often."""
    topic = Names(project, PREFIX).dead_topic(STEP)
    told = {"trace": "t1", "CloudPubSubDeadLetterSourceDeliveryCount": "10"}
    messages = [
        PubsubMessage(data=b"%d" % each + b"x" * size, attributes=told) for each in range(count)
    ]
    with publisher_client() as client:
        for begin in range(0, count, 500):
            client.publish(topic=topic, messages=messages[begin : begin + 500])
    return {message.data for message in messages}


def delivered(project: str) -> list[bytes]:
    """What the step's own subscription has."""
    name, found = Names(project, PREFIX).subscription(STEP), list[bytes]()
    with subscriber_client() as client:
        pull = partial(client.pull, subscription=name, max_messages=1_000, timeout=1.5)
        while pulled := pull().received_messages:
            found += [each.message.data for each in pulled]
            client.acknowledge(subscription=name, ack_ids=[each.ack_id for each in pulled])
    return found


def test_many_are_listed_and_are_there_again_at_once(project: str, dead: PubSubDeadLetters) -> None:
    buried = bury(project, 2_600)
    dead._client = AsTheService(dead._client)  # type: ignore[assignment]

    for _ in range(2):
        assert sorted(each.data for each in dead.dead_letters(STEP)) == sorted(buried)


def test_many_are_replayed_and_each_once(project: str, dead: PubSubDeadLetters) -> None:
    buried = bury(project, MANY)

    assert dead.replay(STEP) == MANY
    assert sorted(delivered(project)) == sorted(buried)
    assert list(dead.dead_letters(STEP)) == []


def test_a_pull_that_comes_back_empty_is_not_taken_for_the_end(
    project: str, dead: PubSubDeadLetters
) -> None:
    bury(project, MANY)
    dead._client = AsTheService(dead._client)  # type: ignore[assignment]

    assert dead.replay(STEP) == MANY


def test_a_replay_that_ends_half_way_loses_none_sends_none_twice_and_holds_none_back(
    project: str, dead: PubSubDeadLetters, publisher: Tiring
) -> None:
    buried = bury(project, MANY)
    publisher.left = 60

    with pytest.raises(PublishUnavailable):
        dead.replay(STEP)
    sent = delivered(project)
    kept = [each.data for each in dead.dead_letters(STEP)]
    assert len(sent) == 60
    assert sorted([*sent, *kept]) == sorted(buried)


def test_large_ones_come_though_a_pull_of_them_is_larger_than_grpc_takes_by_default(
    project: str, dead: PubSubDeadLetters
) -> None:
    buried = bury(project, 9, size=1_000_000)

    assert {each.data for each in dead.dead_letters(STEP)} == buried
