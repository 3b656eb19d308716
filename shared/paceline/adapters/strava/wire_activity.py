"""One activity of Strava's JSON, from a list or in detail, as the columns of landing.activities.

Not kept: `embed_token`, which is a secret, and the addresses of photos, which expire. What has no
column of its own is in `raw_json`; docs/raw-json.md lists it.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from pydantic_core import to_json

from paceline.adapters.strava.fields import Float, Int, Some
from paceline.ports import Document


class _Piece(BaseModel):
    """What laps and efforts have in common."""

    name: str | None = None
    elapsed_time_s: Int | None = Field(None, alias="elapsed_time")
    moving_time_s: Int | None = Field(None, alias="moving_time")
    distance_m: Float | None = Field(None, alias="distance")
    started_at: datetime | None = Field(None, alias="start_date")
    start_index: Int | None = None
    end_index: Int | None = None


class _Sensed(BaseModel):
    average_cadence_rpm: Float | None = Field(None, alias="average_cadence")
    average_power_w: Float | None = Field(None, alias="average_watts")
    device_watts: bool | None = None
    average_heartrate_bpm: Float | None = Field(None, alias="average_heartrate")
    max_heartrate_bpm: Float | None = Field(None, alias="max_heartrate")


class _Lap(_Piece, _Sensed):
    lap_id: Int | None = Field(None, alias="id")
    lap_index: Int | None = None
    split: Int | None = None
    elevation_gain_m: Float | None = Field(None, alias="total_elevation_gain")
    average_speed_mps: Float | None = Field(None, alias="average_speed")
    max_speed_mps: Float | None = Field(None, alias="max_speed")
    pace_zone: Int | None = None


class _Split(BaseModel):
    split: Int | None = None
    distance_m: Float | None = Field(None, alias="distance")
    elapsed_time_s: Int | None = Field(None, alias="elapsed_time")
    moving_time_s: Int | None = Field(None, alias="moving_time")
    elevation_difference_m: Float | None = Field(None, alias="elevation_difference")
    average_speed_mps: Float | None = Field(None, alias="average_speed")
    average_grade_adjusted_speed_mps: Float | None = Field(
        None, alias="average_grade_adjusted_speed"
    )
    average_heartrate_bpm: Float | None = Field(None, alias="average_heartrate")
    pace_zone: Int | None = None


class _Achievement(BaseModel):
    type_id: Int | None = None
    type: str | None = None
    rank: Int | None = None


class _Effort(_Piece):
    effort_id: Int | None = Field(None, alias="id")
    pr_rank: Int | None = None
    achievements: Some[_Achievement] = []


class _Segment(BaseModel):
    segment_id: Int | None = Field(None, alias="id")
    segment_name: str | None = Field(None, alias="name")
    segment_sport_type: str | None = Field(None, alias="activity_type")
    segment_distance_m: Float | None = Field(None, alias="distance")
    average_grade_pct: Float | None = Field(None, alias="average_grade")
    maximum_grade_pct: Float | None = Field(None, alias="maximum_grade")
    elevation_high_m: Float | None = Field(None, alias="elevation_high")
    elevation_low_m: Float | None = Field(None, alias="elevation_low")
    climb_category: Int | None = None
    starred: bool | None = None


class _SegmentEffort(_Effort, _Sensed):
    segment: _Segment | None = Field(None, exclude=True)
    kom_rank: Int | None = None
    hidden: bool | None = None
    visibility: str | None = None


class _Owner(BaseModel):
    id: Int


class _Map(BaseModel):
    polyline: str | None = None
    summary_polyline: str | None = None


class ActivityBody(BaseModel):
    """An activity. Its sport is any text: the list of sports grows without notice."""

    id: Int
    athlete: _Owner
    name: str | None = None
    description: str | None = None
    private_note: str | None = None
    sport_type: str | None = None
    legacy_type: str | None = Field(None, alias="type")
    workout_type: Int | None = None
    started_at: datetime = Field(alias="start_date")
    started_local: datetime = Field(alias="start_date_local")
    timezone: str | None = None
    utc_offset_s: Int | None = Field(None, alias="utc_offset")
    distance_m: Float | None = Field(None, alias="distance", ge=0)
    moving_time_s: Int | None = Field(None, alias="moving_time", ge=0)
    elapsed_time_s: Int | None = Field(None, alias="elapsed_time", ge=0)
    elevation_gain_m: Float | None = Field(None, alias="total_elevation_gain")
    elevation_high_m: Float | None = Field(None, alias="elev_high")
    elevation_low_m: Float | None = Field(None, alias="elev_low")
    average_speed_mps: Float | None = Field(None, alias="average_speed")
    max_speed_mps: Float | None = Field(None, alias="max_speed")
    average_cadence_rpm: Float | None = Field(None, alias="average_cadence")
    average_temp_c: Float | None = Field(None, alias="average_temp")
    average_power_w: Float | None = Field(None, alias="average_watts")
    weighted_power_w: Float | None = Field(None, alias="weighted_average_watts")
    max_power_w: Float | None = Field(None, alias="max_watts")
    work_kj: Float | None = Field(None, alias="kilojoules")
    device_watts: bool | None = None
    has_heartrate: bool | None = None
    heartrate_opt_out: bool | None = None
    average_heartrate_bpm: Float | None = Field(None, alias="average_heartrate")
    max_heartrate_bpm: Float | None = Field(None, alias="max_heartrate")
    calories_kcal: Float | None = Field(None, alias="calories")
    relative_effort: Float | None = Field(None, alias="suffer_score")
    perceived_exertion: Float | None = None
    prefer_perceived_exertion: bool | None = None
    gear_id: str | None = None
    device_name: str | None = None
    upload_id: Int | None = None
    external_id: str | None = None
    trainer: bool | None = None
    commute: bool | None = None
    manual: bool | None = None
    private: bool | None = None
    flagged: bool | None = None
    visibility: str | None = None
    hide_from_home: bool | None = None
    from_accepted_tag: bool | None = None
    kudos_count: Int | None = None
    comment_count: Int | None = None
    achievement_count: Int | None = None
    pr_count: Int | None = None
    athlete_count: Int | None = None
    photo_count: Int | None = None
    total_photo_count: Int | None = None
    location_city: str | None = None
    location_state: str | None = None
    location_country: str | None = None
    start_latlng: list[float | None] | None = Field(None, exclude=True)
    end_latlng: list[float | None] | None = Field(None, exclude=True)
    line: _Map | None = Field(None, alias="map", exclude=True)
    laps: Some[_Lap] = []
    splits_metric: Some[_Split] = []
    splits_standard: Some[_Split] = []
    best_efforts: Some[_Effort] = []
    segment_efforts: Some[_SegmentEffort] = []


def activity_row(body: dict[str, Any], *, detailed: bool) -> Document:
    """Raises ValidationError."""
    found = ActivityBody.model_validate(body)
    row = found.model_dump(exclude={"id", "athlete"})
    for effort, told in zip(row["segment_efforts"], found.segment_efforts, strict=True):
        effort.update((told.segment or _Segment()).model_dump())
    start, end = _pair(found.start_latlng), _pair(found.end_latlng)
    line = found.line or _Map()
    return row | {
        "detailed": detailed,
        "athlete_id": found.athlete.id,
        "activity_id": found.id,
        "sport_type": found.sport_type or found.legacy_type or "Workout",
        **_times(found),
        "start_lat": start[0],
        "start_lng": start[1],
        "end_lat": end[0],
        "end_lng": end[1],
        # Strava writes no line as "", as null, or not at all.
        "polyline": line.polyline or None,
        "summary_polyline": line.summary_polyline or None,
        "raw_json": _raw_json(body),
    }


def _times(found: ActivityBody) -> Document:
    started_at = _instant(found.started_at)
    started_local = found.started_local.replace(tzinfo=None)  # its Z is not true
    zone = _ZONE_PREFIX.sub("", found.timezone or "") or None
    offset_s = found.utc_offset_s
    if offset_s is None:
        offset_s = _offset_s(zone, started_at)
    if offset_s is None:
        offset_s = round((started_local - started_at.replace(tzinfo=None)).total_seconds())
    return {
        "started_at": started_at,
        "started_local": started_local,
        "local_date": started_local.date(),
        "timezone": zone,
        "utc_offset_s": offset_s,
    }


# It tells the offset in winter, also in summer: only the name behind it counts.
_ZONE_PREFIX = re.compile(r"^\(GMT[^)]*\)\s*")


def _instant(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _offset_s(zone: str | None, instant: datetime) -> int | None:
    with suppress(OSError, ValueError, KeyError):  # a name that this machine does not know
        offset = instant.astimezone(ZoneInfo(zone or "")).utcoffset()
        return round(offset.total_seconds()) if offset is not None else None
    return None


def _raw_json(body: dict[str, Any]) -> str:
    kept = {name: value for name, value in body.items() if name != "embed_token"}
    photos = kept.get("photos")
    if isinstance(photos, dict) and isinstance(photos.get("primary"), dict):
        primary = {name: value for name, value in photos["primary"].items() if name != "urls"}
        kept["photos"] = photos | {"primary": primary}
    return to_json(kept, inf_nan_mode="null").decode()


def _pair(latlng: list[float | None] | None) -> tuple[float | None, float | None]:
    return (latlng[0], latlng[1]) if latlng and len(latlng) > 1 else (None, None)
