"""When samples were taken: a second apart, with gaps where the watch paused."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.plan import Plan, Stop

FloatArray = npt.NDArray[np.float64]

_GAP_SHARES = (0.16, 0.14, 0.12, 0.14, 0.14, 0.12, 0.10, 0.08)


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
    if plan.recording == "smart" and step_s == 1:
        grid = _smart_grid(plan)
    else:
        grid = np.arange(0, plan.moving_s + 1, step_s)
    full = step_s == 1 and plan.recording == "every second"
    if not full:
        grid = np.union1d(grid, np.append(at_stops, plan.moving_s))
    extra = np.array([_samples(stop, full=full) for stop in plan.stops])
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
    if max_points is None and plan.recording == "every second":
        standing = sum(_samples(stop, full=True) for stop in plan.stops)
        return plan.moving_s + 1 + standing
    return timeline_of(plan, max_points).time_s.size


def _smart_grid(plan: Plan) -> npt.NDArray[np.int64]:
    """A sample when something changes, which is every one to eight seconds."""
    rng = np.random.default_rng([plan.start_s, plan.moving_s])
    gaps = rng.choice(np.arange(1, 9), plan.moving_s, p=_GAP_SHARES)
    grid = np.concatenate([[0], np.cumsum(gaps)])
    return grid[grid <= plan.moving_s]


def _samples(stop: Stop, *, full: bool) -> int:
    return stop.length_s if stop.recorded and full else 1


def _step_s(plan: Plan, max_points: int | None) -> int:
    if max_points is None:
        return 1
    room = max(10, max_points - 2 * len(plan.stops) - 2)
    return -(-plan.moving_s // room)
