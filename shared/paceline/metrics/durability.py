"""How output and heart rate drift apart over an activity."""

import numpy as np

from paceline.metrics.recording import Floats

LEAST_S = 20 * 60
# A half with fewer valid seconds than this share says nothing of the half.
ENOUGH = 0.5


def decoupling_pct(output: Floats, bpm: Floats) -> float | None:
    """(r1 - r2) / r1 * 100, r the mean output over the mean heart rate of each half. O(n).

    Both are grids of one value a recorded second, so halves are halves of recorded time; the
    seconds that have both count. Output is power in watts (Pw:HR) or grade-adjusted speed in m/s
    (Pa:HR). None below 20 recorded minutes. Source: GoldenCheetah
    src/Metrics/AerobicDecoupling.cpp, which halves by samples.
    """
    if bpm.size < LEAST_S:
        return None
    middle = bpm.size // 2
    first = _ratio(output[:middle], bpm[:middle])
    second = _ratio(output[middle:], bpm[middle:])
    return (first - second) / first * 100 if first and second is not None else None


def efficiency_factor(output: float | None, average_bpm: float | None) -> float | None:
    """Output a heart beat: normalised power in watts, or grade-adjusted m/min, over bpm."""
    return output / average_bpm if output is not None and average_bpm else None


def _ratio(output: Floats, bpm: Floats) -> float | None:
    has_both = ~(np.isnan(output) | np.isnan(bpm))
    if np.count_nonzero(has_both) < ENOUGH * bpm.size:
        return None
    return float(output[has_both].mean() / bpm[has_both].mean())
