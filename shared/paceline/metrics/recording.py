"""Which seconds of an activity were recorded, and what each of them measured.

Sample k ends the interval dt[k] = t[k] - t[k-1] and its value holds over that interval. A step of
more than GAP_S is a pause, in which no time is counted. Devices that record every few seconds are
thereby read like those that record each second. GAP_S is no setting of the athlete: what is stored
of a stream depends on the stream alone, so that silver built anew from bronze has the same bits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

GAP_S = 10
LONGEST_CREDIBLE_S = 366 * 86_400  # a time stream beyond a year is a broken clock
# A measure that is missing for more than half of the recorded time says nothing.
ENOUGH = 0.5
NO_PAUSES: Ints = np.empty(0, np.int64)


@dataclass(frozen=True)
class Recording:
    """The samples that count, and how many recorded seconds each stands for."""

    kept: Ints  # indices into the streams: of equal instants, the last
    t: Ints  # their instants, strictly rising
    seconds: Ints  # per kept sample; 0 for the first and after a pause
    pauses_s: Ints  # per kept sample: how long the pause was that it ends, or 0

    @property
    def recorded_s(self) -> int:
        return int(self.seconds.sum())

    @property
    def paused_s(self) -> int:
        return int(self.pauses_s.sum())

    @property
    def rests_s(self) -> Ints:
        """How long each pause was."""
        return self.pauses_s[self.pauses_s > 0]

    @property
    def breaks(self) -> Ints:
        """Where on the grid each pause was closed up: the place of the first second after it."""
        return np.cumsum(self.seconds)[self.pauses_s > 0]

    def grid(self, values: Floats) -> Floats:
        """`values`, one a kept sample, as one a recorded second; pauses closed up. O(n)."""
        return np.repeat(values, self.seconds)


def record(t: Ints, gap_s: int = GAP_S) -> Recording:
    """Read the time stream, in seconds from the start. O(n).

    A sample from before its predecessor is dropped; of equal instants the last one stands.
    """
    credible = np.flatnonzero((t >= 0) & (t <= LONGEST_CREDIBLE_S))
    kept = credible[_is_in_order(t[credible])]
    instants = t[kept]
    steps = np.diff(instants, prepend=instants[:1])
    is_pause = steps > gap_s
    return Recording(
        kept=kept,
        t=instants,
        seconds=np.where(is_pause, 0, steps),
        pauses_s=np.where(is_pause, steps, 0),
    )


def _is_in_order(t: Ints) -> Bools:
    if t.size == 0:
        return np.zeros(0, np.bool_)
    in_order = np.flatnonzero(t == np.maximum.accumulate(t))
    is_kept = np.zeros(t.size, np.bool_)
    is_kept[in_order[np.append(np.diff(t[in_order]) > 0, [True])]] = True
    return is_kept


def valid_between(values: Floats, low: float, high: float) -> Floats:
    """`values` with everything outside [low, high] missing (NaN)."""
    with np.errstate(invalid="ignore"):
        return np.where((values >= low) & (values <= high), values, np.nan)


def coverage(grid: Floats) -> float | None:
    """Share of recorded seconds with a valid value, 0 to 1."""
    return float(np.count_nonzero(~np.isnan(grid)) / grid.size) if grid.size else None
