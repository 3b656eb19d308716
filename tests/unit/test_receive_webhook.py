"""receive_webhook: answers Strava's handshake, and accepts an event only when it is on disk."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.sqlite import Database
from paceline.errors import StoreUnavailable
from paceline.model.event import decode_event_message
from paceline.model.routes import SUBSCRIPTIONS
from paceline.ports import Blob
from paceline.spool import Spool
from paceline.steps import release_work
from paceline.steps.receive_webhook import MAX_BODY_BYTES, Receiving, Reply, Request, handle
from tests.builders import as_bytes, event
from tests.unit.conftest import House

SECRET = "a-path-nobody-guesses"


def receiving(house: House, subscription_id: int | None = 77) -> Receiving:
    return Receiving(
        house.bus,
        house.clock,
        house.ids,
        SECRET,
        "verify-me",
        lambda number: subscription_id in {None, number},
        lambda: house.spool,
    )


class Full:
    """A disk without room."""

    def put(self, name: str, data: bytes, metadata: Mapping[str, str]) -> bool:
        raise StoreUnavailable(f"No room for {name}, {len(data)} bytes, {len(metadata)} fields.")

    def get(self, name: str) -> Blob | None:
        raise StoreUnavailable(name)

    def names(self, prefix: str) -> Iterator[str]:
        raise StoreUnavailable(prefix)

    def replace(self, name: str, data: bytes, *, over: bytes) -> bool:
        raise StoreUnavailable(f"No room for {name}, {len(data)} bytes over {len(over)}.")

    def delete(self, name: str) -> None:
        raise StoreUnavailable(name)


def post(use: Receiving, body: bytes, path: str = f"/{SECRET}", length: int | None = -1) -> Reply:
    length = len(body) if length == -1 else length
    return handle(Request("POST", path, {}, length, io.BytesIO(body)), use)


def get(use: Receiving, **query: str) -> Reply:
    named = {f"hub.{name}": value for name, value in query.items()}
    return handle(Request("GET", f"/{SECRET}", named, None, io.BytesIO()), use)


def test_the_handshake_echoes_the_challenge(house: House) -> None:
    use = receiving(house)
    reply = get(use, mode="subscribe", verify_token="verify-me", challenge="15f7")

    assert (reply.status, json.loads(reply.body)) == (200, {"hub.challenge": "15f7"})


@pytest.mark.parametrize(
    "query", [{"verify_token": "wrong"}, {"mode": "unsubscribe"}, {"verify_token": ""}]
)
def test_a_wrong_handshake_is_refused(house: House, query: dict[str, str]) -> None:
    right = {"mode": "subscribe", "verify_token": "verify-me", "challenge": "15f7"}

    assert get(receiving(house), **(right | query)).status == 403


def test_an_accepted_event_is_on_the_bus_with_a_trace(house: House) -> None:
    reply = post(receiving(house), as_bytes(event().as_json()))

    (delivery,) = house.bus.pull("fetch_activity", 10)
    message = decode_event_message(delivery.data)
    assert reply.status == 200
    assert message.event == event()
    assert message.trace == reply.trace == delivery.attributes["trace"]
    assert message.received_at == house.clock.now()


def test_a_body_that_already_has_unknown_fields_is_accepted(house: House) -> None:
    body = event().as_json() | {"new_field": {"a": 1}}
    assert post(receiving(house), as_bytes(body)).status == 200


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"not json", "JSON"),
        (b"[" * 8_000, "JSON"),
        (b"[1]", "object"),
        (as_bytes(event().as_json() | {"object_type": "segment"}), "object_type"),
        (as_bytes(event().as_json() | {"object_id": "12"}), "object_id"),
        (as_bytes(event().as_json() | {"object_id": True}), "object_id"),
        (as_bytes(event().as_json() | {"owner_id": 2**63}), "owner_id"),
        (as_bytes(event().as_json() | {"updates": [1]}), "updates"),
        (as_bytes({"object_type": "activity"}), "object_id"),
    ],
)
def test_a_malformed_event_is_named_and_leaves_nothing(
    house: House, body: bytes, named: str
) -> None:
    reply = post(receiving(house), body)

    assert reply.status == 400
    assert named in reply.body
    assert house.bus.backlog("fetch_activity") == 0


@pytest.mark.parametrize("length", [-1, 10, None])
def test_an_oversized_body_is_refused_whatever_length_it_claims(
    house: House, length: int | None
) -> None:
    reply = post(receiving(house), b" " * (MAX_BODY_BYTES + 1), length=length)

    assert reply.status == 413
    assert house.bus.backlog("fetch_activity") == 0


@pytest.mark.parametrize("path", ["/", "/wrong", f"/{SECRET}x", "/ä"])
def test_a_wrong_path_secret_is_refused_before_the_body_is_read(house: House, path: str) -> None:
    assert post(receiving(house), as_bytes(event().as_json()), path).status == 403
    assert house.bus.backlog("fetch_activity") == 0


def test_a_foreign_subscription_is_refused(house: House) -> None:
    use = receiving(house, subscription_id=78)
    assert post(use, as_bytes(event().as_json())).status == 403
    assert house.bus.backlog("fetch_activity") == 0


def test_any_subscription_is_accepted_before_we_know_ours(house: House) -> None:
    assert post(receiving(house, None), as_bytes(event().as_json())).status == 200


def test_other_methods_are_refused(house: House) -> None:
    request = Request("PUT", f"/{SECRET}", {}, 0, io.BytesIO())
    assert handle(request, receiving(house)).status == 405


def unwritable(house: House, tmp_path: Path) -> Receiving:
    closed = Database(tmp_path / "closed.sqlite")
    bus = SqliteBus(closed, SUBSCRIPTIONS, house.clock, house.ids)
    closed.close()
    return replace(receiving(house), publisher=bus)


def test_an_event_that_the_bus_does_not_take_waits_in_the_spool(
    house: House, tmp_path: Path
) -> None:
    reply = post(unwritable(house, tmp_path), as_bytes(event().as_json()))
    assert (reply.status, reply.outcome) == (200, "spooled")
    assert house.bus.backlog("fetch_activity") == 0

    release_work.run(house.releasing, limit=1)
    (delivery,) = house.bus.pull("fetch_activity", 10)
    assert decode_event_message(delivery.data).trace == reply.trace
    assert delivery.attributes["trace"] == reply.trace
    assert list(house.bronze.names("spool/")) == []


def test_an_event_that_nothing_takes_is_answered_503_and_has_left_nothing(
    house: House, tmp_path: Path
) -> None:
    use = replace(unwritable(house, tmp_path), spool=lambda: Spool(Full(), house.bus))

    assert post(use, as_bytes(event().as_json())).status == 503
    assert list(house.bronze.names("spool/")) == []
