"""Strava's webhook event, and the envelope it travels in. Standard library only: the edge uses it.

The fields are those of developers.strava.com/docs/webhooks. Others are dropped: an event is a hint,
and what it is about is read from Strava.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, cast

from paceline.errors import EventInvalid

Reason = Literal["webhook", "backfill", "reconcile", "retry", "replay"]
ObjectType = Literal["activity", "athlete"]
AspectType = Literal["create", "update", "delete"]

# The subscription of events that we send ourselves; Strava's are positive.
OWN_SUBSCRIPTION = 0

_INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class Event:
    """Something happened to an object at Strava, or so the sender says."""

    object_type: ObjectType
    object_id: int
    aspect_type: AspectType
    owner_id: int
    subscription_id: int
    event_time: int
    updates: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Strava sends no event id; two deliveries of one event agree on all of this."""
        updates = json.dumps(self.updates, sort_keys=True, separators=(",", ":"))
        parts = (
            self.subscription_id,
            self.object_type,
            self.object_id,
            self.aspect_type,
            self.event_time,
            updates,
        )
        return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        return {
            "object_type": self.object_type,
            "object_id": self.object_id,
            "aspect_type": self.aspect_type,
            "owner_id": self.owner_id,
            "subscription_id": self.subscription_id,
            "event_time": self.event_time,
            "updates": dict(self.updates),
        }


def parse_event(body: bytes) -> Event:
    """Read a webhook body. Raises EventInvalid with the field that is wrong."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EventInvalid("The body is not JSON; an event is one JSON object.") from error
    if not isinstance(data, dict):
        raise EventInvalid("The body is not a JSON object; an event is one JSON object.")
    return event_from(data)


def event_from(data: Mapping[str, Any]) -> Event:
    return Event(
        object_type=cast("ObjectType", _one_of(data, "object_type", ("activity", "athlete"))),
        object_id=_whole(data, "object_id"),
        aspect_type=cast(
            "AspectType", _one_of(data, "aspect_type", ("create", "update", "delete"))
        ),
        owner_id=_whole(data, "owner_id"),
        subscription_id=_whole(data, "subscription_id", least=OWN_SUBSCRIPTION),
        event_time=_whole(data, "event_time"),
        updates=_updates(data),
    )


def _one_of(data: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = data.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise EventInvalid(f"The field {name} must be one of {', '.join(allowed)}.")
    return value


def _whole(data: Mapping[str, Any], name: str, least: int = 1) -> int:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _INT64_MAX:
        raise EventInvalid(f"The field {name} must be an integer from {least} to 2^63-1.")
    return value


def _updates(data: Mapping[str, Any]) -> dict[str, str]:
    value = data.get("updates") or {}
    if not isinstance(value, dict):
        raise EventInvalid("The field updates must be an object.")
    # Documented as string to string; a number or boolean costs nothing to accept as its text.
    return {
        str(name): item if isinstance(item, str) else json.dumps(item, sort_keys=True)
        for name, item in value.items()
    }


@dataclass(frozen=True)
class EventMessage:
    """What travels on the topic `events`: the event, and why it travels."""

    event: Event
    received_at: datetime
    trace: str
    reason: Reason = "webhook"

    def encode(self) -> bytes:
        return json.dumps(
            {
                "event": self.event.as_json(),
                "key": self.event.key,
                "received_at": self.received_at.astimezone(UTC).isoformat(),
                "trace": self.trace,
                "reason": self.reason,
            },
            separators=(",", ":"),
        ).encode()

    @property
    def _is_of_an_activity(self) -> bool:
        return self.event.object_type == "activity"

    def attributes(self) -> dict[str, str]:
        return {
            "schema": "1",
            "object_type": self.event.object_type,
            "aspect_type": self.event.aspect_type,
            "owner_id": str(self.event.owner_id),
            **({"activity_id": str(self.event.object_id)} if self._is_of_an_activity else {}),
            "key": self.event.key,
            "trace": self.trace,
            "reason": self.reason,
        }


def decode_event_message(data: bytes) -> EventMessage:
    """Inverse of encode. Raises ValueError for anything else: a bug of ours, not a bad event."""
    try:
        body = json.loads(data)
        return EventMessage(
            event=event_from(body["event"]),
            received_at=datetime.fromisoformat(body["received_at"]),
            trace=str(body["trace"]),
            reason=body["reason"],
        )
    except (ValueError, KeyError, TypeError, EventInvalid) as error:
        raise ValueError(f"Not a message of the topic events: {error!r}.") from error
