"""The simulator's own present: it starts at any instant, at any pace, and is moved by hand."""

import asyncio
import time
from bisect import bisect_left, insort
from itertools import count

# asyncio refuses no wait, but select() has a longest one.
_LONGEST_NAP_S = 86_400.0

Alarm = tuple[float, int, asyncio.Future[None]]


class Clock:
    """`speed` is how many simulated seconds pass in a real one; at 0 time passes only by hand."""

    def __init__(self, start_s: float | None, speed: float = 1.0) -> None:
        self._real_s = time.time()
        self._base_s = self._real_s if start_s is None else start_s
        self._speed = speed
        self._numbers = count()
        self._alarms: list[Alarm] = []
        self._nap: asyncio.TimerHandle | None = None

    def now_s(self) -> float:
        return self._base_s + (time.time() - self._real_s) * self._speed

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._base_s, self._real_s = self.now_s(), time.time()
        self._speed = speed
        self._ring()

    def advance(self, seconds: float) -> None:
        self._base_s += seconds
        self._ring()

    async def sleep(self, seconds: float) -> None:
        """Until so much simulated time has passed, by itself or by hand."""
        await self.wait_until(self.now_s() + seconds)

    async def wait_until(self, when_s: float) -> None:
        await self.alarm(when_s)

    def alarm(self, when_s: float) -> asyncio.Future[None]:
        """Done at that instant, unless somebody ends it earlier."""
        alarm = asyncio.get_running_loop().create_future()
        entry = (when_s, next(self._numbers), alarm)
        insort(self._alarms, entry)
        alarm.add_done_callback(lambda _: self._forget(entry))
        self._ring()
        return alarm

    def _ring(self) -> None:
        """End what is due, and come back for the next."""
        if self._nap is not None:
            self._nap.cancel()
            self._nap = None
        now_s = self.now_s()
        while self._alarms and self._alarms[0][0] <= now_s:
            alarm = self._alarms.pop(0)[2]
            if not alarm.done():
                alarm.set_result(None)
        if self._alarms and self._speed > 0:
            left_s = (self._alarms[0][0] - now_s) / self._speed
            loop = asyncio.get_running_loop()
            self._nap = loop.call_later(min(left_s, _LONGEST_NAP_S), self._ring)

    def _forget(self, entry: Alarm) -> None:
        index = bisect_left(self._alarms, entry)
        if index < len(self._alarms) and self._alarms[index] is entry:
            del self._alarms[index]
