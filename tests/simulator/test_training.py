"""Years of training as people do it, and bodies that answer as bodies do."""

import datetime as dt
import json
from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from simulator.activities import Activity
from simulator.athletes import make_athlete
from simulator.config import SimulatorConfig
from simulator.efforts import BEST_EFFORTS, BestEffort, best_effort, best_efforts
from simulator.figures import measured_figures
from simulator.season import day_of, is_long_day
from simulator.streams import Streams
from simulator.wire_streams import encode_streams
from simulator.world import World
from tests.simulator.harness import ADA, NOW_S

DAY_S = 86_400
SEVERAL = SimulatorConfig(years=0.5, athletes=5)


@pytest.fixture(scope="module")
def world() -> World:
    return World(SimulatorConfig(), NOW_S)


@pytest.fixture(scope="module")
def history(world: World) -> list[Activity]:
    return world.activities(ADA)[::-1]


def local_date(world: World, activity: Activity) -> dt.date:
    zone = world.owner(activity).zone
    return dt.datetime.fromtimestamp(activity.plan.start_s, tz=zone).date()


def days_before(count: int) -> list[dt.date]:
    today = dt.datetime.fromtimestamp(NOW_S, tz=dt.UTC).date()
    return [today - dt.timedelta(days=n) for n in range(1, count)]


def test_four_years_hold_the_sports_and_the_amount_that_were_asked_for(
    history: list[Activity],
) -> None:
    sports = Counter(activity.sport_type for activity in history)
    assert {"Run", "Ride", "Swim", "VirtualRide", "TrailRun", "Hike", "GravelRide"} <= set(sports)
    assert 3.3 < len(history) / (4 * 52.18) < 4.8
    assert any(activity.plan.commute for activity in history)


def test_a_race_has_an_easier_week_before_it_and_easy_days_after(
    world: World, history: list[Activity]
) -> None:
    races = [local_date(world, a) for a in history if a.plan.effort == "race"]
    assert 8 < len(races) < 40
    assert {race.weekday() for race in races} == {6}
    by_day = Counter[dt.date]()
    for activity in history:
        day = local_date(world, activity)
        by_day[day] += activity.figures.moving_s
        near = [(day - race).days for race in races if -7 <= (day - race).days <= 4]
        if near and 0 not in near and activity.plan.recorded:
            assert activity.plan.effort == "easy"
    usual = sum(by_day.values()) / (4 * 52.18)
    for span in (range(-7, 0), range(1, 5)):
        around = [sum(by_day[race + dt.timedelta(days=n)] for n in span) for race in races]
        assert np.mean(around) < 0.8 * usual * len(span) / 7


def test_weeks_build_and_recover_with_one_long_day_and_rest_days(
    world: World, history: list[Activity]
) -> None:
    athlete = make_athlete(7, 1)
    loads = [day_of(athlete, day).load for day in days_before(1400)]
    assert {0.0, 0.75, 0.9, 1.05, 1.2} <= set(loads)
    trained = {local_date(world, activity) for activity in history}
    assert 0.35 < 1 - len(trained) / (4 * 365.25) < 0.65
    long_days = [local_date(world, a) for a in history if a.plan.effort == "long"]
    assert all(is_long_day(athlete, day) for day in long_days)
    weeks = Counter(day.isocalendar()[:2] for day in set(long_days))
    assert set(weeks.values()) == {1}
    assert len(weeks) > 80


def test_illness_and_injury_stop_training_for_days_or_weeks(
    world: World, history: list[Activity]
) -> None:
    athlete = make_athlete(7, 1)
    trained = {local_date(world, activity) for activity in history}
    ill = [day for day in days_before(1400) if day_of(athlete, day).load == 0]
    assert not trained & set(ill)
    breaks = sorted(ill)
    starts = [0] + [n + 1 for n, (a, b) in enumerate(pairwise(breaks)) if (b - a).days > 1]
    lengths = np.diff([*starts, len(breaks)])
    assert 4 <= len(lengths) <= 14
    assert lengths.min() >= 3
    assert lengths.max() >= 12


