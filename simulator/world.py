"""The world as it is now: athletes, their activities, and the changes people make to them."""

import datetime as dt
from dataclasses import replace

import numpy as np

from simulator.activities import Activity, Edit, NewActivity, Shelf, recorded_activity
from simulator.athletes import ATHLETE_ID_BASE, Athlete, Gear, make_athlete
from simulator.awkward import case_now, case_number, case_plan
from simulator.awkward_cases import CASES
from simulator.calendar import draw_intention, training_days
from simulator.chance import chance
from simulator.config import SimulatorConfig
from simulator.figures import Figures, measured_figures, planned_figures
from simulator.naming import activity_name
from simulator.plan import BY_HAND, RIDES, RUNS, Plan, fitted_to_elapsed, make_plan, manual_plan
from simulator.recorded import RecordedAthlete
from simulator.recorded_columns import corrected, measured
from simulator.recorded_folder import RecordedFolder
from simulator.streams import Streams, make_streams
from simulator.timeline import point_count

_YEAR_S = 365.25 * 86_400
ID_EPOCH_S = 1_400_000_000
_CACHED_STREAMS = 12
_MOST_DIGITS = 12


__all__ = ["Activity", "Edit", "NewActivity", "World"]


class World:
    """Histories are drawn when somebody first asks for the athlete."""

    def __init__(
        self, config: SimulatorConfig, now_s: float, folder: RecordedFolder | None = None
    ) -> None:
        self._config = config
        self._begin_s = now_s
        self._athletes: dict[int, Athlete] = {}
        self._shelves: dict[int, Shelf] = {}
        self._streams: dict[int, Streams] = {}
        self._folder = folder or RecordedFolder()
        self._by_index = {athlete.index: athlete for athlete in self._folder.athletes.values()}
        # The lower digits of a made-up activity's id say whose it is.
        self._stride = max(100, config.athletes + len(self._by_index) + 1)

    @property
    def athlete_ids(self) -> list[int]:
        made_up = [ATHLETE_ID_BASE + n for n in range(1, self._config.athletes + 1)]
        return made_up + list(self._folder.athletes)

    def athlete(self, athlete_id: int) -> Athlete | None:
        if athlete_id in self._folder.athletes:
            return self._folder.athletes[athlete_id]
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
        athlete = self.athlete(self.owner_id(activity_id))
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
        if activity.recording is not None:
            return activity.recording.point_count(activity.until_s)
        if activity.cropped_s:
            return len(self.streams(activity))
        if not activity.has_streams:
            return 0
        return point_count(activity.plan, self._config.max_points)

    def streams(self, activity: Activity) -> Streams:
        """As the activity is now: after crops and corrections."""
        original = self._original(activity)
        if activity.until_s is not None:
            original = original.until(activity.until_s)
        return original if activity.stretch == 1.0 else original.stretched(activity.stretch)

    def create(self, new: NewActivity, now_s: float) -> Activity:
        """An activity that is uploaded now, and mostly has just ended."""
        athlete = self._known(new.athlete_id)
        if new.case is not None:
            return self._put_case(athlete, self._shelf(athlete), new.case, now_s, live=True)
        ended_s = int(now_s if new.ended_s is None else new.ended_s)
        start = dt.datetime.fromtimestamp(ended_s - new.duration_s, tz=athlete.zone)
        shelf = self._shelf(athlete)
        rng = np.random.default_rng([athlete.seed, athlete.index, 6, ended_s, shelf.ordinary_count])
        aim = draw_intention(
            rng,
            athlete,
            start.date(),
            int(start.timestamp()),
            start.hour + start.minute / 60,
            new.sport,
        )
        speed_mps = 8.0 if aim.sport in RIDES else 3.0
        aim = replace(aim, length_m=speed_mps * new.duration_s, effort="easy")
        if new.sport in BY_HAND:
            plan = manual_plan(new.sport, ended_s - new.duration_s, new.duration_s)
        else:
            plan = fitted_to_elapsed(make_plan(rng, athlete, aim), new.duration_s, ended_s)
        drawn = self._from_plan(athlete, plan, shelf, now_s)
        activity = replace(
            drawn,
            name=drawn.name if new.name is None else new.name,
            private=drawn.private if new.private is None else new.private,
        )
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
            changed = replace(changed, figures=self._measured(changed))
        self._shelf(self.owner(activity)).put(changed)
        return changed

    def _measured(self, activity: Activity) -> Figures:
        if activity.recording is None:
            return measured_figures(self.streams(activity))
        _, columns = activity.recording.streams()
        return measured(corrected(columns, activity.until_s, activity.stretch), activity.figures)

    def delete(self, activity: Activity) -> None:
        self._shelf(self.owner(activity)).drop(activity.activity_id)
        self._streams.pop(activity.activity_id, None)

    def restore(self, activity_id: int) -> Activity | None:
        """Back under the id it had; None when no such activity was deleted."""
        athlete = self.athlete(self.owner_id(activity_id))
        return None if athlete is None else self._shelf(athlete).restore(activity_id)

    def deleted(self, athlete_id: int) -> list[Activity]:
        """The last deleted first."""
        return list(reversed(self._shelf(self._known(athlete_id)).deleted.values()))

    def owner_id(self, activity_id: int) -> int:
        recording = self._folder.recordings.get(activity_id)
        if recording is not None:
            return recording.athlete_id
        index = activity_id % self._stride
        recorded = self._by_index.get(index)
        return ATHLETE_ID_BASE + index if recorded is None else recorded.athlete_id

    def is_drawn(self, athlete_id: int) -> bool:
        """Whether somebody has asked for this history; drawing one takes a while."""
        athlete = self.athlete(athlete_id)
        return athlete is not None and athlete.index in self._shelves

    def _known(self, athlete_id: int) -> Athlete:
        athlete = self.athlete(athlete_id)
        if athlete is None:
            raise KeyError(f"no athlete {athlete_id} in this world")
        return athlete

    def _shelf(self, athlete: Athlete) -> Shelf:
        if athlete.index not in self._shelves:
            recorded = isinstance(athlete, RecordedAthlete)
            shelf = self._recorded_shelf(athlete) if recorded else self._drawn_shelf(athlete)
            # Whole, and only the first of two threads: edits are made to what is on the shelf.
            self._shelves.setdefault(athlete.index, shelf)
        return self._shelves[athlete.index]

    def _recorded_shelf(self, athlete: Athlete) -> Shelf:
        mine = (r for r in self._folder.recordings.values() if r.athlete_id == athlete.athlete_id)
        shelf = Shelf()
        for recording in mine:
            shelf.put(recorded_activity(recording, self._begin_s))
        return shelf

    def _drawn_shelf(self, athlete: Athlete) -> Shelf:
        shelf = Shelf()
        first_s = self._begin_s - self._config.years * _YEAR_S
        per_week = self._config.activities_per_week
        for plan in training_days(athlete, first_s, self._begin_s, per_week):
            ended_s = float(plan.start_s + plan.elapsed_s)
            shelf.put(self._from_plan(athlete, plan, shelf, ended_s))
        for name in CASES if self._config.awkward else ():
            self._put_case(athlete, shelf, name, self._begin_s, live=False)
        return shelf

    def _put_case(
        self, athlete: Athlete, shelf: Shelf, name: str, now_s: float, *, live: bool
    ) -> Activity:
        case = CASES[name]
        plan = (case_now if live else case_plan)(athlete, name, now_s)
        ended_s = float(plan.start_s + plan.elapsed_s)
        drawn = self._from_plan(athlete, plan, shelf, now_s if live else ended_s, name)
        activity = replace(
            drawn,
            name=case.title or drawn.name,
            sport_type=case.sport_type or plan.sport,
            gear_id=None,  # the mileage of gear is that of ordinary activities
            private=case.private,
            case=name,
        )
        shelf.put(activity)
        return activity

    def _from_plan(
        self, athlete: Athlete, plan: Plan, shelf: Shelf, created_s: float, case: str = ""
    ) -> Activity:
        second = plan.start_s - ID_EPOCH_S
        number = case_number(case, second, self._stride) if case else second
        activity_id = number * self._stride + athlete.index
        taken = (shelf.by_id, shelf.deleted, self._folder.recordings)
        while any(activity_id in ids for ids in taken):
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
        return _nth(athlete.bikes, 1 if plan.sport == "GravelRide" else 0)
    if plan.sport in RUNS:
        return _nth(athlete.shoes, 1 if plan.effort == "race" else 0)
    return None


def _nth(owned: tuple[Gear, ...], number: int) -> str | None:
    """A recorded athlete may own less."""
    return owned[min(number, len(owned) - 1)].gear_id if owned else None
