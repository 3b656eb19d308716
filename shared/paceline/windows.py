"""Strava's two windows of reads, as arithmetic: what is used of each, and what headers teach.

The windows are the natural quarter of an hour and the day in UTC, by Strava's clock. See
developers.strava.com/docs/rate-limits.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import repeat

from paceline.model.priority import Priority
from paceline.ports import Document

# Share of each window that a class leaves free for those above it, while all of it is to come;
# and the reads that it leaves to the very end: those of one activity for each class above.
RESERVE = {Priority.LIVE: 0.0, Priority.EDIT: 0.1, Priority.BACKFILL: 0.4}
LEFT = {Priority.LIVE: 0, Priority.EDIT: 2, Priority.BACKFILL: 4}

# What Strava grants a new application, until its headers say otherwise.
NEW_APP_READS = (100, 1_000)

QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
LENGTHS = (QUARTER, DAY)

# Two clocks never agree, and a read takes a moment to get there. So a window begins this much late,
# and what was asked this close to a boundary, on either side, counts in both windows.
LATE = timedelta(seconds=2)

_PAIR = re.compile(r"\s*(\d+)\s*,\s*(\d+)\s*")
_SECOND = timedelta(seconds=1)  # what a header's date leaves open

Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """Reads, and by the names with `all_` the calls of every kind, which have a limit of theirs."""

    start: str
    used: int
    limit: int
    carried: int = 0  # of those used, what Strava may count in the next window
    all_used: int = 0
    all_limit: int | None = None  # None until a header says so

    @property
    def room(self) -> int:
        reads = self.limit - self.used
        return reads if self.all_limit is None else min(reads, self.all_limit - self.all_used)

    def free(self, priority: Priority, to_come: float) -> int:
        """Reads that this class may take while this share of the window is to come."""
        reserved = max(self.limit * RESERVE[priority] * to_come, self._left(priority))
        return int(self.room - reserved)

    def melted(self, reads: int, priority: Priority) -> float:
        """The share of the window to come at which `reads` are free; 0 is its end."""
        spare = self.room - reads
        reserve = self.limit * RESERVE[priority]
        return spare / reserve if reserve and spare >= self._left(priority) else 0.0

    def ends_at(self, length: timedelta) -> datetime:
        return datetime.fromisoformat(self.start) + length

    def _left(self, priority: Priority) -> int:
        return min(LEFT[priority], self.limit // 2)  # the smallest limit leaves something to all


@dataclass(frozen=True)
class Reads:
    """The document: reads of this quarter of an hour, reads of this day, and any full stop."""

    short: Window
    long: Window
    blocked_until: str | None = None
    halted: str | None = None
    halted_at: str | None = None  # when Strava last said so
    ahead_s: float = 0.0  # how far our clock is ahead of Strava's

    @property
    def shift(self) -> timedelta:
        """What a window begins late by our clock."""
        return LATE + timedelta(seconds=self.ahead_s)

    def windows(self) -> tuple[tuple[Window, timedelta], ...]:
        """Each window with its length; the longer wait first."""
        return (self.long, DAY), (self.short, QUARTER)


@dataclass(frozen=True)
class Told:
    """What an answer's headers say. Malformed values have been seen on the wire: they say nothing.

    The pairs are of the quarter and of the day.
    """

    limits: Pair | None
    usages: Pair | None
    all_limits: Pair | None
    all_usages: Pair | None
    date: datetime | None

    @property
    def day_is_full(self) -> bool:
        pairs = ((self.usages, self.limits), (self.all_usages, self.all_limits))
        return any(used and limit and used[1] >= limit[1] for used, limit in pairs)


def told_by(headers: Mapping[str, str]) -> Told:
    return Told(
        limits=_pair(headers.get("x-readratelimit-limit")),
        usages=_pair(headers.get("x-readratelimit-usage")),
        all_limits=_pair(headers.get("x-ratelimit-limit")),
        all_usages=_pair(headers.get("x-ratelimit-usage")),
        date=_date(headers.get("date")),
    )


def quarter_of(now: datetime) -> datetime:
    utc = now.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % 15, second=0, microsecond=0)


def day_of(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def next_quarter(now: datetime) -> datetime:
    return quarter_of(now) + QUARTER


def next_day(now: datetime) -> datetime:
    return day_of(now) + DAY


def rolled(known: Reads | None, now: datetime) -> Reads:
    """The windows that hold now: a new window starts empty with the limit of the last one."""
    if known is None:
        starts = _starts(now - LATE)
        short, long = (Window(s, 0, n) for s, n in zip(starts, NEW_APP_READS, strict=True))
        return Reads(short, long)
    starts = _starts(now - known.shift)
    short, long = (
        _begun(window, start, length)
        for window, start, length in zip((known.short, known.long), starts, LENGTHS, strict=True)
    )
    return replace(known, short=short, long=long)


def to_come(window: Window, length: timedelta, now: datetime, reads: Reads) -> float:
    """The share of the window that is to come, by our clock."""
    return min(1.0, (window.ends_at(length) + reads.shift - now) / length)


def spent(reads: Reads, count: int, now: datetime) -> Reads:
    short, long = (
        replace(
            window,
            used=window.used + count,
            all_used=window.all_used + count,
            carried=window.carried + (count if _is_near_the_end(window, length, now, reads) else 0),
        )
        for window, length in zip((reads.short, reads.long), LENGTHS, strict=True)
    )
    return replace(reads, short=short, long=long)


def learnt(reads: Reads, told: Told, asked_at: datetime, now: datetime) -> Reads:
    """Limits, and usage upwards of the windows in which Strava was asked and answered.

    Usage of a window that has ended says nothing about ours. Where Strava answered in another
    window than it was asked in, nobody knows in which of the two it counted.
    """
    asked_in = _starts(asked_at - reads.shift)
    answered_in = _starts(told.date) if told.date else asked_in
    short, long = (
        _learnt(window, pairs, counts=window.start == asked == answered)
        for window, pairs, asked, answered in zip(
            (reads.short, reads.long), _by_window(told), asked_in, answered_in, strict=True
        )
    )
    ahead_s = _ahead_s(reads.ahead_s, told.date, asked_at, now)
    return replace(reads, short=short, long=long, ahead_s=ahead_s)


def decode(data: Document) -> Reads:
    windows = {name: Window(**data[name]) for name in ("short", "long")}
    return Reads(**{**data, **windows})


def _starts(moment: datetime) -> tuple[str, str]:
    return quarter_of(moment).isoformat(), day_of(moment).isoformat()


def _begun(window: Window, start: str, length: timedelta) -> Window:
    if window.start == start:
        return window
    since = datetime.fromisoformat(start) - datetime.fromisoformat(window.start)
    if since < timedelta(0):
        # A clock was set back, or another process's is ahead: what is used stays used.
        return window if -since <= length else replace(window, start=start)
    carried = window.carried if since == length else 0
    return Window(start, carried, window.limit, all_used=carried, all_limit=window.all_limit)


def _is_near_the_end(window: Window, length: timedelta, now: datetime, reads: Reads) -> bool:
    return window.ends_at(length) + reads.shift - now <= 2 * LATE


def _by_window(told: Told) -> list[tuple[int | None, ...]]:
    """For each window its limit and usage of reads, and its limit and usage of all calls."""
    pairs = (told.limits, told.usages, told.all_limits, told.all_usages)
    return list(zip(*(pair or repeat(None, 2) for pair in pairs), strict=True))


def _learnt(window: Window, pairs: tuple[int | None, ...], *, counts: bool) -> Window:
    limit, used, all_limit, all_used = pairs
    return replace(
        window,
        limit=window.limit if limit is None else limit,
        all_limit=window.all_limit if all_limit is None else all_limit,
        used=max(window.used, used or 0) if counts else window.used,
        all_used=max(window.all_used, all_used or 0) if counts else window.all_used,
    )


def _ahead_s(known_s: float, date: datetime | None, asked_at: datetime, now: datetime) -> float:
    """As before, where that can be: Strava wrote the date between the question and the answer."""
    if date is None:
        return known_s
    least, most = asked_at - date - _SECOND, now - date
    return min(max(known_s, least.total_seconds()), most.total_seconds())


def _pair(header: str | None) -> Pair | None:
    found = _PAIR.fullmatch(header or "")
    return (int(found[1]), int(found[2])) if found else None


def _date(header: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
