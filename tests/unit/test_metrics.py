"""Metrics: each worked example, by hand."""

import numpy as np
import pytest

from paceline.metrics import (
    critical_power,
    curves,
    durability,
    elevation,
    grade,
    heart,
    power,
    running,
)
from paceline.metrics.distance import follow
from paceline.metrics.efforts import best_efforts
from paceline.metrics.recording import Floats, Ints, record

STEP = np.array([100.0] * 30 + [300.0] * 30)  # half a minute easy, half a minute hard


def floats(*values: float) -> Floats:
    return np.array(values, np.float64)


def ints(*values: int) -> Ints:
    return np.array(values, np.int64)


def test_normalized_power_of_full_windows() -> None:
    assert power.normalized_power_w(STEP) == pytest.approx(223.07, abs=0.005)
    assert power.work_kj(STEP) == 12.0


def test_normalized_power_closes_pauses_up() -> None:
    t = np.array([*range(31), *range(91, 121)])
    watts = np.array([0.0] + [100.0] * 30 + [300.0] * 30)
    recording = record(t)

    # The step over the pause counts for nothing: 30 s and then 29 s are left.
    assert (recording.paused_s, recording.recorded_s) == (61, 59)
    assert recording.grid(watts[recording.kept]).tolist() == [100.0] * 30 + [300.0] * 29
    assert (recording.breaks.tolist(), recording.rests_s.tolist()) == ([30], [61])


def test_normalized_power_needs_thirty_seconds() -> None:
    assert power.normalized_power_w(floats(*[200.0] * 29)) is None


def test_xpower_starts_from_nothing() -> None:
    assert power.xpower_w(STEP) == pytest.approx(153.19, abs=0.005)


def test_xpower_decays_in_a_pause_until_it_is_negligible() -> None:
    pause_s, average, fourth_powers = 10_000, 0.0, []
    for watts in [*[100.0] * 30, *[None] * pause_s, *[300.0] * 30]:
        if watts is None and average <= power.NEGLIGIBLE_W:
            continue
        average = average * 25 / 26 + (watts or 0.0) / 26
        fourth_powers.append(average**4)
    expected = np.mean(fourth_powers) ** 0.25

    assert len(fourth_powers) < 300
    assert power.xpower_w(STEP, ints(30), ints(pause_s)) == pytest.approx(expected, abs=0.05)


def test_a_decaying_sum_is_the_recursion_it_stands_for() -> None:
    inputs = np.random.default_rng(1).uniform(0, 500, 1_000)
    state, expected = 0.0, []
    for value in inputs:
        state = state * 0.95 + value
        expected.append(state)

    np.testing.assert_allclose(power.decaying_sum(inputs, 0.95), expected, rtol=1e-10)


def test_mean_maximal_power() -> None:
    assert curves.mean_maximal(floats(100, 300, 300, 200, 100)) == {
        1: 300.0,
        2: 300.0,
        3: pytest.approx(266.67, abs=0.005),
        5: 200.0,
    }


def test_no_window_of_a_curve_spans_a_pause() -> None:
    assert curves.mean_maximal(floats(300, 300, 300, 300), ints(2)) == {1: 300.0, 2: 300.0}
    assert curves.mean_maximal(floats(100, 200), ints(0, 2)) == {1: 200.0, 2: 150.0}


def test_a_window_of_a_curve_may_miss_one_second_in_ten() -> None:
    beats = floats(*[150.0] * 9, np.nan, np.nan, *[160.0] * 4)

    assert curves.mean_maximal(beats) == {1: 160.0, 2: 160.0, 3: 160.0, 5: 150.0, 10: 150.0}


def test_a_histogram_cuts_fractions_off_and_leaves_missing_seconds_out() -> None:
    assert curves.seconds_by_value(floats(109.9, 109, 110, np.nan, 0)) == {0: 1, 109: 2, 110: 1}


def test_critical_power_of_two_points() -> None:
    found = critical_power.fit({180: 350.0, 720: 290.0}, least_points=2)

    assert found is not None
    assert (found.cp_w, found.w_prime_j, found.r2) == pytest.approx((270, 14_400, 1))


