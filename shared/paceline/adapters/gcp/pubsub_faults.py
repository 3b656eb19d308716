"""What is wrong with our topics and subscriptions. It asks, and changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import Subscription as PubSubSubscription

from paceline.adapters.gcp.pubsub import Names, publisher_client
from paceline.adapters.gcp.pubsub_dead_letters import subscriber_client
from paceline.adapters.gcp.pubsub_topology import filter_of
from paceline.errors import StoreUnavailable
from paceline.model.routes import SUBSCRIPTIONS, Subscription

_TRY_S = 5.0


def bus_faults(
    project: str, prefix: str, subscriptions: Sequence[Subscription] = SUBSCRIPTIONS
) -> list[str]:
    """Each in words; none where all is as Terraform makes it. Raises StoreUnavailable."""
    names = Names(project, prefix)
    topics = {names.topic(each.topic) for each in subscriptions}
    topics |= {names.dead_topic(each.name) for each in subscriptions}
    try:
        with publisher_client() as publisher, subscriber_client() as subscriber:
            faults = [
                f"{topic} is missing"
                for topic in sorted(topics)
                if _found(publisher.get_topic, topic=topic) is None
            ]
            for each in subscriptions:
                live, dead = (
                    _found(subscriber.get_subscription, subscription=name)
                    for name in (names.subscription(each.name), names.dead_subscription(each.name))
                )
                faults += _faults_of(each, live, names)
                faults += _faults_of_dead(each, dead, names)
    except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
        raise StoreUnavailable(
            f"Pub/Sub did not show the topics and subscriptions: {error}. Check that this identity"
            " has the role pubsub.viewer."
        ) from error
    return faults


def _found(get: Callable[..., Any], **name: str) -> Any:
    try:
        return get(**name, timeout=_TRY_S)
    except NotFound:
        return None


def _faults_of(of: Subscription, found: PubSubSubscription | None, names: Names) -> Iterator[str]:
    name = names.subscription(of.name)
    if found is None:
        yield f"{name} is missing, so nobody calls {of.name}"
        return
    if found.topic != names.topic(of.topic):
        yield f"{name} is of {found.topic}, not of {names.topic(of.topic)}"
    if found.filter != filter_of(of):
        yield f"{name} has the filter {found.filter!r}, not {filter_of(of)!r}"
    if not found.push_config.push_endpoint:
        yield f"{name} pushes to nobody"
    if found.dead_letter_policy.dead_letter_topic != names.dead_topic(of.name):
        yield f"{name} gives nothing up to {names.dead_topic(of.name)}"


def _faults_of_dead(
    of: Subscription, found: PubSubSubscription | None, names: Names
) -> Iterator[str]:
    name = names.dead_subscription(of.name)
    if found is None:
        yield f"{name} is missing, so what is given up on is lost"
    elif found.topic != names.dead_topic(of.name):
        yield f"{name} is of {found.topic}, not of {names.dead_topic(of.name)}"
