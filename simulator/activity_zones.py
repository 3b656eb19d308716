"""How long an activity was in each zone of heart rate, pace and power.

The times are those of the moving samples, so each distribution adds up to `moving_time`.
"""

from typing import Any

import numpy as np

from simulator.athletes import Athlete
from simulator.people import heart_edges
from simulator.plan import RUNS
from simulator.profiles import Profile
from simulator.streams import FloatArray, Streams
from simulator.world import Activity

Json = dict[str, Any]

_PACE_SHARES = (0.775, 0.877, 0.943, 1.0, 1.034)
_WATT_EDGES = (1, *range(50, 500, 50))


def zone_types(activity: Activity) -> list[str]:
    """Which distributions an activity has."""
    figures = activity.figures
    have = {
        "heartrate": figures.average_hr is not None,
        "pace": activity.has_streams and activity.sport_type in RUNS,
        "power": figures.average_watts is not None,
    }
    return [name for name, has in have.items() if has]


def activity_zones(
    athlete: Athlete, profile: Profile, activity: Activity, streams: Streams
) -> list[Json]:
    made = {
        "heartrate": lambda: _heart(profile, streams),
        "pace": lambda: _pace(athlete, streams),
        "power": lambda: _power(activity, streams),
    }
    return [
        {"type": name, "resource_state": 3, "sensor_based": True} | made[name]()
        for name in zone_types(activity)
    ]


def _heart(profile: Profile, streams: Streams) -> Json:
    edges = heart_edges(profile)
    beats = np.zeros(len(streams)) if streams.heartrate is None else np.rint(streams.heartrate)
    spent_s = _spent_s(streams, beats, edges)
    ends = [*(edge - 1 for edge in edges), -1]  # whole beats: no two zones share one
    # Points grow with the zone; the score is their sum.
    points = round(sum(s * weight for s, weight in zip(spent_s, (0, 1, 2, 4, 6), strict=True)) / 90)
    return {
        "score": float(points),
        "points": points,
        "custom_zones": False,
        "distribution_buckets": _buckets([0, *edges], ends, [round(s) for s in spent_s]),
    }


def _pace(athlete: Athlete, streams: Streams) -> Json:
    """In metres a second, as floats."""
    edges = [round(athlete.threshold_mps * share, 4) for share in _PACE_SHARES]
    spent_s = _spent_s(streams, np.round(streams.speed_mps, 3), edges)
    points = round(sum(s * (n + 1) for n, s in enumerate(spent_s)) / 100)
    return {
        "score": float(points),
        "sensor_based": False,
        "custom_zones": False,
        "distribution_buckets": _buckets([0.0, *edges], [*edges, -1.0], spent_s),
    }


def _power(activity: Activity, streams: Streams) -> Json:
    """Nothing, then steps of fifty watts."""
    watts = np.zeros(len(streams)) if streams.watts is None else np.rint(streams.watts)
    spent_s = [round(s) for s in _spent_s(streams, watts, _WATT_EDGES)]
    steps = list(_WATT_EDGES[1:])
    return {
        "score": float(activity.figures.weighted_watts or 0),
        "distribution_buckets": _buckets([0, 0, *steps], [0, *steps, -1], spent_s),
    }


def _spent_s(
    streams: Streams, values: FloatArray, edges: list[int] | list[float] | tuple[int, ...]
) -> list[float]:
    seconds = np.where(streams.moving, np.diff(streams.time_s, prepend=0.0), 0.0)
    zone = np.searchsorted(edges, values, side="right")
    spent: list[float] = np.bincount(zone, weights=seconds, minlength=len(edges) + 1).tolist()
    return spent


def _buckets(
    lows: list[float] | list[int], highs: list[float] | list[int], spent_s: list[float] | list[int]
) -> list[Json]:
    return [
        {"min": low, "max": high, "time": time_s}
        for low, high, time_s in zip(lows, highs, spent_s, strict=True)
    ]
