"""One activity's metrics from its streams: the columns of landing.metrics.

Nothing here depends on the athlete's settings or the sport; what does follows in SQL. What the
distance stream says is therefore told twice: with every step that somebody can have made, and with
those alone that somebody can have made on foot. A measure that is not there is NULL, or an empty
array, beside the share of recorded time that had it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from paceline.metrics import curves, durability, elevation, grade, heart, power
from paceline.metrics.distance import Way, follow
from paceline.metrics.efforts import RIDE_DISTANCES_M, RUN_DISTANCES_M, best_efforts
from paceline.metrics.recording import ENOUGH, Bools, Floats, Ints, Recording, coverage, record
from paceline.model.streams import Streams

Columns = dict[str, Any]

_NO_ARRAYS: Mapping[str, list[Any]] = {
    "power_curve": [],
    "heartrate_curve": [],
    "speed_curve": [],
    "speed_curve_on_foot": [],
    "power_histogram": [],
    "heartrate_histogram": [],
    "efforts": [],
    "efforts_on_foot": [],
}


def summarise(streams: Streams) -> Columns:
    """What the streams say, independent of the athlete's settings. NULL where they do not say."""
    found: Columns = {"points": streams.points, **_NO_ARRAYS}
    if "t" not in streams.columns:
        return found
    recording = record(streams.columns["t"].fill_null(-1).to_numpy(zero_copy_only=False))
    watts = _grid(streams, recording, "power_w")
    beats = _grid(streams, recording, "heartrate_bpm")
    watts = watts if watts is None else power.clean(watts)
    beats = beats if beats is None else heart.clean(beats)
    moving = _moving(streams, recording)
    return found | {
        "recorded_s": recording.recorded_s,
        "paused_s": recording.paused_s,
        # A pause counts for nothing.
        "moving_s": None if moving is None else int(recording.seconds[moving].sum()),
        **_power(watts, recording),
        **_heart(beats, recording),
        "decoupling_power_pct": _decoupling(_output(watts), beats),
        **_motion(streams, recording, moving, beats),
    }


def _power(watts: Floats | None, recording: Recording) -> Columns:
    if watts is None:
        return {}
    share = {"power_coverage": coverage(watts)}
    if not _says_enough(watts):
        return share
    coasting = power.with_coasting(watts)
    return share | {
        "average_power_w": power.average_w(watts),
        "max_power_w": float(np.nanmax(watts)),
        "normalized_power_w": power.normalized_power_w(watts),
        "xpower_w": power.xpower_w(watts, recording.breaks, recording.rests_s),
        "work_kj": power.work_kj(watts),
        "power_curve": _curve(coasting, recording),
        "power_histogram": _histogram(coasting),
    }


def _heart(beats: Floats | None, recording: Recording) -> Columns:
    if beats is None:
        return {}
    share = {"heartrate_coverage": coverage(beats)}
    if not _says_enough(beats):
        return share
    return share | {
        "average_heartrate_bpm": heart.average_bpm(beats),
        "max_heartrate_bpm": heart.max_bpm(beats),
        "heartrate_curve": _curve(beats, recording),
        "heartrate_histogram": _histogram(beats),
    }


def _motion(
    streams: Streams, recording: Recording, moving: Bools | None, beats: Floats | None
) -> Columns:
    """Distance, climb, and what needs both."""
    altitude = _kept(streams, recording, "altitude_m")
    climb, altitude = _climb(altitude, recording)
    distance = _kept(streams, recording, "distance_m")
    if distance is None:
        return climb
    way = follow(distance, recording.t)
    speed = way.speed_mps()
    found = _speed(way, speed, recording)
    on_foot, found_on_foot = way.on_foot(), found
    if on_foot is not way:  # few ways have a step between the two limits
        speed = on_foot.speed_mps()
        found_on_foot = _speed(on_foot, speed, recording)
    share = found_on_foot["speed_coverage"] or 0.0
    told = climb | {"distance_m": way.last_m} | found
    told |= {f"{name}_on_foot": value for name, value in found_on_foot.items()}
    told |= {
        "speed_coverage_on_foot": share,  # never NULL: that is for rows from before it
        "efforts": _efforts(way, recording.kept, RIDE_DISTANCES_M),
        "efforts_on_foot": _efforts(on_foot, recording.kept, RUN_DISTANCES_M),
    }
    if share < ENOUGH:
        return told
    if altitude is None:
        return told | {"decoupling_speed_pct": _decoupling(recording.grid(speed), beats)}
    slope = grade.grades(on_foot.along_m(recording.t), altitude)
    return told | _on_a_slope(slope, speed, recording, moving, beats)


