"""One activity second by second: streams that add up to the plan's totals."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from simulator.athletes import Athlete
from simulator.physiology import fitted, lagged, riding_power, running_cost, slow_noise
from simulator.plan import RIDES, Plan, course_of, terrain_pace
from simulator.terrain import Course
from simulator.timeline import Timeline, timeline_of

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_BIKE_KG = 9.0
_WARM_UP = 0.2
_HARD_SHARE = 0.55


@dataclass(frozen=True, slots=True)
class Streams:
    """Columns of equal length; None where the activity has none."""

    time_s: FloatArray
    moving: BoolArray
    distance_m: FloatArray
    speed_mps: FloatArray
    heartrate: FloatArray
    cadence: FloatArray
    lat: FloatArray | None
    lng: FloatArray | None
    altitude_m: FloatArray | None
    grade_pct: FloatArray | None
    watts: FloatArray | None
    temp_c: FloatArray | None

    def __len__(self) -> int:
        return self.time_s.size

    def until(self, elapsed_s: float) -> "Streams":
        """The samples up to an instant."""
        count = max(2, int(np.searchsorted(self.time_s, elapsed_s, side="right")))
        return Streams(
            time_s=self.time_s[:count],
            moving=self.moving[:count],
            distance_m=self.distance_m[:count],
            speed_mps=self.speed_mps[:count],
            heartrate=self.heartrate[:count],
            cadence=self.cadence[:count],
            lat=_first(self.lat, count),
            lng=_first(self.lng, count),
            altitude_m=_first(self.altitude_m, count),
            grade_pct=_first(self.grade_pct, count),
            watts=_first(self.watts, count),
            temp_c=_first(self.temp_c, count),
        )

    def stretched(self, factor: float) -> "Streams":
        return replace(self, distance_m=self.distance_m * factor, speed_mps=self.speed_mps * factor)


@dataclass(frozen=True, slots=True)
class _Ground:
    lat: FloatArray | None = None
    lng: FloatArray | None = None
    altitude_m: FloatArray | None = None


def make_streams(athlete: Athlete, plan: Plan, activity_id: int, max_points: int | None) -> Streams:
    """The same streams each time for the same seed and activity."""
    rng = np.random.default_rng([athlete.seed, activity_id])
    course = course_of(athlete, plan)
    line = timeline_of(plan, max_points)
    along_m, speed = _travel(rng, plan, course, line)
    grade = np.interp(along_m, course.along_m, course.grade) * plan.climb_scale
    noise = 1 + slow_noise(rng, line.time_s, 9.0, 0.10)
    if plan.sport in RIDES:
        exertion = riding_power(speed, grade, line.time_s, athlete.weight_kg + _BIKE_KG) * noise
    else:
        exertion = speed * running_cost(grade) * (1 + 0.2 * (noise - 1))
    exertion = np.where(line.moving, exertion, 0.0)
    watts = _watts(plan, exertion, line)
    temp = _temperature(rng, plan, line)
    ground = _on_the_ground(rng, plan, course, along_m) if course.outdoors else _Ground()
    return Streams(
        time_s=line.time_s,
        moving=line.moving,
        distance_m=along_m * (plan.distance_m / course.length_m),
        speed_mps=np.where(line.moving, np.minimum(speed, plan.max_speed_mps), 0.0),
        heartrate=_heartrate(rng, athlete, plan, exertion, line),
        cadence=_cadence(rng, plan, exertion, line),
        lat=ground.lat,
        lng=ground.lng,
        altitude_m=ground.altitude_m,
        grade_pct=grade * 100.0 if course.outdoors else None,
        watts=watts,
        temp_c=temp,
    )


def _travel(
    rng: np.random.Generator, plan: Plan, course: Course, line: Timeline
) -> tuple[FloatArray, FloatArray]:
    """Where one is at each sample, and how fast: fast ground, tired legs, traffic lights."""
    place = course.along_m
    shape = terrain_pace(course, rides=plan.sport in RIDES) * _effort_shape(rng, plan, place)
    logs = np.log(shape / shape.max())
    metres = np.diff(place, prepend=0.0)
    top = plan.max_speed_mps
    speed = top * np.exp(_pace_power(logs, metres / top, plan.moving_s) * logs)
    arrival = np.cumsum(metres / speed)
    arrival *= plan.moving_s / arrival[-1]
    first = np.interp(line.clock_s, arrival, place)
    slowed = np.interp(first, place, speed) * _slowing(plan, line)
    seconds = np.diff(line.clock_s, prepend=0.0)
    middle = (slowed + np.concatenate([slowed[:1], slowed[:-1]])) / 2
    along_m = np.cumsum(middle * seconds)
    scale = course.length_m / along_m[-1]
    return along_m * scale, slowed * scale * (plan.distance_m / course.length_m)


def _effort_shape(rng: np.random.Generator, plan: Plan, place: FloatArray) -> FloatArray:
    shape = 1 + slow_noise(rng, place, 500.0, 0.035)
    if plan.effort == "intervals":
        repeats = int(rng.integers(4, 9))
        share = (place / place[-1] - _WARM_UP) / (1 - 2 * _WARM_UP)
        hard = (np.mod(share * repeats, 1.0) < _HARD_SHARE) & (share > 0) & (share < 1)
        shape *= np.where(hard, 1.14, 0.94)
    return shape


def _pace_power(logs: FloatArray, fastest_s: FloatArray, moving_s: int) -> float:
    """How strongly the ground may tell, for the whole to take `moving_s` (Newton's method)."""
    power = 1.0
    for _ in range(12):
        seconds = fastest_s * np.exp(-power * logs)
        miss = float(seconds.sum()) - moving_s
        slope = -float((seconds * logs).sum())
        if slope <= 0 or abs(miss) < 0.01 * moving_s**0.5:
            break
        power = min(max(power - miss / slope, 0.02), 6.0)
    return power


def _slowing(plan: Plan, line: Timeline) -> FloatArray:
    """Near nought at each start and stop, one a few seconds away from it."""
    marks = np.array([0, *(stop.at_moving_s for stop in plan.stops), plan.moving_s])
    after = np.searchsorted(marks, line.clock_s, side="left").clip(1, marks.size - 1)
    distance_s = np.minimum(
        np.abs(line.clock_s - marks[after - 1]), np.abs(marks[after] - line.clock_s)
    )
    slowing: FloatArray = np.clip(0.25 + distance_s / 8.0, 0.25, 1.0)
    return slowing


def _watts(plan: Plan, exertion: FloatArray, line: Timeline) -> FloatArray | None:
    if plan.average_watts is None or plan.max_watts is None:
        return None
    watts = fitted(exertion, 0.0, plan.average_watts, plan.max_watts, line.moving)
    return np.where(line.moving, watts, 0.0)


def _heartrate(
    rng: np.random.Generator, athlete: Athlete, plan: Plan, exertion: FloatArray, line: Timeline
) -> FloatArray:
    resting = 0.25 * float(exertion.mean())
    drive = lagged(line.time_s, np.maximum(exertion, resting), 38.0)
    share = line.time_s / line.time_s[-1]
    warm = 1 - 0.25 * np.exp(-line.time_s / 240.0)
    shape = drive * warm * (1 + 0.07 * share) + slow_noise(
        rng, line.time_s, 25.0, 0.015 * float(drive.mean())
    )
    low = min(athlete.rest_hr + 28.0, plan.average_hr - 12.0)
    everywhere = np.ones(shape.size, dtype=np.bool_)
    return fitted(shape, low, plan.average_hr, plan.max_hr, everywhere)


def _cadence(
    rng: np.random.Generator, plan: Plan, exertion: FloatArray, line: Timeline
) -> FloatArray:
    """Turning whenever there is effort; its mean without the zeros is the plan's."""
    turning = exertion > 0.05 * float(exertion.mean())
    cadence = 1 + slow_noise(rng, line.time_s, 12.0, 0.045)
    if not turning.any():
        return np.zeros_like(cadence)
    scale = plan.average_cadence / float(cadence[turning].mean())
    return np.where(turning, cadence * scale, 0.0)


def _temperature(rng: np.random.Generator, plan: Plan, line: Timeline) -> FloatArray | None:
    if plan.average_temp_c is None:
        return None
    wander = slow_noise(rng, line.time_s, 900.0, 1.1)
    return plan.average_temp_c + wander - float(wander.mean())


def _on_the_ground(
    rng: np.random.Generator, plan: Plan, course: Course, along_m: FloatArray
) -> _Ground:
    """Coordinates a few metres off the line, exact at both ends, and the height there."""
    taper = np.minimum(1.0, np.minimum(along_m, along_m[-1] - along_m) / 50.0) * 2.5e-5
    low = float(course.altitude_m.min())
    height = np.interp(along_m, course.along_m, course.altitude_m)
    return _Ground(
        lat=np.interp(along_m, course.along_m, course.lat)
        + taper * slow_noise(rng, along_m, 120.0, 1.0),
        lng=np.interp(along_m, course.along_m, course.lng)
        + taper * slow_noise(rng, along_m, 120.0, 1.0),
        altitude_m=low + (height - low) * plan.climb_scale,
    )


def _first(values: FloatArray | None, count: int) -> FloatArray | None:
    return None if values is None else values[:count]
