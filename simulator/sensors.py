"""What straps, meters and watches show of an exertion, fitted to the plan's averages and peaks."""

import numpy as np
import numpy.typing as npt

from simulator.athletes import Athlete
from simulator.physiology import fitted, lagged, slow_noise
from simulator.plan import RIDES, Plan
from simulator.timeline import Timeline

FloatArray = npt.NDArray[np.float64]

_HEART_LAG_S = 45.0
_WARM_UP_S = 120.0
_DRIFT_PER_HOUR = {True: 0.09, False: 0.03}
_DRIFT_ENDS_S = 4 * 3600.0


def watts(plan: Plan, exertion: FloatArray, line: Timeline) -> FloatArray | None:
    if plan.average_watts is None or plan.max_watts is None:
        return None
    bent = fitted(exertion, 0.0, plan.average_watts, plan.max_watts, _weights(line))
    return np.where(exertion > 0, bent, 0.0)


def heartrate(
    rng: np.random.Generator, athlete: Athlete, plan: Plan, exertion: FloatArray, line: Timeline
) -> FloatArray | None:
    """Late behind the exertion, slow to warm up, and drifting up as the hours go by."""
    if plan.average_hr is None or plan.max_hr is None:
        return None
    resting = 0.25 * float(exertion.mean())
    drive = lagged(line.time_s, np.maximum(exertion, resting), _HEART_LAG_S)
    answer = drive * (1 - 0.2 * np.exp(-line.time_s / _WARM_UP_S))
    # A share of the span: the effort of a run varies less than that of a ride.
    drift = _DRIFT_PER_HOUR[plan.sport in RIDES] * np.minimum(line.time_s, _DRIFT_ENDS_S) / 3600.0
    shape = answer + float(np.ptp(answer)) * drift
    shape += slow_noise(rng, line.time_s, 25.0, 0.015 * float(drive.mean()))
    low = min(athlete.rest_hr + 28.0, plan.average_hr - 12.0)
    return fitted(shape, low, plan.average_hr, plan.max_hr, _weights(line))


def cadence(
    rng: np.random.Generator, plan: Plan, exertion: FloatArray, line: Timeline
) -> FloatArray | None:
    """Turning whenever there is effort; its mean without the zeros is the plan's."""
    if plan.average_cadence is None:
        return None
    turning = line.moving & (exertion > 0)
    turns = 1 + slow_noise(rng, line.time_s, 12.0, 0.045)
    if not turning.any():
        return np.zeros_like(turns)
    weights = _weights(line)[turning]
    mean = float(np.average(turns[turning], weights=weights if weights.any() else None))
    return np.where(turning, turns * (plan.average_cadence / mean), 0.0)


def temperature(rng: np.random.Generator, plan: Plan, line: Timeline) -> FloatArray | None:
    if plan.average_temp_c is None:
        return None
    wander = slow_noise(rng, line.time_s, 900.0, 1.1)
    return plan.average_temp_c + wander - float(wander.mean())


def _weights(line: Timeline) -> FloatArray:
    """Averages count each sample for the moving seconds that end in it."""
    return np.where(line.moving, np.diff(line.time_s, prepend=0.0), 0.0)
