"""Recorded activities as they go over the wire: the bytes of the file until somebody edits them."""

import json
from collections.abc import Iterable

import numpy as np

from simulator.athletes import Athlete
from simulator.figures import Figures
from simulator.recorded import Json, RecordedAthlete, Recording, compact
from simulator.recorded_columns import Columns, corrected, line_of, points
from simulator.sport_types import legacy_type
from simulator.world import Activity

_ACTIVITY_DETAIL = frozenset(
    {
        "description", "private_note", "calories", "perceived_exertion",
        "prefer_perceived_exertion", "laps", "splits_metric", "splits_standard", "best_efforts",
        "segment_efforts", "gear", "photos", "embed_token", "stats_visibility",
        "similar_activities", "available_zones",
    }
)  # fmt: skip
_FULL_POINTS = 1500


def recorded_detail(athlete: Athlete, activity: Activity, recording: Recording) -> bytes:
    stored = recording.detail_path.read_bytes()
    if not (_renamed(activity, recording) or _remeasured(activity)):
        return stored
    return compact(_edited(athlete, activity, recording, json.loads(stored)))


def recorded_summary(athlete: Athlete, activity: Activity, recording: Recording) -> Json:
    """The row of a list: the detail without what only a detail has."""
    body = json.loads(recorded_detail(athlete, activity, recording))
    shown = {name: value for name, value in body.items() if name not in _ACTIVITY_DETAIL}
    if isinstance(shown.get("map"), dict):
        shown["map"] = {k: v for k, v in shown["map"].items() if k != "polyline"}
    return shown | {"resource_state": 2}


def recorded_laps(athlete: Athlete, activity: Activity, recording: Recording) -> bytes:
    body = json.loads(recorded_detail(athlete, activity, recording))
    return compact(body.get("laps") or [])


def recorded_streams(
    activity: Activity, recording: Recording, keys: Iterable[str], *, by_type: bool
) -> bytes:
    """The file as it is when all of it is asked for in its own form; distance always comes."""
    stored, columns = recording.streams()
    wanted = {*keys, "distance"}
    same_form = stored.lstrip().startswith(b"{") == by_type
    if same_form and wanted >= columns.keys() and not _remeasured(activity):
        return stored
    if _remeasured(activity):
        columns = present_columns(activity, recording)
    chosen = {name: column for name, column in columns.items() if name in wanted}
    if by_type:
        return compact(chosen)
    return compact([{"type": name} | column for name, column in chosen.items()])


def present_columns(activity: Activity, recording: Recording) -> Columns:
    """After crops and distance corrections."""
    until_s = activity.plan.elapsed_s - activity.cropped_s if activity.cropped_s else None
    return corrected(recording.streams()[1], until_s, activity.stretch)


def _renamed(activity: Activity, recording: Recording) -> bool:
    names = ("name", "sport_type", "private", "gear_id")
    return any(getattr(activity, name) != getattr(recording, name) for name in names)


def _remeasured(activity: Activity) -> bool:
    return bool(activity.cropped_s) or activity.stretch != 1.0


def _edited(athlete: Athlete, activity: Activity, recording: Recording, body: Json) -> Json:
    """The recorded body with what was changed; every other field stays as it is."""
    if activity.name != recording.name:
        body["name"] = activity.name
    if activity.sport_type != recording.sport_type:
        body |= {"sport_type": activity.sport_type, "type": legacy_type(activity.sport_type)}
    if activity.private != recording.private:
        body["private"] = activity.private
        body["visibility"] = "only_me" if activity.private else "everyone"
    if activity.gear_id != recording.gear_id:
        body["gear_id"] = activity.gear_id
        gear = None
        if isinstance(athlete, RecordedAthlete):
            gear = athlete.listed_gear(activity.gear_id or "")
        body.pop("gear", None)
        body |= {} if gear is None else {"gear": gear}
    if _remeasured(activity) and activity.has_streams:
        body |= _new_totals(activity.figures)
    if activity.cropped_s and activity.has_streams:
        body |= _without_the_end(body, activity.figures, present_columns(activity, recording))
    return body


def _new_totals(figures: Figures) -> Json:
    return {
        "distance": round(figures.distance_m, 1),
        "moving_time": figures.moving_s,
        "elapsed_time": figures.elapsed_s,
        "average_speed": round(figures.average_speed_mps, 3),
    }


def _without_the_end(body: Json, figures: Figures, columns: Columns) -> Json:
    """Line and end of what is left, and only the laps, splits and efforts that lie within it."""
    left: Json = {}
    count = points(columns)
    for name in ("laps", "best_efforts", "segment_efforts"):
        if isinstance(body.get(name), list):
            left[name] = [row for row in body[name] if (row.get("end_index") or 0) < count]
    for name in ("splits_metric", "splits_standard"):
        if isinstance(body.get(name), list):
            ends_s = np.cumsum([row.get("elapsed_time") or 0 for row in body[name]])
            within = int(np.searchsorted(ends_s, figures.elapsed_s, side="right"))
            left[name] = body[name][:within]
    if figures.end is not None:
        left["end_latlng"] = list(figures.end)
        lines = {"polyline": line_of(columns, _FULL_POINTS)}
        lines["summary_polyline"] = figures.summary_polyline
        left["map"] = (body.get("map") or {}) | lines
    return left
