"""Instants as Strava writes them."""

import datetime as dt

from simulator.athletes import Athlete
from simulator.plan import Plan, plan_zone
from simulator.world import Activity

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def times(athlete: Athlete, plan: Plan) -> dict[str, str | float]:
    """UTC, the wall clock with its false Z, and a zone name with the winter offset before it."""
    start = dt.datetime.fromtimestamp(plan.start_s, tz=plan_zone(athlete, plan))
    offset = start.utcoffset() or dt.timedelta()
    winter = offset - (start.dst() or dt.timedelta())
    minutes = int(winter.total_seconds() // 60)
    prefix = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return {
        "start_date": start.astimezone(dt.UTC).strftime(_FORMAT),
        "start_date_local": start.strftime(_FORMAT),
        "timezone": f"(GMT{prefix}) {plan.zone or athlete.home.zone}",
        "utc_offset": offset.total_seconds(),
    }


def utc(instant_s: float) -> str:
    return dt.datetime.fromtimestamp(instant_s, tz=dt.UTC).strftime(_FORMAT)


def times_at(athlete: Athlete, activity: Activity, second: float) -> dict[str, str]:
    """A lap has the offset of its activity, also when the clocks change on the way."""
    begin = dt.datetime.fromtimestamp(activity.plan.start_s, tz=plan_zone(athlete, activity.plan))
    moment = dt.datetime.fromtimestamp(activity.plan.start_s + second, tz=dt.UTC)
    local = moment + (begin.utcoffset() or dt.timedelta())
    return {
        "start_date": moment.strftime(_FORMAT),
        "start_date_local": local.strftime(_FORMAT),
    }
