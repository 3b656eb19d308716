"""What the pages ask the marts: selecting and adding up, with every value passed as a parameter."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from dashboard.marts import Marts, MartsUnavailableError
from dashboard.period import Period, week_of


class Grain(StrEnum):
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True)
class Selection:
    athlete_id: int
    sport_types: tuple[str, ...]
    period: Period

    def parameters(self) -> dict[str, object]:
        return {
            "athlete_id": self.athlete_id,
            "sport_types": list(self.sport_types),
            "first": self.period.first,
            "last": self.period.last,
        }


@dataclass(frozen=True)
class Holding:
    """That an athlete has activities of a sport in a year."""

    athlete_id: int
    year: int
    sport_type: str
    sport_group: str
    activities: int


@dataclass(frozen=True)
class Totals:
    activities: int
    distance_m: float
    moving_time_s: float
    elevation_gain_m: float


@dataclass(frozen=True)
class SportTotal:
    """One group of sports in the day, week, month or year that begins at `start`."""

    start: date
    sport_group: str
    distance_m: float
    moving_time_s: float


@dataclass(frozen=True)
class Activity:
    activity_id: int
    name: str
    sport_type: str
    sport_group: str
    started_local: datetime
    distance_m: float
    moving_time_s: float
    pace_s_per_km: float | None
    average_speed_kmh: float | None
    average_heartrate_bpm: float | None
    private: bool
    version: int


# A sport that is new to us is in no group yet.
_HOLDINGS = """
    SELECT
      athlete_id,
      year,
      sport_type,
      coalesce(sport_group, 'other'),
      CAST(sum(activities) AS INT64)
    FROM marts.monthly_summary LEFT JOIN marts.sports USING (sport_type)
    GROUP BY ALL
"""

_TOTALS = """
    SELECT
      coalesce(sum(activities), 0),
      coalesce(sum(distance_m), 0),
      coalesce(sum(moving_time_s), 0),
      coalesce(sum(elevation_gain_m), 0)
    FROM marts.daily_summary
    WHERE athlete_id = $athlete_id
      AND sport_type IN (SELECT each FROM UNNEST($sport_types) AS each)
      AND local_date BETWEEN $first AND $last
"""

_DAYS = """
    SELECT local_date, coalesce(sport_group, 'other'), sum(distance_m), sum(moving_time_s)
    FROM marts.daily_summary LEFT JOIN marts.sports USING (sport_type)
    WHERE athlete_id = $athlete_id
      AND sport_type IN (SELECT each FROM UNNEST($sport_types) AS each)
      AND local_date BETWEEN $first AND $last
    GROUP BY ALL
    ORDER BY 1, 2
"""

_MONTHS = """
    SELECT
      year,
      month,
      coalesce(sport_group, 'other'),
      sum(distance_m),
      sum(moving_time_s)
    FROM marts.monthly_summary LEFT JOIN marts.sports USING (sport_type)
    WHERE athlete_id = $athlete_id
      AND sport_type IN (SELECT each FROM UNNEST($sport_types) AS each)
      AND year * 12 + month BETWEEN $first_month AND $last_month
    GROUP BY ALL
    ORDER BY 1, 2
"""

_LATEST = """
    SELECT
      activity_id,
      coalesce(name, ''),
      sport_type,
      coalesce(sports.sport_group, 'other'),
      started_local,
      coalesce(distance_m, 0),
      coalesce(moving_time_s, 0),
      pace_s_per_km,
      average_speed_kmh,
      average_heartrate_bpm,
      coalesce(private, FALSE),
      version
    FROM marts.activity_summary LEFT JOIN marts.sports USING (sport_type)
    WHERE athlete_id = $athlete_id
      AND sport_type IN (SELECT each FROM UNNEST($sport_types) AS each)
      AND local_date BETWEEN $first AND $last
    ORDER BY started_at DESC, activity_id DESC
    LIMIT $rows
"""

_REACHED = """
    SELECT max(local_date), max(version)
    FROM marts.activity_summary
    WHERE athlete_id = $athlete_id
"""

# Microseconds, because DuckDB's Python client needs one more package to hand over a TIMESTAMPTZ.
_REFRESHED = """
    SELECT unix_micros(max(refreshed_at))
    FROM marts.freshness
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def holdings(marts: Marts) -> list[Holding]:
    return [Holding(*row) for row in marts.rows(_HOLDINGS)]


def totals(marts: Marts, selection: Selection) -> Totals:
    return Totals(*marts.rows(_TOTALS, selection.parameters())[0])


def days(marts: Marts, selection: Selection) -> list[SportTotal]:
    return [
        SportTotal(day, sport_group, distance_m or 0, moving_time_s or 0)
        for day, sport_group, distance_m, moving_time_s in marts.rows(_DAYS, selection.parameters())
    ]


def bars(marts: Marts, selection: Selection, grain: Grain) -> list[SportTotal]:
    """Weeks are cut at the ends of the period, so that the bars of a year add up to that year."""
    if grain is Grain.WEEK:
        first = selection.period.first
        return _added(
            replace(day, start=max(week_of(day.start).first, first))
            for day in days(marts, selection)
        )
    months = _months(marts, selection)
    return _added(
        replace(one, start=one.start.replace(month=1)) if grain is Grain.YEAR else one
        for one in months
    )


def latest(marts: Marts, selection: Selection, rows: int) -> list[Activity]:
    """Newest first."""
    found = marts.rows(_LATEST, {**selection.parameters(), "rows": rows})
    return [Activity(*row) for row in found]


def reached(marts: Marts, athlete_id: int) -> tuple[date | None, int]:
    """The athlete's latest local day, and the newest version of any activity."""
    day, version = marts.rows(_REACHED, {"athlete_id": athlete_id})[0]
    return day, version or 0


def refreshed_at(marts: Marts) -> datetime | None:
    """When these marts were built; None where they do not say."""
    try:
        ((microseconds,),) = marts.rows(_REFRESHED)
    except MartsUnavailableError:
        return None
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _months(marts: Marts, selection: Selection) -> list[SportTotal]:
    period = selection.period
    parameters = {
        "athlete_id": selection.athlete_id,
        "sport_types": list(selection.sport_types),
        "first_month": period.first.year * 12 + period.first.month,
        "last_month": period.last.year * 12 + period.last.month,
    }
    return [
        SportTotal(date(year, month, 1), group, distance_m or 0, time_s or 0)
        for year, month, group, distance_m, time_s in marts.rows(_MONTHS, parameters)
    ]


def _added(parts: Iterable[SportTotal]) -> list[SportTotal]:
    """One for each start and group, in their order."""
    sums: dict[tuple[date, str], SportTotal] = {}
    for part in parts:
        key = (part.start, part.sport_group)
        before = sums.get(key)
        sums[key] = (
            part
            if before is None
            else replace(
                part,
                distance_m=before.distance_m + part.distance_m,
                moving_time_s=before.moving_time_s + part.moving_time_s,
            )
        )
    return [sums[key] for key in sorted(sums)]
