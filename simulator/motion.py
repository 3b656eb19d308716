"""How an activity moved: over hills, along a lane, or on the spot."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from simulator.athletes import Athlete
from simulator.physiology import riding_power, running_cost, slow_noise
from simulator.plan import RIDES, Plan, course_of
from simulator.terrain import Course
from simulator.timeline import Timeline

FloatArray = npt.NDArray[np.float64]

_BIKE_KG = 9.0
_WARM_UP = 0.2
_HARD_SHARE = 0.55
_WORK_S, _SET_S = 45.0, 130.0
_AT_THE_WALL = 0.3
_FREEWHEELING = -0.024


@dataclass(frozen=True, slots=True)
class Motion:
    """`exertion` is in no unit: hearts and meters are scaled to the plan."""

    distance_m: FloatArray
    speed_mps: FloatArray
    exertion: FloatArray
    lat: FloatArray | None = None
    lng: FloatArray | None = None
    altitude_m: FloatArray | None = None
    grade_pct: FloatArray | None = None


def motion_of(rng: np.random.Generator, athlete: Athlete, plan: Plan, line: Timeline) -> Motion:
    if plan.book == "gym":
        return _in_the_gym(rng, line)
    if plan.book == "pool":
        return _in_the_pool(plan, line)
    return _over_ground(rng, athlete, plan, line)


def _in_the_gym(rng: np.random.Generator, line: Timeline) -> Motion:
    """Work and rest in turn."""
    nowhere = np.zeros_like(line.time_s)
    working = np.mod(line.time_s, _SET_S) < _WORK_S
    exertion = np.where(working, 1.0, 0.45) * (1 + slow_noise(rng, line.time_s, 60.0, 0.2))
    return Motion(nowhere, nowhere, np.maximum(exertion, 0.1))


def _in_the_pool(plan: Plan, line: Timeline) -> Motion:
    """Distance grows by a whole length at each wall; a little slower along each set."""
    lengths = round(plan.distance_m / plan.pool_m)
    fade = 1 - plan.distance_m / plan.moving_s / plan.max_speed_mps
    marks = [0, *(stop.at_moving_s for stop in plan.stops), plan.moving_s]
    took_s: list[FloatArray] = []
    for begin_s, end_s in pairwise(marks):
        swum = round(lengths * end_s / plan.moving_s) - round(lengths * begin_s / plan.moving_s)
        shares = np.linspace(1 - fade, 1 + fade, max(swum, 1))
        took_s.append(shares * ((end_s - begin_s) / shares.sum()))
    each_s = np.concatenate(took_s)
    walls_s = np.cumsum(each_s)
    # A hair early, so that rounding does not put a wall after the end.
    done = np.searchsorted(walls_s - 1e-6, line.clock_s, side="right").astype(np.float64)
    current = np.searchsorted(walls_s - 1e-6, line.clock_s, side="left").clip(max=each_s.size - 1)
    speed = np.minimum(plan.pool_m / each_s[current], plan.max_speed_mps)
    return Motion(
        distance_m=done * plan.pool_m,
        speed_mps=np.where(line.moving, speed, 0.0),
        exertion=np.where(line.moving, speed, _AT_THE_WALL * plan.max_speed_mps),
    )


def _over_ground(rng: np.random.Generator, athlete: Athlete, plan: Plan, line: Timeline) -> Motion:
    course = course_of(athlete, plan)
    along_m, speed = _travel(rng, plan, course, line)
    grade = np.interp(along_m, course.along_m, course.grade) * plan.climb_scale
    noise = 1 + slow_noise(rng, line.time_s, 9.0, 0.10)
    if plan.sport in RIDES:
        power = riding_power(speed, grade, line.time_s, athlete.weight_kg + _BIKE_KG)
        jitter = noise + rng.normal(0, 0.06, noise.size)
        pedalling = ~_coasting(rng, grade, power, line)
        exertion = np.where(pedalling, np.maximum(power * jitter, 0.0), 0.0)
    else:
        exertion = speed * running_cost(grade) * (1 + 0.2 * (noise - 1))
    lat = lng = height = None
    if course.outdoors:
        lat, lng, height = _on_the_ground(rng, plan, course, along_m)
    return Motion(
        distance_m=along_m * (plan.distance_m / course.length_m),
        speed_mps=np.where(line.moving, np.minimum(speed, plan.max_speed_mps), 0.0),
        exertion=np.where(line.moving, exertion, 0.0),
        lat=lat,
        lng=lng,
        altitude_m=height,
        grade_pct=grade * 100.0 if course.outdoors else None,
    )


def _coasting(
    rng: np.random.Generator, grade: FloatArray, power: FloatArray, line: Timeline
) -> npt.NDArray[np.bool_]:
    """Legs rest downhill, and now and then elsewhere: in a bend, behind somebody."""
    downhill = grade + slow_noise(rng, line.time_s, 20.0, 0.012) < _FREEWHEELING
    resting = slow_noise(rng, line.time_s, 7.0, 1.0) > 1.55  # noqa: PLR2004 - about one second in 20
    return downhill | resting | (power < 0.15 * float(power.mean()))


def _travel(
    rng: np.random.Generator, plan: Plan, course: Course, line: Timeline
) -> tuple[FloatArray, FloatArray]:
    """Where one is at each sample, and how fast: fast ground, tired legs, traffic lights."""
    place = course.along_m
    pace = course.ride_pace if plan.sport in RIDES else course.run_pace
    shape = pace * _effort_shape(rng, plan, place)
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


def _on_the_ground(
    rng: np.random.Generator, plan: Plan, course: Course, along_m: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Coordinates a few metres off the line, exact at both ends, and the height there."""
    taper = np.minimum(1.0, np.minimum(along_m, along_m[-1] - along_m) / 50.0) * 2.5e-5
    low = float(course.altitude_m.min())
    height = np.interp(along_m, course.along_m, course.altitude_m)
    lat = np.interp(along_m, course.along_m, course.lat)
    lng = np.interp(along_m, course.along_m, course.lng)
    lat += taper * slow_noise(rng, along_m, 120.0, 1.0)
    lng += taper * slow_noise(rng, along_m, 120.0, 1.0)
    return lat, lng, low + (height - low) * plan.climb_scale
