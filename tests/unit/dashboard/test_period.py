"""The days of a selection and of the year that it is compared with."""

from datetime import date

import pytest

from dashboard.period import (
    Period,
    calendar_year,
    reached,
    same_days_of_the_year_before,
    week_of,
)


@pytest.mark.parametrize(
    ("year", "until", "last"),
    [
        (2026, date(2026, 9, 22), date(2025, 9, 22)),
        (2024, date(2024, 2, 29), date(2023, 2, 28)),
        (2024, date(2024, 3, 1), date(2023, 3, 1)),
        (2025, date(2025, 2, 28), date(2024, 2, 28)),
        (2025, date(2025, 3, 1), date(2024, 3, 1)),
        (2025, date(2026, 9, 22), date(2024, 12, 31)),
    ],
)
def test_a_year_is_compared_up_to_the_same_calendar_day(year: int, until: date, last: date) -> None:
    assert same_days_of_the_year_before(year, until) == Period(date(year - 1, 1, 1), last)


def test_a_leap_year_that_is_over_is_compared_whole() -> None:
    assert same_days_of_the_year_before(2025, date(2026, 1, 1)) == calendar_year(2024)
    assert len(calendar_year(2024).days()) == 366


def test_a_running_year_has_come_to_today_or_to_an_athletes_tomorrow() -> None:
    today = date(2026, 9, 22)
    assert reached(today, None) == today
    assert reached(today, date(2026, 9, 20)) == today
    assert reached(today, date(2026, 9, 23)) == date(2026, 9, 23)
    assert reached(today, date(2027, 5, 1)) == date(2026, 9, 23)


def test_a_week_runs_from_monday_to_sunday_across_the_year() -> None:
    assert week_of(date(2026, 1, 1)) == Period(date(2025, 12, 29), date(2026, 1, 4))
    assert len(week_of(date(2026, 1, 4)).days()) == 7
