"""Where people move: hills as a height field, and courses drawn over it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from simulator.polyline import encode_polyline

FloatArray = npt.NDArray[np.float64]

_METRES_PER_DEGREE = 111_195.0
_STEP_M = 25.0
_SUMMARY_POINTS = 120
_FULL_POINTS = 1500


@dataclass(frozen=True)
class Course:
    """A line over the ground; without coordinates when it is indoors."""

    along_m: FloatArray
    lat: FloatArray
    lng: FloatArray
    altitude_m: FloatArray

    @property
    def length_m(self) -> float:
        return float(self.along_m[-1])

    @property
    def outdoors(self) -> bool:
        return self.lat.size > 0

    @cached_property
    def grade(self) -> FloatArray:
        if not self.altitude_m.size:
            return np.zeros_like(self.along_m)
        return np.gradient(self.altitude_m, self.along_m)

    @cached_property
    def gain_m(self) -> float:
        rises = np.diff(self.altitude_m)
        return float(rises[rises > 0].sum())

    @cached_property
    def ride_pace(self) -> FloatArray:
        """Speed on each bit of ground, against that on the flat."""
        up: FloatArray = 1 / (1 + 20 * np.maximum(self.grade, 0))
        down: FloatArray = np.minimum(1 + 9 * np.maximum(-self.grade, 0), 1.7)
        return up * down

    @cached_property
    def run_pace(self) -> FloatArray:
        up: FloatArray = 1 / (1 + 4.5 * np.maximum(self.grade, 0))
        down: FloatArray = np.minimum(1 + 1.8 * np.maximum(-self.grade, 0), 1.18)
        return up * down

    @cached_property
    def ride_peak(self) -> float:
        """The fastest ground, against the average."""
        return _peak(self.ride_pace)

    @cached_property
    def run_peak(self) -> float:
        return _peak(self.run_pace)

    @cached_property
    def polyline(self) -> str:
        return self._encoded(_FULL_POINTS)

    @cached_property
    def summary_polyline(self) -> str:
        return self._encoded(_SUMMARY_POINTS)

    def _encoded(self, most: int) -> str:
        return encode_polyline(*thinned(self.lat, self.lng, most))

    def first_half(self) -> "Course":
        count = self.along_m.size // 2
        return Course(
            self.along_m[:count], self.lat[:count], self.lng[:count], self.altitude_m[:count]
        )

    def reversed(self) -> "Course":
        return Course(
            self.length_m - self.along_m[::-1],
            self.lat[::-1],
            self.lng[::-1],
            self.altitude_m[::-1],
        )

    def first(self, length_m: float) -> "Course":
        """The first metres of the course, which is walked again and again when it is too short."""
        if abs(length_m - self.length_m) < 1.0:
            return self
        rounds = int(length_m // self.length_m)
        along = np.concatenate([self.along_m[:-1] + self.length_m * r for r in range(rounds + 1)])
        along = np.append(along[along < length_m - 1.0], length_m)
        where = np.mod(along, self.length_m)
        return Course(
            along,
            self._at(where, self.lat),
            self._at(where, self.lng),
            self._at(where, self.altitude_m),
        )

    def _at(self, where: FloatArray, values: FloatArray) -> FloatArray:
        return np.interp(where, self.along_m, values) if values.size else values


def _peak(pace: FloatArray) -> float:
    return float(pace.max() * np.mean(1 / pace))


def thinned(lat: FloatArray, lng: FloatArray, most: int) -> tuple[FloatArray, FloatArray]:
    if lat.size <= most:
        return lat, lng
    keep = np.linspace(0, lat.size - 1, most).round().astype(np.int64)
    return lat[keep], lng[keep]


@dataclass(frozen=True)
class HeightField:
    """Hills as waves of many lengths; steep ones where `slope` (root mean square) is large."""

    base_m: float
    wave_x: FloatArray
    wave_y: FloatArray
    phase: FloatArray
    height_m: FloatArray

    @classmethod
    def drawn(cls, rng: np.random.Generator, base_m: float, slope: float) -> "HeightField":
        waves = 12
        length_m = np.geomspace(900.0, 14_000.0, waves)
        direction = rng.uniform(0, 2 * np.pi, waves)
        number = 2 * np.pi / length_m
        height_m = 1.3 * slope * np.sqrt(2 / waves) / number * rng.uniform(0.6, 1.4, waves)
        return cls(
            base_m,
            number * np.cos(direction),
            number * np.sin(direction),
            rng.uniform(0, 2 * np.pi, waves),
            height_m,
        )

    def altitude_m(self, x_m: FloatArray, y_m: FloatArray) -> FloatArray:
        angle = np.outer(x_m, self.wave_x) + np.outer(y_m, self.wave_y) + self.phase
        heights: FloatArray = self.base_m + np.sin(angle) @ self.height_m
        return heights


def loop_course(
    rng: np.random.Generator, field: HeightField, home: tuple[float, float], length_m: float
) -> Course:
    """A wandering loop from home and back to it."""
    count = max(60, int(length_m / _STEP_M))
    angle = np.linspace(0, 2 * np.pi, count + 1)
    radius = np.ones_like(angle)
    for wave in range(2, 14):
        radius += rng.normal(0, 0.30 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    radius = np.maximum(radius, 0.25)
    turn = rng.uniform(0, 2 * np.pi)
    return _laid_out(
        field, home, length_m, radius * np.cos(angle + turn), radius * np.sin(angle + turn)
    )


def out_and_back_course(
    rng: np.random.Generator, field: HeightField, home: tuple[float, float], length_m: float
) -> Course:
    """Out along a winding way, and back on the same."""
    half = max(30, int(length_m / _STEP_M / 2))
    place = np.linspace(0, 1, half + 1)
    heading = np.full_like(place, rng.uniform(0, 2 * np.pi))
    for wave in range(1, 12):
        heading += rng.normal(0, 0.9 / wave) * np.sin(
            2 * np.pi * wave * place + rng.uniform(0, 6.28)
        )
    x = np.concatenate([[0.0], np.cumsum(np.cos(heading[1:]))])
    y = np.concatenate([[0.0], np.cumsum(np.sin(heading[1:]))])
    return _laid_out(
        field, home, length_m, np.concatenate([x, x[-2::-1]]), np.concatenate([y, y[-2::-1]])
    )


def indoor_course(length_m: float) -> Course:
    nowhere = np.empty(0)
    return Course(np.linspace(0.0, length_m, 400), nowhere, nowhere, nowhere)


def _laid_out(
    field: HeightField, home: tuple[float, float], length_m: float, x: FloatArray, y: FloatArray
) -> Course:
    x, y = x - x[0], y - y[0]
    steps = np.hypot(np.diff(x), np.diff(y))
    scale = length_m / float(steps.sum())
    x, y = x * scale, y * scale
    along_m = np.concatenate([[0.0], np.cumsum(steps * scale)])
    lat = home[0] + y / _METRES_PER_DEGREE
    lng = home[1] + x / (_METRES_PER_DEGREE * np.cos(np.radians(home[0])))
    return Course(along_m, lat, lng, field.altitude_m(x, y))
