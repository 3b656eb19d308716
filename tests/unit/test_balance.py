"""W' balance of one activity, with pauses and gaps in its power."""

import numpy as np
import pytest

from paceline.metrics.balance import balances
from paceline.metrics.recording import Floats, Ints

CP_W, W_PRIME_J = 250.0, 20_000.0


def ride(*stretches: tuple[int, float]) -> tuple[Ints, Floats]:
    """Seconds at a power, one after the other; the point at 0 ends none of them."""
    watts = np.concatenate([[0.0], *(np.full(seconds, level) for seconds, level in stretches)])
    return np.arange(watts.size), watts


def test_a_minute_above_and_a_minute_below_critical_power() -> None:
    found = balances(*ride((60, CP_W + 100), (60, CP_W - 100)), CP_W, W_PRIME_J)

    assert found is not None
    assert (found.recorded_s, found.power_coverage) == (120, 1)
    assert found.differential.least_j == pytest.approx(14_000)
    assert found.differential.least_at_s == 60
    assert found.differential.end_j == pytest.approx(15_558, abs=0.5)
    assert not found.differential.cp_too_low
    assert found.integral.least_at_s == 60
    assert 14_000 < found.integral.least_j < found.integral.end_j < 15_558


def test_the_moment_is_told_from_the_start_also_after_a_pause() -> None:
    t, watts = ride((60, 350.0), (60, 350.0))
    t = np.where(t > 60, t + 600, t)  # ten minutes without a point
    found = balances(t, watts, CP_W, W_PRIME_J)

    assert found is not None
    assert found.recorded_s == 119  # the second that the pause ends with was not recorded
    assert found.differential.least_at_s == 60
    at_rest_j = 20_000 - 6_000 * np.exp(-250 * 601 / 20_000)
    assert found.differential.end_j == pytest.approx(at_rest_j - 5_900)


def test_a_device_that_records_every_few_seconds_is_read_alike() -> None:
    t, watts = ride((60, 350.0), (60, 150.0))
    every_second = balances(t, watts, CP_W, W_PRIME_J)

    assert balances(t[::5], watts[::5], CP_W, W_PRIME_J) == every_second


def test_more_spent_than_there_is_means_that_cp_is_too_low() -> None:
    found = balances(*ride((300, 350.0)), CP_W, W_PRIME_J)

    assert found is not None
    assert found.differential.least_j == pytest.approx(-10_000)
    assert found.differential.cp_too_low
    assert found.integral.cp_too_low


@pytest.mark.parametrize("watts", [[np.nan] * 10, [200.0, *[np.nan] * 9], [9_999.0] * 10])
def test_power_that_is_mostly_missing_says_nothing(watts: list[float]) -> None:
    assert balances(np.arange(10), np.array(watts), CP_W, W_PRIME_J) is None


def test_no_recorded_second_says_nothing() -> None:
    assert balances(np.array([0, 60]), np.array([200.0, 200.0]), CP_W, W_PRIME_J) is None
