"""The world as it is now: athletes, their activities, and the changes people make to them."""

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.athletes import ATHLETE_ID_BASE, Athlete, Gear, make_athlete
from simulator.calendar import draw_intention, training_days
from simulator.chance import chance
from simulator.config import SimulatorConfig
from simulator.figures import Figures, measured_figures, planned_figures
from simulator.naming import activity_name
from simulator.plan import BY_HAND, RIDES, RUNS, Plan, fitted_to_elapsed, make_plan, manual_plan
from simulator.streams import Streams, make_streams
from simulator.timeline import point_count

_YEAR_S = 365.25 * 86_400
_ID_EPOCH_S = 1_400_000_000
_CACHED_STREAMS = 12
_MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Activity:
    activity_id: int
    athlete_id: int
    plan: Plan
    figures: Figures
    name: str
    sport_type: str
    gear_id: str | None
    private: bool
    created_s: float
    cropped_s: int = 0
    stretch: float = 1.0

    @property
    def has_streams(self) -> bool:
        return self.plan.recorded


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person changes; None leaves as it is."""

    name: str | None = None
    sport_type: str | None = None
    private: bool | None = None
    gear_id: str | None = None
    crop_s: int = 0
    distance_scale: float = 1.0


@dataclass
class Shelf:
    """One athlete's activities; `newest_first` is rebuilt only after a change."""

    by_id: dict[int, Activity] = field(default_factory=dict)
    _sorted: list[Activity] | None = None

    def put(self, activity: Activity) -> None:
        self.by_id[activity.activity_id] = activity
        self._sorted = None

    def drop(self, activity_id: int) -> None:
        del self.by_id[activity_id]
        self._sorted = None

    @property
    def newest_first(self) -> list[Activity]:
        if self._sorted is None:
            self._sorted = sorted(
                self.by_id.values(), key=lambda a: (a.plan.start_s, a.activity_id), reverse=True
            )
        return self._sorted


