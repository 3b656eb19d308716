"""How Strava's fields vary on the wire, for every model that reads them."""

import math
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, ValidationError

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


def _whole(value: Any) -> Any:
    """28099.0 is 28099, and 10.5 s of moving is stored as 10: whole seconds are all we keep."""
    return int(value) if isinstance(value, float) and math.isfinite(value) else value


def _some(value: Any) -> Any:
    return [] if value is None else value


T = TypeVar("T")
Int = Annotated[int, BeforeValidator(_whole), Field(ge=-(2**63), lt=2**63)]
Float = Annotated[float, Field(allow_inf_nan=False)]
Some = Annotated[list[T], BeforeValidator(_some)]


def first_misfit(error: ValidationError) -> str:
    """The first field that does not fit, and why; never its value, which may be personal."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    return f"The payload does not fit at {where}: {first['msg']}."
