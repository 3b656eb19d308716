"""What must hold for any activity."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from paceline.metrics import critical_power, curves, elevation, power
from paceline.metrics.distance import follow
from paceline.metrics.efforts import RUN_DISTANCES_M, best_efforts
from paceline.metrics.recording import Floats, Ints, record
from paceline.metrics.summary import summarise
from paceline.model.streams import Streams

# An average found by prefix sums is off by the last digits of those sums.
NEAR = 1e-6


@dataclass(frozen=True)
class Activity:
    """As a device records it: steps of a second or some, now and then a pause."""

    t: Ints
    watts: Floats
    beats: Floats
    distance_m: Floats
    altitude_m: Floats

    def streams(self) -> Streams:
        return Streams(
            self.t.size,
            {
                "t": pa.array(self.t),
                "power_w": pa.array(self.watts),
                "heartrate_bpm": pa.array(self.beats, from_pandas=True),
                "distance_m": pa.array(self.distance_m),
                "altitude_m": pa.array(self.altitude_m),
            },
        )


@st.composite
def activities(draw: st.DrawFn) -> Activity:
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.integers(2, 3_000))
    longest_step_s = draw(st.integers(1, 10))
    steps = chance.integers(1, longest_step_s + 1, count)
    steps[chance.random(count) < draw(st.sampled_from([0, 0.001, 0.05]))] = 300
    steps[0] = 0
    speed = np.clip(draw(st.floats(0.5, 8)) + np.cumsum(chance.normal(0, 0.1, count)), 0, 12)
    beats = chance.integers(90, 190, count).astype(np.float64)
    beats[chance.random(count) < draw(st.sampled_from([0, 0.1, 0.4]))] = np.nan
    return Activity(
        t=np.cumsum(steps),
        watts=np.clip(chance.normal(180, draw(st.floats(0, 200)), count), 0, 2_000),
        beats=beats,
        distance_m=np.cumsum(speed * np.where(steps > 10, 0, steps)).round(1),
        altitude_m=100 + np.cumsum(chance.normal(0, draw(st.floats(0, 1)), count)),
    )


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=300))
def test_recorded_and_paused_time_add_up_for_any_time_stream(times: list[int]) -> None:
    recording = record(np.array(times))

    assert recording.recorded_s + recording.paused_s == max(times) - times[recording.kept[0]]
    assert recording.grid(recording.t.astype(float)).size == recording.recorded_s
    assert recording.breaks.size == recording.rests_s.size


@given(activities())
def test_a_multiple_of_a_duration_never_has_a_higher_mean(activity: Activity) -> None:
    recording = record(activity.t)
    curve = curves.mean_maximal(recording.grid(activity.watts), recording.breaks)

    for short, best in curve.items():
        longer = [value for long, value in curve.items() if long % short == 0]
        assert max(longer) <= best + NEAR


@given(activities())
def test_a_curve_lies_between_the_mean_and_the_maximum(activity: Activity) -> None:
    recording = record(activity.t)
    grid = recording.grid(activity.watts)
    for curve in (curves.mean_maximal(grid), curves.mean_maximal(grid, recording.breaks)):
        assert all(value <= grid.max() + NEAR for value in curve.values())
    if 1 in curve:
        assert abs(curve[1] - grid.max()) < NEAR


def best_of_windows(grid: Floats, breaks: set[int], duration: int) -> float:
    """Each window by itself: none over a pause, each with a value in nine seconds of ten."""
    if grid.size < duration:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(grid, duration)
    is_full = np.count_nonzero(~np.isnan(windows), axis=1) * 10 >= duration * 9
    is_whole = [
        breaks.isdisjoint(range(start + 1, start + duration)) for start in range(len(windows))
    ]
    means = np.nanmean(windows[is_full & is_whole], axis=1)
    return float(means.max(initial=0.0))


@given(activities())
def test_a_curve_is_the_best_of_every_window_there_is(activity: Activity) -> None:
    recording = record(activity.t[:300])
    grid, breaks = recording.grid(activity.beats[:300]), set(recording.breaks.tolist())
    curve = curves.mean_maximal(grid, recording.breaks)
    for duration in (1, 5, 30):
        best = best_of_windows(grid, breaks, duration)
        assert abs(curve.get(duration, 0.0) - best) < NEAR


@given(activities())
def test_normalized_power_is_never_below_the_mean_of_its_windows(activity: Activity) -> None:
    grid = record(activity.t).grid(activity.watts)
    found = power.normalized_power_w(grid)

    assert (found is None) == (grid.size < power.WINDOW_S)
    if found is not None:
        windows = np.convolve(grid, np.ones(30) / 30, mode="valid")
        assert windows.mean() - NEAR <= found <= grid.max() + NEAR


@given(activities())
def test_normalized_power_leaves_out_29_seconds_of_the_greatest_power_at_most(
    activity: Activity,
) -> None:
    grid = record(activity.t).grid(activity.watts)
    found = power.normalized_power_w(grid)
    if found is not None:
        windows, left_out = grid.size - (power.WINDOW_S - 1), power.WINDOW_S - 1
        assert found * windows >= grid.sum() - left_out * grid.max() - NEAR * grid.size


@given(activities())
def test_xpower_is_the_recursion_it_stands_for(activity: Activity) -> None:
    recording = record(activity.t)
    grid = recording.grid(activity.watts)
    rests = dict(zip(recording.breaks.tolist(), recording.rests_s.tolist(), strict=False))
    average, total, count = 0.0, 0.0, 0
    if len(rests) < recording.breaks.size or not grid.size:
        return  # two pauses at one place
    for second in range(grid.size + 1):
        for _ in range(rests.get(second, 0)):
            if average > power.NEGLIGIBLE_W:
                average *= 25 / 26
                total, count = total + average**4, count + 1
        if second < grid.size:
            average = average * 25 / 26 + grid[second] / 26
            total, count = total + average**4, count + 1
    found = power.xpower_w(grid, recording.breaks, recording.rests_s)
    assert found is not None
    assert abs(found - (total / count) ** 0.25) <= 0.05


@given(activities())
def test_histograms_add_up_to_the_valid_recorded_seconds(activity: Activity) -> None:
    row = summarise(activity.streams())
    seconds = sum(pair["seconds"] for pair in row["power_histogram"])
    beats = sum(pair["seconds"] for pair in row["heartrate_histogram"])

    assert seconds == row["recorded_s"]
    if beats:
        assert beats == round(row["heartrate_coverage"] * row["recorded_s"])


@given(activities())
def test_shares_are_shares_and_times_add_up(activity: Activity) -> None:
    row = summarise(activity.streams())

    assert row["recorded_s"] + row["paused_s"] == activity.t[-1]
    for name, value in row.items():
        if name.endswith("_coverage") and value is not None:
            assert 0 <= value <= 1
    if row["recorded_s"]:
        mean_w = row["work_kj"] * 1_000 / row["recorded_s"]
        assert abs(mean_w - row["average_power_w"]) < NEAR


@given(activities())
def test_a_longer_effort_never_takes_less_time(activity: Activity) -> None:
    efforts = best_efforts(follow(activity.distance_m, activity.t), RUN_DISTANCES_M)
    times = [effort.elapsed_time_s for effort in efforts]

    assert times == sorted(times)


@st.composite
def sparse_ways(draw: st.DrawFn) -> tuple[Ints, Floats]:
    """Instants and distances of a watch that saves power: minutes, and kilometres, between them."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = chance.integers(1, draw(st.sampled_from([2, 20, 400])), draw(st.integers(2, 300)))
    speed = chance.uniform(0, draw(st.floats(1, 15)), steps.size)
    return np.cumsum(steps), np.cumsum(steps * speed).round(1)