def test_a_day_is_the_same_whenever_the_world_starts() -> None:
    now = World(replace(SEVERAL, years=1.0), NOW_S)
    later = World(SEVERAL, NOW_S + 40 * DAY_S)
    for athlete_id in now.athlete_ids:
        begin_s = NOW_S + 40 * DAY_S - 0.5 * 365.25 * DAY_S + DAY_S
        both = [
            {a for a in world.activities(athlete_id) if begin_s < a.plan.start_s < NOW_S - DAY_S}
            for world in (now, later)
        ]
        assert both[0] == both[1]
        assert both[0]


def test_planned_totals_are_those_of_the_streams() -> None:
    world = World(SEVERAL, NOW_S - 3 * 365 * DAY_S)
    recordings = set()
    for athlete_id in world.athlete_ids:
        for activity in [a for a in world.activities(athlete_id) if a.has_streams][:25]:
            planned, found = activity.figures, measured_figures(world.streams(activity))
            smart = activity.plan.recording == "smart"
            recordings.add(activity.plan.recording)
            assert (found.moving_s, found.elapsed_s) == (planned.moving_s, planned.elapsed_s)
            assert (found.max_hr, found.max_watts) == (planned.max_hr, planned.max_watts)
            assert found.average_hr == pytest.approx(planned.average_hr, abs=0.11)
            assert found.average_watts == pytest.approx(planned.average_watts, abs=0.11)
            assert found.average_cadence == pytest.approx(planned.average_cadence, abs=0.11)
            if planned.weighted_watts is not None:
                assert found.weighted_watts == pytest.approx(planned.weighted_watts, rel=0.2)
            assert found.distance_m == pytest.approx(planned.distance_m, abs=0.11)
            assert found.gain_m == pytest.approx(planned.gain_m, rel=0.01, abs=1)
            assert found.high_m == pytest.approx(planned.high_m, abs=1 if smart else 0.2)
            assert 0.99 * planned.max_speed_mps <= found.max_speed_mps
            assert found.max_speed_mps <= planned.max_speed_mps + 0.001
            assert len(world.streams(activity)) == world.point_count(activity)
    assert recordings == {"every second", "smart"}


def test_old_watches_save_a_sample_now_and_then_until_there_is_a_new_one() -> None:
    owners = [make_athlete(7, index) for index in range(2, 30)]
    old = [owner for owner in owners if owner.new_watch_s]
    assert 6 < len(old) < 22
    assert not make_athlete(7, 1).new_watch_s


def test_the_heart_lags_behind_and_drifts_up_on_long_rides(
    world: World, history: list[Activity]
) -> None:
    rides = [a for a in history if a.plan.effort == "long" and a.figures.average_watts]
    lags, decoupling = [], []
    for ride in [ride for ride in rides if ride.plan.moving_s > 2 * 3600][-8:]:
        streams = world.streams(ride)
        power, heart = _moving(streams)
        shifts = range(-60, 121, 3)
        fits = [_correlation(power, heart, shift) for shift in shifts]
        lags.append(shifts[int(np.argmax(fits))])
        half = power.size // 2
        early, late = (power[s].mean() / heart[s].mean() for s in (slice(half), slice(half, None)))
        decoupling.append((early - late) / early)
    assert 5 <= np.median(lags) <= 60
    assert min(lags) > 0
    assert 0.02 < np.median(decoupling) < 0.12


def test_riders_coast_downhill_with_neither_watts_nor_cadence_and_keep_their_speed(
    world: World, history: list[Activity]
) -> None:
    downhill, flat = [], []
    for ride in [a for a in history if a.sport_type == "Ride"][-12:]:
        streams = world.streams(ride)
        assert streams.watts is not None
        assert streams.cadence is not None
        assert streams.grade_pct is not None
        coasting = streams.moving & (streams.watts < 0.5)
        assert np.array_equal(coasting, streams.moving & (streams.cadence < 0.5))
        assert streams.speed_mps[coasting].mean() > 0.8 * streams.speed_mps[streams.moving].mean()
        downhill.append(coasting[streams.moving & (streams.grade_pct < -3)])
        flat.append(coasting[streams.moving & (np.abs(streams.grade_pct) < 1)])
        pedalled = streams.watts[streams.moving & ~coasting]
        assert 0.03 < np.diff(pedalled).std() / pedalled.mean() < 0.4
    assert np.concatenate(downhill).mean() > 0.7
    assert 0.01 < np.concatenate(flat).mean() < 0.15


