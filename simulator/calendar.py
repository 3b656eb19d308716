"""An athlete's training days: seasons, build and recovery weeks, rest days, races.

Each local date is drawn from (seed, athlete, date) alone, so a world that starts a day later holds
the same past and one day more.
"""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from simulator.athletes import Athlete
from simulator.chance import chance
from simulator.plan import Effort, Intention, Plan, make_plan, manual_plan

# Monday to Sunday: how likely a session is, for 4.5 a week in all.
_DAY_SHARE = (0.25, 0.80, 0.60, 0.75, 0.25, 0.95, 0.90)
_USUAL_PER_WEEK = 4.5
_WEEK_LOAD = (0.90, 1.05, 1.20, 0.75)
_DAYS_A_YEAR = 365.25
_RACE_KM = (5.0, 10.0, 21.1, 21.1, 42.2)
_TOO_COLD_C = 4.0
_SATURDAY = 5
_TUESDAY = 1
_THURSDAY = 3


def training_days(
    athlete: Athlete, first_s: float, last_s: float, per_week: float
) -> Iterator[Plan]:
    """Plans that start after the first instant and are over by the last, oldest first."""
    day = dt.datetime.fromtimestamp(first_s, tz=athlete.zone).date()
    last_day = dt.datetime.fromtimestamp(last_s, tz=athlete.zone).date()
    while day <= last_day:
        free_s = 0
        for plan in _day_plans(athlete, day, per_week):
            if first_s <= plan.start_s and plan.start_s + plan.elapsed_s <= last_s:
                if plan.start_s > free_s:
                    yield plan
                free_s = max(free_s, plan.start_s + plan.elapsed_s)
        day += dt.timedelta(days=1)


def temperature_c(athlete: Athlete, day: dt.date, hour: float) -> float:
    """Season and time of day; the warm months of the south are the cold ones of the north."""
    season = -np.cos(2 * np.pi * (day.timetuple().tm_yday - 20) / _DAYS_A_YEAR)
    of_day = 3.5 * np.sin(np.pi * (hour - 8) / 12)
    return float(athlete.home.mean_temp_c + athlete.home.swing_c * season + of_day)


def fitness_on(athlete: Athlete, day: dt.date) -> float:
    """A few percent up and down with the season, and better over the years."""
    phase = athlete.index * 0.7
    season = 0.045 * np.sin(
        2 * np.pi * (day.timetuple().tm_yday - 110) / _DAYS_A_YEAR + 0.2 * phase
    )
    return float(0.97 + season + 0.03 * np.sin(day.toordinal() / 700.0 + phase))


def draw_intention(
    rng: np.random.Generator,
    athlete: Athlete,
    day: dt.date,
    start_s: int,
    hour: float,
    sport: str | None = None,
) -> Intention:
    """One session for a day: which sport, how hard, how long."""
    temp_c = temperature_c(athlete, day, hour) + float(rng.normal(0, 2.0))
    effort = _draw_effort(rng, day)
    chosen = sport or _draw_sport(rng, athlete, temp_c)
    if chosen == "Run" and effort == "long" and chance(rng, 0.06):
        effort = "race"
    trainer = chosen == "VirtualRide" or (
        chosen == "Run" and effort != "race" and temp_c < 0 and chance(rng, 0.4)
    )
    return Intention(
        sport=chosen,
        effort=effort,
        start_s=start_s,
        length_m=_draw_length_m(rng, chosen, effort),
        temp_c=temp_c,
        fitness=fitness_on(athlete, day),
        trainer=trainer,
    )


def _day_plans(athlete: Athlete, day: dt.date, per_week: float) -> list[Plan]:
    rng = np.random.default_rng([athlete.seed, athlete.index, 4, day.toordinal()])
    expected = (
        _DAY_SHARE[day.weekday()]
        * per_week
        / _USUAL_PER_WEEK
        * _week_load(athlete.seed, athlete.index, day.toordinal() // 7)
    )
    count = int(expected + rng.random())
    plans: list[Plan] = []
    for number in range(count):
        hour = _draw_hour(rng, day, number)
        midnight = dt.datetime.combine(day, dt.time(), tzinfo=athlete.zone)
        wall = midnight + dt.timedelta(seconds=int(hour * 3600) + int(rng.integers(0, 60)))
        start_s = int(wall.timestamp())
        if chance(rng, 0.045):  # now and then a session typed in by hand
            sport = "WeightTraining" if chance(rng, 0.75) else "Yoga"
            plans.append(manual_plan(sport, start_s, int(rng.integers(4, 13)) * 300))
            continue
        plans.append(make_plan(rng, athlete, draw_intention(rng, athlete, day, start_s, hour)))
    return plans


@lru_cache(maxsize=1024)
def _week_load(seed: int, index: int, week: int) -> float:
    if np.random.default_rng([seed, index, 5, week]).random() < 0.04:  # noqa: PLR2004 - ill or away
        return 0.15
    return _WEEK_LOAD[(week + index) % 4]


def _draw_hour(rng: np.random.Generator, day: dt.date, number: int) -> float:
    if day.weekday() >= _SATURDAY:
        return float(rng.normal(9.2, 1.0)) + 7.0 * number
    return float(rng.choice([6.6, 12.2, 17.8], p=[0.3, 0.2, 0.5]) + rng.normal(0, 0.4)) + number


def _draw_effort(rng: np.random.Generator, day: dt.date) -> Effort:
    if day.weekday() >= _SATURDAY:
        return "long" if chance(rng, 0.7) else "easy"
    if day.weekday() == _TUESDAY and chance(rng, 0.6):
        return "intervals"
    if day.weekday() == _THURSDAY and chance(rng, 0.5):
        return "tempo"
    return "easy"


def _draw_sport(rng: np.random.Generator, athlete: Athlete, temp_c: float) -> str:
    if chance(rng, athlete.ride_share):
        if temp_c < _TOO_COLD_C and chance(rng, 0.6):
            return "VirtualRide"
        return "GravelRide" if chance(rng, 0.15) else "Ride"
    return str(rng.choice(["Hike", "TrailRun", "Run"], p=[0.04, 0.10, 0.86]))


def _draw_length_m(rng: np.random.Generator, sport: str, effort: Effort) -> float:
    if effort == "race":
        return float(rng.choice(_RACE_KM)) * 1000
    if sport in {"Ride", "GravelRide"}:
        mean_km, spread = (82.0, 24.0) if effort == "long" else (36.0, 9.0)
    elif sport == "VirtualRide":
        mean_km, spread = 27.0, 6.0
    elif sport == "Hike":
        mean_km, spread = 9.0, 2.5
    else:
        mean_km, spread = (17.5, 4.0) if effort == "long" else (8.8, 2.0)
    return float(max(rng.normal(mean_km, spread), 3.0)) * 1000
