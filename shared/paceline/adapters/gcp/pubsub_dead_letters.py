"""Messages that Pub/Sub gave up on: each step has a topic for them, and a subscription to it."""

import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import grpc
from google.api_core.exceptions import DeadlineExceeded, GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import ReceivedMessage, SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from paceline.adapters.gcp.pubsub import CHANNEL_OPTIONS, Names, PubSubPublisher
from paceline.errors import StoreUnavailable
from paceline.model.routes import SUBSCRIPTIONS, Subscription
from paceline.ports import DeadLetter

# A pull answers as soon as there is something, and may say that there is nothing when there is.
_PULL_S = 2.0
_QUIET_S = 4.0
_TRY_S = 5.0

# How many are published while their leases (of DEAD_LETTERS_LEASE_S) run, a second each at most.
_AT_ONCE = 50
# A request may name 2,500, and have 512 KiB, in which a name is some 200 bytes.
_NAMED_AT_ONCE = 500

# As long as Pub/Sub lets: whoever lists many holds the first until the last has come.
DEAD_LETTERS_LEASE_S = 600

# What Pub/Sub adds: cloud.google.com/pubsub/docs/handling-failures
_ADDED = "CloudPubSubDeadLetterSource"
_COUNT = f"{_ADDED}DeliveryCount"
REPLAY_OF = "replay_of"


class PubSubDeadLetters:
    """Keeps the promises of the port DeadLetters, at least once and as far as Pub/Sub tells."""

    def __init__(
        self,
        project: str,
        prefix: str,
        publisher: PubSubPublisher,
        subscriptions: Sequence[Subscription] = SUBSCRIPTIONS,
        *,
        quiet_s: float = _QUIET_S,
    ) -> None:
        """`quiet_s`: nothing has come for so long, so there is nothing more."""
        self._quiet_s = quiet_s
        self._names = Names(project, prefix)
        self._topics = {each.name: each.topic for each in subscriptions}
        self._publisher = publisher
        with _translated("connect"):
            self._client = subscriber_client()

    def close(self) -> None:
        self._client.transport.close()  # type: ignore[no-untyped-call]

    def dead_letters(self, subscription: str) -> Sequence[DeadLetter]:
        """What nobody else is looking at just now; listing takes a moment and changes nothing."""
        held = dict[str, ReceivedMessage]()
        try:
            for pulled in self._pulled(subscription):
                held |= {received.message.message_id: received for received in pulled}
        finally:
            self._give_back(subscription, [received.ack_id for received in held.values()])
        found = [_dead_letter(subscription, received) for received in held.values()]
        return sorted(found, key=lambda each: each.died_at)

    def replay(self, subscription: str, message_ids: Collection[str] | None = None) -> int:
        """Each is published to its topic again, and forgotten once the topic has it."""
        kept, sent = list[str](), 0
        try:
            for pulled in self._pulled(subscription):
                chosen = list[ReceivedMessage]()
                for received in pulled:
                    if message_ids is None or received.message.message_id in message_ids:
                        chosen.append(received)
                    else:
                        kept.append(received.ack_id)
                self._send(subscription, chosen)
                sent += len(chosen)
        finally:
            self._give_back(subscription, kept)
        return sent

    def _send(self, subscription: str, chosen: Sequence[ReceivedMessage]) -> None:
        """Where one cannot be published, it and those after it are there again at once."""
        ack_ids, sent = [received.ack_id for received in chosen], 0
        try:
            for received in chosen:
                letter = _dead_letter(subscription, received)
                told = {**letter.attributes, REPLAY_OF: letter.message_id}
                self._publisher.publish(self._topic(subscription), letter.data, told)
                sent += 1
        finally:
            self._forget(subscription, ack_ids[:sent])
            self._give_back(subscription, ack_ids[sent:])

    def _pulled(self, subscription: str) -> Iterator[Sequence[ReceivedMessage]]:
        """Everything, leased to us, until nothing more comes."""
        self._topic(subscription)
        heard_at = time.monotonic()
        while time.monotonic() < heard_at + self._quiet_s:
            if received := self._pull(subscription):
                yield received
                heard_at = time.monotonic()

    def _pull(self, subscription: str) -> Sequence[ReceivedMessage]:
        with _translated(f"read the dead letters of {subscription}"):
            try:
                answer = self._client.pull(
                    subscription=self._names.dead_subscription(subscription),
                    max_messages=_AT_ONCE,
                    retry=None,
                    timeout=_PULL_S,
                )
            except DeadlineExceeded:
                return ()
        return tuple(answer.received_messages)

    def _forget(self, subscription: str, ack_ids: list[str]) -> None:
        if ack_ids:
            with _translated(f"forget dead letters of {subscription}"):
                self._client.acknowledge(
                    subscription=self._names.dead_subscription(subscription),
                    ack_ids=ack_ids,
                    timeout=_TRY_S,
                )

    def _give_back(self, subscription: str, ack_ids: list[str]) -> None:
        with _translated(f"give back the dead letters of {subscription}"):
            for begin in range(0, len(ack_ids), _NAMED_AT_ONCE):
                self._client.modify_ack_deadline(
                    subscription=self._names.dead_subscription(subscription),
                    ack_ids=ack_ids[begin : begin + _NAMED_AT_ONCE],
                    ack_deadline_seconds=0,
                    timeout=_TRY_S,
                )

    def _topic(self, subscription: str) -> str:
        if subscription not in self._topics:
            raise ValueError(f"{subscription!r} is none of {sorted(self._topics)}")
        return self._topics[subscription]


def subscriber_client() -> SubscriberClient:
    """A client of Pub/Sub, or of the emulator that the environment names."""
    if host := os.environ.get("PUBSUB_EMULATOR_HOST"):
        channel = grpc.insecure_channel(host, CHANNEL_OPTIONS)
    else:
        channel = SubscriberGrpcTransport.create_channel(
            f"{SubscriberClient.DEFAULT_ENDPOINT}:443", options=CHANNEL_OPTIONS
        )
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))


def _dead_letter(subscription: str, received: ReceivedMessage) -> DeadLetter:
    message = received.message
    added: Mapping[str, str] = message.attributes
    died_at: datetime = message.publish_time
    return DeadLetter(
        subscription=subscription,
        message_id=message.message_id,
        data=message.data,
        attributes={k: v for k, v in added.items() if not k.startswith(_ADDED)},
        attempts=int(added.get(_COUNT, 0)),
        reason=f"{subscription} did not take it: its log says why",
        died_at=died_at,
    )


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
        raise StoreUnavailable(
            f"Pub/Sub did not {what}: {error}. It can be tried again. Where this goes on, check"
            " that the subscription exists and that this identity may use it."
        ) from error
