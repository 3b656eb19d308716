"""Activities as they go over the wire: https://developers.strava.com/docs/reference/."""

from typing import Any

from simulator.activity_zones import zone_types
from simulator.athletes import Athlete
from simulator.awkward import odd_row
from simulator.naming import device_name
from simulator.people import summary_gear
from simulator.plan import RIDES, RUNS, course_of
from simulator.polyline import encode_polyline
from simulator.records import UNRANKED, Ledger, Standing
from simulator.sharing import hidden_from_home, lot, visibility
from simulator.sport_types import legacy_type
from simulator.streams import Streams
from simulator.terrain import thinned
from simulator.wire_pieces import (
    KILOMETRE_M,
    MILE_M,
    laps,
    run_efforts,
    shown_segment_efforts,
    splits,
)
from simulator.wire_times import times
from simulator.world import Activity

Json = dict[str, Any]

_RACE_TYPES = {"race": (1, 11), "long": (2, 10), "intervals": (3, 12)}
_FULL_POINTS = 1500
_TREND = 12
_STATS = ("heart_rate", "pace", "power", "speed", "calories")
_DESCRIPTIONS = {
    0: "Wind from everywhere.",
    1: "First coffee stop of the year.",
    2: 'Said "just an easy one".\r\nIt was not. \N{BICYCLE}',
    3: None,
}


def summary(athlete: Athlete, activity: Activity, standing: Standing = UNRANKED) -> Json:
    plan, figures = activity.plan, activity.figures
    shown: Json = {
        "resource_state": 2,
        "athlete": {"id": activity.athlete_id, "resource_state": 1},
        "name": activity.name,
        "distance": figures.distance_m,
        "moving_time": figures.moving_s,
        "elapsed_time": figures.elapsed_s,
        "total_elevation_gain": round(figures.gain_m, 1),
        "type": legacy_type(activity.sport_type),
        "sport_type": activity.sport_type,
        "workout_type": _workout_type(activity),
        "id": activity.activity_id,
        **times(athlete, plan),
        "location_city": None,
        "location_state": None,
        "location_country": None,
        **_volatile(activity, standing),
        "map": _map(activity, figures.summary_polyline),
        "trainer": plan.book in {"indoor", "virtual"},
        "commute": plan.commute,
        "manual": not plan.recorded,
        "private": activity.private,
        "visibility": visibility(activity),
        "flagged": False,
        "gear_id": activity.gear_id,
        "start_latlng": _point(figures.start),
        "end_latlng": _point(figures.end),
        "average_speed": round(figures.average_speed_mps, 3),
        "max_speed": figures.max_speed_mps,
        "has_heartrate": figures.average_hr is not None,
        "heartrate_opt_out": False,
        "display_hide_heartrate_option": figures.average_hr is not None,
        "from_accepted_tag": False,
        "has_kudoed": False,
        "hide_from_home": hidden_from_home(activity),
    }
    shown |= _recorded(athlete, activity) | _measured(athlete, activity)
    return odd_row(activity.case, shown)


def detail(
    athlete: Athlete,
    activity: Activity,
    streams: Streams | None,
    ledger: Ledger,
    *,
    all_efforts: bool = False,
) -> Json:
    standing = ledger.standing(activity)
    shown = summary(athlete, activity, standing) | {
        "resource_state": 3,
        **_told(activity),
        "calories": _calories(athlete, activity),
        "segment_efforts": [],
        "best_efforts": [],
        "photos": _photos(activity),
        "stats_visibility": [{"type": kind, "visibility": "everyone"} for kind in _STATS],
        "embed_token": f"{activity.activity_id:x}".rjust(40, "0"),
        "available_zones": zone_types(activity),
    }
    shown["map"]["polyline"] = ""
    shown |= _gear(athlete, activity, ledger) | _similar(activity, ledger)
    if streams is None:
        return odd_row(activity.case, shown)
    shown["map"]["polyline"] = _polyline(athlete, activity, streams)
    shown["laps"] = laps(athlete, activity, streams)
    shown["segment_efforts"] = shown_segment_efforts(
        athlete, activity, streams, standing, with_hidden=all_efforts
    )
    if streams.lat is not None:
        shown["splits_metric"] = splits(athlete, activity, streams, KILOMETRE_M)
        shown["splits_standard"] = splits(athlete, activity, streams, MILE_M)
    if activity.sport_type in RUNS and streams.lat is not None:
        shown["best_efforts"] = run_efforts(athlete, activity, streams)
    return odd_row(activity.case, shown)


def _told(activity: Activity) -> Json:
    """What people write about it: mostly nothing, which is null or empty."""
    die = lot(activity.activity_id, 8, 12)
    felt = lot(activity.activity_id, 9, 9) if activity.has_streams else 0
    return {
        "description": _DESCRIPTIONS.get(die, "" if activity.has_streams else None),
        "private_note": "Left knee was stiff at first." if die == 0 else None,
        "perceived_exertion": felt or None,
        "prefer_perceived_exertion": False if felt else None,
    }


def _photos(activity: Activity) -> Json:
    count = _photo_count(activity)
    if not count:
        return {"primary": None, "count": 0}
    number = f"{activity.activity_id:032x}"
    name = "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
    urls = {size: f"https://photos.invalid/{name}-{size}.jpg" for size in ("100", "600")}
    primary = {"unique_id": name, "urls": urls, "source": 1, "media_type": 1}
    return {"primary": primary, "use_primary_photo": True, "count": count}


