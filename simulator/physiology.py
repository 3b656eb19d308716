"""How a body answers: lagging hearts, power against ground and air, and fitting to totals."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_BLOCK_S = 6000.0
_GRAVITY = 9.81
_NEAR = 1e-5


def lagged(time_s: FloatArray, drive: FloatArray, tau_s: float) -> FloatArray:
    """First-order lag on uneven samples, exact for a drive that is constant between them."""
    answer = np.empty_like(drive)
    state, begin = float(drive[0]), 0
    while begin < drive.size:
        # In blocks, because exp(t / tau) outgrows a float after some hours.
        end = int(np.searchsorted(time_s, time_s[begin] + _BLOCK_S, side="right"))
        end = max(end, begin + 1)
        growth = np.exp((time_s[begin:end] - time_s[begin]) / tau_s)
        gains = np.diff(growth, prepend=growth[0])
        answer[begin:end] = (state + np.cumsum(gains * drive[begin:end])) / growth
        state = float(answer[end - 1])
        begin = end
    return answer


def fitted(
    shape: FloatArray, low: float, mean: float, high: float, weights: FloatArray
) -> FloatArray:
    """`shape` bent monotonically so that it runs up to `high` and has the weighted `mean`."""
    span = float(shape.max() - shape.min())
    if span <= 0 or not low < mean < high:
        return np.full_like(shape, mean)
    place = (shape - shape.min()) / span
    logs = np.log(np.maximum(place, 1e-30))
    target = (mean - low) / (high - low)
    total = float(weights.sum())
    shares = weights / total if total else np.full_like(shape, 1 / shape.size)
    power = _solve_power(logs, shares, target)
    bent: FloatArray = low + (high - low) * np.exp(power * logs)
    return bent


def _solve_power(logs: FloatArray, shares: FloatArray, target: float) -> float:
    """Newton's method for sum(shares * exp(p * logs)) = target, a falling convex function of p."""
    power = 1.0
    for _ in range(20):
        values = shares * np.exp(power * logs)
        miss = float(values.sum()) - target
        slope = float(np.dot(values, logs))
        if abs(miss) < _NEAR or slope == 0:
            break
        power = min(max(power - miss / slope, power / 4), power * 4)
    return min(max(power, 0.02), 50.0)


def riding_power(
    speed_mps: FloatArray, grade: FloatArray, seconds: FloatArray, mass_kg: float
) -> FloatArray:
    """Watts to roll, climb, push air and speed up; none when coasting."""
    force = mass_kg * _GRAVITY * (grade + 0.005) + 0.19 * speed_mps**2
    pushing = mass_kg * np.gradient(speed_mps, seconds) * 0.6
    return np.maximum((force + pushing) * speed_mps, 0.0)


def running_cost(grade: FloatArray) -> FloatArray:
    """Energy of a metre on a slope against one on the flat, after Minetti et al. (2002)."""
    slope = np.clip(grade, -0.3, 0.3)
    cost = ((((155.4 * slope - 30.4) * slope - 43.3) * slope + 46.3) * slope + 19.5) * slope
    return 1.0 + cost / 3.6


def slow_noise(
    rng: np.random.Generator, at: FloatArray, period: float, deviation: float
) -> FloatArray:
    """A wandering line around nought, with a new direction about every `period`."""
    knots = max(4, int((at[-1] - at[0]) / period) + 2)
    return np.interp(at, np.linspace(at[0], at[-1], knots), rng.normal(0, deviation, knots))
