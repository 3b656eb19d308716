"""How numbers are written for a reader: metric units, local dates, plain words for ages."""

from datetime import date, datetime, timedelta

MISSING = "–"  # noqa: RUF001 - a dash as wide as the figures around it


def count(number: float) -> str:
    return f"{number:,.0f}"


def distance_km(metres: float) -> str:
    """Kilometres, with a decimal as long as it says something."""
    km = metres / 1000
    return f"{km:,.1f}" if km < 99.95 else f"{km:,.0f}"  # noqa: PLR2004 - 99.95 rounds to 100


def elevation_m(metres: float) -> str:
    return f"{metres:,.0f}"


def hours_minutes(seconds: float) -> str:
    """`h:mm`, rounded to the minute."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,}:{minutes:02d}"


def hours_minutes_seconds(seconds: float) -> str:
    """`h:mm:ss`, or `m:ss` below an hour, as on a watch."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def pace_per_km(seconds: float) -> str:
    return f"{hours_minutes_seconds(seconds)} /km"


def pace_per_100m(seconds_per_km: float) -> str:
    return f"{hours_minutes_seconds(seconds_per_km / 10)} /100 m"


def speed_kmh(kmh: float) -> str:
    return f"{kmh:.1f} km/h"


def heart_rate_bpm(bpm: float) -> str:
    return f"{bpm:.0f} bpm"


def change(now: float, before: float) -> str:
    """The signed change in per cent; empty when there is nothing to compare with."""
    if before <= 0:
        return ""
    percent = round(100 * (now - before) / before)
    if percent == 0:
        return "±0 %"
    return f"{'+' if percent > 0 else '−'}{abs(percent):,} %"  # noqa: RUF001 - a minus sign, as wide as the plus


def age(elapsed: timedelta) -> str:
    """`4 s ago`, `3 min ago`, `2 h ago`, `5 days ago`."""
    seconds = max(0, int(elapsed.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if not minutes:
        return f"{seconds} s ago"
    if not hours:
        return f"{minutes} min ago"
    if days < 2:  # noqa: PLR2004 - "36 h ago" says more than "1 day ago"
        return f"{hours} h ago"
    return f"{days:,} days ago"


def day(value: date) -> str:
    return f"{value.day} {value:%b}"


def local_start(value: datetime) -> str:
    """The clock on the athlete's wall, so never converted: `Tue 3 Sep 2024, 07:12`."""
    return f"{value:%a} {value.day} {value:%b} {value.year}, {value:%H:%M}"
