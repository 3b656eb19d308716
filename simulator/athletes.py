"""The people of the world: where they live, what they do, how fit they are."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from simulator.chance import chance
from simulator.terrain import Course, HeightField, loop_course, out_and_back_course

ATHLETE_ID_BASE = 4_200_000
_RACES = 3
_FREE_ONE_IN = 3
_NEW_WATCHES_S = (1_672_531_200.0, 1_861_920_000.0)  # from 2023 to 2028
_ISLAND = (-11.6400, 166.9500)


@dataclass(frozen=True, slots=True)
class Home:
    city: str
    country: str
    zone: str
    lat: float
    lng: float
    altitude_m: float
    slope: float
    mean_temp_c: float
    swing_c: float


_HOMES = (
    Home("Berlin", "Germany", "Europe/Berlin", 52.4934, 13.4234, 42, 0.014, 10, 10),
    Home("Boulder", "United States", "America/Denver", 40.0176, -105.2797, 1655, 0.040, 11, 12),
    Home("Girona", "Spain", "Europe/Madrid", 41.9831, 2.8249, 80, 0.032, 16, 8),
    Home("New York", "United States", "America/New_York", 40.6736, -73.9701, 35, 0.018, 13, 12),
    Home("Melbourne", "Australia", "Australia/Melbourne", -37.7963, 144.9614, 45, 0.020, 15, -6),
    Home("Kathmandu", "Nepal", "Asia/Kathmandu", 27.7172, 85.3240, 1340, 0.045, 18, 6),
    Home("Sao Paulo", "Brazil", "America/Sao_Paulo", -23.5874, -46.6576, 760, 0.028, 20, -4),
    Home("Tokyo", "Japan", "Asia/Tokyo", 35.6852, 139.7528, 30, 0.016, 16, 11),
)
_FIRST_NAMES = ("Ada", "Ben", "Clara", "Dev", "Edith", "Farid", "Grace", "Hugo")
_LAST_NAMES = ("Lindqvist", "Okafor", "Marin", "Tamang", "Weber", "Rahimi", "Sato", "Alves")


@dataclass(frozen=True, slots=True)
class Gear:
    gear_id: str
    name: str
    brand: str
    model: str
    primary: bool


@dataclass(frozen=True)
class Athlete:
    """A person; the same for the same seed and index, whoever else lives in the world."""

    index: int
    seed: int
    home: Home
    has_meter: bool
    ride_share: float
    ftp_w: float
    threshold_mps: float
    max_hr: int
    rest_hr: int
    weight_kg: float
    # Until this instant with an old watch, which saves a sample only now and then.
    new_watch_s: float
    commutes: bool

    @property
    def athlete_id(self) -> int:
        return ATHLETE_ID_BASE + self.index

    @property
    def subscribes(self) -> bool:
        """Every third athlete, beginning with the second, has no paid subscription."""
        return self.index % _FREE_ONE_IN != _FREE_ONE_IN - 1

    @property
    def first_name(self) -> str:
        return _FIRST_NAMES[(self.index - 1) % len(_FIRST_NAMES)]

    @property
    def last_name(self) -> str:
        return _LAST_NAMES[(self.index - 1) * 3 % len(_LAST_NAMES)]

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.home.zone)

    @cached_property
    def bikes(self) -> tuple[Gear, ...]:
        number = 7000 + self.index * 10
        return (
            Gear(f"b{number}", "Road bike", "Nordwind", "Allroad 3", primary=True),
            Gear(f"b{number + 1}", "Winter bike", "Kestrel Works", "Gravel 1", primary=False),
        )

    @cached_property
    def shoes(self) -> tuple[Gear, ...]:
        number = 7000 + self.index * 10
        return (
            Gear(f"g{number}", "Daily shoes", "Falke Run", "Tempo 12", primary=True),
            Gear(f"g{number + 1}", "Race shoes", "Falke Run", "Blade 2", primary=False),
        )

    @cached_property
    def ride_courses(self) -> tuple[Course, ...]:
        return self._courses(1, (18, 24, 30, 34, 41, 47, 55, 62, 70, 84, 96, 110, 128, 152))

    @cached_property
    def run_courses(self) -> tuple[Course, ...]:
        return self._courses(2, (4.5, 5.5, 6.5, 8, 8.5, 10, 11, 12.5, 14, 16, 19, 22, 26, 31))

    @cached_property
    def race_courses(self) -> tuple[Course, ...]:
        return self._courses(_RACES, (5.02, 10.04, 21.16, 42.3))

    @cached_property
    def commute_courses(self) -> tuple[Course, ...]:
        """To work, and home on the same streets."""
        rng = np.random.default_rng([self.seed, self.index, 7])
        there = loop_course(
            rng, self._hills, (self.home.lat, self.home.lng), float(rng.uniform(14e3, 26e3))
        ).first_half()
        return there, there.reversed()

    @cached_property
    def virtual_courses(self) -> tuple[Course, ...]:
        rng = np.random.default_rng([self.seed, 9])
        island = HeightField.drawn(rng, 60.0, 0.025)
        return tuple(
            loop_course(rng, island, _ISLAND, length_km * 1000.0)
            for length_km in (16, 22, 28, 35, 42)
        )

    def _courses(self, salt: int, lengths_km: tuple[float, ...]) -> tuple[Course, ...]:
        home = (self.home.lat, self.home.lng)
        courses: list[Course] = []
        for number, length_km in enumerate(lengths_km):
            rng = np.random.default_rng([self.seed, self.index, salt, number])
            draw = out_and_back_course if chance(rng, 0.25) else loop_course
            length_m = length_km * 1000.0 * (1.0 if salt == _RACES else rng.uniform(0.95, 1.05))
            courses.append(draw(rng, self._hills, home, length_m))
        return tuple(courses)

    @cached_property
    def _hills(self) -> HeightField:
        rng = np.random.default_rng([self.seed, self.index, 8])
        return HeightField.drawn(rng, self.home.altitude_m, self.home.slope)


@lru_cache(maxsize=64)
def make_athlete(seed: int, index: int) -> Athlete:
    """Athlete 1 is an all-rounder from Berlin with a power meter; others vary."""
    rng = np.random.default_rng([seed, index, 0])
    weight_kg = round(float(rng.uniform(56, 84)), 1)
    first = index == 1
    return Athlete(
        index=index,
        seed=seed,
        home=_HOMES[(index - 1) % len(_HOMES)],
        has_meter=first or chance(rng, 0.5),  # every other one
        ride_share=0.52 if first else float(rng.uniform(0.15, 0.85)),
        ftp_w=round(weight_kg * float(rng.uniform(2.9, 4.3))),
        threshold_mps=float(rng.uniform(3.5, 4.5)),
        max_hr=int(rng.integers(178, 197)),
        rest_hr=int(rng.integers(44, 58)),
        weight_kg=weight_kg,
        new_watch_s=0.0 if first or chance(rng, 0.5) else float(rng.uniform(*_NEW_WATCHES_S)),
        commutes=first or chance(rng, 0.3),
    )
