"""Best efforts over set distances, by the rule that Strava's own efforts follow."""

from typing import NamedTuple

import numpy as np

from paceline.metrics.distance import Way
from paceline.metrics.recording import Ints

RUN_DISTANCES_M = (
    *(400, 805, 1_000, 1_609, 3_219, 5_000, 10_000, 15_000, 16_090, 20_000, 21_097),
    *(30_000, 42_195, 50_000, 80_467, 100_000),
)
RIDE_DISTANCES_M = (5_000, 10_000, 20_000, 40_000, 50_000, 90_000, 100_000, 160_934)


class Effort(NamedTuple):
    """Indices are places among the samples that have a distance."""

    distance_m: int
    elapsed_time_s: int
    start_index: int
    end_index: int


def best_efforts(way: Way, distances_m: tuple[int, ...]) -> list[Effort]:
    """The fastest stretch of each distance; a distance that was not covered is absent.

    From every sample i to the first j at least D further on; the shortest t[j] - t[i], the first
    of equals; reported as floor((t[j] - t[i]) * D / (d[j] - d[i])) whole seconds, pauses included.
    A stretch over a step that nobody can have covered in its time does not count.
    O(n log n) a distance. Found by comparison with efforts that Strava answered.
    """
    if way.known.size == 0:
        return []
    jumps = np.concatenate(([0], np.cumsum(~way.is_credible)))
    found = (_fastest(way, distance_m, jumps) for distance_m in distances_m)
    return [effort for effort in found if effort]


def _fastest(way: Way, distance_m: int, jumps: Ints) -> Effort | None:
    along, needed = way.along_mm, distance_m * 1_000
    starts = int(np.searchsorted(along, along[-1] - needed, side="right"))
    if starts == 0:
        return None
    ends = np.searchsorted(along, along[:starts] + needed)
    elapsed = way.t[ends] - way.t[:starts]
    if jumps[-1]:
        is_whole = jumps[ends] == jumps[:starts]
        if not is_whole.any():
            return None
        elapsed = np.where(is_whole, elapsed, np.iinfo(np.int64).max)
    start = int(elapsed.argmin())
    end = int(ends[start])
    seconds = int(elapsed[start]) * needed // int(along[end] - along[start])
    return Effort(distance_m, seconds, start, end)