@given(sparse_ways())
def test_a_longer_stretch_never_takes_less_time_however_sparse_the_samples(
    way: tuple[Ints, Floats],
) -> None:
    t, d = way
    stretches = [
        t[each.end_index] - t[each.start_index]
        for each in best_efforts(follow(d, t), RUN_DISTANCES_M)
    ]

    assert stretches == sorted(stretches)


@given(sparse_ways())
def test_a_multiple_of_a_distance_is_not_faster_by_more_than_its_samples_are_apart(
    way: tuple[Ints, Floats],
) -> None:
    t, d = way
    efforts = best_efforts(follow(d, t), (400, 1_200, 2_000, 4_000))
    took = {each.distance_m: t[each.end_index] - t[each.start_index] for each in efforts}
    longest_step_s = np.diff(t).max()

    for short, shortest_s in took.items():
        for times in (each // short for each in took if each % short == 0):
            assert times * shortest_s <= took[short * times] + (times - 1) * longest_step_s


@given(sparse_ways())
def test_the_way_ends_with_the_distance_of_the_last_sample(way: tuple[Ints, Floats]) -> None:
    t, d = way
    row = summarise(Streams(t.size, {"t": pa.array(t), "distance_m": pa.array(d)}))

    assert row["distance_m"] == d[-1]


@given(activities())
def test_an_effort_is_the_fastest_of_all_stretches(activity: Activity) -> None:
    d, t = activity.distance_m[:200], activity.t[:200]
    decimetres = np.rint(d * 10).astype(int)
    wanted = 100
    stretches = [
        (int(t[j] - t[i]), i, j)
        for i in range(d.size)
        if (j := int(np.argmax(decimetres - decimetres[i] >= wanted * 10))) > i
    ]
    found = best_efforts(follow(d, t), (wanted,))
    if stretches:
        elapsed, i, j = min(stretches, key=lambda each: (each[0], each[1]))
        scaled = elapsed * wanted * 10 // (decimetres[j] - decimetres[i])
        assert found == [(wanted, scaled, i, j)]
    else:
        assert found == []


@given(activities())
def test_climb_and_descent_explain_the_height_won(activity: Activity) -> None:
    altitude = activity.altitude_m
    gain, loss = elevation.gain_and_loss_m(altitude)
    steps = np.diff(altitude)

    assert abs(gain - loss - (altitude[-1] - altitude[0])) <= elevation.THRESHOLD_M + NEAR
    assert 0 <= gain <= steps[steps > 0].sum() + NEAR
    assert 0 <= loss <= -steps[steps < 0].sum() + NEAR


@given(activities(), st.floats(150, 350), st.floats(5_000, 30_000))
def test_w_prime_is_never_more_than_full(activity: Activity, cp_w: float, w_prime_j: float) -> None:
    recording = record(activity.t)
    grid = recording.grid(activity.watts)
    arguments = (grid, cp_w, w_prime_j, recording.breaks, recording.rests_s)
    for balance in (
        critical_power.balance_j(*arguments),
        critical_power.integral_balance_j(*arguments),
    ):
        assert balance.size == grid.size
        assert (balance <= w_prime_j).all()


@given(st.floats(100, 400), st.floats(2_000, 50_000), st.integers(3, 6))
def test_a_line_of_critical_power_is_found_again(cp_w: float, w_prime_j: float, count: int) -> None:
    durations = np.linspace(180, 1_200, count).astype(int)
    found = critical_power.fit({int(t): cp_w + w_prime_j / t for t in durations})

    assert found is not None
    assert abs(found.cp_w - cp_w) < 1e-3
    assert abs(found.w_prime_j - w_prime_j) < 1
