"""An athlete's training days: seasons, build and recovery weeks, rest days, races.

Each local date is drawn from (seed, athlete, date) alone, so a world that starts a day later holds
the same past and one day more.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np

from simulator.athletes import Athlete
from simulator.chance import chance
from simulator.plan import Effort, Intention, Plan, make_plan, manual_plan
from simulator.season import Race, day_of, is_long_day

# Monday to Sunday: how likely a session is, for 4.5 a week in all.
_DAY_SHARE = (0.25, 0.85, 0.65, 0.80, 0.25, 0.85, 0.85)
_LONG_DAY = 1.0
_USUAL_PER_WEEK = 4.5
_DAYS_A_YEAR = 365.25
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
    kind = day_of(athlete, day)
    temp_c = temperature_c(athlete, day, hour) + float(rng.normal(0, 2.0))
    chosen = sport or _draw_sport(rng, athlete, temp_c)
    effort: Effort = _draw_effort(rng, athlete, day) if kind.free else "easy"
    trainer = chosen == "VirtualRide" or (chosen == "Run" and temp_c < 0 and chance(rng, 0.4))
    return Intention(
        sport=chosen,
        effort=effort,
        start_s=start_s,
        length_m=_draw_length_m(rng, chosen, effort) * kind.length,
        temp_c=temp_c,
        fitness=fitness_on(athlete, day),
        trainer=trainer,
    )


def _day_plans(athlete: Athlete, day: dt.date, per_week: float) -> list[Plan]:
    rng = np.random.default_rng([athlete.seed, athlete.index, 4, day.toordinal()])
    kind = day_of(athlete, day)
    often = per_week / _USUAL_PER_WEEK
    if kind.race is not None and often:
        start_s = _start_s(rng, athlete, day, float(rng.choice([8.0, 9.0, 10.0])))
        return [make_plan(rng, athlete, _race_aim(athlete, day, kind.race, start_s))]
    count = int(_day_share(athlete, day) * often * kind.load + rng.random())
    if count and day.weekday() < _SATURDAY and athlete.commutes and chance(rng, 0.08):
        return _commute(rng, athlete, day)
    plans: list[Plan] = []
    for number in range(count):
        hour = _draw_hour(rng, day, number)
        start_s = _start_s(rng, athlete, day, hour)
        if chance(rng, 0.045):  # now and then a session typed in by hand
            sport = "WeightTraining" if chance(rng, 0.75) else "Yoga"
            plans.append(manual_plan(sport, start_s, int(rng.integers(4, 13)) * 300))
            continue
        plans.append(make_plan(rng, athlete, draw_intention(rng, athlete, day, start_s, hour)))
    return plans


def _race_aim(athlete: Athlete, day: dt.date, race: Race, start_s: int) -> Intention:
    return Intention(
        sport=race.sport,
        effort="race",
        start_s=start_s,
        length_m=race.length_m,
        temp_c=temperature_c(athlete, day, 9.0),
        fitness=fitness_on(athlete, day),
    )


def _commute(rng: np.random.Generator, athlete: Athlete, day: dt.date) -> list[Plan]:
    """To work in the morning, and home when it is over."""
    plans: list[Plan] = []
    ways: tuple[tuple[Literal["out", "back"], float], ...] = (
        ("out", rng.normal(7.7, 0.2)),
        ("back", rng.normal(17.3, 0.4)),
    )
    for way, hour in ways:
        start_s = _start_s(rng, athlete, day, float(hour))
        aim = draw_intention(rng, athlete, day, start_s, float(hour), "Ride")
        plans.append(make_plan(rng, athlete, replace(aim, effort="easy", commute=way)))
    return plans


def _start_s(rng: np.random.Generator, athlete: Athlete, day: dt.date, hour: float) -> int:
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=athlete.zone)
    wall = midnight + dt.timedelta(seconds=int(hour * 3600) + int(rng.integers(0, 60)))
    return int(wall.timestamp())


def _day_share(athlete: Athlete, day: dt.date) -> float:
    return _LONG_DAY if is_long_day(athlete, day) else _DAY_SHARE[day.weekday()]


def _draw_hour(rng: np.random.Generator, day: dt.date, number: int) -> float:
    if day.weekday() >= _SATURDAY:
        return float(rng.normal(9.2, 1.0)) + 7.0 * number
    return float(rng.choice([6.6, 12.2, 17.8], p=[0.3, 0.2, 0.5]) + rng.normal(0, 0.4)) + number


def _draw_effort(rng: np.random.Generator, athlete: Athlete, day: dt.date) -> Effort:
    if day.weekday() >= _SATURDAY:
        return "long" if is_long_day(athlete, day) else "easy"
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
    return str(rng.choice(["Hike", "Swim", "TrailRun", "Run"], p=[0.04, 0.08, 0.10, 0.78]))


def _draw_length_m(rng: np.random.Generator, sport: str, effort: Effort) -> float:
    if sport in {"Ride", "GravelRide"}:
        mean_km, spread = (82.0, 24.0) if effort == "long" else (36.0, 9.0)
    elif sport == "VirtualRide":
        mean_km, spread = 27.0, 6.0
    elif sport == "Swim":
        mean_km, spread = 2.0, 0.5
    elif sport == "Hike":
        mean_km, spread = 9.0, 2.5
    else:
        mean_km, spread = (17.5, 4.0) if effort == "long" else (8.8, 2.0)
    return float(max(rng.normal(mean_km, spread), 0.4 * mean_km)) * 1000
