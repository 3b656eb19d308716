"""Which seconds of an activity were recorded, and what each of them measured.

Sample k ends the interval dt[k] = t[k] - t[k-1] and its value holds over that interval. A step of
more than GAP_S is a pause, in which no time is counted. Devices that record every few seconds are
thereby read like those that record each second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GAP_S = 10


@dataclass(frozen=True)
class Recording:
    """The samples that count, and how many recorded seconds each stands for."""

    kept: Ints  # indices into the streams: of equal instants, the last
    seconds: Ints  # per kept sample; 0 for the first and after a pause
    paused_s: int

    @property
    def recorded_s(self) -> int:
        return int(self.seconds.sum())

    def grid(self, values: Floats) -> Floats:
        """`values` on a grid of one recorded second each, pauses closed up. O(n)."""
        return np.repeat(values[self.kept], self.seconds)


def record(t: Ints, gap_s: int = GAP_S) -> Recording:
    """Read the time stream, in seconds from the start. O(n).

    A sample from before its predecessor is dropped; of equal instants the last one stands.
    """
    if t.size == 0:
        return Recording(kept=t, seconds=t, paused_s=0)
    in_order = np.flatnonzero(t == np.maximum.accumulate(t))
    is_last = np.append(np.diff(t[in_order]) > 0, [True])
    kept = in_order[is_last]
    steps = np.diff(t[kept], prepend=t[kept][:1])
    is_pause = steps > gap_s
    return Recording(
        kept=kept,
        seconds=np.where(is_pause, 0, steps),
        paused_s=int(steps[is_pause].sum()),
    )


def valid_between(values: Floats, low: float, high: float) -> Floats:
    """`values` with everything outside [low, high] missing (NaN)."""
    with np.errstate(invalid="ignore"):
        return np.where((values >= low) & (values <= high), values, np.nan)


def coverage(grid: Floats) -> float | None:
    """Share of recorded seconds with a valid value, 0 to 1."""
    return float(np.count_nonzero(~np.isnan(grid)) / grid.size) if grid.size else None