@pytest.mark.parametrize(
    "curve",
    [
        {180: 350.0, 720: 290.0},  # two points say nothing of the line
        {60: 500.0, 180: 350.0, 3_600: 250.0},  # nor do those outside 2 to 20 minutes
        {180: 350.0, 300: 350.0, 720: 350.0},
        {180: 200.0, 300: 250.0, 720: 300.0},  # longer and harder: W' below nothing
        {180: 900.0, 300: 400.0, 720: 100.0},  # more than 60 kJ
        {180: 268.0, 300: 157.0, 720: 59.0},  # nothing that could be held for long
        {180: 330.0, 300: 300.0, 720: 320.0},  # no line at all
    ],
)
def test_critical_power_refuses_what_no_rider_does(curve: dict[int, float]) -> None:
    assert critical_power.fit(curve) is None


def test_w_prime_empties_above_critical_power_and_fills_below() -> None:
    cp_w = 250.0
    balance = critical_power.balance_j(floats(*[cp_w + 100] * 60, *[cp_w - 100] * 60), cp_w, 20_000)

    assert balance[59] == pytest.approx(14_000)
    assert balance[119] == pytest.approx(15_558, abs=0.5)


def test_w_prime_fills_in_a_pause_and_may_go_below_nothing() -> None:
    watts = floats(*[400.0] * 60, 300.0)
    rested = critical_power.balance_j(watts, 300, 10_000, ints(60), ints(120))
    spent = critical_power.balance_j(np.full(120, 400.0), 300, 10_000)

    assert rested[-1] == pytest.approx(10_000 - 6_000 * np.exp(-300 * 120 / 10_000))
    assert spent.min() == pytest.approx(-2_000)


def test_w_prime_in_integral_form() -> None:
    assert critical_power.recovery_s(100) == pytest.approx(516.9, abs=0.05)
    watts = floats(350, 350, *[150.0] * 10)
    decay = np.exp(-1 / critical_power.recovery_s(100))

    balance = critical_power.integral_balance_j(watts, 250, 20_000)
    assert balance[1] == pytest.approx(20_000 - 100 * decay - 100)
    assert balance[11] == pytest.approx(20_000 - (100 * decay + 100) * decay**10)
    assert critical_power.integral_balance_j(floats(), 250, 20_000).size == 0


def test_minetti_factor_and_pace() -> None:
    slopes = floats(-0.2, -0.1, 0, 0.05, 0.1, 0.2)

    assert grade.minetti_factor(slopes) == pytest.approx(
        [0.500, 0.598, 1, 1.301, 1.658, 2.502], abs=0.0005
    )
    assert 1_000 / (1_000 / 360 * grade.minetti_factor(floats(0.1))[0]) == pytest.approx(
        217, abs=0.5
    )


def test_the_fitted_factor_is_least_near_nine_percent_down_and_knows_no_cliffs() -> None:
    slopes = np.arange(-45, 46) / 100
    factors = grade.fitted_factor(slopes)

    assert slopes[factors.argmin()] == -0.09
    assert grade.fitted_factor(floats(-0.17, 0, -0.18)) == pytest.approx(
        [0.983, 1, 1.011], abs=1e-3
    )
    assert grade.fitted_factor(floats(3.0)) == grade.fitted_factor(floats(0.45))


def test_the_grade_of_an_even_slope_is_even_to_its_ends() -> None:
    along = np.arange(0.0, 300.0, 3.0)
    altitude = 100 + along * 0.08
    altitude[40:60] = np.nan

    assert grade.grades(along, altitude)[1:] == pytest.approx(0.08)
    assert grade.grades(floats(0, 1), floats(5, 9)).tolist() == [0, 0]


def test_the_grade_at_a_kink_is_smoothed_over_twenty_metres() -> None:
    along = np.arange(0.0, 101.0, 5.0)
    found = grade.grades(along, np.maximum(0.0, along - 50) / 10)

    # The step to 50 m: the mean of the slopes at 45 m (0.03) and 50 m (0.05).
    assert found[7:14] == pytest.approx([0, 0.005, 0.02, 0.04, 0.06, 0.08, 0.095])


def test_best_effort_by_stravas_rule() -> None:
    way = follow(floats(0, 40, 90, 130, 160, 200), ints(0, 10, 20, 30, 40, 50))

    # From sample 0 to 3: 30 s over 130 m.
    assert best_efforts(way, (100,)) == [(100, 23, 0, 3)]
    assert best_efforts(way, (201,)) == []


def test_an_effort_of_exactly_the_distance_counts_and_the_first_of_equals_wins() -> None:
    way = follow(floats(0.3, 100.3, 200.3, 300.3), ints(0, 20, 40, 60))

    assert best_efforts(way, (100, 300)) == [(100, 20, 0, 1), (300, 60, 0, 3)]