def _photo_count(activity: Activity) -> int:
    return max(0, lot(activity.activity_id, 10, 12) - 8)


def _gear(athlete: Athlete, activity: Activity, ledger: Ledger) -> Json:
    """No `gear` at all without a `gear_id`."""
    gear = {g.gear_id: g for g in athlete.bikes + athlete.shoes}.get(activity.gear_id or "")
    if gear is None:
        return {}
    return {"gear": summary_gear(gear, ledger.metres_by_gear.get(gear.gear_id, 0.0))}


def _similar(activity: Activity, ledger: Ledger) -> Json:
    """How this round of a course compares with the earlier ones; absent for the first."""
    rounds = ledger.rounds_until(activity)
    if len(rounds) <= 1:
        return {}
    speeds = [round(other.figures.average_speed_mps, 3) for other in rounds]
    low, high = min(speeds), max(speeds)
    middle = round((low + high) / 2, 3)
    recent = speeds[-_TREND:]
    return {
        "similar_activities": {
            "effort_count": len(rounds),
            "average_speed": round(sum(speeds) / len(speeds), 3),
            "min_average_speed": low,
            "mid_average_speed": middle,
            "max_average_speed": high,
            "pr_rank": ledger.standing(activity).pr_rank,
            "frequency_milestone": None,
            "trend": {
                "speeds": recent,
                "current_activity_index": len(recent) - 1,
                "min_speed": low,
                "mid_speed": middle,
                "max_speed": high,
                "direction": (recent[-1] > recent[-2]) - (recent[-1] < recent[-2]),
            },
            "resource_state": 2,
        }
    }


def _recorded(athlete: Athlete, activity: Activity) -> Json:
    if not activity.plan.recorded:
        return {"upload_id": None, "external_id": None}
    upload_id = activity.activity_id + 1_500_000_000
    return {
        "upload_id": upload_id,
        "upload_id_str": str(upload_id),
        "external_id": f"garmin_ping_{upload_id}",
        "device_name": device_name(activity.plan),
        "suffer_score": _relative_effort(athlete, activity),
    }


def _measured(athlete: Athlete, activity: Activity) -> Json:
    """Only what the sensors gave: absent fields stay absent."""
    figures = activity.figures
    fields = {
        "average_heartrate": figures.average_hr,
        "max_heartrate": figures.max_hr,
        "average_cadence": figures.average_cadence,
        "average_temp": figures.average_temp_c,
        "max_watts": figures.max_watts,
        "weighted_average_watts": figures.weighted_watts,
        "elev_high": None if figures.high_m is None else round(figures.high_m, 1),
        "elev_low": None if figures.low_m is None else round(figures.low_m, 1),
    }
    shown = {name: value for name, value in fields.items() if value is not None}
    watts = figures.average_watts
    if watts is None and activity.sport_type in RIDES and activity.plan.recorded:
        # Estimated from speed and weight, which Strava marks with device_watts false.
        speed_mps, mass_kg = figures.average_speed_mps, athlete.weight_kg + 9
        watts = round(0.19 * speed_mps**3 + 0.05 * mass_kg * speed_mps * 1.3, 1)
    if watts is None:
        return shown
    return shown | {
        "average_watts": watts,
        "kilojoules": round(watts * figures.moving_s / 1000, 1),
        "device_watts": figures.average_watts is not None,
    }


def _volatile(activity: Activity, standing: Standing) -> Json:
    likes = activity.activity_id * 2_654_435_761 % 97
    return {
        "achievement_count": len(standing.achievements),
        "kudos_count": likes % 23,
        "comment_count": likes % 3,
        "athlete_count": 1 + likes % 4,
        "photo_count": 0,
        "total_photo_count": _photo_count(activity),
        "pr_count": int(standing.pr_rank == 1),
    }


def _map(activity: Activity, line: str) -> Json:
    return {"id": f"a{activity.activity_id}", "summary_polyline": line, "resource_state": 2}


def _polyline(athlete: Athlete, activity: Activity, streams: Streams) -> str:
    if streams.lat is None or streams.lng is None:
        return ""
    if activity.cropped_s:
        return encode_polyline(*thinned(streams.lat, streams.lng, _FULL_POINTS))
    return course_of(athlete, activity.plan).polyline


def _point(place: tuple[float, float] | None) -> list[float]:
    return [] if place is None else [round(place[0], 6), round(place[1], 6)]


def _workout_type(activity: Activity) -> int | None:
    if activity.sport_type not in RUNS | RIDES:
        return None
    usual = (0, 10)
    run, ride = _RACE_TYPES.get(activity.plan.effort, usual)
    return run if activity.sport_type in RUNS else ride


def _relative_effort(athlete: Athlete, activity: Activity) -> float | None:
    average = activity.figures.average_hr
    if average is None:
        return None
    share = (average - athlete.rest_hr) / (athlete.max_hr - athlete.rest_hr)
    return float(round(activity.figures.moving_s / 60 * share**2.2 * 2.6))


def _calories(athlete: Athlete, activity: Activity) -> float:
    figures = activity.figures
    if figures.average_watts is not None:
        return float(round(figures.average_watts * figures.moving_s / 1000 * 1.08))
    if activity.plan.recorded and activity.sport_type not in RIDES:
        return float(round(figures.distance_m / 1000 * athlete.weight_kg * 1.02))
    return float(round(figures.moving_s / 3600 * athlete.weight_kg * 5.5))
