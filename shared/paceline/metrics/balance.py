"""W' balance of one activity: how empty it got, when, and what was left.

Not a column of silver.metrics: it needs the athlete's critical power and W' of that day, and what
is stored of a stream depends on the stream alone.
"""

from typing import NamedTuple

import numpy as np

from paceline.metrics import power
from paceline.metrics.critical_power import balance_j, integral_balance_j
from paceline.metrics.recording import ENOUGH, Floats, Ints, coverage, record


class Balance(NamedTuple):
    """By one form of the model. Seconds are from the start, pauses included."""

    least_j: float
    least_at_s: int
    end_j: float
    cp_too_low: bool  # nobody spends more than there is: CP or W' is set too low


class Balances(NamedTuple):
    recorded_s: int
    power_coverage: float
    differential: Balance
    integral: Balance


def balances(t: Ints, power_w: Floats, cp_w: float, w_prime_j: float) -> Balances | None:
    """Both forms, from the streams time and watts. O(n). None where power says too little.

    Differential: below CP it fills by (CP - p)(W' - B) / W' a second, above it empties by p - CP
    (Skiba et al. 2015; Froncioni and Clarke). Integral: W' - sum of (p - CP)+ exp(-(t - u) / tau),
    tau from the mean of the powers below CP (Skiba et al. 2012). In a pause both fill at 0 W.
    """
    recording = record(t)
    watts = recording.grid(power.clean(power_w[recording.kept]))
    share = coverage(watts)
    if share is None or share < ENOUGH:
        return None
    # The instant of each recorded second: those of a sample end at its own.
    last_places = np.cumsum(recording.seconds) - 1
    instants = np.repeat(recording.t - last_places, recording.seconds) + np.arange(watts.size)
    arguments = (watts, cp_w, w_prime_j, recording.breaks, recording.rests_s)
    return Balances(
        recorded_s=recording.recorded_s,
        power_coverage=share,
        differential=_told(balance_j(*arguments), instants),
        integral=_told(integral_balance_j(*arguments), instants),
    )


def _told(balance: Floats, instants: Ints) -> Balance:
    least = int(balance.argmin())
    least_j = float(balance[least])
    return Balance(least_j, int(instants[least]), float(balance[-1]), least_j < 0)
