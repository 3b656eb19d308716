"""What the world keeps of an activity, and the changes that people make."""

from dataclasses import dataclass, field

from simulator.awkward_cases import CASES
from simulator.figures import Figures
from simulator.plan import Plan, manual_plan
from simulator.recorded import Recording


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
    # Its name in the table of awkward ones; nothing for an ordinary activity.
    case: str = ""
    recording: Recording | None = None

    @property
    def has_streams(self) -> bool:
        if self.recording is not None:
            return self.recording.streams_path is not None
        return self.plan.recorded and not (self.case and not CASES[self.case].streams)

    @property
    def until_s(self) -> int | None:
        """Where a crop ends it."""
        return self.plan.elapsed_s - self.cropped_s if self.cropped_s else None


@dataclass(frozen=True, slots=True)
class NewActivity:
    """What a person uploads; None leaves it to the world, and ends it now."""

    athlete_id: int
    duration_s: int
    sport: str | None = None
    name: str | None = None
    private: bool | None = None
    ended_s: float | None = None
    case: str | None = None


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
    deleted: dict[int, Activity] = field(default_factory=dict)
    _sorted: list[Activity] | None = None

    def put(self, activity: Activity) -> None:
        self.by_id[activity.activity_id] = activity
        self._sorted = None

    def drop(self, activity_id: int) -> None:
        self.deleted[activity_id] = self.by_id.pop(activity_id)
        self._sorted = None

    @property
    def ordinary_count(self) -> int:
        return sum(not activity.case for activity in self.by_id.values())

    def restore(self, activity_id: int) -> Activity | None:
        activity = self.deleted.pop(activity_id, None)
        if activity is not None:
            self.put(activity)
        return activity

    @property
    def newest_first(self) -> list[Activity]:
        if self._sorted is None:
            self._sorted = sorted(
                self.by_id.values(), key=lambda a: (a.plan.start_s, a.activity_id), reverse=True
            )
        return self._sorted


def recorded_activity(recording: Recording, now_s: float) -> Activity:
    """Its plan is no more than a start and a duration: the rest stands in the files."""
    return Activity(
        activity_id=recording.activity_id,
        athlete_id=recording.athlete_id,
        plan=manual_plan(recording.sport_type, recording.start_s, recording.elapsed_s),
        figures=Figures(
            recording.distance_m,
            recording.moving_s,
            recording.elapsed_s,
            recording.gain_m,
            recording.max_speed_mps,
        ),
        name=recording.name,
        sport_type=recording.sport_type,
        gear_id=recording.gear_id,
        private=recording.private,
        created_s=min(float(recording.start_s + recording.elapsed_s), now_s),
        recording=recording,
    )
