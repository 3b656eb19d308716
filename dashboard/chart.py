"""The bars of distance by sport, as a Vega-Lite chart that reads well in light and dark."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dashboard import units
from dashboard.history import Grain, SportTotal
from dashboard.period import week_of
from dashboard.sports import Family, families_of, family_of

HEIGHT_PX = 270
_FILLED = 0.8
_INK_LIGHT, _INK_DARK = "#566067", "#b4b3ae"

_QUIET_AXIS = {"tickCount": 4, "domain": False, "ticks": False, "title": None}

Rectangle = dict[str, str | float]
Specification = dict[str, Any]


def counts_hours(bars: Sequence[SportTotal]) -> bool:
    """A choice of sports without distance is drawn by time."""
    return not any(bar.distance_m for bar in bars)


def bars_by_sport(bars: Sequence[SportTotal], grain: Grain, *, dark: bool) -> Specification:
    """A Vega-Lite specification for the rows that `rectangles` gives."""
    drawn = [bar for bar in bars if bar.distance_m] or bars
    highest = max(one["to"] for one in rectangles(bars, grain))
    ink = _INK_DARK if dark else _INK_LIGHT
    return {
        "height": HEIGHT_PX,
        "mark": {"type": "rect", "cornerRadius": 1.5},
        "encoding": {
            "x": _time_axis(bars, grain),
            "x2": {"field": "until"},
            "y": {
                "field": "from",
                "type": "quantitative",
                "axis": _QUIET_AXIS,
                "scale": {"domain": [0, highest], "nice": True},
            },
            "y2": {"field": "to"},
            "color": _colour(families_of(bar.sport_group for bar in drawn), dark=dark),
            "tooltip": [
                {"field": "when", "type": "nominal", "title": grain.capitalize()},
                {"field": "sport", "type": "nominal", "title": "Sport"},
                {"field": "distance", "type": "nominal", "title": "Distance"},
                {"field": "time", "type": "nominal", "title": "Time"},
            ],
        },
        "config": {
            "view": {"stroke": None},
            "axis": {"labelColor": ink},
            "legend": {"labelColor": ink},
        },
    }


def rectangles(bars: Sequence[SportTotal], grain: Grain) -> list[Rectangle]:
    """One rectangle for each sport family of each week, month or year, one upon the other."""
    by_time = counts_hours(bars)
    drawn: list[Rectangle] = []
    for start in sorted({bar.start for bar in bars}):
        foot = 0.0
        here = [bar for bar in bars if bar.start == start]
        for family in families_of(bar.sport_group for bar in here):
            mine = [bar for bar in here if family_of(bar.sport_group) == family]
            distance_m = sum(bar.distance_m for bar in mine)
            moving_time_s = sum(bar.moving_time_s for bar in mine)
            top = foot + (moving_time_s / 3600 if by_time else distance_m / 1000)
            drawn.append(
                {
                    "since": _at(start),
                    "until": _at(start, _FILLED * (_next(start, grain) - start).days),
                    "from": round(foot, 3),
                    "to": round(top, 3),
                    "sport": family.title,
                    "when": _title(start, grain),
                    "distance": f"{units.distance_km(distance_m)} km",
                    "time": f"{units.hours_minutes(moving_time_s)} h",
                }
            )
            foot = top
    return drawn


def _time_axis(bars: Sequence[SportTotal], grain: Grain) -> Specification:
    """From the first January to the last December, so that a running year leaves room to come."""
    first, last = min(bar.start for bar in bars).year, max(bar.start for bar in bars).year
    within_a_year = first == last and grain is not Grain.YEAR
    months = range(1, 13) if within_a_year else (1,)
    axis = {
        "values": [_at(date(y, month, 1)) for y in range(first, last + 1) for month in months],
        "labelExpr": f"utcFormat(datum.value, '{'%b' if within_a_year else '%Y'}')",
        "labelOverlap": True,
        "grid": False,
        "title": None,
    }
    scale = {
        "domain": [_at(date(first, 1, 1)), _at(date(last + 1, 1, 1))],
        "nice": False,
        "zero": False,
    }
    return {"field": "since", "type": "quantitative", "axis": axis, "scale": scale}


def _colour(families: Sequence[Family], *, dark: bool) -> Specification:
    legend = {"orient": "top", "symbolType": "circle", "offset": 8, "padding": 0}
    scale = {
        "domain": [family.title for family in families],
        "range": [family.dark if dark else family.light for family in families],
    }
    return {
        "field": "sport",
        "type": "nominal",
        "title": None,
        "scale": scale,
        "legend": legend if len(families) > 1 else None,
    }


def _at(day: date, days_later: float = 0) -> float:
    # Milliseconds in UTC, so that a day of the athlete's is that day in any reader's zone.
    return 1000 * (datetime.combine(day, time(), UTC) + timedelta(days=days_later)).timestamp()


def _next(start: date, grain: Grain) -> date:
    if grain is Grain.WEEK:
        return min(week_of(start).last + timedelta(days=1), date(start.year + 1, 1, 1))
    if grain is Grain.MONTH and start.month < 12:  # noqa: PLR2004 - December is the last month
        return start.replace(month=start.month + 1)
    return date(start.year + 1, 1, 1)


def _title(start: date, grain: Grain) -> str:
    if grain is Grain.WEEK:
        return f"{units.day(start)} to {units.day(_next(start, grain) - timedelta(days=1))}"
    return f"{start:%B %Y}" if grain is Grain.MONTH else f"{start:%Y}"
