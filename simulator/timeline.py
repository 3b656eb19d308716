"""When samples were taken: a second apart, with gaps where the watch paused."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.plan import Plan

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timeline:
    """`clock_s` runs only while moving; a sample moves when the interval that ends in it did."""

    time_s: FloatArray
    clock_s: FloatArray
    moving: npt.NDArray[np.bool_]


def timeline_of(plan: Plan, max_points: int | None) -> Timeline:
    """Moving intervals add up to the plan's moving time, all of them to its elapsed time."""
    step_s = _step_s(plan, max_points)
    at_stops = np.array([stop.at_moving_s for stop in plan.stops], dtype=np.int64)
    grid = np.arange(0, plan.moving_s + 1, step_s)
    if step_s > 1:
        grid = np.union1d(grid, np.append(at_stops, plan.moving_s))
    extra = np.array([_samples(stop.length_s, stop.recorded, step_s) for stop in plan.stops])
    counts = np.ones(grid.size, dtype=np.int64)
    where = np.searchsorted(grid, at_stops)
    counts[where] += extra.astype(np.int64)
    first = np.cumsum(counts) - counts
    seconds = np.ones(int(counts.sum()))
    seconds[first] = np.diff(grid, prepend=0)
    moving = np.zeros(seconds.size, dtype=np.bool_)
    moving[first] = True
    for place, stop, count in zip(where.tolist(), plan.stops, extra.tolist(), strict=True):
        if count == 1:
            seconds[first[place] + 1] = stop.length_s
    return Timeline(np.cumsum(seconds), np.repeat(grid, counts).astype(np.float64), moving)


def point_count(plan: Plan, max_points: int | None) -> int:
    if not plan.recorded:
        return 0
    if max_points is None:
        standing = sum(_samples(stop.length_s, stop.recorded, 1) for stop in plan.stops)
        return plan.moving_s + 1 + standing
    return timeline_of(plan, max_points).time_s.size


def _samples(length_s: int, recorded: bool, step_s: int) -> int:  # noqa: FBT001 - as in Stop
    return length_s if recorded and step_s == 1 else 1


def _step_s(plan: Plan, max_points: int | None) -> int:
    if max_points is None:
        return 1
    room = max(10, max_points - 2 * len(plan.stops) - 2)
    return -(-plan.moving_s // room)
