"""Strava's JSON as it is on the wire, read into the columns of landing.

Lenient where Strava is known to vary (a float in an integer's place, null or absent), strict where
a wrong value would spoil a number. Fields: developers.strava.com/docs/reference.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from paceline.adapters.strava import wire_profile
from paceline.adapters.strava.fields import Int, first_misfit
from paceline.adapters.strava.wire_activity import activity_row
from paceline.errors import PayloadInvalid
from paceline.model.bronze import Kind
from paceline.model.listed import Listed
from paceline.model.streams import Streams
from paceline.ports import Document


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
            return activity_row(_object(body, "The activity is not an object."), detailed=True)
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
        payload = _object(body, "The streams are not an object keyed by type.")
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


def _listed_row(item: dict[str, Any]) -> Listed:
    """A row that does not fit is fetched all the same, and quarantined then."""
    try:
        row = activity_row(item, detailed=False)
    except ValidationError:
        return Listed(_Numbered.model_validate(item).id, None)
    return Listed(row["activity_id"], row)


def _object(body: bytes, otherwise: str) -> dict[str, Any]:
    try:
        payload = from_json(body)
    except ValueError as error:
        raise PayloadInvalid(f"The body is not JSON: {error}.") from error
    if not isinstance(payload, dict):
        raise PayloadInvalid(otherwise)
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
