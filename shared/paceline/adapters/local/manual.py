"""Clock and ids that move only when told to: for rehearsals and tests."""

import itertools
from datetime import datetime, timedelta


class ManualClock:
    """Stands still until it is advanced."""

    def __init__(self, now: datetime) -> None:
        if now.utcoffset() is None:
            raise ValueError(f"{now.isoformat()} has no zone: give the clock a time in UTC")
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"time runs forward only, not by {seconds} s")
        self._now += timedelta(seconds=seconds)


class CountingIds:
    """1, 2, 3 … in the form of a real id, the same in every run."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new(self) -> str:
        # next() on a count is one step under the interpreter's lock, so threads never share an id
        return f"{next(self._numbers):032x}"
