"""Heart rate over recorded seconds, in beats a minute."""

import numpy as np

from paceline.metrics.recording import Floats, valid_between

LOWEST_CREDIBLE_BPM = 30
HIGHEST_CREDIBLE_BPM = 240


def clean(bpm: Floats) -> Floats:
    """0 and other values no heart shows are missing."""
    return valid_between(bpm, LOWEST_CREDIBLE_BPM, HIGHEST_CREDIBLE_BPM)


def average_bpm(grid: Floats) -> float | None:
    """Mean over the seconds that have a value. O(n)."""
    return None if np.isnan(grid).all() else float(np.nanmean(grid))


def max_bpm(grid: Floats) -> float | None:
    return None if np.isnan(grid).all() else float(np.nanmax(grid))
