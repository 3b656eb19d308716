"""Payloads as Strava sends them, small enough to read."""

import json
from datetime import UTC, datetime
from typing import Any

from paceline.model.event import Event, EventMessage

ATHLETE, ACTIVITY = 4_200_001, 9_007_199_254_740_993  # an id that no float can hold
NOW = datetime(2026, 11, 21, 9, 0, 2, tzinfo=UTC)  # when a quarter of an hour begins for us


def detail(**changes: Any) -> dict[str, Any]:
    """A detailed activity; a change of None leaves the field out."""
    body = {
        "id": ACTIVITY,
        "athlete": {"id": ATHLETE, "resource_state": 1},
        "name": "Lunch loop",
        "distance": 10_012.4,
        "moving_time": 3_005,
        "elapsed_time": 3_101,
        "total_elevation_gain": 84.0,
        "type": "Run",
        "sport_type": "TrailRun",
        "start_date": "2026-10-03T22:30:11Z",
        "start_date_local": "2026-10-04T00:30:11Z",
        "timezone": "(GMT+01:00) Europe/Berlin",
        "utc_offset": 7_200.0,
        "start_latlng": [52.51, 13.38],
        "end_latlng": [],
        "manual": False,
        "private": False,
        "visibility": "everyone",
        "gear_id": "g77",
        "average_speed": 3.33,
        "has_heartrate": True,
        "average_heartrate": 151.8,
        "laps": [],
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def streams(**data: list[Any]) -> dict[str, Any]:
    """Streams keyed by type; by default three seconds of a run."""
    found = data or {"time": [0, 1, 2], "heartrate": [120, 121, 122], "moving": [False, True, True]}
    return {
        key: {
            "data": values,
            "series_type": "distance",
            "original_size": len(values),
            "resolution": "high",
        }
        for key, values in found.items()
    }


def as_bytes(body: Any) -> bytes:
    return json.dumps(body).encode()


def event(**changes: Any) -> Event:
    fields: dict[str, Any] = {
        "object_type": "activity",
        "object_id": ACTIVITY,
        "aspect_type": "create",
        "owner_id": ATHLETE,
        "subscription_id": 77,
        "event_time": 1_790_000_000,
    }
    return Event(**(fields | changes))


def message(received_at: datetime = NOW, **changes: Any) -> EventMessage:
    reason = changes.pop("reason", "webhook")
    return EventMessage(event(**changes), received_at, trace="t" * 32, reason=reason)
