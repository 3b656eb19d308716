"""Metrics: worked examples, and what must hold for any recording."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.metrics import heart, power
from paceline.metrics.recording import record
from paceline.metrics.summary import summarise
from paceline.model.streams import Streams


def found(**columns: list[float | int | bool | None]) -> Streams:
    arrays = {name: pa.array(values) for name, values in columns.items()}
    return Streams(points=max(map(len, columns.values())), columns=arrays)


def test_normalized_power_of_the_worked_example() -> None:
    watts = np.array([100.0] * 30 + [300.0] * 30)

    assert power.normalized_power_w(watts) == pytest.approx(223.07, abs=0.005)
    assert power.work_kj(watts) == 12.0


def test_normalized_power_closes_pauses_up() -> None:
    t = np.array([*range(31), *range(91, 121)])
    watts = np.array([0.0] + [100.0] * 30 + [300.0] * 30)
    recording = record(t)

    # The step over the pause counts for nothing: 30 s and then 29 s are left.
    assert recording.paused_s == 61
    assert recording.recorded_s == 59
    assert recording.grid(watts).tolist() == [100.0] * 30 + [300.0] * 29


def test_normalized_power_needs_thirty_seconds() -> None:
    assert power.normalized_power_w(np.array([200.0] * 29)) is None


def test_smart_recording_holds_the_value_at_the_end_of_each_step() -> None:
    recording = record(np.array([0, 4, 6]))

    assert recording.grid(np.array([9.0, 1.0, 2.0])).tolist() == [1, 1, 1, 1, 2, 2]


def test_of_one_instant_the_last_sample_stands_and_time_never_runs_back() -> None:
    recording = record(np.array([0, 1, 1, 2, 1, 3]))

    assert recording.kept.tolist() == [0, 2, 3, 5]
    assert recording.recorded_s == 3


def test_a_sensor_that_is_mostly_missing_says_nothing() -> None:
    row = summarise(found(t=[0, 1, 2, 3], heartrate_bpm=[100.0, None, None, 120.0]))

    assert row["heartrate_coverage"] == pytest.approx(1 / 3)
    assert "average_heartrate_bpm" not in row


def test_incredible_values_are_missing() -> None:
    assert np.isnan(heart.clean(np.array([0.0, 29.0, 241.0]))).all()
    assert np.isnan(power.clean(np.array([-1.0, 2_501.0]))).all()


def test_a_second_without_power_while_recording_is_coasting() -> None:
    row = summarise(found(t=[0, 1, 2, 3], power_w=[None, 300.0, None, 300.0]))

    assert row["average_power_w"] == pytest.approx(200.0)
    assert row["power_coverage"] == pytest.approx(2 / 3)


def test_without_a_time_stream_only_the_points_are_known() -> None:
    assert summarise(found(heartrate_bpm=[100.0, 101.0])) == {"points": 2}


def test_an_empty_time_stream_measures_nothing() -> None:
    none = Streams(0, {"t": pa.array([], pa.int64()), "power_w": pa.array([], pa.float64())})

    assert summarise(none)["recorded_s"] == 0


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=300))
def test_recorded_and_paused_time_add_up_for_any_time_stream(times: list[int]) -> None:
    recording = record(np.array(times))

    assert recording.recorded_s + recording.paused_s == max(times) - times[recording.kept[0]]
    assert recording.grid(np.zeros(len(times))).size == recording.recorded_s


@given(st.lists(st.floats(0, 2_000), min_size=30, max_size=400))
def test_normalized_power_is_never_below_the_mean_of_its_windows(watts: list[float]) -> None:
    grid = np.array(watts)
    windows = np.convolve(grid, np.ones(30) / 30, mode="valid")

    assert (power.normalized_power_w(grid) or 0.0) >= windows.mean() - 1e-6
