"""Athletes, zones, gear and totals as they go over the wire."""

import datetime as dt
from typing import Any

from simulator.athletes import Athlete, Gear
from simulator.plan import RIDES, RUNS
from simulator.world import Activity

Json = dict[str, Any]

_RECENT_S = 28 * 86_400
_POWER_EDGES = (0.55, 0.75, 0.90, 1.05, 1.20, 1.50)
_HEART_EDGES = (0.60, 0.70, 0.80, 0.90)


def summary_athlete(athlete: Athlete) -> Json:
    return {
        "id": athlete.athlete_id,
        "username": f"{athlete.first_name.lower()}_{athlete.index}",
        "resource_state": 2,
        "firstname": athlete.first_name,
        "lastname": athlete.last_name,
        "bio": None,
        "city": athlete.home.city,
        "state": None,
        "country": athlete.home.country,
        "sex": "F" if athlete.index % 2 else "M",
        "premium": True,
        "summit": True,
        "created_at": "2014-05-11T08:21:43Z",
        "updated_at": "2026-01-09T19:03:12Z",
        "badge_type_id": 1,
        "weight": athlete.weight_kg,
        "profile_medium": "avatar/athlete/medium.png",
        "profile": "avatar/athlete/large.png",
        "friend": None,
        "follower": None,
    }


def detailed_athlete(athlete: Athlete, activities: list[Activity]) -> Json:
    metres = metres_by_gear(activities)
    return summary_athlete(athlete) | {
        "resource_state": 3,
        "follower_count": 12,
        "friend_count": 14,
        "mutual_friend_count": 0,
        "athlete_type": 0,
        "date_preference": "%m/%d/%Y",
        "measurement_preference": "meters",
        "clubs": [],
        "ftp": round(athlete.ftp_w) if athlete.has_meter else None,
        "bikes": [summary_gear(gear, metres.get(gear.gear_id, 0.0)) for gear in athlete.bikes],
        "shoes": [summary_gear(gear, metres.get(gear.gear_id, 0.0)) for gear in athlete.shoes],
    }


def zones(athlete: Athlete) -> Json:
    heart = [round(athlete.max_hr * edge) for edge in _HEART_EDGES]
    shown: Json = {"heart_rate": {"custom_zones": False, "zones": _ranges(heart)}}
    if athlete.has_meter:
        power = [round(athlete.ftp_w * edge) for edge in _POWER_EDGES]
        shown["power"] = {"zones": _ranges(power)}
    return shown


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


def metres_by_gear(activities: list[Activity]) -> dict[str, float]:
    metres: dict[str, float] = {}
    for activity in activities:
        if activity.gear_id:
            metres[activity.gear_id] = (
                metres.get(activity.gear_id, 0.0) + activity.figures.distance_m
            )
    return metres


def stats(athlete: Athlete, activities: list[Activity], now_s: float) -> Json:
    """Totals over what everyone may see."""
    shown = [activity for activity in activities if not activity.private]
    now = dt.datetime.fromtimestamp(now_s, tz=athlete.zone)
    year_s = now.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    rides = [activity for activity in shown if activity.sport_type in RIDES]
    totals: Json = {
        "biggest_ride_distance": max((a.figures.distance_m for a in rides), default=None),
        "biggest_climb_elevation_gain": None,
    }
    for name, sports in (("ride", RIDES), ("run", RUNS), ("swim", frozenset({"Swim"}))):
        chosen = [activity for activity in shown if activity.sport_type in sports]
        totals[f"recent_{name}_totals"] = _totals(chosen, now_s - _RECENT_S) | {
            "achievement_count": 0
        }
        totals[f"ytd_{name}_totals"] = _totals(chosen, year_s)
        totals[f"all_{name}_totals"] = _totals(chosen, 0.0)
    return totals


def _totals(activities: list[Activity], since_s: float) -> Json:
    chosen = [activity.figures for activity in activities if activity.plan.start_s >= since_s]
    return {
        "count": len(chosen),
        "distance": round(sum(figures.distance_m for figures in chosen), 1),
        "moving_time": sum(figures.moving_s for figures in chosen),
        "elapsed_time": sum(figures.elapsed_s for figures in chosen),
        "elevation_gain": round(sum(figures.gain_m for figures in chosen), 1),
    }


def _ranges(edges: list[int]) -> list[dict[str, int]]:
    lows, highs = [0, *edges], [*edges, -1]
    return [{"min": low, "max": high} for low, high in zip(lows, highs, strict=True)]
