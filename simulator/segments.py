"""Segments on the courses that an athlete knows, and the efforts of an activity on them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulator.athletes import Athlete
from simulator.plan import Plan
from simulator.sport_types import legacy_type
from simulator.streams import Streams
from simulator.terrain import Course
from simulator.world import Activity

_TYPE_OF_BOOK = {
    "ride": "Ride", "run": "Run", "race": "Run", "virtual": "VirtualRide", "commute": "Ride",
}  # fmt: skip
_SALT_OF_BOOK = {"ride": 0, "run": 1, "race": 2, "virtual": 3, "commute": 4}
_ID_BASE = 30_000_000
_STEP_M = 25.0
_LONGEST_M = {"Ride": 3_000.0, "Run": 1_200.0, "VirtualRide": 2_500.0}
_SHORTEST_M = 300.0
_EVERY_M = {"Ride": 7_000.0, "Run": 3_000.0, "VirtualRide": 6_000.0}
_MOST = 8
_HIDDEN = frozenset({1, 5})  # of the places on a course, counted from nought
_WHOLE = 9
_NEAR_M = 1.0
# Metres times percent, from category 4 to beyond category.
_CATEGORIES = (8_000, 16_000, 32_000, 64_000, 80_000)
_STEEP_PCT = 3.0
_PLACES = ("Mill", "Chapel", "Canal", "Orchard", "Quarry", "Station", "Heath", "Brewery")


@dataclass(frozen=True, slots=True)
class Segment:
    """From one place of a course to a later one; `whole` is once around all of it."""

    segment_id: int
    name: str
    activity_type: str
    begin_m: float
    end_m: float
    average_grade: float
    maximum_grade: float
    high_m: float
    low_m: float
    start: tuple[float, float]
    end: tuple[float, float]
    whole: bool
    hidden: bool

    @property
    def length_m(self) -> float:
        return self.end_m - self.begin_m

    @property
    def climb_category(self) -> int:
        """0 for none; 5 is beyond category."""
        if self.average_grade < _STEEP_PCT:
            return 0
        return sum(self.length_m * self.average_grade > least for least in _CATEGORIES)


@dataclass(frozen=True, slots=True)
class SegmentEffort:
    segment: Segment
    first: int
    last: int


def course_round(athlete: Athlete, plan: Plan) -> Course | None:
    """Once around the course that a plan follows; None away from every known course."""
    return _course(athlete, plan.book, plan.course_number) if plan.book in _TYPE_OF_BOOK else None


def is_whole_round(athlete: Athlete, activity: Activity) -> bool:
    """Whether the activity is exactly one round, of the kind that its segments are for."""
    course = course_round(athlete, activity.plan)
    if course is None or activity.cropped_s or activity.case:
        return False
    fits = abs(course.length_m - activity.plan.course_m) < _NEAR_M
    return fits and legacy_type(activity.sport_type) == _TYPE_OF_BOOK[activity.plan.book]


def segment_efforts(athlete: Athlete, activity: Activity, streams: Streams) -> list[SegmentEffort]:
    """In the order of riding; a course that is ridden twice has each effort twice."""
    plan, course = activity.plan, course_round(athlete, activity.plan)
    if course is None or legacy_type(activity.sport_type) != _TYPE_OF_BOOK[plan.book]:
        return []
    along_m = streams.distance_m * (plan.course_m / (plan.distance_m * activity.stretch))
    found: list[SegmentEffort] = []
    if is_whole_round(athlete, activity):
        whole = course_segments(athlete, plan.book, plan.course_number)[-1]
        found.append(SegmentEffort(whole, 0, len(streams) - 1))
    for turn in range(int(plan.course_m // course.length_m) + 1):
        for segment in course_segments(athlete, plan.book, plan.course_number)[:-1]:
            begin_m = segment.begin_m + turn * course.length_m
            first, last = np.searchsorted(along_m, [begin_m, begin_m + segment.length_m]).tolist()
            if first < last < len(streams):
                found.append(SegmentEffort(segment, first, last))
    return found


@lru_cache(maxsize=2048)
def course_segments(athlete: Athlete, book: str, number: int) -> tuple[Segment, ...]:
    """Climbs and sprints in turn, one in each stretch of the course; last, the whole round."""
    kind, salt = _TYPE_OF_BOOK[book], _SALT_OF_BOOK[book]
    course = _course(athlete, book, number)
    # The island belongs to everybody, and so do its segments.
    owner = 0 if book == "virtual" else athlete.index
    first_id = _ID_BASE + owner * 1000 + salt * 200 + number * 10
    rng = np.random.default_rng([athlete.seed, owner, 11, salt, number])
    count = int(min(max(course.length_m // _EVERY_M[kind], 2), _MOST))
    part_m = course.length_m / count
    segments: list[Segment] = []
    for place in range(count):
        length_m = float(rng.uniform(_SHORTEST_M, min(_LONGEST_M[kind], 0.7 * part_m)))
        climbs = place % 2 == 0
        begin_m = _best_begin(course, place * part_m, (place + 1) * part_m, length_m, climbs=climbs)
        name = f"{_PLACES[int(rng.integers(0, len(_PLACES)))]} {'climb' if climbs else 'sprint'}"
        segments.append(
            _segment(course, first_id + place, name, kind, (begin_m, begin_m + length_m))
        )
    place_name = "Island" if book == "virtual" else athlete.home.city
    name = f"{place_name} {'way' if book == 'commute' else 'round'} {number + 1}"
    whole = _segment(course, first_id + _WHOLE, name, kind, (0.0, course.length_m))
    return (*segments, whole)


def _course(athlete: Athlete, book: str, number: int) -> Course:
    return {
        "ride": athlete.ride_courses,
        "run": athlete.run_courses,
        "race": athlete.race_courses,
        "virtual": athlete.virtual_courses,
        "commute": athlete.commute_courses,
    }[book][number]


def _best_begin(
    course: Course, from_m: float, to_m: float, length_m: float, *, climbs: bool
) -> float:
    """Where in a stretch the segment rises most, or least up or down."""
    begins = np.arange(from_m, to_m - length_m, _STEP_M)
    heights = np.interp(np.stack([begins, begins + length_m]), course.along_m, course.altitude_m)
    rises = heights[1] - heights[0]
    best = np.argmax(rises) if climbs else np.argmin(np.abs(rises))
    return float(begins[int(best)])


def _segment(
    course: Course, segment_id: int, name: str, kind: str, span: tuple[float, float]
) -> Segment:
    inside = (course.along_m >= span[0]) & (course.along_m <= span[1])
    heights = np.interp(span, course.along_m, course.altitude_m).tolist()
    lats = np.interp(span, course.along_m, course.lat).round(6).tolist()
    lngs = np.interp(span, course.along_m, course.lng).round(6).tolist()
    return Segment(
        segment_id=segment_id,
        name=name,
        activity_type=kind,
        begin_m=span[0],
        end_m=span[1],
        # Plus nought, because a loop would end with a grade of -0.0.
        average_grade=round(100 * (heights[1] - heights[0]) / (span[1] - span[0]), 1) + 0.0,
        maximum_grade=round(100 * float(course.grade[inside].max()), 1),
        high_m=round(max(*heights, float(course.altitude_m[inside].max())), 1),
        low_m=round(min(*heights, float(course.altitude_m[inside].min())), 1),
        start=(lats[0], lngs[0]),
        end=(lats[1], lngs[1]),
        whole=segment_id % 10 == _WHOLE,
        hidden=segment_id % 10 in _HIDDEN,
    )
