"""Events: one key for one happening, and messages that survive the journey."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.errors import EventInvalid
from paceline.model.event import decode_event_message, parse_event
from tests.builders import NOW, as_bytes, event, message


def test_two_deliveries_of_one_event_have_one_key() -> None:
    one = event(updates={"title": "x", "private": "false"})
    two = event(updates={"private": "false", "title": "x"})

    assert one.key == two.key


@pytest.mark.parametrize(
    "change",
    [{"object_id": 1}, {"aspect_type": "update"}, {"event_time": 5}, {"updates": {"title": "y"}}],
)
def test_different_events_have_different_keys(change: dict[str, object]) -> None:
    assert event(**change).key != event().key


@given(updates=st.dictionaries(st.text(), st.text(), max_size=3))
def test_a_message_survives_the_journey(updates: dict[str, str]) -> None:
    sent = message(received_at=NOW, updates=updates)

    assert decode_event_message(sent.encode()) == sent


def test_missing_and_empty_updates_are_both_accepted() -> None:
    body = event().as_json()
    del body["updates"]

    assert parse_event(as_bytes(body)) == parse_event(as_bytes(body | {"updates": None})) == event()


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_fall_over(body: bytes) -> None:
    with pytest.raises(EventInvalid, match=r"\w"):
        parse_event(body)


def test_a_message_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="topic events"):
        decode_event_message(b'{"event": {}}')
