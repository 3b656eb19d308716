"""Histories in a Strava in memory, and what a comparison and the work after it make of them."""

from datetime import timedelta
from typing import Any

from paceline.model.event import decode_event_message
from paceline.steps import fetch_activity, reconcile, release_work
from paceline.steps.comparison import Findings
from tests.builders import NOW, detail, message, streams
from tests.unit.conftest import House


def put(house: House, activity_id: int, *, days_ago: float, **changes: Any) -> None:
    started = (NOW - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
    house.strava.details[activity_id] = detail(id=activity_id, start_date=started, **changes)
    house.strava.streams[activity_id] = streams()


def lived(house: House, count: int = 5) -> House:
    """An athlete whose last activities, ten days apart, are in the lake."""
    house.connect()
    house.budget.observe({"x-readratelimit-limit": "10000,10000"}, NOW)
    for each in range(1, count + 1):
        put(house, each, days_ago=10 * each)
        fetch_activity.run(message(object_id=each), house.fetching)
    house.clock.advance(60)
    house.landed()
    return house


def checked(house: House, *, full: bool = True) -> Findings:
    house.clock.advance(24 * 3_600)
    report = reconcile.reconcile(house.reconciling, full=full, force=True)
    assert report.failed == {}
    (found,) = report.found
    return found


def healed(house: House) -> list[str]:
    """Release what was parked, and fetch it."""
    house.clock.advance(1)
    release_work.run(house.releasing, limit=100)
    outcomes = []
    for delivery in house.bus.pull("fetch_activity", 100):
        outcomes.append(
            fetch_activity.run(decode_event_message(delivery.data), house.fetching).name
        )
        house.bus.ack(delivery)
    return outcomes
