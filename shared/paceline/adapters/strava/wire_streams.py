"""Strava's streams as Arrow columns. Apart, since whoever only fetches needs no Arrow to start."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ValidationError

from paceline.adapters.strava.fields import STREAM_COLUMNS, Int
from paceline.errors import PayloadInvalid
from paceline.model.streams import Streams

_TYPES = {"t": pa.int64(), "moving": pa.bool_()}


class _Described(BaseModel):
    """What stands beside the values of a stream; alike of all streams of one answer."""

    resolution: str | None = None
    original_size: Int | None = None
    series_type: str | None = None


def streams_of(data: Mapping[str, list[Any]], payload: Mapping[str, Any]) -> Streams:
    """Of each of Strava's keys its list of values; other keys are not ours to keep."""
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
    points = max(lengths.values(), default=0)
    return Streams(points, columns, **_described(payload, next(iter(data), "")))


def _described(payload: Mapping[str, Any], key: str) -> dict[str, Any]:
    try:
        return _Described.model_validate(payload.get(key, {})).model_dump()
    except ValidationError:  # it spoils no number: the points load without it
        return {}


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
