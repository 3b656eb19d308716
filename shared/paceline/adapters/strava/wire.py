"""Strava's JSON as it is on the wire, read into the columns of landing.

Lenient where Strava is known to vary (a float in an integer's place, null or absent), strict where
a wrong value would spoil a number. Fields: developers.strava.com/docs/reference.
"""

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from paceline.adapters.strava import wire_profile
from paceline.adapters.strava.fields import Float, Int, Some, first_misfit
from paceline.errors import PayloadInvalid
from paceline.model.bronze import Kind
from paceline.model.listed import Listed
from paceline.model.streams import Streams
from paceline.ports import Document


class _Lap(BaseModel):
    lap_index: Int | None = None
    name: str | None = None
    elapsed_time_s: Int | None = Field(None, alias="elapsed_time")
    moving_time_s: Int | None = Field(None, alias="moving_time")
    distance_m: Float | None = Field(None, alias="distance")
    elevation_gain_m: Float | None = Field(None, alias="total_elevation_gain")
    average_speed_mps: Float | None = Field(None, alias="average_speed")
    average_heartrate_bpm: Float | None = Field(None, alias="average_heartrate")
    average_power_w: Float | None = Field(None, alias="average_watts")
    start_index: Int | None = None
    end_index: Int | None = None


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


class _Effort(BaseModel):
    name: str
    distance_m: Float | None = Field(None, alias="distance")
    elapsed_time_s: Int | None = Field(None, alias="elapsed_time")
    moving_time_s: Int | None = Field(None, alias="moving_time")
    start_index: Int | None = None
    end_index: Int | None = None


class _Owner(BaseModel):
    id: Int


class _Activity(BaseModel):
    """A detailed activity. Its sport is any text: the list of sports grows without notice."""

    id: Int
    athlete: _Owner
    name: str | None = None
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
    average_heartrate_bpm: Float | None = Field(None, alias="average_heartrate")
    max_heartrate_bpm: Float | None = Field(None, alias="max_heartrate")
    calories_kcal: Float | None = Field(None, alias="calories")
    relative_effort: Float | None = Field(None, alias="suffer_score")
    gear_id: str | None = None
    device_name: str | None = None
    trainer: bool | None = None
    commute: bool | None = None
    manual: bool | None = None
    private: bool | None = None
    flagged: bool | None = None
    visibility: str | None = None
    start_latlng: list[float | None] | None = Field(None, exclude=True)
    end_latlng: list[float | None] | None = Field(None, exclude=True)
    laps: Some[_Lap] = []
    splits_metric: Some[_Split] = []
    best_efforts: Some[_Effort] = []


class _Numbered(BaseModel):
    id: Int


_PAGE = TypeAdapter(list[dict[str, Any]])

# Strava's stream keys and the names of our columns.
STREAM_COLUMNS = {
    "time": "t",
    "distance": "distance_m",
    "altitude": "altitude_m",
    "velocity_smooth": "speed_mps",
    "heartrate": "heartrate_bpm",
    "cadence": "cadence_rpm",
    "watts": "power_w",
    "temp": "temp_c",
    "moving": "moving",
    "grade_smooth": "grade_pct",
}
STREAM_KEYS = (*STREAM_COLUMNS, "latlng")

# Eleven streams without a point are smaller than this; parsing what is larger says nothing new.
_LARGEST_EMPTY_BYTES = 4_096

_TYPES = {"t": pa.int64(), "moving": pa.bool_()}


