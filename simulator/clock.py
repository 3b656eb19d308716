"""The simulator's own present: it may start at any instant and be moved forward by hand."""

import time
from collections.abc import Callable


class Clock:
    def __init__(self, start_s: float | None, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset_s = 0.0 if start_s is None else start_s - source()

    def now_s(self) -> float:
        return self._source() + self._offset_s

    def advance(self, seconds: float) -> None:
        self._offset_s += seconds
