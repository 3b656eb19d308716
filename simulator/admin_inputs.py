"""What the tester sent to `/_sim`, checked."""

import datetime as dt
from typing import Any

from starlette.requests import Request

from simulator.faults import FaultError, bad_request, not_found
from simulator.inputs import whole_number
from simulator.live import LiveFeed
from simulator.state import Simulator
from simulator.world import Activity

_MOST_TEXT = 255


def live_of(request: Request) -> LiveFeed:
    feed = request.app.state.live
    if not isinstance(feed, LiveFeed):
        raise TypeError("this app was not made by create_app")
    return feed


def known_athlete(sim: Simulator, athlete_id: int) -> int:
    if sim.world.athlete(athlete_id) is None:
        raise not_found("Athlete")
    return athlete_id


def athlete_id_of(sim: Simulator, body: dict[str, Any]) -> int:
    value = body.get("athlete_id")
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request("Athlete", "athlete_id", "missing" if value is None else "invalid")
    return known_athlete(sim, value)


def activity_number(request: Request) -> int:
    try:
        number = whole_number(request.path_params, "activity_id")
    except FaultError:
        number = None
    if number is None:
        raise not_found("Activity")
    return number


def activity_of(sim: Simulator, request: Request) -> Activity:
    activity = sim.world.activity(activity_number(request))
    if activity is None:
        raise not_found("Activity")
    return activity


def text_of(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if not isinstance(value, str | None):
        raise bad_request("Activity", name)
    if value is not None and not value.isprintable():
        raise bad_request("Activity", name, "not printable")
    if value is not None and len(value) > _MOST_TEXT:
        raise bad_request("Activity", name, f"longer than {_MOST_TEXT} characters")
    return value


def flag_of(body: dict[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if not isinstance(value, bool | None):
        raise bad_request("Application", name, "not true or false")
    return value


def number_of(body: dict[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_request("Application", name, "not a number")
    if not least <= value <= most:
        raise bad_request("Application", name, f"not between {least:g} and {most:g}")
    return value


def instant_of(body: dict[str, Any], name: str) -> float | None:
    """Seconds of the epoch; without an offset the text is UTC."""
    text = text_of(body, name)
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError):
        raise bad_request("Application", name, "not like 2026-11-21T12:00:00Z") from None
