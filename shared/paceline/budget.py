"""The read budget: no call to Strava is made that is not reserved here first.

Both windows are counted by ourselves, because not every answer carries rate headers; headers only
ever correct the count upwards. Limits are learnt, and so is how far our clock is from Strava's,
whose clock decides when a window begins (see windows.py).

What a class leaves to those above it melts as the window runs out: a live event finds room at any
time, and at the end of the day next to nothing was left unused.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from paceline.errors import ApplicationClosed, Conflict, WaitUntil
from paceline.model.priority import Priority
from paceline.ports import Clock, State, Stored
from paceline.windows import (
    DAY,
    Reads,
    decode,
    learnt,
    next_day,
    next_quarter,
    rolled,
    spent,
    to_come,
    told_by,
)

COLLECTION, DOC_ID = "budget", "strava"

# How long nobody asks after Strava closed the whole application, and then how long one asks alone.
HALT, PROBE = timedelta(hours=1), timedelta(minutes=1)

# How far ahead a forecast looks: with reads of hardly any, some work is never done.
HORIZON = timedelta(days=365)

_PROBE_READS = 2  # one activity
_TICK = timedelta(seconds=1)
_STRIDE = timedelta(minutes=5)


class Budget:
    def __init__(
        self, state: State, clock: Clock, alert: Callable[[str], object] = lambda _why: None
    ) -> None:
        self._state = state
        self._clock = clock
        self._alert = alert  # somebody must hear why nobody may call any more

    def reserve(self, reads: int, priority: Priority) -> datetime:
        """Take `reads` from both windows, or raise WaitUntil with the moment to ask again.

        Returns the moment whose windows were charged.
        """
        while True:
            now = self._clock.now()
            current, stored = self._current(now)
            self._refuse(current, reads, priority, now)
            taken = spent(current, reads, now)
            if current.halted:  # one asks whether Strava is open again, the others wait for it
                taken = replace(taken, blocked_until=(now + PROBE).isoformat())
            if self._save(taken, stored):
                return now

    def current(self) -> Reads:
        """Both windows as they stand now."""
        return self._current(self._clock.now())[0]

    def free(self, priority: Priority) -> int:
        """Reads that this class could reserve now."""
        now = self._clock.now()
        current, _ = self._current(now)
        if _blocked(current, now):
            return 0
        free = _free(current, priority, now)
        return max(0, min(free, _PROBE_READS) if current.halted else free)

    def done_at(self, reads: int) -> datetime:
        """When so many backfill reads will have been allowed, if nothing else asks meanwhile.

        At most HORIZON from now.
        """
        now = self._clock.now()
        current, _ = self._current(now)
        moment = max(now, _blocked(current, now) or now)
        while reads > 0 and moment < now + HORIZON:
            current = rolled(current, moment)
            taken = max(0, min(reads, _free(current, Priority.BACKFILL, moment)))
            current, reads = spent(current, taken, moment), reads - taken
            moment += _STRIDE if reads else timedelta(0)
        return moment

    def observe(self, headers: Mapping[str, str], asked_at: datetime) -> None:
        """Learn from an answer's headers, where it has any."""
        told = told_by(headers)
        if not any(vars(told).values()):
            return
        while True:
            now = self._clock.now()
            current, stored = self._current(now)
            known = learnt(current, told, asked_at, now)
            if known == current or self._save(known, stored):
                return

    def exhausted(self, headers: Mapping[str, str]) -> datetime:
        """After a 429: nobody calls again before the boundary. Returns that boundary."""
        told = told_by(headers)
        boundary = next_day if told.day_is_full else next_quarter
        while True:
            now = self._clock.now()
            current, stored = self._current(now)
            there = told.date or now - timedelta(seconds=current.ahead_s)
            until = boundary(there) + current.shift
            until = max(until, _blocked(current, now) or until)
            if self._save(replace(current, blocked_until=until.isoformat()), stored):
                return until

    def halt(self, why: str) -> ApplicationClosed:
        """Nobody calls for an hour, and everybody is told why. Work is kept meanwhile.

        Whoever meets it first alerts, here and nowhere else: once until Strava answers again.
        """
        while True:
            now = self._clock.now()
            current, stored = self._current(now)
            until = max(now + HALT, _blocked(current, now) or now)
            halted = replace(
                current,
                blocked_until=until.isoformat(),
                halted=why,
                halted_at=now.isoformat(),
            )
            if self._save(halted, stored):
                if current.halted is None:
                    self._alert(why)
                return ApplicationClosed(until, why)

    def resume(self, asked_at: datetime) -> None:
        """Strava answers again: everybody may ask.

        An answer to what was asked before Strava closed comes late, and says nothing.
        """
        while True:
            current, stored = self._current(self._clock.now())
            if current.halted is None or _was_closed_after(asked_at, current):
                return
            opened = replace(current, blocked_until=None, halted=None, halted_at=None)
            if self._save(opened, stored):
                return

    def _refuse(self, current: Reads, reads: int, priority: Priority, now: datetime) -> None:
        if blocked := _blocked(current, now):
            raise WaitUntil(blocked, current.halted or "Strava said that the quota is used up")
        for window, length in current.windows():
            if window.free(priority, to_come(window, length, now, current)) < reads:
                ends_at = window.ends_at(length) + current.shift
                until = min(ends_at, ends_at - window.melted(reads, priority) * length + _TICK)
                name = "day" if length == DAY else "quarter"
                why = f"this {name}'s reads for {priority.name} work are used"
                raise WaitUntil(until, why)

    def _current(self, now: datetime) -> tuple[Reads, Stored | None]:
        stored = self._state.get(COLLECTION, DOC_ID)
        known = decode(stored.data) if stored else None
        return _resumed(rolled(known, now), now), stored

    def _save(self, reads: Reads, over: Stored | None) -> bool:
        try:
            if over is None:
                self._state.create(COLLECTION, DOC_ID, asdict(reads))
            else:
                self._state.replace(COLLECTION, DOC_ID, asdict(reads), over.version)
        except Conflict:
            return False
        return True


def _free(reads: Reads, priority: Priority, now: datetime) -> int:
    return min(
        window.free(priority, to_come(window, length, now, reads))
        for window, length in reads.windows()
    )


def _resumed(reads: Reads, now: datetime) -> Reads:
    """A stop that has passed is over; why an application was closed is known until it is open."""
    return reads if _blocked(reads, now) else replace(reads, blocked_until=None)


def _blocked(reads: Reads, now: datetime) -> datetime | None:
    until = datetime.fromisoformat(reads.blocked_until) if reads.blocked_until else None
    return until if until and until > now else None


def _was_closed_after(asked_at: datetime, reads: Reads) -> bool:
    return reads.halted_at is not None and datetime.fromisoformat(reads.halted_at) > asked_at
