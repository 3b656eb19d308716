"""Power over recorded seconds, in watts. Input: a grid of one value a second, NaN where missing."""

import numpy as np

from paceline.metrics.recording import NO_PAUSES, Floats, Ints, valid_between

MAX_CREDIBLE_W = 2_500
WINDOW_S = 30

XPOWER_KEEP = 25 / 26
NEGLIGIBLE_W = 0.1
# From the greatest credible power the average has decayed to a negligible one by then.
XPOWER_DECAY_S = 260
_BLOCK_S = 256


def clean(watts: Floats) -> Floats:
    """Values no rider produces are missing."""
    return valid_between(watts, 0, MAX_CREDIBLE_W)


def with_coasting(grid: Floats) -> Floats:
    """A second without a value while recording is coasting: 0 W, as head units count it."""
    return np.nan_to_num(grid, nan=0.0)


def normalized_power_w(grid: Floats) -> float | None:
    """(mean of r^4)^(1/4), r the mean of the last 30 s over full windows. None under 30 s. O(n).

    Pauses are closed up. Source: Allen and Coggan, Training and Racing with a Power Meter.
    """
    if grid.size < WINDOW_S:
        return None
    sums = np.cumsum(np.concatenate(([0.0], with_coasting(grid))))
    return _fourth_power_mean((sums[WINDOW_S:] - sums[:-WINDOW_S]) / WINDOW_S)


def xpower_w(grid: Floats, breaks: Ints = NO_PAUSES, rests_s: Ints = NO_PAUSES) -> float | None:
    """(mean of w^4)^(1/4), each second w = 25/26 w + 1/26 power, from w = 0. O(n).

    In a pause w decays, and counts, until it is below 0.1 W; what is left then is let go.
    Source: Skiba; GoldenCheetah src/Metrics/BikeScore.cpp.
    """
    if grid.size == 0:
        return None
    places = np.repeat(breaks, np.minimum(rests_s, XPOWER_DECAY_S))
    is_resting = np.insert(np.zeros(grid.size, np.bool_), places, values=True)
    watts = np.insert(with_coasting(grid), places, 0.0)
    average = decaying_sum(watts * (1 - XPOWER_KEEP), XPOWER_KEEP)
    before = np.concatenate(([0.0], average[:-1]))
    return _fourth_power_mean(average[~is_resting | (before > NEGLIGIBLE_W)])


def decaying_sum(inputs: Floats, keep: float) -> Floats:
    """y[k] = keep * y[k-1] + inputs[k], from y = 0; `keep` in [0.9, 1]. O(n).

    Within a block it is a running sum of inputs / keep^k, which must not outgrow a float;
    from block to block the last value is carried over.
    """
    blocks = -(-inputs.size // _BLOCK_S)
    padded = np.zeros((blocks, _BLOCK_S))
    padded.flat[: inputs.size] = inputs
    decay = keep ** np.arange(_BLOCK_S)
    sums = np.cumsum(padded / decay, axis=1) * decay
    carried, carry = np.zeros(blocks), 0.0
    for block, last in enumerate(sums[:, -1].tolist()):
        carried[block] = carry
        carry = last + carry * keep**_BLOCK_S
    found: Floats = (sums + np.outer(carried, decay * keep)).ravel()[: inputs.size]
    return found


def work_kj(grid: Floats) -> float:
    """Sum of power over time, in kJ. O(n)."""
    return float(with_coasting(grid).sum() / 1_000)


def average_w(grid: Floats) -> float | None:
    """Mean over recorded seconds, coasting included. O(n)."""
    return float(with_coasting(grid).mean()) if grid.size else None


def _fourth_power_mean(watts: Floats) -> float:
    squares = watts * watts
    return float(np.mean(squares * squares) ** 0.25)
