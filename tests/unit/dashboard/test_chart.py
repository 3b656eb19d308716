"""The rectangles of the chart add up to what the marts say."""

from datetime import date

from dashboard.chart import bars_by_sport, rectangles
from dashboard.history import Grain, SportTotal

BARS = [
    SportTotal(date(2026, 1, 5), "ride", 40_000, 5_400),
    SportTotal(date(2026, 1, 5), "run", 10_000, 3_000),
    SportTotal(date(2026, 1, 5), "run", 5_000, 2_000),
    SportTotal(date(2026, 1, 12), "run", 8_000, 2_400),
]


def test_families_stand_upon_each_other() -> None:
    drawn = rectangles(BARS, Grain.WEEK)
    assert [(one["sport"], one["from"], one["to"]) for one in drawn] == [
        ("Rides", 0, 40),
        ("Runs", 40, 55),
        ("Runs", 0, 8),
    ]
    assert drawn[0]["when"] == "5 Jan to 11 Jan"


def test_december_ends_with_the_year() -> None:
    december = [SportTotal(date(2025, 12, 1), "run", 1_000, 300)]
    (drawn,) = rectangles(december, Grain.MONTH)
    assert float(drawn["until"]) - float(drawn["since"]) == 0.8 * 31 * 86_400_000


def test_sports_without_distance_are_drawn_by_time() -> None:
    yoga = [SportTotal(date(2026, 1, 5), "gym", 0, 5_400)]
    (drawn,) = rectangles(yoga, Grain.WEEK)
    assert drawn["to"] == 1.5


def test_the_legend_names_only_sports_that_have_a_bar() -> None:
    yoga = SportTotal(date(2026, 1, 5), "gym", 0, 5_400)
    colour = bars_by_sport([*BARS, yoga], Grain.WEEK, dark=False)["encoding"]["color"]
    assert colour["scale"]["domain"] == ["Rides", "Runs"]
