"""Power over recorded seconds, in watts. Input: a grid of one value a second, NaN where missing."""

import numpy as np

from paceline.metrics.recording import Floats, valid_between

MAX_CREDIBLE_W = 2_500
WINDOW_S = 30


def clean(watts: Floats) -> Floats:
    """Values no rider produces are missing."""
    return valid_between(watts, 0, MAX_CREDIBLE_W)


def with_coasting(grid: Floats) -> Floats:
    """A second without a value while recording is coasting: 0 W, as head units count it."""
    return np.nan_to_num(grid, nan=0.0)


def normalized_power_w(grid: Floats) -> float | None:
    """(mean of r^4)^(1/4), r the mean of the last 30 s over full windows. None under 30 s. O(n).

    Source: Allen and Coggan, Training and Racing with a Power Meter.
    """
    if grid.size < WINDOW_S:
        return None
    sums = np.cumsum(np.concatenate(([0.0], with_coasting(grid))))
    rolling = (sums[WINDOW_S:] - sums[:-WINDOW_S]) / WINDOW_S
    return float(np.mean(rolling**4) ** 0.25)


def work_kj(grid: Floats) -> float:
    """Sum of power over time, in kJ. O(n)."""
    return float(with_coasting(grid).sum() / 1_000)


def average_w(grid: Floats) -> float | None:
    """Mean over recorded seconds, coasting included. O(n)."""
    return float(with_coasting(grid).mean()) if grid.size else None
