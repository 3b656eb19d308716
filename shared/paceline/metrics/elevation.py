"""Climb and descent in metres, from altitudes in order of which none is missing."""

import numpy as np

from paceline.metrics.recording import Floats, valid_between

LOWEST_CREDIBLE_M, HIGHEST_CREDIBLE_M = -500, 9_000
THRESHOLD_M = 2.0
SMOOTHED_SAMPLES = 5


def clean(altitude_m: Floats) -> Floats:
    """Altitudes off the face of the earth are missing."""
    return valid_between(altitude_m, LOWEST_CREDIBLE_M, HIGHEST_CREDIBLE_M)


def smoothed(altitude_m: Floats, samples: int = SMOOTHED_SAMPLES) -> Floats:
    """Centred mean over `samples` (odd); over those that there are at either end. O(n)."""
    sums = np.concatenate(([0.0], np.cumsum(altitude_m)))
    place, reach = np.arange(altitude_m.size), samples // 2
    first = np.maximum(place - reach, 0)
    end = np.minimum(place + reach + 1, altitude_m.size)
    mean: Floats = (sums[end] - sums[first]) / (end - first)
    return mean


def gain_and_loss_m(altitude_m: Floats, threshold_m: float = THRESHOLD_M) -> tuple[float, float]:
    """Rises and falls that exceed the threshold against a reference that moves with them. O(n).

    ref = a[0]; when a > ref + h: gain += a - ref and ref = a; when a < ref - h the same for loss.
    A plain loop: each step depends on the one before, and a float compare is cheap.
    """
    altitudes = altitude_m.tolist()
    gain = loss = 0.0
    reference = altitudes[0] if altitudes else 0.0
    for altitude in altitudes:
        change = altitude - reference
        if change > threshold_m:
            gain += change
            reference = altitude
        elif change < -threshold_m:
            loss -= change
            reference = altitude
    return gain, loss
