"""What people and their watches call an activity."""

import datetime as dt

import numpy as np

from simulator.athletes import Athlete
from simulator.chance import chance
from simulator.plan import RIDES, Plan, plan_zone

_NOUNS = {
    "Ride": "Ride",
    "GravelRide": "Gravel Ride",
    "VirtualRide": "Virtual Ride",
    "Run": "Run",
    "TrailRun": "Trail Run",
    "Hike": "Hike",
    "Walk": "Walk",
    "Swim": "Swim",
    "WeightTraining": "Weight Training",
    "Yoga": "Yoga",
}
_OWN = {
    "long": ("Long one with the group", "Out past the lake", "Slow miles", "Sunday loop"),
    "tempo": ("Tempo Thursday", "Comfortably hard", "Threshold blocks"),
    "intervals": ("Intervals", "Hill repeats", "On and off, on and off", "Track night"),
    "race": ("City race", "Club championship", "The big one"),
}
_PARTS = ((11, "Morning"), (14, "Lunch"), (18, "Afternoon"), (24, "Evening"))


def activity_name(rng: np.random.Generator, athlete: Athlete, plan: Plan) -> str:
    """Mostly the automatic name, at times the athlete's own."""
    own = _OWN.get(plan.effort)
    if own is not None and chance(rng, 0.6):
        return str(own[int(rng.integers(0, len(own)))])
    hour = dt.datetime.fromtimestamp(plan.start_s, tz=plan_zone(athlete, plan)).hour
    part = next(name for until, name in _PARTS if hour < until)
    return f"{part} {_NOUNS.get(plan.sport, plan.sport)}"


def device_name(plan: Plan) -> str:
    """Old devices save a sample only when something changes."""
    if plan.sport == "VirtualRide":
        return "Zwift"
    new = plan.recording == "every second"
    if plan.sport in RIDES:
        return "Garmin Edge 540" if new else "Garmin Edge 500"
    return "Garmin Forerunner 265" if new else "Garmin Forerunner 35"
