"""Critical power, and what is left of the work above it (W' balance)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from paceline.metrics.power import with_coasting
from paceline.metrics.recording import NO_PAUSES, Floats, Ints

SHORTEST_S, LONGEST_S = 120, 1_200
LEAST_POINTS = 3
LEAST_W_PRIME_J, MOST_W_PRIME_J = 1_000, 60_000
LEAST_R2 = 0.9


class CriticalPower(NamedTuple):
    cp_w: float
    w_prime_j: float
    r2: float


def fit(curve: Mapping[int, float], least_points: int = LEAST_POINTS) -> CriticalPower | None:
    """P = CP + W' / t, ordinary least squares of watts on 1/t over 2 to 20 minutes.

    `curve` is the best mean power by duration in seconds. None when the points are too few or
    the line is not one of a rider: CP <= 0, W' outside 1 to 60 kJ, R^2 < 0.9.
    """
    points = {t: watts for t, watts in curve.items() if SHORTEST_S <= t <= LONGEST_S}
    if len(points) < least_points:
        return None
    inverse = 1 / np.array(list(points), np.float64)
    watts = np.array(list(points.values()), np.float64)
    around, spread = inverse - inverse.mean(), watts - watts.mean()
    variance, total = float(around @ around), float(spread @ spread)
    if variance == 0 or total == 0:
        return None
    covariance = float(around @ spread)
    w_prime_j = covariance / variance
    cp_w = float(watts.mean()) - w_prime_j * float(inverse.mean())
    r2 = covariance**2 / (variance * total)
    fits = cp_w > 0 and LEAST_W_PRIME_J <= w_prime_j <= MOST_W_PRIME_J and r2 >= LEAST_R2
    return CriticalPower(cp_w, w_prime_j, r2) if fits else None


def balance_j(
    grid: Floats,
    cp_w: float,
    w_prime_j: float,
    breaks: Ints = NO_PAUSES,
    rests_s: Ints = NO_PAUSES,
) -> Floats:
    """W' balance in joules at the end of each recorded second, differential form. O(n).

    Below CP it fills by (CP - p)(W' - B) / W' a second, above it empties by p - CP; in a pause of
    d seconds the deficit shrinks by exp(-CP d / W'). Below 0 means that CP or W' is set too low.
    Source: Skiba et al. 2015; Froncioni and Clarke.
    """
    watts = with_coasting(grid)
    below = np.maximum(cp_w - watts, 0)
    kept_in_rests = np.exp(-cp_w * rests_s / w_prime_j)
    return w_prime_j - _deficits(watts, cp_w, 1 - below / w_prime_j, (breaks, kept_in_rests))


def integral_balance_j(
    grid: Floats,
    cp_w: float,
    w_prime_j: float,
    breaks: Ints = NO_PAUSES,
    rests_s: Ints = NO_PAUSES,
) -> Floats:
    """W' balance in joules at the end of each recorded second, integral form. O(n).

    W' - sum over u of (p[u] - CP)+ exp(-(t - u) / tau). Source: Skiba et al. 2012.
    """
    watts = with_coasting(grid)
    below = watts[watts < cp_w]
    tau_s = recovery_s(cp_w - float(below.mean()) if below.size else 0.0)
    kept = np.full(watts.size, np.exp(-1 / tau_s))
    return w_prime_j - _deficits(watts, cp_w, kept, (breaks, np.exp(-rests_s / tau_s)))


def recovery_s(deficit_w: float) -> float:
    """546 exp(-0.01 (CP - mean of the powers below CP)) + 316, in seconds. Source: Skiba 2012."""
    return float(546 * np.exp(-0.01 * deficit_w) + 316)


def _deficits(watts: Floats, cp_w: float, kept: Floats, rests: tuple[Ints, Floats]) -> Floats:
    """From 0, each second: deficit = kept * deficit + (p - CP)+; and the rests in between."""
    breaks, kept_in_rests = rests
    is_rest = np.insert(np.zeros(watts.size, np.bool_), breaks, values=True)
    factors = np.insert(kept, breaks, kept_in_rests).tolist()
    spent = np.insert(np.maximum(watts - cp_w, 0), breaks, 0.0).tolist()
    deficit, deficits = 0.0, []
    for factor, joules in zip(factors, spent, strict=True):
        deficit = deficit * factor + joules
        deficits.append(deficit)
    return np.array(deficits, np.float64)[~is_rest]
