"""The bus in the cloud: topics of Pub/Sub, which pushes to the functions by itself."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.api_core.exceptions import (
    Aborted,
    Cancelled,
    DeadlineExceeded,
    GoogleAPICallError,
    InternalServerError,
    InvalidArgument,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
    Unknown,
)
from google.api_core.retry import Retry, if_exception_type
from google.api_core.timeout import ConstantTimeout
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import PublisherClient, PubsubMessage
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from paceline.errors import PublishUnavailable
from paceline.model.routes import SUBSCRIPTIONS, Subscription

# Strava waits for two seconds, and what is not published in one is spooled in the other.
_WITHIN_S = 1.0
_TRIES = 2

_PASSING = if_exception_type(
    Aborted,
    Cancelled,
    DeadlineExceeded,
    InternalServerError,
    ResourceExhausted,
    ServiceUnavailable,
    Unknown,
)
_RETRY = Retry(predicate=_PASSING, initial=0.05, maximum=0.3, multiplier=2.0)

# What the library gives its own channel, which ours replaces: a dead connection is noticed while
# nobody uses it, and an answer may be of any size. After an outage gRPC knocks again within a
# second, not within two minutes.
CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_metadata_size", 4 * 1024 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)


@dataclass(frozen=True)
class Names:
    """What our topics and subscriptions are called: as in terraform/bus.tf."""

    project: str
    prefix: str

    def topic(self, topic: str) -> str:
        return f"projects/{self.project}/topics/{self.prefix}-{topic}"

    def subscription(self, step: str) -> str:
        return f"projects/{self.project}/subscriptions/{self.prefix}-{_dashed(step)}"

    def dead_topic(self, step: str) -> str:
        return f"{self.topic(_dashed(step))}-dead-letters"

    def dead_subscription(self, step: str) -> str:
        return f"{self.subscription(step)}-dead-letters"


class PubSubPublisher:
    """Keeps the promises of the port Publisher.

    A message is sent by itself and by the thread that publishes it: nothing is sent later, behind
    the back of a caller who was told that it failed. Where a try ended without an answer, Pub/Sub
    may have the message all the same; publishing it again makes a duplicate, which every step
    takes.
    """

    def __init__(
        self,
        project: str,
        prefix: str,
        subscriptions: Iterable[Subscription] = SUBSCRIPTIONS,
        *,
        within_s: float = _WITHIN_S,
    ) -> None:
        """`within_s`: how long one message may be tried; at least two tries fit in."""
        self._retry = _RETRY.with_timeout(within_s)
        self._timeout: Any = ConstantTimeout(within_s / _TRIES)  # type: ignore[no-untyped-call]
        self._names = Names(project, prefix)
        self._subscriptions = tuple(subscriptions)
        try:
            self._client = publisher_client()
        except GoogleAuthError as error:
            raise PublishUnavailable(f"No way to Pub/Sub: {error}") from error

    def close(self) -> None:
        self._client.transport.close()  # type: ignore[no-untyped-call]

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> str:
        if not any(each.takes(topic, attributes) for each in self._subscriptions):
            raise ValueError(
                f"no subscription takes a message of topic {topic!r} with {dict(attributes)}: "
                "it would be lost"
            )
        message = PubsubMessage(data=data, attributes=dict(attributes))
        try:
            answer = self._client.publish(
                topic=self._names.topic(topic),
                messages=[message],
                retry=self._retry,
                timeout=self._timeout,
            )
        except InvalidArgument as error:
            raise ValueError(f"Pub/Sub cannot take the message: {error.message}") from error
        except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
            raise PublishUnavailable(
                f"Pub/Sub did not take the message: {error}. Send it again. Where this goes on,"
                f" check that {self._names.topic(topic)} exists and that this identity may"
                " publish to it."
            ) from error
        return str(answer.message_ids[0])


def publisher_client() -> PublisherClient:
    """A client of Pub/Sub, or of the emulator that the environment names."""
    if host := os.environ.get("PUBSUB_EMULATOR_HOST"):
        channel = grpc.insecure_channel(host, CHANNEL_OPTIONS)
    else:
        channel = PublisherGrpcTransport.create_channel(
            f"{PublisherClient.DEFAULT_ENDPOINT}:443", options=CHANNEL_OPTIONS
        )
    return PublisherClient(transport=PublisherGrpcTransport(channel=channel))


def _dashed(step: str) -> str:
    return step.replace("_", "-")
