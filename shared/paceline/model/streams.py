"""The streams of one activity: arrays of equal length, one element an instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Streams:
    """Columns are named as in landing.streams.points; a stream Strava did not send is absent."""

    points: int
    columns: "Mapping[str, pa.Array]"
    # What Strava says of them, alike of each: whether points were left out, and of how many.
    resolution: str | None = None
    original_size: int | None = None
    series_type: str | None = None
