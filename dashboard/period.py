"""Which local days a selection covers, and which days of the year before it is compared with."""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta

DAYS_IN_A_WEEK = 7


@dataclass(frozen=True)
class Period:
    """Local dates, both ends included."""

    first: date
    last: date

    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


ALL_TIME = Period(date.min, date.max)


def calendar_year(year: int) -> Period:
    return Period(date(year, 1, 1), date(year, 12, 31))


def week_of(day: date) -> Period:
    """Monday to Sunday."""
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=DAYS_IN_A_WEEK - 1))


def reached(today: date, latest: date | None) -> date:
    """The day that a running year has come to.

    That is today where the page is read or, for an athlete whose clock is ahead of the reader's,
    the day of the latest activity, which is at most tomorrow.
    """
    return today if latest is None else min(max(today, latest), today + timedelta(days=1))


def same_days_of_the_year_before(year: int, until: date) -> Period:
    """The days of `year - 1` from 1 January to the same calendar day.

    A year that is over is compared with the whole year before it. The days are counted on the
    calendar, not by number: 1 March answers to 1 March whether or not a leap day came before it.
    The leap day itself answers to 28 February, and a leap day in the year before counts from
    1 March on.
    """
    if until.year > year:
        return calendar_year(year - 1)
    leap_day = (until.month, until.day) == (2, 29) and not isleap(year - 1)
    last = date(year - 1, 2, 28) if leap_day else until.replace(year=year - 1)
    return Period(date(year - 1, 1, 1), last)
