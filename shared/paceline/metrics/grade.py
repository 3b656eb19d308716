"""What a slope costs: grade from altitude over distance, and grade-adjusted speed.

Altitude is averaged over 20 m, as fits a barometer; that of satellites alone would want some 60 m.
Strava's streams do not say which it is, and no field tells it soundly: a device's name does not say
whether its barometer was in use. Strava also says that it replaces the altitude of devices without
one by that of a map, which is smooth. So all are read alike, and where satellites were believed the
grade-adjusted speed comes out somewhat too high.
"""

import numpy as np

from paceline.metrics.recording import Floats, Ints

STEEPEST = 0.45
SPACING_M = 5.0
SMOOTHED_POINTS = 5  # 20 m from the first to the last


def fitted_factor(grade: Floats) -> Floats:
    """Metres on the flat that tire like one on this grade (a fraction): 1 + 2.82 i + 16 i^2.

    Fitted over +-25 % to the grade-adjusted distance that Strava's streams show; the heart-rate
    equivalent pace, gentler than Minetti's both up and down.
    """
    i = np.clip(grade, -STEEPEST, STEEPEST)
    factor: Floats = 1 + 2.82 * i + 16.0 * i**2
    return factor


def minetti_factor(grade: Floats) -> Floats:
    """Energy cost of running a metre on this grade (a fraction) against one on the flat.

    C = 155.4 i^5 - 30.4 i^4 - 43.3 i^3 + 46.3 i^2 + 19.5 i + 3.6 J/kg/m, over 3.6.
    Source: Minetti et al. 2002, J Appl Physiol 93:1039.
    """
    i = np.clip(grade, -STEEPEST, STEEPEST)
    cost: Floats = ((((155.4 * i - 30.4) * i - 43.3) * i + 46.3) * i + 19.5) * i + 3.6
    return cost / 3.6


def grades(along_m: Floats, altitude_m: Floats) -> Floats:
    """Grade, a fraction, of the step to each sample; 0 for the first. O(n + metres / 5).

    Altitude every 5 m of way, its centred mean over 20 m, then the central difference. `along_m`
    never falls; altitudes may be missing (NaN), and lie between their neighbours then.
    """
    known = ~np.isnan(altitude_m)
    if not known.any() or along_m[-1] - along_m[0] < SPACING_M:
        return np.zeros(along_m.size)
    count = int((along_m[-1] - along_m[0]) / SPACING_M) + 1
    places = along_m[0] + SPACING_M * np.arange(count)
    profile = np.interp(places, along_m[known], altitude_m[known])
    slope = np.gradient(_levelled(profile), SPACING_M)
    middles = (along_m[1:] + along_m[:-1]) / 2
    return np.concatenate(([0.0], np.interp(middles, places, slope)))


def _levelled(profile: Floats) -> Floats:
    """Centred mean; the ends go on in a straight line, so that an even slope stays even."""
    reach = SMOOTHED_POINTS // 2
    ahead = np.arange(1, reach + 1)
    before = profile[0] - (profile[1] - profile[0]) * ahead[::-1]
    after = profile[-1] + (profile[-1] - profile[-2]) * ahead
    sums = np.cumsum(np.concatenate(([0.0], before, profile, after)))
    levelled: Floats = (sums[SMOOTHED_POINTS:] - sums[:-SMOOTHED_POINTS]) / SMOOTHED_POINTS
    return levelled


def mean_over(speed_mps: Floats, seconds: Ints) -> float | None:
    """Metres over the seconds they took, sum(v s) / sum(s); grade-adjusted when the speed is. O(n).

    `seconds` is 0 where a sample does not count. None when no second has a speed.
    """
    has_speed = ~np.isnan(speed_mps)
    total_s = int(seconds[has_speed].sum())
    return float(speed_mps[has_speed] @ seconds[has_speed]) / total_s if total_s else None
