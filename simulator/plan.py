"""What an activity was meant to be: the few numbers that its streams are fitted to."""

from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from simulator.athletes import Athlete
from simulator.chance import chance
from simulator.terrain import Course, indoor_course

Effort = Literal["easy", "long", "tempo", "intervals", "race", "manual"]
CourseBook = Literal["ride", "run", "race", "commute", "virtual", "indoor", "pool", "gym", "none"]
Recording = Literal["every second", "smart"]

RIDES = frozenset({"Ride", "GravelRide", "VirtualRide", "MountainBikeRide", "EBikeRide"})
RUNS = frozenset({"Run", "TrailRun", "VirtualRun"})
BY_HAND = frozenset({"WeightTraining", "Yoga"})
RECORDABLE = frozenset(
    {"Ride", "GravelRide", "VirtualRide", "Run", "TrailRun", "Hike", "Walk", "Swim"}
)


@dataclass(frozen=True, slots=True)
class Stop:
    """Standing still: recorded second by second, or cut out by the watch's auto-pause."""

    at_moving_s: int
    length_s: int
    recorded: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Figures that are None were not measured."""

    sport: str
    effort: Effort
    start_s: int
    moving_s: int
    stops: tuple[Stop, ...]
    book: CourseBook
    course_number: int
    course_m: float
    distance_m: float
    climb_scale: float
    max_speed_mps: float
    average_hr: float | None
    max_hr: float | None
    average_watts: float | None
    max_watts: float | None
    average_cadence: float | None
    average_temp_c: int | None
    recording: Recording = "every second"
    commute: bool = False
    pool_m: float = 0.0
    # Where it is not the athlete's own.
    zone: str = ""

    @property
    def elapsed_s(self) -> int:
        return self.moving_s + sum(stop.length_s for stop in self.stops)

    @property
    def recorded(self) -> bool:
        return self.effort != "manual"


def plan_zone(athlete: Athlete, plan: Plan) -> ZoneInfo:
    return ZoneInfo(plan.zone) if plan.zone else athlete.zone


def course_of(athlete: Athlete, plan: Plan) -> Course:
    """The ground that the activity covered."""
    if plan.book in {"indoor", "pool", "gym", "none"}:
        return indoor_course(plan.course_m)
    return _book(athlete, plan.book)[plan.course_number].first(plan.course_m)


def _book(athlete: Athlete, book: CourseBook) -> tuple[Course, ...]:
    return {
        "ride": athlete.ride_courses,
        "run": athlete.run_courses,
        "race": athlete.race_courses,
        "commute": athlete.commute_courses,
        "virtual": athlete.virtual_courses,
    }[book]


@dataclass(frozen=True, slots=True)
class Intention:
    """What the athlete sets out to do; `length_m` None takes the whole chosen course."""

    sport: str
    effort: Effort
    start_s: int
    length_m: float
    temp_c: float
    fitness: float
    trainer: bool = False
    commute: Literal["", "out", "back"] = ""


_RIDE_INTENSITY = {"easy": 0.66, "long": 0.68, "tempo": 0.80, "intervals": 0.76, "race": 0.90}
_RUN_INTENSITY = {"easy": 0.77, "long": 0.77, "tempo": 0.90, "intervals": 0.86, "race": 0.99}
_HEART_SHARE = {"easy": 0.60, "long": 0.63, "tempo": 0.74, "intervals": 0.72, "race": 0.84}
_HEART_REACH = {"easy": 0.14, "long": 0.17, "tempo": 0.14, "intervals": 0.22, "race": 0.11}
_PEAK_POWER = {"easy": 2.3, "long": 2.9, "tempo": 2.4, "intervals": 2.9, "race": 2.8}
_GRAVITY = 9.81
_ROLLING = 0.005
_DRAG = 0.19


def make_plan(rng: np.random.Generator, athlete: Athlete, aim: Intention) -> Plan:
    """Fitness and ground give the speed; speed and length give the time."""
    if aim.sport == "Swim":
        return swim_plan(rng, athlete, aim)
    book = _book_for(aim)
    number, course = _choose_course(rng, athlete, book, aim)
    climb_scale = float(rng.uniform(0.97, 1.03))
    gain_m = course.gain_m * climb_scale
    distance_m = round(course.length_m * float(rng.uniform(0.996, 1.006)), 1)
    watts = max_watts = None
    if aim.sport in RIDES:
        power = athlete.ftp_w * aim.fitness * _RIDE_INTENSITY[aim.effort] * rng.uniform(0.95, 1.05)
        speed = _ride_speed(float(power), athlete.weight_kg + 9.0, gain_m / distance_m)
        if athlete.has_meter or aim.sport == "VirtualRide":
            watts = round(float(power), 1)
            max_watts = round(
                float(power) * _PEAK_POWER[aim.effort] * float(rng.uniform(0.9, 1.15))
            )
    else:
        speed = _run_speed(rng, athlete, aim, gain_m / distance_m)
    moving_s = max(60, round(distance_m / speed))
    peak = course.ride_peak if aim.sport in RIDES else course.run_peak
    average_hr, max_hr = _heart(rng, athlete, aim.effort)
    return Plan(
        sport=aim.sport,
        effort=aim.effort,
        start_s=aim.start_s,
        moving_s=moving_s,
        stops=draw_stops(rng, moving_s, indoors=aim.trainer),
        book=book,
        course_number=number,
        course_m=course.length_m,
        distance_m=distance_m,
        climb_scale=climb_scale,
        max_speed_mps=round(distance_m / moving_s * peak * float(rng.uniform(1.05, 1.16)), 3),
        average_hr=average_hr,
        max_hr=max_hr,
        average_watts=watts,
        max_watts=max_watts,
        average_cadence=round(
            float(rng.normal(86, 3) if aim.sport in RIDES else rng.normal(85, 2)), 1
        ),
        average_temp_c=None if aim.trainer else round(aim.temp_c),
        recording="smart" if _on_old_watch(athlete, aim) else "every second",
        commute=bool(aim.commute),
    )


def manual_plan(sport: str, start_s: int, length_s: int) -> Plan:
    """Typed in by hand: a duration, and nothing measured."""
    return Plan(
        sport, "manual", start_s, length_s, (), "none", 0, 0.0, 0.0, 1.0, 0.0, None, None,
        None, None, None, None,
    )  # fmt: skip


def fitted_to_elapsed(plan: Plan, elapsed_s: int, end_s: int) -> Plan:
    """The same effort, made to last exactly so long and to end at an instant."""
    most_s = elapsed_s // 4
    fitting = (s for s in plan.stops if s.at_moving_s < elapsed_s // 2 and s.length_s < most_s)
    stops = tuple(fitting)[:1]
    moving_s = elapsed_s - sum(stop.length_s for stop in stops)
    faster = plan.moving_s / moving_s
    return replace(
        plan,
        moving_s=moving_s,
        stops=stops,
        start_s=end_s - elapsed_s,
        max_speed_mps=round(plan.max_speed_mps * faster, 3),
    )


def draw_stops(rng: np.random.Generator, moving_s: int, *, indoors: bool) -> tuple[Stop, ...]:
    """Traffic lights, a cafe on a long day, a pause on the trainer now and then."""
    expected = moving_s / (7200 if indoors else 1100)
    drawn = rng.integers(30, max(31, moving_s - 30), int(rng.poisson(expected)))
    stops: list[Stop] = []
    for place in sorted(set(drawn.tolist())):
        recorded = chance(rng, 0.4)
        length = rng.integers(6, 45) if recorded else min(5400, int(rng.gamma(1.1, 110)) + 20)
        stops.append(Stop(place, int(length), recorded))
    return tuple(stops)


def _on_old_watch(athlete: Athlete, aim: Intention) -> bool:
    return aim.start_s < athlete.new_watch_s and not aim.trainer


def _book_for(aim: Intention) -> CourseBook:
    if aim.sport == "VirtualRide":
        return "virtual"
    if aim.trainer:
        return "indoor"
    if aim.commute:
        return "commute"
    if aim.sport in RIDES:
        return "ride"
    return "race" if aim.effort == "race" else "run"


def _choose_course(
    rng: np.random.Generator, athlete: Athlete, book: CourseBook, aim: Intention
) -> tuple[int, Course]:
    """One of the three courses nearest in length, whole when it is near enough."""
    length_m = aim.length_m
    if book == "indoor":
        return 0, indoor_course(length_m)
    courses = _book(athlete, book)
    if book == "commute":
        number = 1 if aim.commute == "back" else 0
        return number, courses[number]
    order = sorted(range(len(courses)), key=lambda n: abs(courses[n].length_m - length_m))
    number = order[0] if book == "race" else order[int(rng.integers(0, 3))]
    course = courses[number]
    near = 0.8 * length_m < course.length_m < 1.25 * length_m
    return number, course if near or book == "race" else course.first(length_m)


def _ride_speed(power_w: float, mass_kg: float, climb: float) -> float:
    """Solve power = rolling + climbing + air for the speed, by Newton's method."""
    resist = mass_kg * _GRAVITY * (_ROLLING + 0.6 * climb)
    speed = 7.0
    for _ in range(6):
        speed -= (resist * speed + _DRAG * speed**3 - power_w) / (resist + 3 * _DRAG * speed**2)
    return float(min(max(speed, 3.0), 13.0))