class StravaWire:
    """The port Wire for Strava's own JSON."""

    def activity(self, body: bytes) -> Document:
        try:
            return _row(_Activity.model_validate_json(body), detailed=True)
        except ValidationError as error:
            raise PayloadInvalid(first_misfit(error)) from error

    def listed(self, body: bytes) -> list[Listed]:
        try:
            return [_listed_row(item) for item in _PAGE.validate_json(body)]
        except ValidationError as error:
            raise PayloadInvalid(first_misfit(error)) from error

    def profile(self, kind: Kind, body: bytes) -> Document:
        return wire_profile.profile(kind, body)

    def has_points(self, body: bytes) -> bool:
        if len(body) > _LARGEST_EMPTY_BYTES:
            return True
        try:
            return self.streams(body).points > 0
        except PayloadInvalid:
            return True

    def streams(self, body: bytes) -> Streams:
        payload = _stream_object(body)
        data = {key: _data(payload, key) for key in STREAM_KEYS if key in payload}
        lengths = {key: len(values) for key, values in data.items()}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{key} {length}" for key, length in sorted(lengths.items()))
            raise PayloadInvalid(f"The streams are of unequal length: {found}.")
        columns = {
            STREAM_COLUMNS[key]: _array(key, values, _TYPES.get(STREAM_COLUMNS[key], pa.float64()))
            for key, values in data.items()
            if key != "latlng"
        }
        if "latlng" in data:
            columns |= _coordinates(data["latlng"])
        return Streams(points=max(lengths.values(), default=0), columns=columns)


def _row(found: _Activity, *, detailed: bool) -> Document:
    row = found.model_dump(exclude={"id", "athlete", "legacy_type"})
    started_local = found.started_local.replace(tzinfo=None)  # its Z is not true
    start, end = _pair(found.start_latlng), _pair(found.end_latlng)
    return row | {
        "detailed": detailed,
        "athlete_id": found.athlete.id,
        "activity_id": found.id,
        "sport_type": found.sport_type or found.legacy_type or "Workout",
        "started_local": started_local,
        "local_date": started_local.date(),
        "timezone": (found.timezone or "").split(") ")[-1] or None,
        "start_lat": start[0],
        "start_lng": start[1],
        "end_lat": end[0],
        "end_lng": end[1],
    }


def _listed_row(item: dict[str, Any]) -> Listed:
    """A row that does not fit is fetched all the same, and quarantined then."""
    try:
        row = _row(_Activity.model_validate(item), detailed=False)
    except ValidationError:
        return Listed(_Numbered.model_validate(item).id, None)
    return Listed(row["activity_id"], row)


def _stream_object(body: bytes) -> dict[str, Any]:
    try:
        payload = from_json(body)
    except ValueError as error:
        raise PayloadInvalid(f"The body is not JSON: {error}.") from error
    if not isinstance(payload, dict):
        raise PayloadInvalid("The streams are not an object keyed by type.")
    return payload


def _data(payload: dict[str, Any], key: str) -> list[Any]:
    stream = payload[key]
    data = stream.get("data") if isinstance(stream, dict) else None
    if not isinstance(data, list):
        raise PayloadInvalid(f"The stream {key} has no list of data.")
    return data


def _array(key: str, values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, type=kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise PayloadInvalid(f"The stream {key} holds a value that is not a {kind}.") from error


def _coordinates(pairs: list[Any]) -> dict[str, pa.Array]:
    """Latitude and longitude apart; a missing pair, or one at null island, is null in both."""
    try:
        given = pa.array(pairs, pa.list_(pa.float64()))
        if given.null_count or set(given.value_lengths().unique().to_pylist()) - {2}:
            given = pa.array([pair or [0.0, 0.0] for pair in pairs], pa.list_(pa.float64()))
        both = given.flatten().to_numpy(zero_copy_only=False).reshape(-1, 2)
        if len(both) != len(pairs):
            raise ValueError("a list of another length than two")
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
        raise PayloadInvalid("The stream latlng holds something else than pairs.") from error
    unknown = ~both.any(axis=1) | np.isnan(both).any(axis=1)
    return {name: pa.array(both[:, i], mask=unknown) for i, name in enumerate(("lat", "lng"))}


def _pair(latlng: list[float | None] | None) -> tuple[float | None, float | None]:
    return (latlng[0], latlng[1]) if latlng and len(latlng) > 1 else (None, None)
