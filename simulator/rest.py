"""The read side of Strava's API, metered."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.activity_zones import activity_zones
from simulator.detail import detail
from simulator.faults import FaultError, bad_request, not_found, payment_required
from simulator.grants import Session
from simulator.inputs import is_true, whole_number
from simulator.metering import metered
from simulator.people import detailed_athlete, detailed_gear, stats, summary_athlete
from simulator.people import zones as zones_of
from simulator.privacy_zone import (
    cut_streams,
    moved,
    shown_samples,
    veiled_detail,
    veiled_summary,
)
from simulator.recorded import RecordedAthlete
from simulator.recorded_wire import recorded_detail, recorded_laps, recorded_streams
from simulator.sharing import visibility
from simulator.state import Simulator
from simulator.wire_pieces import laps
from simulator.wire_streams import Parts, encode_streams, stream_set
from simulator.world import Activity

_MOST_PER_PAGE = 200
_PER_PAGE = 30


def _athlete(sim: Simulator, session: Session, _request: Request) -> Response:
    athlete = sim.world.athlete(session.athlete_id)
    if athlete is None:
        raise not_found("Athlete")
    if "profile:read_all" not in session.scopes:
        return JSONResponse(summary_athlete(athlete, sim.profiles.now(athlete)))
    if isinstance(athlete, RecordedAthlete):
        return _as_recorded(athlete.detail(sim.profiles.now(athlete).changes))
    return JSONResponse(detailed_athlete(athlete, sim.profiles.now(athlete), sim.ledger(athlete)))


def _zones(sim: Simulator, session: Session, _request: Request) -> Response:
    session.require("profile:read_all")
    athlete = sim.world.athlete(session.athlete_id)
    if athlete is None:
        raise not_found("Athlete")
    if isinstance(athlete, RecordedAthlete):
        if athlete.zones_path is None:
            raise not_found("Athlete")
        return _as_recorded(athlete.zones_path.read_bytes())
    return JSONResponse(zones_of(sim.profiles.now(athlete)))


def _list(sim: Simulator, session: Session, request: Request) -> Response:
    """Rows that the token may not see are left out after the page was cut, as Strava does."""
    session.require("activity:read", "activity:read_all")
    params = request.query_params
    before, after = whole_number(params, "before"), whole_number(params, "after")
    page = whole_number(params, "page", 1) or 0
    per_page = whole_number(params, "per_page", _PER_PAGE) or 0
    if page < 1:
        raise bad_request("Application", "page")
    if per_page < 1:
        raise bad_request("Application", "per_page")
    now_s = sim.clock.now_s()
    if after is not None and after > now_s:
        raise bad_request("Application", "after", "future")
    per_page = min(per_page, _MOST_PER_PAGE)
    rows = [
        activity
        for activity in sim.world.activities(session.athlete_id)
        if (before is None or activity.plan.start_s < before)
        and (after is None or activity.plan.start_s > after)
    ]
    if after is not None:
        rows.reverse()
    shown = rows[(page - 1) * per_page : page * per_page]
    return JSONResponse(
        [_summary(sim, session, activity) for activity in shown if _visible(activity, session)]
    )


def _detail(sim: Simulator, session: Session, request: Request) -> Response:
    activity = _asked_activity(sim, session, request)
    if activity.athlete_id != session.athlete_id:
        return JSONResponse(_summary(sim, session, activity))
    owner = sim.world.owner(activity)
    if activity.recording is not None:
        return _as_recorded(recorded_detail(owner, activity, activity.recording))
    streams = sim.world.streams(activity) if activity.has_streams else None
    all_efforts = is_true(request.query_params.get("include_all_efforts"))
    shown = detail(owner, activity, streams, sim.ledger(owner), all_efforts=all_efforts)
    if not session.sees_private:
        shown = veiled_detail(sim.world, activity, shown)
    return JSONResponse(shown)


def _summary(sim: Simulator, session: Session, activity: Activity) -> dict[str, Any]:
    shown = sim.summary(activity)
    if activity.recording is not None:
        return shown
    if session.sees_private and activity.athlete_id == session.athlete_id:
        return shown
    return veiled_summary(sim.world, activity, shown)


def _laps(sim: Simulator, session: Session, request: Request) -> Response:
    activity = _own_activity(sim, session, request)
    if activity.recording is not None:
        owner = sim.world.owner(activity)
        return _as_recorded(recorded_laps(owner, activity, activity.recording))
    if not activity.has_streams:
        return JSONResponse([])
    owner, streams = sim.world.owner(activity), sim.world.streams(activity)
    shown = laps(owner, activity, streams)
    return JSONResponse(
        shown if session.sees_private else moved(shown, shown_samples(owner, streams))
    )


def _activity_zones(sim: Simulator, session: Session, request: Request) -> Response:
    """Only for subscribers; zones as they were when the activity was uploaded."""
    activity = _own_activity(sim, session, request)
    owner = sim.world.owner(activity)
    if activity.recording is not None and activity.recording.zones_path is not None:
        return _as_recorded(activity.recording.zones_path.read_bytes())
    if activity.recording is not None or not sim.profiles.now(owner).premium:
        raise payment_required()
    if not activity.has_streams:
        return JSONResponse([])
    profile = sim.profiles.at(owner, activity.created_s)
    return JSONResponse(activity_zones(owner, profile, activity, sim.world.streams(activity)))


def _streams(sim: Simulator, session: Session, request: Request) -> Response:
    activity = _own_activity(sim, session, request)
    if not activity.has_streams:
        raise not_found("Activity")
    keys = request.query_params.get("keys", "").split(",")
    by_type = is_true(request.query_params.get("key_by_type"))
    waiting = sim.clock.now_s() < activity.created_s + sim.dials.knobs.streams_lag_s
    if activity.recording is not None and not waiting:
        stored = recorded_streams(activity, activity.recording, keys, by_type=by_type)
        return _as_recorded(stored)
    parts = {} if waiting else _stream_parts(sim, session, activity)
    return Response(stream_set(parts, keys, by_type=by_type), media_type="application/json")


def _stream_parts(sim: Simulator, session: Session, activity: Activity) -> Parts:
    """All of it, or only what lies outside of the privacy zone."""
    if session.sees_private:
        return sim.stream_parts(activity)
    key = ("outside", activity.activity_id, activity.cropped_s, activity.stretch)
    parts = sim.cache.get(key)
    if parts is None:
        streams = sim.world.streams(activity)
        part = shown_samples(sim.world.owner(activity), streams)
        parts = encode_streams(cut_streams(streams, part), activity.case) if part.stop else {}
        sim.cache.put(key, parts)
    return parts


def _gear(sim: Simulator, session: Session, request: Request) -> Response:
    gear_id = request.path_params["gear_id"]
    athlete = sim.world.athlete(session.athlete_id)
    recorded = athlete.gear(gear_id) if isinstance(athlete, RecordedAthlete) else None
    if recorded is not None:
        return _as_recorded(recorded)
    found = sim.world.gear(gear_id)
    if found is None or found[0].athlete_id != session.athlete_id:
        raise not_found("Gear")
    metres = sim.ledger(found[0]).metres_by_gear
    return JSONResponse(detailed_gear(found[1], metres.get(found[1].gear_id, 0.0)))


def _stats(sim: Simulator, session: Session, request: Request) -> Response:
    athlete_id = _path_number(request, "athlete_id", "Athlete")
    athlete = sim.world.athlete(athlete_id)
    if athlete is None:
        raise not_found("Athlete")
    if athlete_id != session.athlete_id:
        raise FaultError(403, "Forbidden", "Athlete", "id", "not own")
    return JSONResponse(stats(athlete, sim.ledger(athlete), sim.clock.now_s()))


def _as_recorded(body: bytes) -> Response:
    """A token without `activity:read_all` sees it too: no folder tells where privacy zones are."""
    return Response(body, media_type="application/json")


def _asked_activity(sim: Simulator, session: Session, request: Request) -> Activity:
    session.require("activity:read", "activity:read_all")
    activity = sim.world.activity(_path_number(request, "activity_id", "Activity"))
    if activity is None or not _visible(activity, session):
        raise not_found("Activity")
    if sim.clock.now_s() < activity.created_s + sim.dials.knobs.not_found_lag_s:
        raise not_found("Activity")
    return activity


def _own_activity(sim: Simulator, session: Session, request: Request) -> Activity:
    activity = _asked_activity(sim, session, request)
    if activity.athlete_id != session.athlete_id:
        raise not_found("Activity")
    return activity


def _visible(activity: Activity, session: Session) -> bool:
    """Nobody here follows anybody: strangers see what everyone may."""
    if activity.athlete_id != session.athlete_id:
        return visibility(activity) == "everyone"
    return session.sees_private or not activity.private


def _path_number(request: Request, name: str, resource: str) -> int:
    try:
        number = whole_number(request.path_params, name)
    except FaultError:
        number = None
    if number is None:
        raise not_found(resource, "id", "invalid")
    return number


REST_ROUTES = [
    Route(prefix + path, metered(handler, headers=path != "/activities/{activity_id}/streams"))
    for prefix in ("/api/v3", "")
    for path, handler in (
        ("/athlete", _athlete),
        ("/athlete/zones", _zones),
        ("/athlete/activities", _list),
        ("/activities/{activity_id}", _detail),
        ("/activities/{activity_id}/laps", _laps),
        ("/activities/{activity_id}/streams", _streams),
        ("/activities/{activity_id}/zones", _activity_zones),
        ("/gear/{gear_id}", _gear),
        ("/athletes/{athlete_id}/stats", _stats),
    )
]