def _speed(way: Way, speed: Floats, recording: Recording) -> Columns:
    share = coverage(recording.grid(np.where(way.is_known, speed, np.nan)))
    if (share or 0.0) < ENOUGH:
        return {"speed_coverage": share}
    return {
        "speed_coverage": share,
        "speed_curve": _curve(recording.grid(speed), recording),
    }


def _on_a_slope(
    slope: Floats, speed: Floats, recording: Recording, moving: Bools | None, beats: Floats | None
) -> Columns:
    """What the speed would be on the flat; a measure of going on foot."""
    counted_s = recording.seconds if moving is None else recording.seconds * moving
    fitted = speed * grade.fitted_factor(slope)
    minetti = speed * grade.minetti_factor(slope)
    return {
        "decoupling_speed_pct": _decoupling(recording.grid(fitted), beats),
        "gap_speed_mps": grade.mean_over(fitted, counted_s),
        "minetti_speed_mps": grade.mean_over(minetti, counted_s),
    }


def _climb(altitude: Floats | None, recording: Recording) -> tuple[Columns, Floats | None]:
    """Its columns, and the altitude if it says enough for a slope too."""
    if altitude is None:
        return {}, None
    altitude = elevation.clean(altitude)
    grid = recording.grid(altitude)
    share = {"altitude_coverage": coverage(grid)}
    if not _says_enough(grid):
        return share, None
    known = altitude[~np.isnan(altitude)]
    gain, loss = elevation.gain_and_loss_m(elevation.smoothed(known))
    return share | {"elevation_gain_m": gain, "elevation_loss_m": loss}, altitude


def _efforts(way: Way, kept: Ints, distances_m: tuple[int, ...]) -> list[Columns]:
    """Pauses count in an effort, so it is the samples that must be known, not the seconds."""
    if way.known.size < ENOUGH * kept.size:
        return []
    in_stream = kept[way.known]
    return [
        effort._asdict()
        | {
            "start_index": int(in_stream[effort.start_index]),
            "end_index": int(in_stream[effort.end_index]),
        }
        for effort in best_efforts(way, distances_m)
    ]


def _output(watts: Floats | None) -> Floats | None:
    return power.with_coasting(watts) if watts is not None and _says_enough(watts) else None


def _decoupling(output: Floats | None, beats: Floats | None) -> float | None:
    if output is None or beats is None or not _says_enough(beats):
        return None
    return durability.decoupling_pct(output, beats)


def _curve(grid: Floats, recording: Recording) -> list[Columns]:
    return _pairs("duration_s", "value", curves.mean_maximal(grid, recording.breaks).items())


def _histogram(grid: Floats) -> list[Columns]:
    return _pairs("value", "seconds", curves.seconds_by_value(grid).items())


def _pairs(key: str, value: str, items: Iterable[tuple[int, float]]) -> list[Columns]:
    return [{key: first, value: second} for first, second in items]


def _says_enough(grid: Floats) -> bool:
    return (coverage(grid) or 0.0) >= ENOUGH


def _moving(streams: Streams, recording: Recording) -> Bools | None:
    """Which samples end a step in motion."""
    if "moving" not in streams.columns:
        return None
    moving = streams.columns["moving"].fill_null(False)  # noqa: FBT003
    found: Bools = moving.to_numpy(zero_copy_only=False)[recording.kept]
    return found


def _kept(streams: Streams, recording: Recording, column: str) -> Floats | None:
    if column not in streams.columns:
        return None
    values = streams.columns[column].to_numpy(zero_copy_only=False)
    found: Floats = values.astype(np.float64, copy=False)[recording.kept]
    return found


def _grid(streams: Streams, recording: Recording, column: str) -> Floats | None:
    values = _kept(streams, recording, column)
    return values if values is None else recording.grid(values)