def _run_speed(rng: np.random.Generator, athlete: Athlete, aim: Intention, climb: float) -> float:
    if aim.sport in {"Walk", "Hike"}:
        return float(rng.uniform(1.2, 1.5)) * (1 - 4 * climb)
    distance_loss = 1 - 0.05 * np.log2(max(aim.length_m, 5000.0) / 10_000.0)
    loss = distance_loss if aim.effort == "race" else 1.0
    speed = athlete.threshold_mps * aim.fitness * _RUN_INTENSITY[aim.effort] * loss
    return float(speed * rng.uniform(0.97, 1.03) / (1 + 3.5 * climb))


def swim_plan(rng: np.random.Generator, athlete: Athlete, aim: Intention) -> Plan:
    """Lengths of a pool, with a rest at the wall after each hundred."""
    pool_m = 25.0 if chance(rng, 0.7) else 50.0
    hundreds = max(4, round(aim.length_m / 100))
    hundred_s = round(float(rng.uniform(96, 125)) / aim.fitness)
    rests = tuple(
        Stop(n * hundred_s, int(rng.integers(10, 30)), recorded=True) for n in range(1, hundreds)
    )
    average_hr, max_hr = _heart(rng, athlete, "easy")
    length_m = hundreds * 100.0
    return Plan(
        sport="Swim", effort="easy", start_s=aim.start_s, moving_s=hundreds * hundred_s,
        stops=rests, book="pool", course_number=0, course_m=length_m, distance_m=length_m,
        climb_scale=1.0, max_speed_mps=round(100.0 / hundred_s * float(rng.uniform(1.08, 1.2)), 3),
        average_hr=average_hr, max_hr=max_hr, average_watts=None, max_watts=None,
        average_cadence=round(float(rng.normal(28, 2)), 1), average_temp_c=27, pool_m=pool_m,
    )  # fmt: skip


def gym_plan(rng: np.random.Generator, athlete: Athlete, start_s: int, length_s: int) -> Plan:
    """Weights with a watch on: a heart rate, and no way made."""
    average_hr, max_hr = _heart(rng, athlete, "easy")
    return Plan(
        "WeightTraining", "easy", start_s, length_s, (), "gym", 0, 0.0, 0.0, 1.0, 0.0,
        average_hr, max_hr, None, None, None, None,
    )  # fmt: skip


def _heart(rng: np.random.Generator, athlete: Athlete, effort: Effort) -> tuple[float, float]:
    reserve = athlete.max_hr - athlete.rest_hr
    share = _HEART_SHARE[effort] + float(rng.normal(0, 0.02))
    average = athlete.rest_hr + reserve * share
    reach = min(share + _HEART_REACH[effort] * float(rng.uniform(0.8, 1.2)), 1.0)
    return round(average, 1), float(round(athlete.rest_hr + reserve * reach))
