"""Strava's JSON as it is on the wire, read into the columns of landing.

Lenient where Strava is known to vary (a float in an integer's place, null or absent), strict where
a wrong value would spoil a number. Fields: developers.strava.com/docs/reference.
"""

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from paceline.adapters.strava import wire_profile
from paceline.adapters.strava.fields import STREAM_KEYS, Int, first_misfit
from paceline.adapters.strava.wire_activity import activity_row
from paceline.errors import PayloadInvalid
from paceline.model.bronze import Kind
from paceline.model.listed import Listed
from paceline.model.streams import Streams
from paceline.ports import Document


class _Numbered(BaseModel):
    id: Int


_PAGE = TypeAdapter(list[dict[str, Any]])


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

    def without(self, body: bytes, activity_ids: Collection[int]) -> bytes:
        try:
            page = _PAGE.validate_json(body)
            kept = [each for each in page if _Numbered.model_validate(each).id not in activity_ids]
        except ValidationError as error:
            raise PayloadInvalid(first_misfit(error)) from error
        return body if len(kept) == len(page) else to_json(kept)

    def profile(self, kind: Kind, body: bytes) -> Document:
        return wire_profile.profile(kind, body)

    def has_points(self, body: bytes) -> bool:
        return any(_lists(_keyed(body)).values())

    def streams(self, body: bytes) -> Streams:
        from paceline.adapters.strava.wire_streams import streams_of  # noqa: PLC0415 - it needs Arrow

        payload = _keyed(body)
        return streams_of(_lists(payload), payload)


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


def _keyed(body: bytes) -> dict[str, Any]:
    return _object(body, "The streams are not an object keyed by type.")


def _lists(payload: dict[str, Any]) -> dict[str, list[Any]]:
    return {key: _data(payload, key) for key in STREAM_KEYS if key in payload}


def _data(payload: dict[str, Any], key: str) -> list[Any]:
    stream = payload[key]
    data = stream.get("data") if isinstance(stream, dict) else None
    if not isinstance(data, list):
        raise PayloadInvalid(f"The stream {key} has no list of data.")
    return data
