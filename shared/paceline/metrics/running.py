"""What a run over a known distance says about the runner."""

from math import exp

VDOT_SHORTEST_S, VDOT_LONGEST_S = 3.5 * 60, 4 * 3_600
RIEGEL_EXPONENT = 1.06


def vdot(distance_m: float, time_s: float) -> float | None:
    """Oxygen uptake at this speed over the share of the maximum that can be held so long.

    VO2 = -4.60 + .182258 v + .000104 v^2, v in m/min; share = .8 + .1894393 e^(-.012778 t)
    + .2989558 e^(-.1932605 t), t in minutes. None outside 3.5 minutes to 4 hours.
    Source: Daniels and Gilbert 1979.
    """
    if not VDOT_SHORTEST_S <= time_s <= VDOT_LONGEST_S:
        return None
    minutes = time_s / 60
    v = distance_m / minutes
    uptake = -4.60 + 0.182258 * v + 0.000104 * v**2
    share = 0.8 + 0.1894393 * exp(-0.012778 * minutes) + 0.2989558 * exp(-0.1932605 * minutes)
    return uptake / share


def riegel_s(time_s: float, distance_m: float, wanted_m: float) -> float:
    """Time over another distance: T2 = T1 (D2 / D1)^1.06. Source: Riegel 1981."""
    return float(time_s * (wanted_m / distance_m) ** RIEGEL_EXPONENT)