class World:
    """Histories are drawn when somebody first asks for the athlete."""

    def __init__(self, config: SimulatorConfig, now_s: float) -> None:
        self._config = config
        self._begin_s = now_s
        self._athletes: dict[int, Athlete] = {}
        self._shelves: dict[int, Shelf] = {}
        self._streams: dict[int, Streams] = {}
        # The lower digits of an activity's id say whose it is.
        self._stride = max(100, config.athletes + 1)

    @property
    def athlete_ids(self) -> list[int]:
        return [ATHLETE_ID_BASE + n for n in range(1, self._config.athletes + 1)]

    def athlete(self, athlete_id: int) -> Athlete | None:
        index = athlete_id - ATHLETE_ID_BASE
        if not 1 <= index <= self._config.athletes:
            return None
        if index not in self._athletes:
            self._athletes[index] = make_athlete(self._config.seed, index)
        return self._athletes[index]

    def owner(self, activity: Activity) -> Athlete:
        return self._known(activity.athlete_id)

    def activities(self, athlete_id: int) -> list[Activity]:
        """Newest first."""
        return self._shelf(self._known(athlete_id)).newest_first

    def activity(self, activity_id: int) -> Activity | None:
        athlete = self.athlete(ATHLETE_ID_BASE + activity_id % self._stride)
        return None if athlete is None else self._shelf(athlete).by_id.get(activity_id)

    def gear(self, gear_id: str) -> tuple[Athlete, Gear] | None:
        digits = gear_id[1:]
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
            return None
        athlete = self.athlete(ATHLETE_ID_BASE + (int(digits) - 7000) // 10)
        if athlete is None:
            return None
        owned = {gear.gear_id: gear for gear in athlete.bikes + athlete.shoes}
        return (athlete, owned[gear_id]) if gear_id in owned else None

    def point_count(self, activity: Activity) -> int:
        if activity.cropped_s:
            return len(self.streams(activity))
        return point_count(activity.plan, self._config.max_points)

    def streams(self, activity: Activity) -> Streams:
        """As the activity is now: after crops and corrections."""
        original = self._original(activity)
        if activity.cropped_s:
            original = original.until(activity.plan.elapsed_s - activity.cropped_s)
        return original if activity.stretch == 1.0 else original.stretched(activity.stretch)

    def create(
        self, athlete_id: int, now_s: float, duration_s: int, sport: str | None, name: str | None
    ) -> Activity:
        """An activity that ends now."""
        athlete = self._known(athlete_id)
        start = dt.datetime.fromtimestamp(now_s - duration_s, tz=athlete.zone)
        shelf = self._shelf(athlete)
        rng = np.random.default_rng([athlete.seed, athlete.index, 6, int(now_s), len(shelf.by_id)])
        aim = draw_intention(
            rng,
            athlete,
            start.date(),
            int(start.timestamp()),
            start.hour + start.minute / 60,
            sport,
        )
        speed_mps = 8.0 if aim.sport in RIDES else 3.0
        aim = replace(aim, length_m=speed_mps * duration_s, effort="easy")
        if sport in BY_HAND:
            plan = manual_plan(sport, int(now_s) - duration_s, duration_s)
        else:
            plan = fitted_to_elapsed(make_plan(rng, athlete, aim), duration_s, int(now_s))
        activity = self._from_plan(athlete, plan, shelf, now_s)
        if name is not None:
            activity = replace(activity, name=name)
        shelf.put(activity)
        return activity

    def edit(self, activity: Activity, edit: Edit) -> Activity:
        """Apply it and give the activity as it is afterwards."""
        changed = replace(
            activity,
            name=activity.name if edit.name is None else edit.name,
            sport_type=edit.sport_type or activity.sport_type,
            private=activity.private if edit.private is None else edit.private,
            gear_id=activity.gear_id if edit.gear_id is None else edit.gear_id or None,
            cropped_s=activity.cropped_s + edit.crop_s,
            stretch=activity.stretch * edit.distance_scale,
        )
        if activity.has_streams and (edit.crop_s or edit.distance_scale != 1.0):
            changed = replace(changed, figures=measured_figures(self.streams(changed)))
        self._shelf(self.owner(activity)).put(changed)
        return changed

    def delete(self, activity: Activity) -> None:
        self._shelf(self.owner(activity)).drop(activity.activity_id)
        self._streams.pop(activity.activity_id, None)

    def _known(self, athlete_id: int) -> Athlete:
        athlete = self.athlete(athlete_id)
        if athlete is None:
            raise KeyError(f"no athlete {athlete_id} in this world")
        return athlete

    def _shelf(self, athlete: Athlete) -> Shelf:
        if athlete.index not in self._shelves:
            shelf = self._shelves[athlete.index] = Shelf()
            first_s = self._begin_s - self._config.years * _YEAR_S
            per_week = self._config.activities_per_week
            for plan in training_days(athlete, first_s, self._begin_s, per_week):
                ended_s = float(plan.start_s + plan.elapsed_s)
                shelf.put(self._from_plan(athlete, plan, shelf, ended_s))
        return self._shelves[athlete.index]

    def _from_plan(self, athlete: Athlete, plan: Plan, shelf: Shelf, created_s: float) -> Activity:
        activity_id = (plan.start_s - _ID_EPOCH_S) * self._stride + athlete.index
        while activity_id in shelf.by_id:
            activity_id += self._stride
        rng = np.random.default_rng([athlete.seed, activity_id, 1])
        return Activity(
            activity_id=activity_id,
            athlete_id=athlete.athlete_id,
            plan=plan,
            figures=planned_figures(athlete, plan),
            name=activity_name(rng, athlete, plan),
            sport_type=plan.sport,
            gear_id=_usual_gear(athlete, plan),
            private=chance(rng, 0.03),  # a few are nobody's business
            created_s=created_s,
        )

    def _original(self, activity: Activity) -> Streams:
        if activity.activity_id not in self._streams:
            while len(self._streams) >= _CACHED_STREAMS:
                self._streams.pop(next(iter(self._streams)))
            self._streams[activity.activity_id] = make_streams(
                self.owner(activity), activity.plan, activity.activity_id, self._config.max_points
            )
        return self._streams[activity.activity_id]


def _usual_gear(athlete: Athlete, plan: Plan) -> str | None:
    if not plan.recorded:
        return None
    if plan.sport in RIDES:
        return athlete.bikes[1 if plan.sport == "GravelRide" else 0].gear_id
    if plan.sport in RUNS:
        return athlete.shoes[1 if plan.effort == "race" else 0].gear_id
    return None
