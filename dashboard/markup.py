"""The page's own pieces of HTML; what an athlete typed is escaped here and nowhere else."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from html import escape

from dashboard import units
from dashboard.history import Activity, SportTotal, Totals
from dashboard.period import Period
from dashboard.sports import Family, families_of, family_of, label

_PACED_PER_KM = {"run", "walk"}
_TALLEST_BAR_PX = 64
_QUOTED = re.compile(r"`([^`]+)`")
_FIGURES: tuple[tuple[str, str, Callable[[Totals], float], Callable[[float], str]], ...] = (
    ("Distance", "km", lambda totals: totals.distance_m, units.distance_km),
    ("Moving time", "h", lambda totals: totals.moving_time_s, units.hours_minutes),
    ("Elevation", "m", lambda totals: totals.elevation_gain_m, units.elevation_m),
    ("Activities", "", lambda totals: totals.activities, units.count),
)
_COLUMNS = (
    ("when", "Start"),
    ("sport", "Sport"),
    ("name", "Activity"),
    ("distance", "Distance"),
    ("time", "Time"),
    ("pace", "Pace or speed"),
    ("heart", "Heart rate"),
)


def masthead() -> str:
    return (
        '<header class="pl-masthead"><h1>Paceline</h1>'
        "<p>Your training history, as it happens</p></header>"
    )


def section(title: str, note: str = "") -> str:
    return f'<div class="pl-section"><h2>{escape(title)}</h2><p>{escape(note)}</p></div>'


def freshness(activities: int, refreshed_at: datetime | None, now: datetime) -> str:
    held = f"{units.count(activities)} {'activity' if activities == 1 else 'activities'}"
    rebuilt = f"marts rebuilt {units.age(now - refreshed_at)}, " if refreshed_at else ""
    return f'<p class="pl-freshness"><i></i>{rebuilt}{held}</p>'


def figures(now: Totals, before: Totals | None, against: str) -> str:
    """Four numbers; with `before`, each says how it has changed."""
    cards = "".join(
        _figure(
            name,
            written(value(now)),
            unit,
            "" if before is None else _change(value(now), value(before), against),
        )
        for name, unit, value, written in _FIGURES
    )
    return f'<div class="pl-figures">{cards}</div>'


def week(period: Period, days: Sequence[SportTotal], today: date) -> str:
    """Seven columns; bars are as high as the day was long, so that a gym day counts too."""
    by_day = {day: [one for one in days if one.start == day] for day in period.days()}
    longest_s = max(
        (sum(one.moving_time_s for one in here) for here in by_day.values()), default=0.0
    )
    columns = "".join(_day(day, here, longest_s, today) for day, here in by_day.items())
    return f'<ol class="pl-week">{columns}</ol>'


def activities(found: Sequence[Activity], newer_than: int) -> str:
    """Rows that came with a later version than `newer_than` light up for some seconds."""
    head = "".join(f'<th scope="col" class="pl-{key}">{title}</th>' for key, title in _COLUMNS)
    rows = "".join(_activity(one, arrived=one.version > newer_than) for one in found)
    return (
        '<table class="pl-activities" aria-label="Latest activities">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def waiting(title: str, advice: str) -> str:
    text = _QUOTED.sub(r"<code>\1</code>", escape(advice))
    return (
        '<section class="pl-waiting" role="status"><i></i>'
        f"<h2>{escape(title)}</h2><p>{text}</p>"
        "<p>This page looks again every two seconds; there is no need to reload it.</p></section>"
    )


def nothing(title: str) -> str:
    return f'<p class="pl-nothing">{escape(title)}: no activities.</p>'


def pace_or_speed(activity: Activity) -> str:
    """As the sport's people say it: min/km on foot, min/100 m in water, km/h otherwise."""
    kmh = activity.average_speed_kmh
    pace_s_per_km = activity.pace_s_per_km or (3600 / kmh if kmh else None)
    if not activity.distance_m or pace_s_per_km is None:
        return units.MISSING
    family = family_of(activity.sport_group)
    if family.key in _PACED_PER_KM:
        return units.pace_per_km(pace_s_per_km)
    if family.key == "swim":
        return units.pace_per_100m(pace_s_per_km)
    return units.speed_kmh(kmh or 3600 / pace_s_per_km)


def _change(value: float, earlier: float | None, against: str) -> str:
    if earlier is None:
        return ""
    text = units.change(value, earlier) or "none"
    return f'<p class="pl-change"><b>{text}</b> {escape(against)}</p>'


def _figure(name: str, text: str, unit: str, change: str) -> str:
    return (
        f'<section class="pl-figure" aria-label="{name}"><h2>{name}</h2>'
        f'<p class="pl-number">{text}<small>{unit}</small></p>{change}</section>'
    )


def _day(day: date, here: Sequence[SportTotal], longest_s: float, today: date) -> str:
    moving_time_s = sum(one.moving_time_s for one in here)
    distance_m = sum(one.distance_m for one in here)
    families = families_of(one.sport_group for one in here)
    bars = "".join(_week_bar(family, here, longest_s) for family in reversed(families))
    value = units.hours_minutes(moving_time_s) if here else units.MISSING
    if distance_m:
        value = f"{units.distance_km(distance_m)}<small>km</small>"
    elif here:
        value += "<small>h</small>"
    state = ' aria-current="date"' if day == today else ""
    state += "" if here else ' class="pl-rest"'
    names = ", ".join(family.title for family in families)
    return (
        f'<li{state}><p class="pl-weekday">{day:%a}<span>{day.day}</span></p>'
        f'<div class="pl-stack" title="{names}">{bars}</div>'
        f'<p class="pl-amount">{value}</p><p class="pl-families">{names}</p></li>'
    )


def _week_bar(family: Family, here: Sequence[SportTotal], longest_s: float) -> str:
    mine_s = sum(one.moving_time_s for one in here if family_of(one.sport_group) == family)
    height_px = max(3, round(_TALLEST_BAR_PX * mine_s / longest_s)) if longest_s else 3
    return f'<i style="{_colours(family)};height:{height_px}px"></i>'


def _activity(activity: Activity, *, arrived: bool) -> str:
    sport = label(activity.sport_type)
    heart = activity.average_heartrate_bpm
    cells = {
        "when": f"<time>{units.local_start(activity.started_local)}</time>",
        "sport": f'<i style="{_colours(family_of(activity.sport_group))}"></i>{escape(sport)}',
        "name": f"<bdi>{escape(activity.name.strip() or sport)}</bdi>"
        + ("<small>only you</small>" if activity.private else ""),
        "distance": f"{units.distance_km(activity.distance_m)} km"
        if activity.distance_m
        else units.MISSING,
        "time": units.hours_minutes_seconds(activity.moving_time_s),
        "pace": pace_or_speed(activity),
        "heart": units.heart_rate_bpm(heart) if heart else units.MISSING,
    }
    row = "".join(f'<td class="pl-{key}">{cells[key]}</td>' for key, _ in _COLUMNS)
    return f"<tr{' class=pl-arrived' if arrived else ''}>{row}</tr>"


def _colours(family: Family) -> str:
    return f"--light:{family.light};--dark:{family.dark}"
