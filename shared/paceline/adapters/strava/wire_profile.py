"""What Strava says of an athlete: the profile, the zones, the gear, the totals.

Names, places and pictures are left out: a default store knows a person by number alone.
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from paceline.adapters.strava.fields import Float, Int, Some, first_misfit
from paceline.errors import PayloadInvalid
from paceline.model.bronze import Kind
from paceline.ports import Document


class _Athlete(BaseModel):
    sex: str | None = None
    weight_kg: Float | None = Field(None, alias="weight")
    ftp_w: Int | None = Field(None, alias="ftp")
    measurement_preference: str | None = None
    premium: bool | None = None


class _Zone(BaseModel):
    low: Int | None = Field(None, alias="min")
    high: Annotated[Int | None, Field(alias="max")] = None


class _Heart(BaseModel):
    custom_zones: bool | None = None
    zones: Some[_Zone] = []


class _Power(BaseModel):
    zones: Some[_Zone] = []


class _Zones(BaseModel):
    heart_rate: _Heart | None = None
    power: _Power | None = None


class _Gear(BaseModel):
    gear_id: str = Field(alias="id")
    name: str | None = None
    nickname: str | None = None
    brand_name: str | None = None
    model_name: str | None = None
    is_primary: bool | None = Field(None, alias="primary")
    retired: bool | None = None
    distance_m: Float | None = Field(None, alias="distance")


class _Total(BaseModel):
    count: Int | None = None
    distance_m: Float | None = Field(None, alias="distance")
    moving_time_s: Int | None = Field(None, alias="moving_time")


class _Stats(BaseModel):
    all_ride_totals: _Total | None = None
    all_run_totals: _Total | None = None
    all_swim_totals: _Total | None = None


def profile(kind: Kind, body: bytes) -> Document:
    """The columns of landing.athletes, zones, gear or stats. Raises PayloadInvalid."""
    try:
        return _READ[kind](body)
    except ValidationError as error:
        raise PayloadInvalid(first_misfit(error)) from error


def _athlete(body: bytes) -> Document:
    return _Athlete.model_validate_json(body).model_dump()


def _zones(body: bytes) -> Document:
    found = _Zones.model_validate_json(body)
    return {
        "heart_rate_is_custom": found.heart_rate.custom_zones if found.heart_rate else None,
        "heart_rate_zones": _ranges(found.heart_rate),
        "power_zones": _ranges(found.power),
    }


def _ranges(zones: _Heart | _Power | None) -> list[Document]:
    """An open end, which Strava writes as -1, is null."""
    return [
        {"low": zone.low, "high": None if zone.high is None or zone.high < 0 else zone.high}
        for zone in (zones.zones if zones else [])
    ]


def _gear(body: bytes) -> Document:
    return _Gear.model_validate_json(body).model_dump()


def _stats(body: bytes) -> Document:
    found = _Stats.model_validate_json(body)
    rows: dict[str, Any] = {}
    for sport in ("ride", "run", "swim"):
        total: _Total = getattr(found, f"all_{sport}_totals") or _Total()
        rows |= {f"{sport}_{name}": value for name, value in total.model_dump().items()}
    return rows


_READ = {"athlete": _athlete, "zones": _zones, "gear": _gear, "stats": _stats}
