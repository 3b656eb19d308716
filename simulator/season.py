"""What a date is in an athlete's year: a race, the days around one, illness, or a day like others.

Races and spells of illness are drawn for stretches of the calendar from (seed, athlete, stretch),
so that a date is the same whenever the world starts.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulator.athletes import Athlete
from simulator.chance import chance

_RACE_STRETCH_DAYS = 56
_SPELL_STRETCH_DAYS = 120
_SUNDAYS = 8
_TAPER_DAYS = 7
_EASY_DAYS_AFTER = 4
_RETURN_DAYS = 7
_LONG_SPELL_DAYS = 6
_RUN_KM = (5.0, 10.0, 21.1, 21.1, 42.2)
_RIDE_KM = (62.0, 84.0, 110.0, 128.0)
_WEEK_LOAD = (0.90, 1.05, 1.20, 0.75)
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class Race:
    ordinal: int
    sport: str
    length_m: float


@dataclass(frozen=True, slots=True)
class Day:
    """`load` multiplies how often, `length` how far; only `free` days are hard or long."""

    load: float
    length: float = 1.0
    free: bool = True
    race: Race | None = None


_ILL = Day(0.0)
_RETURNING = Day(0.6, 0.6, free=False)
_AFTER_A_RACE = Day(0.45, 0.6, free=False)
_EVE = Day(0.5, 0.4, free=False)
_TAPER = Day(0.75, 0.65, free=False)


def day_of(athlete: Athlete, day: dt.date) -> Day:
    ordinal = day.toordinal()
    if (since := _days_ill(athlete, ordinal)) is not None:
        return _ILL if since <= 0 else _RETURNING
    race = next_race(athlete, ordinal)
    if race is not None and race.ordinal == ordinal:
        return Day(1.0, free=False, race=race)
    last = last_race(athlete, ordinal)
    if last is not None and ordinal - last.ordinal <= _EASY_DAYS_AFTER:
        return _AFTER_A_RACE
    if race is not None and race.ordinal - ordinal <= _TAPER_DAYS:
        return _EVE if race.ordinal - ordinal == 1 else _TAPER
    return Day(week_load(athlete.seed, athlete.index, (ordinal - 1) // 7))


def next_race(athlete: Athlete, ordinal: int) -> Race | None:
    """On that day or later, in this stretch or the next."""
    return next((race for race in _races(athlete, ordinal, 0) if race.ordinal >= ordinal), None)


def last_race(athlete: Athlete, ordinal: int) -> Race | None:
    """Before that day; races that were missed ill are none."""
    past = [race for race in _races(athlete, ordinal, -1) if race.ordinal < ordinal]
    return past[-1] if past else None


def is_long_day(athlete: Athlete, day: dt.date) -> bool:
    """One of the two days of each weekend."""
    return day.weekday() == _long_weekday(athlete.seed, athlete.index, (day.toordinal() - 1) // 7)


@lru_cache(maxsize=4096)
def _long_weekday(seed: int, index: int, week: int) -> int:
    rng = np.random.default_rng([seed, index, 12, week])
    return _SUNDAY if chance(rng, 0.6) else _SATURDAY


@lru_cache(maxsize=4096)
def week_load(seed: int, index: int, week: int) -> float:
    """Three weeks of building, one of recovery; now and then a holiday."""
    if chance(np.random.default_rng([seed, index, 5, week]), 0.03):
        return 0.15
    return _WEEK_LOAD[(week + index) % 4]


def _races(athlete: Athlete, ordinal: int, first: int) -> list[Race]:
    stretch = ordinal // _RACE_STRETCH_DAYS + first
    who = (athlete.seed, athlete.index, athlete.ride_share)
    drawn = (_race(*who, stretch), _race(*who, stretch + 1))
    return [race for race in drawn if race and _days_ill(athlete, race.ordinal) is None]


@lru_cache(maxsize=4096)
def _race(seed: int, index: int, ride_share: float, stretch: int) -> Race | None:
    rng = np.random.default_rng([seed, index, 10, stretch])
    if chance(rng, 0.35):
        return None
    # The ordinal of a Sunday is a multiple of seven.
    ordinal = stretch * _RACE_STRETCH_DAYS + 7 * int(rng.integers(0, _SUNDAYS))
    if chance(rng, 0.6 * ride_share):
        return Race(ordinal, "Ride", 1000.0 * float(rng.choice(_RIDE_KM)))
    return Race(ordinal, "Run", 1000.0 * float(rng.choice(_RUN_KM)))


def _days_ill(athlete: Athlete, ordinal: int) -> int | None:
    """Days since the end of a spell: nought or less during it, up to a week after; else None."""
    stretch = ordinal // _SPELL_STRETCH_DAYS
    for number in (stretch, stretch - 1):
        begin, end = _spell(athlete.seed, athlete.index, number)
        back = _RETURN_DAYS if end - begin >= _LONG_SPELL_DAYS else 0
        if begin <= ordinal < end + back:
            return ordinal - end + 1
    return None


@lru_cache(maxsize=4096)
def _spell(seed: int, index: int, stretch: int) -> tuple[int, int]:
    """First day and the day after the last; a cold, or an injury that takes weeks."""
    rng = np.random.default_rng([seed, index, 11, stretch])
    begin = stretch * _SPELL_STRETCH_DAYS + int(rng.integers(0, _SPELL_STRETCH_DAYS))
    if chance(rng, 0.45):
        return begin, begin
    length = int(rng.integers(12, 36)) if chance(rng, 0.25) else int(rng.integers(3, 10))
    return begin, begin + length
