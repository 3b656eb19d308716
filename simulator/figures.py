"""The totals that a list shows: planned ones, or measured on streams after a crop."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.athletes import Athlete
from simulator.plan import Plan, course_of
from simulator.polyline import encode_polyline
from simulator.streams import Streams
from simulator.terrain import thinned

FloatArray = npt.NDArray[np.float64]

_ROLLING_S = 30
_WEIGHTING = {"easy": 1.12, "long": 1.12, "tempo": 1.12, "intervals": 1.18, "race": 1.12}


@dataclass(frozen=True, slots=True)
class Figures:
    distance_m: float
    moving_s: int
    elapsed_s: int
    gain_m: float
    max_speed_mps: float
    average_hr: float | None = None
    max_hr: float | None = None
    average_cadence: float | None = None
    average_temp_c: int | None = None
    average_watts: float | None = None
    weighted_watts: int | None = None
    max_watts: int | None = None
    low_m: float | None = None
    high_m: float | None = None
    start: tuple[float, float] | None = None
    end: tuple[float, float] | None = None
    summary_polyline: str = ""

    @property
    def average_speed_mps(self) -> float:
        return self.distance_m / self.moving_s if self.moving_s else 0.0


def planned_figures(athlete: Athlete, plan: Plan) -> Figures:
    """Cheap: a whole history is listed without making a single stream."""
    if not plan.recorded:
        return Figures(0.0, plan.moving_s, plan.elapsed_s, 0.0, 0.0)
    course = course_of(athlete, plan)
    low = high = start = end = None
    if course.outdoors:
        floor = float(course.altitude_m.min())
        low, high = floor, floor + (float(course.altitude_m.max()) - floor) * plan.climb_scale
        start = (float(course.lat[0]), float(course.lng[0]))
        end = (float(course.lat[-1]), float(course.lng[-1]))
    watts = plan.average_watts
    return Figures(
        distance_m=plan.distance_m,
        moving_s=plan.moving_s,
        elapsed_s=plan.elapsed_s,
        gain_m=course.gain_m * plan.climb_scale,
        max_speed_mps=plan.max_speed_mps,
        average_hr=plan.average_hr,
        max_hr=plan.max_hr,
        average_cadence=plan.average_cadence,
        average_temp_c=plan.average_temp_c,
        average_watts=watts,
        weighted_watts=None if watts is None else round(watts * _WEIGHTING[plan.effort]),
        max_watts=None if plan.max_watts is None else round(plan.max_watts),
        low_m=low, high_m=high, start=start, end=end,
        summary_polyline=course.summary_polyline if course.outdoors else "",
    )  # fmt: skip


def measured_figures(streams: Streams) -> Figures:
    """What the samples themselves say."""
    seconds = np.diff(streams.time_s, prepend=0.0)
    watts, height = streams.watts, streams.altitude_m
    gain = low = high = start = end = None
    line = ""
    if height is not None and streams.lat is not None and streams.lng is not None:
        rises = np.diff(height)
        gain, low, high = rises[rises > 0].sum(), height.min(), height.max()
        start = (float(streams.lat[0]), float(streams.lng[0]))
        end = (float(streams.lat[-1]), float(streams.lng[-1]))
        line = encode_polyline(*thinned(streams.lat, streams.lng, 120))
    heart = streams.heartrate
    weights = np.where(streams.moving, seconds, 0.0)
    turns = streams.cadence
    pedalled = None if watts is None else watts[streams.moving]
    return Figures(
        distance_m=round(float(streams.distance_m[-1]), 1),
        moving_s=int(seconds[streams.moving].sum()),
        elapsed_s=int(streams.time_s[-1]),
        gain_m=0.0 if gain is None else float(gain),
        max_speed_mps=round(float(streams.speed_mps.max()), 3),
        average_hr=None if heart is None else round(_mean(heart, weights), 1),
        max_hr=None if heart is None else float(round(float(heart.max()))),
        average_cadence=None if turns is None else _mean_turning(turns, weights),
        average_temp_c=None if streams.temp_c is None else round(float(streams.temp_c.mean())),
        average_watts=None if watts is None else round(_mean(watts, weights), 1),
        weighted_watts=None if pedalled is None else _weighted(pedalled),
        max_watts=None if watts is None else round(float(watts.max())),
        low_m=None if low is None else float(low),
        high_m=None if high is None else float(high),
        start=start,
        end=end,
        summary_polyline=line,
    )


def _mean(values: FloatArray, weights: FloatArray) -> float:
    """Each sample counts for the moving seconds that end in it."""
    return float(np.average(values, weights=weights if weights.any() else None))


def _mean_turning(turns: FloatArray, weights: FloatArray) -> float | None:
    turning = turns > 0
    return round(_mean(turns[turning], weights[turning]), 1) if turning.any() else None


def _weighted(watts: FloatArray) -> int:
    """Fourth-power mean of the 30 s rolling mean."""
    if watts.size < _ROLLING_S:
        return round(float(watts.mean()))
    total = np.cumsum(np.concatenate([[0.0], watts]))
    rolling = (total[_ROLLING_S:] - total[:-_ROLLING_S]) / _ROLLING_S
    return round(float((rolling**4).mean() ** 0.25))
