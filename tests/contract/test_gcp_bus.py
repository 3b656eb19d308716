"""What the bus in Pub/Sub promises beyond the ports, in the emulator."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.pubsub_v1 import PushConfig
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from paceline.adapters.gcp.pubsub import (
    CHANNEL_OPTIONS,
    Names,
    PubSubPublisher,
    publisher_client,
)
from paceline.adapters.gcp.pubsub_dead_letters import PubSubDeadLetters, subscriber_client
from paceline.adapters.gcp.pubsub_topology import create_bus
from paceline.cli.doctor import CHECKS, Amiss
from paceline.cli.emulators import google
from paceline.cli.emulators.process import HOST, Emulator
from paceline.errors import PublishUnavailable, StoreUnavailable
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime.gcp import GcpRuntime
from paceline.runtime.push import Push, decode_push
from paceline.runtime.settings import Settings
from tests.builders import message
from tests.contract.cut_line import CutLine
from tests.emulators import started, use, within

PREFIX = "paceline-test"
ACTIVITY = {"object_type": "activity", "trace": "t1"}


@pytest.fixture
def publisher(
    project: str, pubsub_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PubSubPublisher]:
    use(pubsub_emulator, monkeypatch)
    create_bus(project, PREFIX, {})
    with closing(PubSubPublisher(project, PREFIX, within_s=20)) as publisher:
        yield publisher


def waiting(project: str, step: str) -> list[bytes]:
    """What the subscription of a step has now."""
    name = Names(project, PREFIX).subscription(step)
    with subscriber_client() as client:
        answer = client.pull(subscription=name, max_messages=100, timeout=1.5)
    return [each.message.data for each in answer.received_messages]


def test_publishing_while_pubsub_is_down_fails_within_a_second_and_leaves_nothing_in_doubt(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(google.pubsub) as emulator:
        use(emulator, monkeypatch)
        create_bus(project, PREFIX, {})
        with closing(PubSubPublisher(project, PREFIX)) as publisher:
            within(20, lambda: publisher.publish("events", b"before", ACTIVITY))
            emulator.kill()
            began = time.monotonic()
            with pytest.raises(PublishUnavailable):
                publisher.publish("events", b"during", ACTIVITY)
            assert time.monotonic() - began < 1.5
            emulator.start()
            create_bus(project, PREFIX, {})
            within(20, lambda: publisher.publish("events", b"after", ACTIVITY))
        assert set(waiting(project, "fetch_activity")) == {b"after"}


def test_a_pubsub_that_says_nothing_is_given_up_on_within_a_second(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((HOST, 0)) as silent:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"{HOST}:{silent.getsockname()[1]}")
        with closing(PubSubPublisher(project, PREFIX)) as publisher:
            began = time.monotonic()
            with pytest.raises(PublishUnavailable):
                publisher.publish("events", b"x", ACTIVITY)
            assert time.monotonic() - began < 1.5


def test_a_message_whose_answer_was_lost_is_there_at_least_once(
    project: str,
    publisher: PubSubPublisher,
    pubsub_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(CutLine(pubsub_emulator.port)) as line:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", line.address)
        with closing(PubSubPublisher(project, PREFIX, within_s=20)) as over_the_line:
            over_the_line.publish("events", b"whole", ACTIVITY)
            with line.cut():
                over_the_line.publish("events", b"cut", ACTIVITY)
        assert line.cuts == 1
        found = waiting(project, "fetch_activity")
    assert found.count(b"whole") == 1
    assert found.count(b"cut") in {1, 2}


def test_a_topic_that_is_not_there_keeps_the_message_with_the_caller(
    project: str, pubsub_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(pubsub_emulator, monkeypatch)
    with closing(PubSubPublisher(project, PREFIX)) as publisher:
        with pytest.raises(PublishUnavailable, match=f"topics/{PREFIX}-events exists"):
            publisher.publish("events", b"x", ACTIVITY)
        with (
            closing(PubSubDeadLetters(project, PREFIX, publisher)) as dead,
            pytest.raises(StoreUnavailable, match="dead letters of fetch_activity"),
        ):
            dead.dead_letters("fetch_activity")


def test_every_step_has_its_subscription_with_filter_limits_and_dead_letters(
    project: str, publisher: PubSubPublisher
) -> None:
    create_bus(project, PREFIX, {})  # once more changes nothing
    with subscriber_client() as client:
        found = {
            each.name: each for each in client.list_subscriptions(project=f"projects/{project}")
        }
    of, topic = f"projects/{project}/subscriptions/{PREFIX}", f"projects/{project}/topics/{PREFIX}"
    assert set(found) == {
        f"{of}-{step}{dead}"
        for step in ("fetch-activity", "forget-athlete", "load-silver")
        for dead in ("", "-dead-letters")
    }
    fetch = found[f"{of}-fetch-activity"]
    assert fetch.topic == f"{topic}-events"
    assert fetch.filter == 'attributes.object_type = "activity"'
    assert fetch.dead_letter_policy.dead_letter_topic == f"{topic}-fetch-activity-dead-letters"
    assert fetch.dead_letter_policy.max_delivery_attempts == 10
    assert found[f"{of}-load-silver"].filter == ""
    assert (
        found[f"{of}-fetch-activity-dead-letters"].topic == f"{topic}-fetch-activity-dead-letters"
    )


ENDPOINTS = {each.name: f"http://{HOST}:9/{each.name}" for each in SUBSCRIPTIONS}


@pytest.fixture
def deployed(
    project: str, pubsub_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GcpRuntime]:
    """What doctor looks at, and a bus as Terraform makes it."""
    use(pubsub_emulator, monkeypatch)
    create_bus(project, PREFIX, ENDPOINTS)
    with closing(GcpRuntime(Settings(1, runtime="gcp", project=project, prefix=PREFIX))) as runtime:
        yield runtime


def test_doctor_is_content_with_a_bus_as_terraform_makes_it(deployed: GcpRuntime) -> None:
    assert CHECKS["bus"](deployed).startswith("fetch_activity, forget_athlete, load_silver are")


def test_doctor_names_what_is_missing_on_the_bus_or_leads_elsewhere(
    project: str, deployed: GcpRuntime
) -> None:
    names = Names(project, PREFIX)
    with subscriber_client() as client, publisher_client() as publisher:
        client.delete_subscription(subscription=names.subscription("fetch_activity"))
        client.delete_subscription(subscription=names.dead_subscription("load_silver"))
        nobody = {"subscription": names.subscription("load_silver"), "push_config": PushConfig()}
        client.modify_push_config(request=nobody)
        publisher.delete_topic(topic=names.dead_topic("forget_athlete"))

    with pytest.raises(Amiss) as amiss:
        CHECKS["bus"](deployed)
    for fault in (
        f"{names.dead_topic('forget_athlete')} is missing",
        f"{names.subscription('fetch_activity')} is missing, so nobody calls fetch_activity",
        f"{names.dead_subscription('load_silver')} is missing, so what is given up on is lost",
        f"{names.subscription('load_silver')} pushes to nobody",
    ):
        assert fault in str(amiss.value)


def test_doctor_names_subscriptions_that_are_not_as_terraform_makes_them(
    project: str, deployed: GcpRuntime
) -> None:
    names = Names(project, PREFIX)
    live, dead = names.subscription("fetch_activity"), names.dead_subscription("fetch_activity")
    with subscriber_client() as client:
        for name in (live, dead):
            client.delete_subscription(subscription=name)
            client.create_subscription(name=name, topic=names.topic("landed"))

    with pytest.raises(Amiss) as amiss:
        CHECKS["bus"](deployed)
    for fault in (
        f"{live} is of {names.topic('landed')}, not of {names.topic('events')}",
        f"{live} has the filter '', not 'attributes.object_type = \"activity\"'",
        f"{live} gives nothing up to {names.dead_topic('fetch_activity')}",
        f"{dead} is of {names.topic('landed')}, not of",
    ):
        assert fault in str(amiss.value)


def test_what_pubsub_pushes_is_what_our_functions_read(
    project: str, pubsub_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(pubsub_emulator, monkeypatch)
    pushed: Queue[Push] = Queue()

    class Function(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            pushed.put(decode_push(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer((HOST, 0), Function) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        create_bus(project, PREFIX, {"fetch_activity": f"http://{HOST}:{server.server_port}/"})
        with closing(PubSubPublisher(project, PREFIX, within_s=20)) as publisher:
            publisher.publish("events", message().encode(), message().attributes())
        assert pushed.get(timeout=20) == Push(message().encode(), message().attributes(), 1)
        server.shutdown()


@pytest.mark.parametrize("transport", [PublisherGrpcTransport, SubscriberGrpcTransport])
def test_our_channels_lack_nothing_that_the_librarys_own_would_have(transport: Any) -> None:
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    given: dict[str, Any] = {}

    def channel(_host: str, **options: Any) -> grpc.Channel:
        given.update(options)
        return grpc.insecure_channel(f"{HOST}:9")

    transport(credentials=nobody, channel=channel).close()
    assert {"grpc.keepalive_time_ms", "grpc.max_receive_message_length"} <= dict(
        given["options"]
    ).keys()
    assert set(given["options"]) <= set(CHANNEL_OPTIONS)
