"""What is odd about each awkward activity, by its name."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from simulator.athletes import Athlete
from simulator.plan import Plan, Stop

Json = dict[str, Any]
Change = Callable[[Athlete, Plan], Plan]
Fields = Callable[[Json], Json]

USUAL_START = dt.time(17, 30)


@dataclass(frozen=True, slots=True)
class Case:
    """What is odd, and how an ordinary plan, row or stream is made so."""

    odd: str
    sport: str = "Run"
    length_km: float = 9.0
    trainer: bool = False
    plan: Change = lambda _athlete, plan: plan
    fields: Fields = lambda _row: {}
    lap_fields: Fields = lambda _lap: {}
    absent: tuple[str, ...] = ()
    absent_streams: tuple[str, ...] = ()
    null_streams: tuple[str, ...] = ()
    streams: bool = True
    sport_type: str = ""
    title: str = ""
    private: bool = False
    huge_id: bool = False
    zone: str = ""
    at: dt.time = USUAL_START
    # The last date of a kind, for those that need one.
    date: Callable[[dt.date], dt.date] | None = None


def _without_meter(_athlete: Athlete, plan: Plan) -> Plan:
    return replace(plan, average_watts=None, max_watts=None)


def _without_strap(_athlete: Athlete, plan: Plan) -> Plan:
    return replace(plan, average_hr=None, max_hr=None)


def _with_meter(athlete: Athlete, plan: Plan) -> Plan:
    watts = round(athlete.ftp_w * 0.66, 1)
    return replace(plan, average_watts=watts, max_watts=float(round(watts * 2.6)))


def _lasting(moving_s: int, stops: tuple[Stop, ...]) -> Change:
    def change(_athlete: Athlete, plan: Plan) -> Plan:
        speed_mps = round(plan.max_speed_mps * plan.moving_s / moving_s, 3)
        return replace(plan, moving_s=moving_s, stops=stops, max_speed_mps=speed_mps)

    return change


def _nulls(*names: str) -> Fields:
    return lambda row: {name: None for name in names if name in row}


def _numbers_as(kind: type[float], *names: str) -> Fields:
    return lambda row: {name: kind(row[name]) for name in names if name in row}


def _fractions(row: Json) -> Json:
    """Idempotent, since a detail is made from a summary."""
    odd = {"suffer_score": 82.5, "average_temp": 21.4, "perceived_exertion": 3.5}
    halves = {name: int(row[name]) + 0.5 for name in ("moving_time", "max_heartrate")}
    return {name: value for name, value in odd.items() if name in row} | halves


def _no_line(row: Json) -> Json:
    return _nulls("trainer", "commute", "flagged", "has_kudoed", "hide_from_home")(row) | {
        "suffer_score": None,
        "map": row["map"] | dict.fromkeys(row["map"].keys() & {"polyline", "summary_polyline"}),
    }


def _last_sunday(month: int) -> Callable[[dt.date], dt.date]:
    """The last Sunday of a month that is over by a date."""

    def date(day: dt.date) -> dt.date:
        for year in (day.year, day.year - 1):
            last = dt.date(year, month, 31)
            sunday = last - dt.timedelta(days=(last.weekday() + 1) % 7)
            if sunday < day:
                break
        return sunday

    return date


def _leap_day(day: dt.date) -> dt.date:
    year = day.year - day.year % 4
    while not (year % 4 == 0 and (year % 100 or year % 400 == 0)) or dt.date(year, 2, 29) >= day:
        year -= 4
    return dt.date(year, 2, 29)


_GAPS = tuple(Stop(300 * n, 3 + n % 9, recorded=False) for n in range(1, 41))
_POINTS = 13_129
_PAUSES = tuple(
    Stop(at, 60 * minutes, recorded=False)
    for at, minutes in ((400, 10), (1100, 25), (1900, 3), (2600, 61))
)
_LONG = "The long way round by the lake, with a stop for every dog and every bakery on the way. "
_BERLIN = "Europe/Berlin"

CASES: dict[str, Case] = {
    "outdoor run": Case("nothing: GPS, heart rate, splits and best efforts"),
    "ride with power": Case("watts of a meter", "Ride", 34, plan=_with_meter),
    "ride with estimated power": Case(
        "average_watts with device_watts false, and no stream of it", "Ride", 34,
        plan=_without_meter,
    ),
    "ride with estimated watts stream": Case(
        "device_watts false beside a watts stream", "Ride", 34, plan=_with_meter,
        fields=lambda _row: {"device_watts": False},
        lap_fields=lambda _lap: {"device_watts": False},
        absent=("max_watts", "weighted_average_watts"),
    ),
    "virtual ride": Case("coordinates on an island", "VirtualRide", 27, trainer=True),
    "pool swim": Case("distance in lengths, laps of 100 m, strokes, no GPS", "Swim", 2),
    "swim without streams": Case("recorded, and yet no streams", "Swim", 2, streams=False),
    "manual": Case("typed in: no upload, laps or streams"),
    "no heart rate": Case("has_heartrate false", plan=_without_strap),
    "no gps": Case("a treadmill: distance, and no place", trainer=True),
    "no distance": Case(
        "weights with a heart rate: distance 0 and no stream of it",
        absent_streams=("distance", "velocity_smooth"),
    ),
    "no time stream": Case("all streams except time", absent_streams=("time",)),
    "private": Case("only for the athlete", private=True),
    "unknown sport": Case("a sport_type of the future", "Ride", 12, sport_type="HoverboardRide"),
    "fractional ints": Case(
        "halves in moving_time, max_heartrate, suffer_score, average_temp", fields=_fractions
    ),
    "whole numbers as floats": Case(
        "3005.0 where an integer is promised, and 9001 where a float is",
        fields=lambda row: _numbers_as(float, "moving_time", "elapsed_time", "kudos_count")(row)
        | _numbers_as(int, "utc_offset", "total_elevation_gain")(row),
    ),
    "null fields": Case("null for flags, Relative Effort and the line of the map", fields=_no_line),
    "nulls in streams": Case(
        "gaps of null in heartrate, watts and cadence", "Ride", 34, plan=_with_meter,
        null_streams=("heartrate", "watts", "cadence"),
    ),
    "null latlng": Case(
        "start_latlng and end_latlng null", trainer=True,
        fields=_nulls("start_latlng", "end_latlng"),
    ),
    "absent latlng": Case(
        "no start_latlng and end_latlng", trainer=True, absent=("start_latlng", "end_latlng")
    ),
    "empty latlng": Case("start_latlng and end_latlng []", trainer=True),
    "huge id": Case("an id above 2^53, which a double cannot hold", huge_id=True),
    "clocks go forward": Case(
        "an hour of the night is missing on the way", zone=_BERLIN, at=dt.time(1, 15),
        length_km=19, date=_last_sunday(3),
    ),
    "clocks go back": Case(
        "an hour of the night comes twice", zone=_BERLIN, at=dt.time(1, 45), length_km=19,
        date=_last_sunday(10),
    ),
    "west of greenwich": Case(
        "a local date before the date in UTC", zone="America/Denver", at=dt.time(20, 40)
    ),
    "half-hour zone": Case("utc_offset 19800", zone="Asia/Kolkata"),
    "hidden start": Case("starts at 00:00:01 by the local clock", at=dt.time(0, 0, 1)),
    "many points": Case(
        f"{_POINTS} points, {len(_GAPS)} gaps, and null in heartrate", length_km=36,
        plan=_lasting(_POINTS - 1 - len(_GAPS), _GAPS), null_streams=("heartrate",),
    ),
    "whole day": Case(
        "24 hours, second by second", "Ride", 420, plan=_lasting(86_400, ()), at=dt.time(6)
    ),
    "long pauses": Case("time jumps by minutes, up to an hour", plan=_lasting(3000, _PAUSES)),
    "smart recording": Case(
        "a sample every one to eight seconds",
        plan=lambda _athlete, plan: replace(plan, recording="smart"),
    ),
    "moving above elapsed": Case(
        "moving_time greater than elapsed_time",
        fields=lambda row: {"moving_time": row["elapsed_time"] + 60},
    ),
    "privacy zone": Case("starts and ends at home: activity:read does not see the ends"),
    "inside the privacy zone": Case(
        "never leaves home: activity:read sees no streams", "Walk", 0.2
    ),
    "flagged": Case("flagged by others", fields=lambda _row: {"flagged": True}),
    "emoji title": Case(
        "a title beyond the basic plane",
        title="\N{RUNNER}\N{ZERO WIDTH JOINER}\N{FEMALE SIGN}\N{VARIATION SELECTOR-16} "
        "\N{FIRE} \N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E} "
        'r\u0301un \u05d0 "quoted" \\ <b>&amp;',
    ),
    "long title": Case("a title of a thousand characters", title=(_LONG * 12)[:1000]),
    "across midnight": Case("ends on the next local date", at=dt.time(23, 35)),
    "leap day": Case("on 29 February", date=_leap_day),
}  # fmt: skip