def test_runners_turn_over_at_about_85_strides_a_minute(
    world: World, history: list[Activity]
) -> None:
    for run in [a for a in history if a.sport_type == "Run" and a.has_streams][-10:]:
        cadence = world.streams(run).cadence
        assert cadence is not None
        assert 75 < np.median(cadence[cadence > 0]) < 95


def test_a_best_effort_is_the_first_of_the_quickest_and_scaled_to_its_length() -> None:
    effort = best_effort(_streams([0, 10, 20, 30, 40, 50], [0, 40, 90, 130, 160, 200]), "x", 100)
    assert effort == BestEffort("x", 100, 23, 23, 0, 3)
    assert best_effort(_streams([0, 10], [0, 99.9]), "x", 100) is None


def test_a_best_effort_of_exactly_its_length_takes_exactly_its_time() -> None:
    assert 128.3 - 28.3 > 100, "as fractions, this is a hair too much"
    effort = best_effort(_streams([0, 10, 20], [0, 28.3, 128.3]), "x", 100)
    assert effort == BestEffort("x", 100, 10, 10, 1, 2)


def test_best_efforts_are_those_of_exact_arithmetic_on_the_stream_as_it_is_sent(
    world: World, history: list[Activity]
) -> None:
    for run in [a for a in history if a.sport_type == "Run" and a.has_streams][-6:]:
        streams = world.streams(run)
        sent = {name: json.loads(b"{%s" % part) for name, part in encode_streams(streams).items()}
        metres = [Decimal(str(metre)) for metre in sent["distance"]["data"]]
        seconds = sent["time"]["data"]
        for effort in best_efforts(streams):
            ends = [bisect_left(metres, metre + effort.distance_m) for metre in metres]
            tries = [(seconds[j] - seconds[i], i, j) for i, j in enumerate(ends) if j < len(ends)]
            took_s, first, last = min(tries)
            exact_s = took_s * effort.distance_m // (metres[last] - metres[first])
            assert (effort.elapsed_s, effort.first, effort.last) == (exact_s, first, last)


def test_a_long_run_has_best_efforts_over_every_length_it_covers() -> None:
    seconds = list(range(0, 15_001, 3))
    found = best_efforts(_streams(seconds, [s * 3.0 for s in seconds]))
    assert [e.distance_m for e in found] == [m for _, m in BEST_EFFORTS if m <= 45_000]
    assert len(found) == 13
    assert all(abs(e.elapsed_s - e.distance_m / 3) <= 1 for e in found)


def _streams(seconds: list[int], metres: list[float]) -> Streams:
    time_s = np.array(seconds, dtype=np.float64)
    moving, still = np.ones(time_s.size, dtype=np.bool_), np.zeros_like(time_s)
    distance_m = np.array(metres, dtype=np.float64)
    nothing = (None,) * 6
    return Streams(time_s, moving, distance_m, still, still, still, *nothing)


def _moving(streams: Streams) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    assert streams.watts is not None
    assert streams.heartrate is not None
    smooth = np.convolve(streams.watts, np.ones(5) / 5, "same")
    return smooth[streams.moving], streams.heartrate[streams.moving]


def _correlation(
    power: npt.NDArray[np.float64], heart: npt.NDArray[np.float64], shift: int
) -> float:
    """Of power with the heart rate so many seconds later."""
    late, early = max(0, shift), max(0, -shift)
    size = power.size - late - early
    return float(np.corrcoef(power[early : early + size], heart[late : late + size])[0, 1])
