"""The circle around an athlete's home that only `activity:read_all` sees into.

Points at the start and at the end that lie in it are removed; a pass in between stays. What is
left keeps its times and distances.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from simulator.athletes import Athlete
from simulator.plan import Plan, course_of
from simulator.polyline import encode_polyline
from simulator.streams import FloatArray, Streams
from simulator.terrain import thinned
from simulator.world import Activity, World

Json = dict[str, Any]

_METRES_PER_DEGREE = 111_195.0
_SUMMARY_POINTS = 120
_FULL_POINTS = 1500


def radius_m(athlete: Athlete) -> float:
    return 200.0 + 100.0 * (athlete.index % 4)


def shown_part(athlete: Athlete, lat: FloatArray, lng: FloatArray) -> slice:
    """From the first point outside of the zone to the last one; empty if there is none."""
    north = (lat - athlete.home.lat) * _METRES_PER_DEGREE
    east = (lng - athlete.home.lng) * _METRES_PER_DEGREE * np.cos(np.radians(athlete.home.lat))
    outside = np.flatnonzero(np.hypot(north, east) > radius_m(athlete))
    return slice(int(outside[0]), int(outside[-1]) + 1) if outside.size else slice(0, 0)


def shown_samples(athlete: Athlete, streams: Streams) -> slice:
    if streams.lat is None or streams.lng is None:
        return slice(0, len(streams))
    return shown_part(athlete, streams.lat, streams.lng)


def cut_streams(streams: Streams, part: slice) -> Streams:
    """Every stream cut in the same way, so that all stay equally long."""
    columns = {each.name: getattr(streams, each.name) for each in fields(streams)}
    return replace(streams, **{n: c[part] for n, c in columns.items() if isinstance(c, np.ndarray)})


def veiled_summary(world: World, activity: Activity, shown: Json) -> Json:
    """The same summary without the places inside the zone."""
    if not shown.get("start_latlng"):
        return shown
    route = _route(world, activity)
    return shown | {
        "start_latlng": list(route.start),
        "end_latlng": list(route.end),
        "map": shown["map"] | {"summary_polyline": route.summary_polyline},
    }


def veiled_detail(world: World, activity: Activity, shown: Json) -> Json:
    """The same detail; efforts that begin or end in the zone would give it away."""
    veiled = veiled_summary(world, activity, shown)
    if not shown.get("start_latlng"):
        return veiled
    veiled["map"]["polyline"] = _route(world, activity).polyline
    part = shown_samples(world.owner(activity), world.streams(activity))
    veiled["segment_efforts"] = [
        effort
        for effort in shown["segment_efforts"]
        if part.start <= effort["start_index"] and effort["end_index"] < part.stop
    ]
    for name in ("segment_efforts", "best_efforts", "laps"):
        veiled[name] = moved(veiled[name], part)
    return veiled


def moved(pieces: list[Json], part: slice) -> list[Json]:
    """The same laps or efforts, counted along the samples that are left."""
    last = max(0, part.stop - part.start - 1)
    return [
        piece
        | {end: min(max(piece[end] - part.start, 0), last) for end in ("start_index", "end_index")}
        for piece in pieces
    ]


@dataclass(frozen=True)
class _Route:
    """What is shown of the way; no points at all when everything was near home."""

    lat: FloatArray
    lng: FloatArray

    @cached_property
    def start(self) -> tuple[float, ...]:
        return _point(self.lat[:1], self.lng[:1])

    @cached_property
    def end(self) -> tuple[float, ...]:
        return _point(self.lat[-1:], self.lng[-1:])

    @cached_property
    def summary_polyline(self) -> str:
        return encode_polyline(*thinned(self.lat, self.lng, _SUMMARY_POINTS))

    @property
    def polyline(self) -> str:
        return encode_polyline(*thinned(self.lat, self.lng, _FULL_POINTS))


def _route(world: World, activity: Activity) -> _Route:
    """Of the course, so that lists need no streams; of a cropped recording, its streams."""
    athlete = world.owner(activity)
    if not activity.cropped_s and course_of(athlete, activity.plan).outdoors:
        return _course_route(athlete, activity.plan)
    streams = world.streams(activity)
    if streams.lat is None or streams.lng is None:
        return _Route(np.empty(0), np.empty(0))
    part = shown_part(athlete, streams.lat, streams.lng)
    return _Route(streams.lat[part], streams.lng[part])


@lru_cache(maxsize=4096)
def _course_route(athlete: Athlete, plan: Plan) -> _Route:
    course = course_of(athlete, plan)
    part = shown_part(athlete, course.lat, course.lng)
    return _Route(course.lat[part], course.lng[part])


def _point(lat: FloatArray, lng: FloatArray) -> tuple[float, ...]:
    return (round(float(lat[0]), 6), round(float(lng[0]), 6)) if lat.size else ()
