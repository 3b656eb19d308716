"""Laps, splits and best efforts, cut out of the streams."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from simulator.physiology import running_cost
from simulator.streams import Streams

IntArray = npt.NDArray[np.int64]

BEST_EFFORTS = (
    ("400m", 400),
    ("1/2 mile", 805),
    ("1K", 1000),
    ("1 mile", 1609),
    ("2 mile", 3219),
    ("5K", 5000),
    ("10K", 10_000),
    ("15K", 15_000),
    ("10 mile", 16_090),
    ("20K", 20_000),
    ("Half-Marathon", 21_097),
    ("30K", 30_000),
    ("Marathon", 42_195),
    ("50K", 50_000),
    ("50 mile", 80_467),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples from `first` to `last`, both included; the last one begins the next piece."""

    first: int
    last: int
    distance_m: float
    elapsed_s: int
    moving_s: int
    climb_m: float
    gain_m: float
    max_speed_mps: float
    adjusted_share: float
    average_hr: float | None
    max_hr: float | None
    average_cadence: float | None
    average_watts: float | None

    @property
    def average_speed_mps(self) -> float:
        return self.distance_m / self.moving_s if self.moving_s else 0.0


@dataclass(frozen=True, slots=True)
class BestEffort:
    name: str
    distance_m: int
    elapsed_s: int
    moving_s: int
    first: int
    last: int


def pieces(streams: Streams, every_m: float) -> list[Piece]:
    """The activity in stretches of a length; the last is what remains."""
    total_m = float(streams.distance_m[-1])
    marks = np.arange(every_m, total_m, every_m)
    inner = np.searchsorted(streams.distance_m, marks).tolist()
    edges = sorted({0, *inner, len(streams) - 1})
    return [measured_piece(streams, first, last) for first, last in pairwise(edges)]


def best_efforts(streams: Streams) -> list[BestEffort]:
    found = (best_effort(streams, name, length_m) for name, length_m in BEST_EFFORTS)
    return [effort for effort in found if effort is not None]


def best_effort(streams: Streams, name: str, length_m: int) -> BestEffort | None:
    """The quickest stretch, and the first of equals.

    Each stretch ends with the first sample that is far enough from its own first one; what it is
    too long is taken off the time in proportion. In whole decimetres, which the stream tells too:
    a sum of fractions would miss its mark by a hair, and the time by a second.
    """
    covered_dm: IntArray = np.rint(streams.distance_m * 10).astype(np.int64)
    seconds: IntArray = streams.time_s.astype(np.int64)
    length_dm = length_m * 10
    ends: IntArray = np.searchsorted(covered_dm, covered_dm + length_dm)
    starts = np.flatnonzero(ends < covered_dm.size)
    if not starts.size:
        return None
    took_s = seconds[ends[starts]] - seconds[starts]
    first = int(starts[int(np.argmin(took_s))])
    last = int(ends[first])
    elapsed_s = int(
        (seconds[last] - seconds[first]) * length_dm // (covered_dm[last] - covered_dm[first])
    )
    moving_s = min(elapsed_s, _moving_s(streams, first, last))
    return BestEffort(name, length_m, elapsed_s, moving_s, first, last)


def _moving_s(streams: Streams, first: int, last: int) -> int:
    seconds = np.diff(streams.time_s[first : last + 1])
    return int(seconds[streams.moving[first + 1 : last + 1]].sum())


def measured_piece(streams: Streams, first: int, last: int) -> Piece:
    cut = slice(first, last + 1)
    height, watts = streams.altitude_m, streams.watts
    rises = np.zeros(1) if height is None else np.diff(height[cut])
    grade = np.zeros(1) if streams.grade_pct is None else streams.grade_pct[cut] / 100
    heart, turns = streams.heartrate, streams.cadence
    return Piece(
        first=first,
        last=last,
        distance_m=float(streams.distance_m[last] - streams.distance_m[first]),
        elapsed_s=int(streams.time_s[last] - streams.time_s[first]),
        moving_s=_moving_s(streams, first, last),
        climb_m=float(rises.sum()),
        gain_m=float(rises[rises > 0].sum()),
        max_speed_mps=float(streams.speed_mps[cut].max()),
        adjusted_share=float(running_cost(grade).mean()),
        average_hr=None if heart is None else float(heart[cut].mean()),
        max_hr=None if heart is None else float(heart[cut].max()),
        average_cadence=None if turns is None else float(turns[cut].mean()),
        average_watts=None if watts is None else float(watts[cut].mean()),
    )
