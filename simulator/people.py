"""Athletes, zones, gear and totals as they go over the wire."""

import datetime as dt
from typing import Any

import numpy as np

from simulator.athletes import Athlete, Gear
from simulator.plan import RIDES, Plan, course_of
from simulator.profiles import Profile
from simulator.recorded import RecordedAthlete
from simulator.records import Ledger
from simulator.sharing import visibility
from simulator.wire_times import utc
from simulator.world import Activity

Json = dict[str, Any]

_RECENT_S = 28 * 86_400
_POWER_EDGES = (0.55, 0.75, 0.90, 1.05, 1.20, 1.50)
_HEART_EDGES = (0.60, 0.70, 0.80, 0.90)
_ON_THE_ROAD = frozenset({"Run", "TrailRun"})  # those whose older `type` is Run
_UNSAID_IN = 5
_FEET = frozenset({"United States"})


def summary_athlete(athlete: Athlete, profile: Profile) -> Json:
    """Without weight and FTP, which are for `profile:read_all`."""
    if isinstance(athlete, RecordedAthlete):
        return athlete.summary(profile.changes)
    sex = "F" if athlete.index % 2 else "M"
    return {
        "id": athlete.athlete_id,
        "username": f"{athlete.first_name.lower()}_{athlete.index}",
        "resource_state": 2,
        "firstname": profile.first_name,
        "lastname": athlete.last_name,
        "bio": None,
        "city": athlete.home.city,
        "state": None,
        "country": athlete.home.country,
        "sex": None if athlete.index % _UNSAID_IN == 0 else sex,
        "premium": profile.premium,
        "summit": profile.premium,
        "created_at": "2014-05-11T08:21:43Z",
        "updated_at": "2026-01-09T19:03:12Z"
        if profile.updated_s is None
        else utc(profile.updated_s),
        "badge_type_id": 1,
        "profile_medium": "avatar/athlete/medium.png",
        "profile": "avatar/athlete/large.png",
        "friend": None,
        "follower": None,
    }


def detailed_athlete(athlete: Athlete, profile: Profile, ledger: Ledger) -> Json:
    metres = ledger.metres_by_gear
    return summary_athlete(athlete, profile) | {
        "resource_state": 3,
        "follower_count": 12,
        "friend_count": 14,
        "mutual_friend_count": 0,
        "athlete_type": 0,
        "date_preference": "%m/%d/%Y",
        "measurement_preference": "feet" if athlete.home.country in _FEET else "meters",
        "clubs": [],
        "ftp": profile.ftp_w,
        "weight": profile.weight_kg,
        "bikes": [summary_gear(gear, metres.get(gear.gear_id, 0.0)) for gear in athlete.bikes],
        "shoes": [summary_gear(gear, metres.get(gear.gear_id, 0.0)) for gear in athlete.shoes],
    }


def zones(profile: Profile) -> Json:
    heart = heart_edges(profile)
    shown: Json = {"heart_rate": {"custom_zones": False, "zones": _ranges(heart)}}
    if profile.ftp_w is not None:
        power = [round(profile.ftp_w * edge) for edge in _POWER_EDGES]
        shown["power"] = {"zones": _ranges(power)}
    return shown


def heart_edges(profile: Profile) -> list[int]:
    """Where the second heart rate zone and each later one begins."""
    return [round(profile.max_hr * edge) for edge in _HEART_EDGES]


def summary_gear(gear: Gear, metres: float) -> Json:
    return {
        "id": gear.gear_id,
        "primary": gear.primary,
        "name": gear.name,
        "nickname": None,
        "resource_state": 2,
        "retired": False,
        "distance": round(metres),
        "converted_distance": round(metres / 1000, 1),
    }


def detailed_gear(gear: Gear, metres: float) -> Json:
    shown = summary_gear(gear, metres) | {
        "resource_state": 3,
        "brand_name": gear.brand,
        "model_name": gear.model,
        "description": None,
    }
    if gear.gear_id.startswith("b"):
        return shown | {"frame_type": 3, "weight": 9.0}
    return shown | {"notification_distance": 800}


def stats(athlete: Athlete, ledger: Ledger, now_s: float) -> Json:
    """Totals over what everyone may see."""
    shown = [activity for activity in ledger.history if visibility(activity) == "everyone"]
    now = dt.datetime.fromtimestamp(now_s, tz=athlete.zone)
    year_s = now.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    rides = [activity for activity in shown if activity.sport_type in RIDES]
    climbs = [_biggest_climb_m(athlete, activity.plan) for activity in rides]
    totals: Json = {
        "biggest_ride_distance": max((a.figures.distance_m for a in rides), default=None),
        "biggest_climb_elevation_gain": max(climbs, default=0.0) or None,
    }
    for name, sports in (("ride", RIDES), ("run", _ON_THE_ROAD), ("swim", frozenset({"Swim"}))):
        chosen = [activity for activity in shown if activity.sport_type in sports]
        recent = [activity for activity in chosen if activity.plan.start_s >= now_s - _RECENT_S]
        counts = [len(ledger.standing(activity).achievements) for activity in recent]
        totals[f"recent_{name}_totals"] = _totals(recent) | {"achievement_count": sum(counts)}
        of_year = [activity for activity in chosen if activity.plan.start_s >= year_s]
        totals[f"ytd_{name}_totals"] = _in_whole_metres(_totals(of_year))
        totals[f"all_{name}_totals"] = _in_whole_metres(_totals(chosen))
    return totals


def _totals(activities: list[Activity]) -> Json:
    chosen = [activity.figures for activity in activities]
    return {
        "count": len(chosen),
        "distance": round(sum((figures.distance_m for figures in chosen), 0.0), 1),
        "moving_time": sum(figures.moving_s for figures in chosen),
        "elapsed_time": sum(figures.elapsed_s for figures in chosen),
        "elevation_gain": round(sum((figures.gain_m for figures in chosen), 0.0), 1),
    }


def _in_whole_metres(totals: Json) -> Json:
    """Only the recent totals come as floats."""
    return {name: round(value) for name, value in totals.items()}


def _biggest_climb_m(athlete: Athlete, plan: Plan) -> float:
    """From a low point up to the highest one after it."""
    heights = course_of(athlete, plan).altitude_m
    return round(float((heights - np.minimum.accumulate(heights)).max(initial=0.0)), 1)


def _ranges(edges: list[int]) -> list[dict[str, int]]:
    lows, highs = [0, *edges], [*edges, -1]
    return [{"min": low, "max": high} for low, high in zip(lows, highs, strict=True)]
