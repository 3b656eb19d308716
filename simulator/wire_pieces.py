"""Laps, splits and efforts as they go over the wire."""

from typing import Any

from simulator.athletes import Athlete
from simulator.awkward import odd_lap
from simulator.efforts import Piece, best_efforts, measured_piece, pieces
from simulator.plan import RUNS
from simulator.records import UNRANKED, Standing
from simulator.segments import Segment, SegmentEffort, segment_efforts
from simulator.sharing import lot, visibility
from simulator.streams import Streams
from simulator.wire_times import times_at
from simulator.world import Activity

Json = dict[str, Any]

KILOMETRE_M = 1000.0
POOL_LAP_M = 100.0
MILE_M = 1609.34
# Ids of efforts and laps are beyond what a double can hold, as on the wire.
_EFFORT_ID = 3_000_000_000_000_000_000
_LAP_ID = 300_000_000_000_000_000
_ROOM = 10**15  # what fits above them in 64 bits
_SEGMENTS_FROM = 100
_STARRED_IN = 7
_HAZARDOUS_IN = 31


def laps(athlete: Athlete, activity: Activity, streams: Streams) -> list[Json]:
    """Runs lap each kilometre by themselves, swims each hundred; other recordings are one lap."""
    every_m = _lap_m(activity)
    cut = pieces(streams, every_m) if every_m < streams.distance_m[-1] else None
    found = cut or pieces(streams, float(streams.distance_m[-1]) + 1.0)
    numbered = enumerate(found, start=1)
    drawn = (_lap(athlete, activity, streams, piece, number) for number, piece in numbered)
    return [odd_lap(activity.case, lap) for lap in drawn]


def splits(athlete: Athlete, activity: Activity, streams: Streams, every_m: float) -> list[Json]:
    runs = activity.sport_type in RUNS
    return [
        {
            "distance": round(piece.distance_m, 1),
            "elapsed_time": piece.elapsed_s,
            "moving_time": piece.moving_s,
            "elevation_difference": round(piece.climb_m, 1),
            "split": number + 1,
            "average_speed": round(piece.average_speed_mps, 2),
            "average_grade_adjusted_speed": round(piece.average_speed_mps * piece.adjusted_share, 2)
            if runs
            else None,
            **_sensed(average_heartrate=piece.average_hr),
            "pace_zone": _pace_zone(athlete, piece.average_speed_mps) if runs else 0,
        }
        for number, piece in enumerate(pieces(streams, every_m))
    ]


def run_efforts(athlete: Athlete, activity: Activity, streams: Streams) -> list[Json]:
    return [
        {
            **_effort(athlete, activity, streams, number, (effort.first, effort.last)),
            "name": effort.name,
            "elapsed_time": effort.elapsed_s,
            "moving_time": effort.moving_s,
            "distance": effort.distance_m,
            "pr_rank": None,
            "achievements": [],
        }
        for number, effort in enumerate(best_efforts(streams))
    ]


def shown_segment_efforts(
    athlete: Athlete,
    activity: Activity,
    streams: Streams,
    standing: Standing,
    *,
    with_hidden: bool,
) -> list[Json]:
    return [
        _segment_effort(athlete, activity, streams, effort, number, standing)
        for number, effort in enumerate(segment_efforts(athlete, activity, streams))
        if with_hidden or not effort.segment.hidden
    ]


def _lap_m(activity: Activity) -> float:
    if activity.plan.sport in RUNS:
        return KILOMETRE_M
    return POOL_LAP_M if activity.plan.book == "pool" else float("inf")


