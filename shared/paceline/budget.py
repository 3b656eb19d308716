"""The read budget: no call to Strava is made that is not reserved here first.

Both windows (the natural quarter of an hour, and the day in UTC) are counted by ourselves, because
not every answer carries rate headers; headers only ever correct the count upwards. Limits are
learnt. See developers.strava.com/docs/rate-limits.

What a class leaves to those above it melts as the window runs out: a live event finds room at any
time, and at the end of the day next to nothing was left unused.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from paceline.errors import ApplicationClosed, Conflict, WaitUntil
from paceline.model.priority import Priority
from paceline.ports import Clock, Document, State, Stored

COLLECTION, DOC_ID = "budget", "strava"

# Share of each window that a class leaves free for those above it, while all of it is to come;
# and the reads that it leaves to the very end: those of one activity for each class above.
RESERVE = {Priority.LIVE: 0.0, Priority.EDIT: 0.1, Priority.BACKFILL: 0.4}
LEFT = {Priority.LIVE: 0, Priority.EDIT: 2, Priority.BACKFILL: 4}

# What Strava grants a new application, until its headers say otherwise.
NEW_APP_READS = (100, 1_000)

QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)

# How long nobody asks after Strava closed the whole application, and then how long one asks alone.
HALT, PROBE = timedelta(hours=1), timedelta(minutes=1)

_PROBE_READS = 2  # one activity
_TICK = timedelta(seconds=1)
_STRIDE = timedelta(minutes=5)

_PAIR = re.compile(r"\s*(\d+)\s*,\s*(\d+)\s*")


@dataclass(frozen=True)
class Window:
    start: str
    used: int
    limit: int

    def free(self, priority: Priority, to_come: float) -> int:
        """Reads that this class may take while this share of the window is to come."""
        reserved = max(self.limit * RESERVE[priority] * to_come, LEFT[priority])
        return int(self.limit - reserved) - self.used

    def melted(self, reads: int, priority: Priority) -> float:
        """The share of the window to come at which `reads` are free; 0 is its end."""
        spare = self.limit - self.used - reads
        reserve = self.limit * RESERVE[priority]
        return spare / reserve if reserve and spare >= LEFT[priority] else 0.0


@dataclass(frozen=True)
class Reads:
    """The document: reads of this quarter of an hour, reads of this day, and any full stop."""

    short: Window
    long: Window
    blocked_until: str | None = None
    halted: str | None = None


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
            spent = _spend(current, reads)
            if current.halted:  # one asks whether Strava is open again, the others wait for it
                spent = replace(spent, blocked_until=(now + PROBE).isoformat())
            if self._save(spent, stored):
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
        free = min(
            window.free(priority, _to_come(now, ends_at, length))
            for window, ends_at, length in _windows(current, now)
        )
        return max(0, min(free, _PROBE_READS) if current.halted else free)

    def done_at(self, reads: int) -> datetime:
        """When so many backfill reads will have been allowed, if nothing else asks meanwhile."""
        now = self._clock.now()
        current, _ = self._current(now)
        moment = max(now, _blocked(current, now) or now)
        while reads > 0:
            current = _rolled(current, moment)
            room = min(
                window.free(Priority.BACKFILL, _to_come(moment, ends_at, length))
                for window, ends_at, length in _windows(current, moment)
            )
            taken = max(0, min(reads, room))
            current, reads = _spend(current, taken), reads - taken
            moment += _STRIDE if reads else timedelta(0)
        return moment

    def observe(self, headers: Mapping[str, str], asked_at: datetime) -> None:
        """Learn from an answer's headers, where it has any.

        Usage of a window that has ended since we asked says nothing about the one that began.
        """
        limits = _pair(headers.get("x-readratelimit-limit"))
        usages = _pair(headers.get("x-readratelimit-usage"))
        if limits is None and usages is None:
            return
        while True:
            current, stored = self._current(self._clock.now())
            if self._save(_learn(current, limits, usages, _starts(asked_at)), stored):
                return

    def exhausted(self, headers: Mapping[str, str]) -> datetime:
        """After a 429: nobody calls again before the boundary. Returns that boundary."""
        usages, limits = (
            _pair(headers.get(f"x-readratelimit-{name}")) for name in ("usage", "limit")
        )
        day_is_full = bool(usages and limits and usages[1] >= limits[1])
        while True:
            now = self._clock.now()
            until = next_day(now) if day_is_full else next_quarter(now)
            current, stored = self._current(now)
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
            halted = replace(current, blocked_until=until.isoformat(), halted=why)
            if self._save(halted, stored):
                if current.halted is None:
                    self._alert(why)
                return ApplicationClosed(until, why)

    def resume(self) -> None:
        """Strava answers again: everybody may ask."""
        while True:
            current, stored = self._current(self._clock.now())
            if current.halted is None:
                return
            if self._save(replace(current, blocked_until=None, halted=None), stored):
                return

    def _refuse(self, current: Reads, reads: int, priority: Priority, now: datetime) -> None:
        if blocked := _blocked(current, now):
            raise WaitUntil(blocked, current.halted or "Strava said that the quota is used up")
        for window, ends_at, length in _windows(current, now):
            if window.free(priority, _to_come(now, ends_at, length)) < reads:
                until = min(ends_at, ends_at - window.melted(reads, priority) * length + _TICK)
                name = "day" if length == DAY else "quarter"
                why = f"this {name}'s reads for {priority.name} work are used"
                raise WaitUntil(until, why)

    def _current(self, now: datetime) -> tuple[Reads, Stored | None]:
        stored = self._state.get(COLLECTION, DOC_ID)
        known = _decode(stored.data) if stored else None
        return _rolled(known, now), stored

    def _save(self, reads: Reads, over: Stored | None) -> bool:
        try:
            if over is None:
                self._state.create(COLLECTION, DOC_ID, asdict(reads))
            else:
                self._state.replace(COLLECTION, DOC_ID, asdict(reads), over.version)
        except Conflict:
            return False
        return True


def quarter_of(now: datetime) -> datetime:
    utc = now.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % 15, second=0, microsecond=0)


def next_quarter(now: datetime) -> datetime:
    return quarter_of(now) + QUARTER


def next_day(now: datetime) -> datetime:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + DAY


def _windows(reads: Reads, now: datetime) -> tuple[tuple[Window, datetime, timedelta], ...]:
    """Each window with its end and its length; the longer wait first."""
    return (reads.long, next_day(now), DAY), (reads.short, next_quarter(now), QUARTER)


def _to_come(now: datetime, ends_at: datetime, length: timedelta) -> float:
    return (ends_at - now) / length


def _rolled(known: Reads | None, now: datetime) -> Reads:
    """The windows that hold now: a new window starts empty with the limit of the last one."""
    starts = _starts(now)
    if known is None:
        short, long = (Window(s, 0, n) for s, n in zip(starts, NEW_APP_READS, strict=True))
        return Reads(short, long)
    short, long = (
        window if window.start == start else Window(start, 0, window.limit)
        for window, start in zip((known.short, known.long), starts, strict=True)
    )
    return _resumed(replace(known, short=short, long=long), now)


def _starts(moment: datetime) -> tuple[str, str]:
    return quarter_of(moment).isoformat(), (next_day(moment) - DAY).isoformat()


def _resumed(reads: Reads, now: datetime) -> Reads:
    """A stop that has passed is over; why an application was closed is known until it is open."""
    return reads if _blocked(reads, now) else replace(reads, blocked_until=None)


def _blocked(reads: Reads, now: datetime) -> datetime | None:
    until = datetime.fromisoformat(reads.blocked_until) if reads.blocked_until else None
    return until if until and until > now else None


def _spend(reads: Reads, count: int) -> Reads:
    short, long = (replace(w, used=w.used + count) for w in (reads.short, reads.long))
    return replace(reads, short=short, long=long)


def _learn(
    reads: Reads,
    limits: tuple[int, int] | None,
    usages: tuple[int, int] | None,
    asked_in: tuple[str, str],
) -> Reads:
    windows = [reads.short, reads.long]
    if limits:
        windows = [replace(w, limit=n) for w, n in zip(windows, limits, strict=True)]
    if usages:
        windows = [
            replace(w, used=max(w.used, n)) if w.start == start else w
            for w, n, start in zip(windows, usages, asked_in, strict=True)
        ]
    return replace(reads, short=windows[0], long=windows[1])


def _pair(header: str | None) -> tuple[int, int] | None:
    # Malformed values such as "," have been seen on the wire; they teach nothing.
    found = _PAIR.fullmatch(header or "")
    return (int(found[1]), int(found[2])) if found else None


def _decode(data: Document) -> Reads:
    windows = {name: Window(**data[name]) for name in ("short", "long")}
    return Reads(**{**data, **windows})
