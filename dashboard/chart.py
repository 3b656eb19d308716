"""The bars of distance by sport, as an Altair chart that reads well in light and dark."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import altair as alt

from dashboard import units
from dashboard.history import Grain, SportTotal
from dashboard.period import week_of
from dashboard.sports import Family, families_of, family_of

HEIGHT_PX = 270
_FILLED = 0.8

Rectangle = dict[str, str | float]


def counts_hours(bars: Sequence[SportTotal]) -> bool:
    """A choice of sports without distance is drawn by time."""
    return not any(bar.distance_m for bar in bars)


def bars_by_sport(bars: Sequence[SportTotal], grain: Grain, *, dark: bool) -> alt.Chart:
    by_time = counts_hours(bars)
    drawing: alt.Chart = (
        alt.Chart(alt.InlineData(values=rectangles(bars, grain, by_time=by_time)))
        .mark_rect(cornerRadius=1.5)
        .encode(
            x=_time_axis(bars, grain),
            x2="until:Q",
            y=alt.Y("from:Q", axis=_quiet_axis()),
            y2="to:Q",
            color=_colour(_drawn_families(bars, by_time=by_time), dark=dark),
            tooltip=[
                alt.Tooltip("when:N", title=grain.capitalize()),
                alt.Tooltip("sport:N", title="Sport"),
                alt.Tooltip("distance:N", title="Distance"),
                alt.Tooltip("time:N", title="Time"),
            ],
        )
        .properties(height=HEIGHT_PX)
        .configure_view(strokeWidth=0)
    )
    return drawing


def rectangles(bars: Sequence[SportTotal], grain: Grain, *, by_time: bool) -> list[Rectangle]:
    """One rectangle for each sport family of each week, month or year, one upon the other."""
    drawn: list[Rectangle] = []
    for start in sorted({bar.start for bar in bars}):
        foot = 0.0
        here = [bar for bar in bars if bar.start == start]
        for family in families_of(bar.sport_type for bar in here):
            mine = [bar for bar in here if family_of(bar.sport_type) == family]
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


def _drawn_families(bars: Sequence[SportTotal], *, by_time: bool) -> list[Family]:
    return families_of(bar.sport_type for bar in bars if by_time or bar.distance_m)


def _time_axis(bars: Sequence[SportTotal], grain: Grain) -> alt.X:
    """From the first January to the last December, so that a running year leaves room to come."""
    first, last = min(bar.start for bar in bars).year, max(bar.start for bar in bars).year
    within_a_year = first == last and grain is not Grain.YEAR
    months = range(1, 13) if within_a_year else (1,)
    axis = alt.Axis(
        values=[_at(date(year, month, 1)) for year in range(first, last + 1) for month in months],
        labelExpr=f"utcFormat(datum.value, '{'%b' if within_a_year else '%Y'}')",
        labelOverlap=True,
        grid=False,
        title=None,
    )
    domain = [_at(date(first, 1, 1)), _at(date(last, 12, 31))]
    return alt.X("since:Q", axis=axis, scale=alt.Scale(domain=domain, nice=False, zero=False))


def _quiet_axis() -> alt.Axis:
    return alt.Axis(tickCount=4, domain=False, ticks=False, title=None)


def _colour(families: Sequence[Family], *, dark: bool) -> alt.Color:
    legend = (
        alt.Legend(orient="top", symbolType="circle", offset=8, padding=0)
        if len(families) > 1
        else None
    )
    scale = alt.Scale(
        domain=[family.title for family in families],
        range=[family.dark if dark else family.light for family in families],
    )
    return alt.Color(
        "sport:N", title=None, scale=scale, legend=legend if len(families) > 1 else None
    )


def _at(day: date, days_later: float = 0) -> float:
    # Milliseconds in UTC, so that a day of the athlete's is that day in any reader's zone.
    return 1000 * (datetime.combine(day, time(), UTC) + timedelta(days=days_later)).timestamp()


def _next(start: date, grain: Grain) -> date:
    if grain is Grain.WEEK:
        return week_of(start).last + timedelta(days=1)
    if grain is Grain.MONTH and start.month < 12:  # noqa: PLR2004 - December is the last month
        return start.replace(month=start.month + 1)
    return date(start.year + 1, 1, 1)


def _title(start: date, grain: Grain) -> str:
    if grain is Grain.WEEK:
        return f"{units.day(start)} to {units.day(week_of(start).last)}"
    return f"{start:%B %Y}" if grain is Grain.MONTH else f"{start:%Y}"