def test_no_effort_spans_a_jump_or_a_fall_of_the_distance() -> None:
    jump = follow(floats(0, 100, 900, 1_000, 1_050), ints(0, 20, 21, 41, 61))
    fall = follow(floats(0, 100, 50, 150), ints(0, 20, 40, 60))

    assert best_efforts(jump, (100, 150, 300)) == [(100, 20, 0, 1), (150, 40, 2, 4)]
    assert best_efforts(fall, (100, 150)) == [(100, 20, 0, 1)]


def test_speed_of_each_step_also_where_a_distance_is_missing() -> None:
    distance = floats(np.nan, 0, 5, np.nan, 15, 14, 900, np.nan)
    way = follow(distance, np.arange(8))

    assert way.last_m == 900.0
    np.testing.assert_array_equal(way.speed_mps(), [np.nan, np.nan, 5, 5, 5, *[np.nan] * 3])
    assert way.along_m(np.arange(8)).tolist() == [0, 0, 5, 10, 15, 15, 15, 15]


def test_decoupling_compares_the_halves() -> None:
    watts = floats(*[150.0] * 600, *[140.0] * 600)
    beats = np.full(1_200, 100.0)

    assert durability.decoupling_pct(watts, beats) == pytest.approx(6.67, abs=0.005)
    assert durability.decoupling_pct(watts[:-1], beats[:-1]) is None
    assert durability.decoupling_pct(np.zeros(1_200), beats) is None


def test_decoupling_needs_a_heart_rate_in_both_halves() -> None:
    beats = floats(*[100.0] * 700, *[np.nan] * 500)

    assert durability.decoupling_pct(np.full(1_200, 150.0), beats) is None


def test_efficiency_factor() -> None:
    assert durability.efficiency_factor(230, 145) == pytest.approx(1.586, abs=0.0005)
    assert durability.efficiency_factor(230, None) is None


def test_elevation_by_hysteresis() -> None:
    altitude = floats(100, 101, 104, 103, 99, 102.5)

    assert elevation.gain_and_loss_m(altitude, 2) == (7.5, 5)
    assert elevation.gain_and_loss_m(floats(0, 2, -2), 2) == (0, 0)
    assert elevation.gain_and_loss_m(floats()) == (0, 0)
    assert elevation.smoothed(floats(1, 2, 3, 4, 10)).tolist() == [2, 2.5, 4, 4.75, 17 / 3]


@pytest.mark.parametrize(
    ("distance_m", "time_s", "expected"),
    [(5_000, 1_200, 49.81), (10_000, 2_700, 45.26), (42_195, 12_600, 44.55)],
)
def test_vdot(distance_m: float, time_s: float, expected: float) -> None:
    assert running.vdot(distance_m, time_s) == pytest.approx(expected, abs=0.005)


def test_vdot_is_for_three_and_a_half_minutes_to_four_hours() -> None:
    assert running.vdot(1_000, 209) is None
    assert running.vdot(50_000, 14_401) is None


def test_riegel() -> None:
    assert running.riegel_s(1_200, 5_000, 10_000) == pytest.approx(41 * 60 + 42, abs=0.5)


def test_smart_recording_holds_the_value_at_the_end_of_each_step() -> None:
    assert record(ints(0, 4, 6)).grid(floats(9, 1, 2)).tolist() == [1, 1, 1, 1, 2, 2]


def test_a_step_of_ten_seconds_is_recorded_and_one_of_eleven_is_a_pause() -> None:
    recording = record(ints(0, 10, 21))

    assert (recording.recorded_s, recording.paused_s) == (10, 11)


def test_of_one_instant_the_last_sample_stands_and_time_never_runs_back() -> None:
    recording = record(ints(0, 1, 1, 2, 1, 3))

    assert recording.kept.tolist() == [0, 2, 3, 5]
    assert recording.recorded_s == 3


def test_an_instant_before_the_start_or_years_on_does_not_hide_the_others() -> None:
    assert record(ints(-5, 0, 1, 10**12, 2, 2**63 - 1, 3)).kept.tolist() == [1, 2, 4, 6]


def test_incredible_values_are_missing() -> None:
    assert np.isnan(heart.clean(floats(0, 29, 241, np.inf))).all()
    assert np.isnan(power.clean(floats(-1, 2_501, -np.inf))).all()
