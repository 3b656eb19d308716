"""Recorded streams: read in either form, cut and corrected, and measured afterwards."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from simulator.figures import Figures
from simulator.polyline import encode_polyline
from simulator.terrain import thinned

Json = dict[str, Any]
Columns = dict[str, Json]

_SUMMARY_POINTS = 120


def columns_of(text: bytes) -> Columns:
    """Streams by name, whether they were recorded as an object or as a list."""
    body = json.loads(text)
    rows = list(body.values()) if isinstance(body, dict) else body
    if not isinstance(rows, list) or not all(_is_stream(row) for row in rows):
        raise ValueError("it holds no streams with their data")
    if isinstance(body, dict):
        return body
    return {str(row.pop("type", "")): row for row in rows}


def _is_stream(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("data"), list)


def points(columns: Columns) -> int:
    return max((len(column["data"]) for column in columns.values()), default=0)


def corrected(columns: Columns, until_s: int | None, stretch: float) -> Columns:
    """The samples up to an instant, with distances in the new measure."""
    count = points(columns)
    if until_s is not None:
        seconds = data_of(columns, "time") or range(count)
        count = max(2, sum(second <= until_s for second in seconds))
    present: Columns = {}
    for name, column in columns.items():
        data = column["data"][:count]
        if stretch != 1.0 and name in {"distance", "velocity_smooth"}:
            data = [None if value is None else round(value * stretch, 3) for value in data]
        size = {"original_size": len(data)} if "original_size" in column else {}
        present[name] = column | {"data": data} | size
    return present


def measured(columns: Columns, before: Figures) -> Figures:
    """Totals of time and distance; what only sensors tell stays as it was recorded."""
    metres = [value for value in data_of(columns, "distance") if value is not None]
    seconds = data_of(columns, "time") or list(range(points(columns)))
    moving = data_of(columns, "moving")
    elapsed_s = int(seconds[-1]) if seconds else before.elapsed_s
    steps = zip(seconds, seconds[1:], moving[1:], strict=False)
    moved_s = sum(int(end - begin) for begin, end, moves in steps if moves)
    places = [place for place in data_of(columns, "latlng") if place]
    return replace(
        before,
        distance_m=float(metres[-1]) if metres else before.distance_m,
        elapsed_s=elapsed_s,
        moving_s=moved_s if moving else min(before.moving_s, elapsed_s),
        end=(places[-1][0], places[-1][1]) if places else None,
        summary_polyline=line_of(columns, _SUMMARY_POINTS),
    )


def line_of(columns: Columns, most_points: int) -> str:
    places = np.array([place for place in data_of(columns, "latlng") if place], dtype=float)
    if not places.size:
        return ""
    return encode_polyline(*thinned(places[:, 0], places[:, 1], most_points))


def data_of(columns: Columns, name: str) -> list[Any]:
    data = columns.get(name, {}).get("data")
    return data if isinstance(data, list) else []
