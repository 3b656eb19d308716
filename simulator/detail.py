"""Activities as they go over the wire: https://developers.strava.com/docs/reference/."""

from typing import Any

from simulator.athletes import Athlete
from simulator.people import summary_gear
from simulator.plan import RIDES, RUNS, course_of
from simulator.polyline import encode_polyline
from simulator.streams import Streams
from simulator.terrain import thinned
from simulator.wire_pieces import KILOMETRE_M, MILE_M, laps, run_efforts, splits
from simulator.wire_times import times
from simulator.world import Activity

Json = dict[str, Any]

_LEGACY_TYPES = {"GravelRide": "Ride", "MountainBikeRide": "Ride", "TrailRun": "Run"}
_RACE_TYPES = {"race": (1, 11), "long": (2, 10), "intervals": (3, 12)}
_FULL_POINTS = 1500


def summary(athlete: Athlete, activity: Activity) -> Json:
    plan, figures = activity.plan, activity.figures
    shown: Json = {
        "resource_state": 2,
        "athlete": {"id": activity.athlete_id, "resource_state": 1},
        "name": activity.name,
        "distance": figures.distance_m,
        "moving_time": figures.moving_s,
        "elapsed_time": figures.elapsed_s,
        "total_elevation_gain": round(figures.gain_m, 1),
        "type": _LEGACY_TYPES.get(activity.sport_type, activity.sport_type),
        "sport_type": activity.sport_type,
        "workout_type": _workout_type(activity),
        "id": activity.activity_id,
        **times(athlete, plan.start_s),
        "location_city": None,
        "location_state": None,
        "location_country": None,
        **_volatile(activity),
        "map": _map(activity, figures.summary_polyline),
        "trainer": plan.book in {"indoor", "virtual"},
        "commute": False,
        "manual": not plan.recorded,
        "private": activity.private,
        "visibility": "only_me" if activity.private else "everyone",
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
        "hide_from_home": False,
    }
    return shown | _recorded(athlete, activity) | _measured(athlete, activity)


def detail(athlete: Athlete, activity: Activity, streams: Streams | None) -> Json:
    shown = summary(athlete, activity) | {"resource_state": 3}
    shown |= {
        "description": None,
        "private_note": None,
        "calories": _calories(athlete, activity),
        "perceived_exertion": None,
        "prefer_perceived_exertion": None,
        "segment_efforts": [],
        "best_efforts": [],
        "photos": {"primary": None, "count": 0},
        "embed_token": f"{activity.activity_id:x}".rjust(40, "0"),
        "available_zones": [],
    }
    gear = {g.gear_id: g for g in athlete.bikes + athlete.shoes}.get(activity.gear_id or "")
    if gear is not None:
        shown["gear"] = summary_gear(gear, 0.0)
    if streams is None:
        return shown
    shown["map"]["polyline"] = _polyline(athlete, activity, streams)
    shown["laps"] = laps(athlete, activity, streams)
    if streams.lat is not None:
        shown["splits_metric"] = splits(athlete, activity, streams, KILOMETRE_M)
        shown["splits_standard"] = splits(athlete, activity, streams, MILE_M)
    if activity.sport_type in RUNS and streams.lat is not None:
        shown["best_efforts"] = run_efforts(athlete, activity, streams)
    return shown


def _recorded(athlete: Athlete, activity: Activity) -> Json:
    if not activity.plan.recorded:
        return {"upload_id": None, "external_id": None}
    upload_id = activity.activity_id + 1_500_000_000
    watch = "Zwift" if activity.plan.sport == "VirtualRide" else "Garmin Forerunner 265"
    return {
        "upload_id": upload_id,
        "upload_id_str": str(upload_id),
        "external_id": f"garmin_ping_{upload_id}",
        "device_name": "Garmin Edge 540" if activity.plan.book == "ride" else watch,
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
        "average_watts": figures.average_watts,
        "max_watts": figures.max_watts,
        "weighted_average_watts": figures.weighted_watts,
        "elev_high": None if figures.high_m is None else round(figures.high_m, 1),
        "elev_low": None if figures.low_m is None else round(figures.low_m, 1),
    }
    if figures.average_watts is not None:
        fields["kilojoules"] = round(figures.average_watts * figures.moving_s / 1000, 1)
    elif activity.sport_type in RIDES and activity.plan.recorded:
        # Estimated from speed and weight, which Strava marks with device_watts false.
        fields["average_watts"] = round(
            0.19 * figures.average_speed_mps**3
            + 0.05 * (athlete.weight_kg + 9) * figures.average_speed_mps * 1.3, 1
        )  # fmt: skip
    shown = {name: value for name, value in fields.items() if value is not None}
    if "average_watts" in shown:
        shown["device_watts"] = figures.average_watts is not None
    return shown


def _volatile(activity: Activity) -> Json:
    likes = activity.activity_id * 2_654_435_761 % 97
    return {
        "achievement_count": 0,
        "kudos_count": likes % 23,
        "comment_count": likes % 3,
        "athlete_count": 1 + likes % 4,
        "photo_count": 0,
        "total_photo_count": 0,
        "pr_count": 0,
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
