"""How far along the way each sample is, and which steps of the distance stream can be believed."""

from dataclasses import dataclass, replace

import numpy as np

from paceline.metrics.recording import Bools, Floats, Ints, valid_between

# Nobody is faster under their own power, on skis or otherwise; a satellite fix that jumps is.
MAX_CREDIBLE_MPS = 45
# Nor on foot: the fastest ten metres of a world record sprint took 0.81 s.
MAX_ON_FOOT_MPS = 12
MAX_CREDIBLE_M = 100_000_000


@dataclass(frozen=True)
class Way:
    """The samples that have a distance. Steps that fall or jump count as no way."""

    is_known: Bools  # of the recording's samples, which have a distance
    known: Ints  # their places
    t: Ints
    along_mm: Ints  # never falls; in millimetres, so that sums and comparisons are exact
    is_credible: Bools  # of each step between them, one less than samples
    last_m: float | None  # the distance that the stream ends with

    def along_m(self, t: Ints) -> Floats:
        """The way at each instant; even between samples. O(n)."""
        return np.interp(t, self.t, self.along_mm / 1_000)

    def speed_mps(self) -> Floats:
        """Mean speed in the step that each sample ends; NaN where nothing credible says it. O(n).

        A sample without a distance lies within the step between those that have one.
        """
        steps = np.diff(self.along_mm) / 1_000 / np.diff(self.t)
        speeds = np.concatenate(([np.nan], np.where(self.is_credible, steps, np.nan), [np.nan]))
        step_of_sample: Ints = np.cumsum(self.is_known) - self.is_known
        found: Floats = speeds[step_of_sample]
        return found

    def on_foot(self) -> "Way":
        """Without steps that nobody runs; this same way where there are none. O(n)."""
        steps = np.diff(self.along_mm)
        is_run = steps <= MAX_ON_FOOT_MPS * 1_000 * np.diff(self.t)
        if is_run.all():
            return self
        along_mm = np.cumsum(np.concatenate(([0], np.where(is_run, steps, 0))))
        return replace(self, along_mm=along_mm, is_credible=self.is_credible & is_run)


def follow(distance_m: Floats, t: Ints) -> Way:
    """Read the distance stream of kept samples at their strictly rising instants. O(n)."""
    metres = valid_between(distance_m, 0, MAX_CREDIBLE_M)
    is_known = ~np.isnan(metres)
    known = np.flatnonzero(is_known)
    millimetres = np.rint(metres[known] * 1_000).astype(np.int64)
    steps = np.diff(millimetres)
    is_credible = (steps >= 0) & (steps <= MAX_CREDIBLE_MPS * 1_000 * np.diff(t[known]))
    way = np.cumsum(np.where(is_credible, steps, 0))
    return Way(
        is_known=is_known,
        known=known,
        t=t[known],
        along_mm=np.concatenate(([0], way))[: known.size],
        is_credible=is_credible,
        last_m=float(metres[known[-1]]) if known.size else None,
    )
