"""Mean-maximal curves and histograms, of a grid of one value a recorded second."""

import numpy as np

from paceline.metrics.recording import NO_PAUSES, Floats, Ints

DURATIONS_S = (
    *(1, 2, 3, 5, 10, 15, 20, 30, 45),
    *(60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 900),
    *(1200, 1500, 1800, 2400, 2700, 3600, 5400, 7200, 10800, 14400, 18000, 21600),
)


def mean_maximal(grid: Floats, breaks: Ints = NO_PAUSES) -> dict[int, float]:
    """The best mean over each of DURATIONS_S, in the grid's unit. O(n) a duration.

    max over k of (S[k] - S[k-d]) / d, S the prefix sums. A window spans no pause and has a value
    in at least nine seconds of ten, of which it is the mean; a duration without such a window is
    absent. A longer duration may well have a higher mean (300, 0, 300 W: 2 s 150, 3 s 200), but a
    multiple of a duration never does, where no second is missing.
    """
    is_valid = ~np.isnan(grid)
    sums = np.concatenate(([0.0], np.cumsum(np.where(is_valid, grid, 0.0))))
    counts = None if is_valid.all() else np.concatenate(([0], np.cumsum(is_valid)))
    stretches = _stretches(grid.size, breaks) if breaks.size else None
    curve = {}
    for duration in DURATIONS_S:
        if duration > grid.size:
            break
        means = (sums[duration:] - sums[:-duration]) / duration
        if counts is not None:
            valid_s = counts[duration:] - counts[:-duration]
            enough = valid_s * 10 >= duration * 9
            means = np.where(enough, means * duration / np.maximum(valid_s, 1), -np.inf)
        if stretches is not None:
            is_whole = stretches[duration - 1 :] == stretches[: grid.size - duration + 1]
            means = np.where(is_whole, means, -np.inf)
        if (best := float(means.max())) > -np.inf:
            curve[duration] = best
    return curve


def seconds_by_value(grid: Floats) -> dict[int, int]:
    """How many recorded seconds each whole value was held, fractions cut off. O(n + largest value).

    The seconds add up to those with a value, so zones with whole edges follow from it exactly.
    """
    counts = np.bincount(grid[~np.isnan(grid)].astype(np.int64))
    values = np.flatnonzero(counts)
    return dict(zip(values.tolist(), counts[values].tolist(), strict=True))


def _stretches(size: int, breaks: Ints) -> Ints:
    """For each second the number of pauses before it."""
    stretches: Ints = np.cumsum(np.bincount(breaks, minlength=size + 1))[:size]
    return stretches