def _lap(athlete: Athlete, activity: Activity, streams: Streams, piece: Piece, number: int) -> Json:
    lap: Json = {
        "id": _LAP_ID + activity.activity_id % _ROOM * 1000 + number,
        "resource_state": 2,
        "name": f"Lap {number}",
        "activity": _reference(activity),
        "athlete": {"id": activity.athlete_id, "resource_state": 1},
        "elapsed_time": piece.elapsed_s,
        "moving_time": piece.moving_s,
        **times_at(athlete, activity, float(streams.time_s[piece.first])),
        "distance": round(piece.distance_m, 1),
        "average_speed": round(piece.average_speed_mps, 3),
        "max_speed": round(piece.max_speed_mps, 3),
        "lap_index": number,
        "split": number,
        "start_index": piece.first,
        "end_index": piece.last,
        "total_elevation_gain": round(piece.gain_m, 1),
        "device_watts": piece.average_watts is not None,
        **_sensed(
            average_cadence=piece.average_cadence,
            average_watts=piece.average_watts,
            average_heartrate=piece.average_hr,
            max_heartrate=None if piece.max_hr is None else float(round(piece.max_hr)),
        ),
    }
    if activity.sport_type in RUNS:
        lap["pace_zone"] = _pace_zone(athlete, piece.average_speed_mps)
    return lap


def _segment_effort(
    athlete: Athlete,
    activity: Activity,
    streams: Streams,
    effort: SegmentEffort,
    number: int,
    standing: Standing,
) -> Json:
    first, last, segment = effort.first, effort.last, effort.segment
    measured = measured_piece(streams, first, last)
    ranked = standing if segment.whole else UNRANKED
    return _effort(athlete, activity, streams, _SEGMENTS_FROM + number, (first, last)) | {
        "name": segment.name,
        "elapsed_time": measured.elapsed_s,
        "moving_time": measured.moving_s,
        "distance": round(segment.length_m, 1),
        "device_watts": measured.average_watts is not None,
        **_sensed(
            average_cadence=measured.average_cadence,
            average_watts=measured.average_watts,
            average_heartrate=measured.average_hr,
            max_heartrate=None if measured.max_hr is None else float(round(measured.max_hr)),
        ),
        "segment": _segment(athlete, segment),
        "kom_rank": ranked.kom_rank,
        "pr_rank": ranked.pr_rank,
        "achievements": ranked.achievements,
        "visibility": visibility(activity),
        "hidden": segment.hidden,
    }


def _segment(athlete: Athlete, segment: Segment) -> Json:
    """SummarySegment."""
    abroad = segment.activity_type == "VirtualRide"
    return {
        "id": segment.segment_id,
        "resource_state": 2,
        "name": segment.name,
        "activity_type": segment.activity_type,
        "distance": round(segment.length_m, 1),
        "average_grade": segment.average_grade,
        "maximum_grade": segment.maximum_grade,
        "elevation_high": segment.high_m,
        "elevation_low": segment.low_m,
        "start_latlng": list(segment.start),
        "end_latlng": list(segment.end),
        "elevation_profile": None,
        "climb_category": segment.climb_category,
        "city": None if abroad else athlete.home.city,
        "state": None,
        "country": None if abroad else athlete.home.country,
        "private": False,
        "hazardous": lot(segment.segment_id, 5, _HAZARDOUS_IN) == 0,
        "starred": lot(segment.segment_id, 6, _STARRED_IN) == 0,
    }


def _effort(
    athlete: Athlete, activity: Activity, streams: Streams, number: int, span: tuple[int, int]
) -> Json:
    """What efforts on segments and over distances have in common."""
    return {
        "id": _EFFORT_ID + activity.activity_id % _ROOM * 1000 + number,
        "resource_state": 2,
        "activity": _reference(activity),
        "athlete": {"id": activity.athlete_id, "resource_state": 1},
        **times_at(athlete, activity, float(streams.time_s[span[0]])),
        "start_index": span[0],
        "end_index": span[1],
    }


def _sensed(**averages: float | None) -> Json:
    """Only what a sensor gave: absent fields stay absent."""
    return {name: round(value, 1) for name, value in averages.items() if value is not None}


def _reference(activity: Activity) -> Json:
    return {
        "id": activity.activity_id,
        "visibility": visibility(activity),
        "resource_state": 1,
    }


def _pace_zone(athlete: Athlete, speed_mps: float) -> int:
    share = speed_mps / athlete.threshold_mps
    return 1 + sum(share >= edge for edge in (0.775, 0.877, 0.943, 1.0, 1.034))
