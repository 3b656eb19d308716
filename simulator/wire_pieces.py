"""Laps, splits and best efforts as they go over the wire."""

from typing import Any

from simulator.athletes import Athlete
from simulator.efforts import BestEffort, Piece, best_efforts, pieces
from simulator.plan import RUNS
from simulator.streams import Streams
from simulator.wire_times import times_at
from simulator.world import Activity

Json = dict[str, Any]

KILOMETRE_M = 1000.0
MILE_M = 1609.34
# Ids of efforts and laps are beyond what a double can hold, as on the wire.
_EFFORT_ID = 3_000_000_000_000_000_000
_LAP_ID = 300_000_000_000_000_000


def laps(athlete: Athlete, activity: Activity, streams: Streams) -> list[Json]:
    """Runs lap each kilometre by themselves; other recordings are one lap."""
    every_m = KILOMETRE_M if activity.plan.sport in RUNS else float("inf")
    cut = pieces(streams, every_m) if every_m < streams.distance_m[-1] else None
    found = cut or pieces(streams, float(streams.distance_m[-1]) + 1.0)
    return [_lap(athlete, activity, streams, piece, n + 1) for n, piece in enumerate(found)]


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
            "average_heartrate": round(piece.average_hr, 1),
            "pace_zone": _pace_zone(athlete, piece.average_speed_mps) if runs else 0,
        }
        for number, piece in enumerate(pieces(streams, every_m))
    ]


def run_efforts(athlete: Athlete, activity: Activity, streams: Streams) -> list[Json]:
    return [
        _best_effort(athlete, activity, streams, effort, number)
        for number, effort in enumerate(best_efforts(streams))
    ]


def _lap(athlete: Athlete, activity: Activity, streams: Streams, piece: Piece, number: int) -> Json:
    lap: Json = {
        "id": _LAP_ID + activity.activity_id * 1000 + number,
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
        "average_cadence": round(piece.average_cadence, 1),
        "average_heartrate": round(piece.average_hr, 1),
        "max_heartrate": float(round(piece.max_hr)),
    }
    if piece.average_watts is not None:
        lap["average_watts"] = round(piece.average_watts, 1)
    return lap


def _best_effort(
    athlete: Athlete, activity: Activity, streams: Streams, effort: BestEffort, number: int
) -> Json:
    return {
        "id": _EFFORT_ID + activity.activity_id * 1000 + number,
        "resource_state": 2,
        "name": effort.name,
        "activity": _reference(activity),
        "athlete": {"id": activity.athlete_id, "resource_state": 1},
        "elapsed_time": effort.elapsed_s,
        "moving_time": effort.moving_s,
        **times_at(athlete, activity, float(streams.time_s[effort.first])),
        "distance": effort.distance_m,
        "pr_rank": None,
        "achievements": [],
        "start_index": effort.first,
        "end_index": effort.last,
    }


def _reference(activity: Activity) -> Json:
    visibility = "only_me" if activity.private else "everyone"
    return {"id": activity.activity_id, "visibility": visibility, "resource_state": 1}


def _pace_zone(athlete: Athlete, speed_mps: float) -> int:
    share = speed_mps / athlete.threshold_mps
    return 1 + sum(share >= edge for edge in (0.775, 0.877, 0.943, 1.0, 1.034))
