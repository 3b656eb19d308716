"""Topics and subscriptions for an emulator, as terraform/bus.tf makes them in the cloud."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from google.api_core.exceptions import AlreadyExists, GoogleAPICallError
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1 import (
    DeadLetterPolicy,
    ExpirationPolicy,
    PushConfig,
    RetryPolicy,
    SubscriberClient,
)
from google.pubsub_v1 import Subscription as PubSubSubscription

from paceline.adapters.gcp.pubsub import Names, publisher_client
from paceline.adapters.gcp.pubsub_dead_letters import DEAD_LETTERS_LEASE_S, subscriber_client
from paceline.errors import StoreUnavailable
from paceline.model.routes import SUBSCRIPTIONS, Subscription

_TRY_S = 5.0

# The emulator takes no more; in the cloud dead letters are kept for 31 days.
EMULATED_RETENTION_S = 7 * 86_400


@dataclass(frozen=True)
class Delivering:
    """How often, and how soon, a message is delivered again."""

    ack_within_s: int = 300
    max_attempts: int = 10
    backoff_s: tuple[int, int] | None = (10, 600)  # the least and the most; None is at once


def create_bus(
    project: str,
    prefix: str,
    endpoints: Mapping[str, str],
    subscriptions: Sequence[Subscription] = SUBSCRIPTIONS,
    delivering: Delivering = Delivering(),
) -> None:
    """Whatever is there already stays. A step without an endpoint has a subscription to pull."""
    names = Names(project, prefix)
    topics = {names.topic(each.topic) for each in subscriptions}
    topics |= {names.dead_topic(each.name) for each in subscriptions}
    with _translated():
        publisher, subscriber = publisher_client(), subscriber_client()
        with publisher, subscriber:
            for topic in sorted(topics):
                with suppress(AlreadyExists):
                    publisher.create_topic(name=topic, timeout=_TRY_S)
            for each in subscriptions:
                _create(subscriber, _dead(names, each))
                _create(subscriber, _live(names, each, endpoints.get(each.name), delivering))


def _create(subscriber: SubscriberClient, subscription: PubSubSubscription) -> None:
    with suppress(AlreadyExists):
        subscriber.create_subscription(subscription, timeout=_TRY_S)


def _live(
    names: Names, of: Subscription, endpoint: str | None, how: Delivering
) -> PubSubSubscription:
    return PubSubSubscription(
        name=names.subscription(of.name),
        topic=names.topic(of.topic),
        push_config=PushConfig(push_endpoint=endpoint) if endpoint else None,
        filter=filter_of(of),
        ack_deadline_seconds=how.ack_within_s,
        message_retention_duration=Duration(seconds=EMULATED_RETENTION_S),
        retry_policy=_backoff(*how.backoff_s) if how.backoff_s else None,
        dead_letter_policy=DeadLetterPolicy(
            dead_letter_topic=names.dead_topic(of.name), max_delivery_attempts=how.max_attempts
        ),
        expiration_policy=ExpirationPolicy(),
    )


def filter_of(of: Subscription) -> str:
    return " AND ".join(f'attributes.{name} = "{value}"' for name, value in of.only.items())


def _backoff(least_s: int, most_s: int) -> RetryPolicy:
    return RetryPolicy(
        minimum_backoff=Duration(seconds=least_s), maximum_backoff=Duration(seconds=most_s)
    )


def _dead(names: Names, of: Subscription) -> PubSubSubscription:
    return PubSubSubscription(
        name=names.dead_subscription(of.name),
        topic=names.dead_topic(of.name),
        ack_deadline_seconds=DEAD_LETTERS_LEASE_S,
        message_retention_duration=Duration(seconds=EMULATED_RETENTION_S),
        expiration_policy=ExpirationPolicy(),
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except GoogleAPICallError as error:
        raise StoreUnavailable(f"Pub/Sub did not make the topics: {error}.") from error
