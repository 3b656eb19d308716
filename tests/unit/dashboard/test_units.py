"""Numbers as a reader sees them."""

from datetime import datetime, timedelta

import pytest

from dashboard import units


@pytest.mark.parametrize(
    ("metres", "written"),
    [
        (0, "0.0"),
        (5_049, "5.0"),
        (99_940, "99.9"),
        (99_960, "100"),
        (1_234_567, "1,235"),
    ],
)
def test_distance_has_a_decimal_below_a_hundred_kilometres(metres: float, written: str) -> None:
    assert units.distance_km(metres) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00"), (3_569, "0:59"), (3_571, "1:00"), (4_500_000, "1,250:00")],
)
def test_long_times_are_hours_and_minutes(seconds: float, written: str) -> None:
    assert units.hours_minutes(seconds) == written


@pytest.mark.parametrize(
    ("seconds", "written"), [(59.6, "1:00"), (3_599, "59:59"), (3_599.7, "1:00:00")]
)
def test_short_times_are_read_as_on_a_watch(seconds: float, written: str) -> None:
    assert units.hours_minutes_seconds(seconds) == written


def test_pace_never_shows_sixty_seconds() -> None:
    assert units.pace_per_km(299.7) == "5:00 /km"
    assert units.pace_per_100m(1_199.6) == "2:00 /100 m"


@pytest.mark.parametrize(
    ("now", "before", "written"),
    [(110, 100, "+10 %"), (90, 100, "−10 %"), (100.2, 100, "±0 %"), (5, 0, "")],  # noqa: RUF001 - a minus sign is what is shown
)
def test_change_is_signed_and_silent_without_a_past(
    now: float, before: float, written: str
) -> None:
    assert units.change(now, before) == written


@pytest.mark.parametrize(
    ("elapsed", "written"),
    [
        (timedelta(seconds=-3), "0 s ago"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(hours=48), "2 days ago"),
    ],
)
def test_age_is_one_whole_unit(elapsed: timedelta, written: str) -> None:
    assert units.age(elapsed) == written


def test_a_local_start_is_the_clock_on_the_wall() -> None:
    assert units.local_start(datetime.fromisoformat("2024-09-03 07:05")) == "Tue 3 Sep 2024, 07:05"
