"""One activity second by second: streams that add up to the plan's totals."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from simulator.athletes import Athlete
from simulator.motion import motion_of
from simulator.plan import Plan
from simulator.sensors import cadence, heartrate, temperature, watts
from simulator.timeline import timeline_of

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Streams:
    """Columns of equal length; None where the activity has none."""

    time_s: FloatArray
    moving: BoolArray
    distance_m: FloatArray
    speed_mps: FloatArray
    heartrate: FloatArray | None
    cadence: FloatArray | None
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
            heartrate=_first(self.heartrate, count),
            cadence=_first(self.cadence, count),
            lat=_first(self.lat, count),
            lng=_first(self.lng, count),
            altitude_m=_first(self.altitude_m, count),
            grade_pct=_first(self.grade_pct, count),
            watts=_first(self.watts, count),
            temp_c=_first(self.temp_c, count),
        )

    def stretched(self, factor: float) -> "Streams":
        return replace(self, distance_m=self.distance_m * factor, speed_mps=self.speed_mps * factor)


def make_streams(athlete: Athlete, plan: Plan, activity_id: int, max_points: int | None) -> Streams:
    """The same streams each time for the same seed and activity."""
    rng = np.random.default_rng([athlete.seed, activity_id])
    line = timeline_of(plan, max_points)
    motion = motion_of(rng, athlete, plan, line)
    return Streams(
        time_s=line.time_s,
        moving=line.moving,
        distance_m=motion.distance_m,
        speed_mps=motion.speed_mps,
        heartrate=heartrate(rng, athlete, plan, motion.exertion, line),
        cadence=cadence(rng, plan, motion.exertion, line),
        lat=motion.lat,
        lng=motion.lng,
        altitude_m=motion.altitude_m,
        grade_pct=motion.grade_pct,
        watts=watts(plan, motion.exertion, line),
        temp_c=temperature(rng, plan, line),
    )


def _first(values: FloatArray | None, count: int) -> FloatArray | None:
    return None if values is None else values[:count]
