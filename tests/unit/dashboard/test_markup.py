"""Names are text, and each sport has its measure."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from dashboard import markup
from dashboard.history import Activity, SportTotal
from dashboard.period import week_of

RUN = Activity(
    activity_id=1,
    name="Lunch run",
    sport_type="Run",
    sport_group="run",
    started_local=datetime.fromisoformat("2026-02-03 12:15"),
    distance_m=10_000,
    moving_time_s=3_000,
    pace_s_per_km=300,
    average_speed_kmh=12,
    average_heartrate_bpm=151.4,
    private=False,
    version=5,
)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ('"><img src=x onerror=a()>', "&quot;&gt;&lt;img src=x onerror=a()&gt;"),
        ("**x** $y$ :red[z] &amp;", "**x** $y$ :red[z] &amp;amp;"),
        ("  ", "Run"),
    ],
)
def test_a_name_is_text_and_a_blank_one_is_the_sport(name: str, written: str) -> None:
    assert f"<bdi>{written}</bdi>" in markup.activities([replace(RUN, name=name)], 9)


def test_an_unknown_sport_type_is_text_too() -> None:
    assert "<b>" not in markup.activities([replace(RUN, sport_type="<b>Chess</b>")], 9)


@pytest.mark.parametrize(
    ("sport_group", "written"),
    [("run", "5:00 /km"), ("swim", "30 /100 m"), ("ride", "12.0 km/h"), ("walk", "5:00 /km")],
)
def test_each_sport_has_its_measure(sport_group: str, written: str) -> None:
    assert markup.pace_or_speed(replace(RUN, sport_group=sport_group)).endswith(written)


def test_pace_follows_from_speed_where_a_mart_gives_only_speed() -> None:
    assert markup.pace_or_speed(replace(RUN, pace_s_per_km=None)) == "5:00 /km"
    assert markup.pace_or_speed(replace(RUN, distance_m=0)) == "–"  # noqa: RUF001 - as shown


def test_only_what_is_newer_than_the_reader_has_seen_lights_up() -> None:
    rows = markup.activities([replace(RUN, version=6), RUN], newer_than=5)
    assert rows.count("pl-arrived") == 1


def test_a_private_activity_says_so() -> None:
    assert "only you" in markup.activities([replace(RUN, private=True)], 9)


def test_the_week_has_seven_days_and_marks_today() -> None:
    today = date(2026, 2, 5)
    days = [
        SportTotal(date(2026, 2, 3), "run", 10_000, 3_000),
        SportTotal(date(2026, 2, 4), "gym", 0, 3_600),
    ]
    shown = markup.week(week_of(today), days, today)
    assert shown.count("<li") == 7
    assert shown.count("aria-current") == 1
    assert "10.0<small>km</small>" in shown
    assert "1:00<small>h</small>" in shown
