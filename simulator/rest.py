"""The read side of Strava's API, metered."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.detail import detail, summary
from simulator.faults import FaultError, bad_request, not_found, rate_limited
from simulator.grants import Session
from simulator.inputs import bearer_token, is_true, whole_number
from simulator.people import detailed_athlete, detailed_gear, metres_by_gear, stats, summary_athlete
from simulator.people import zones as zones_of
from simulator.state import Simulator, simulator_of
from simulator.wire_pieces import laps
from simulator.wire_streams import stream_set
from simulator.world import Activity

Handler = Callable[[Simulator, Session, Request], Response]

_MOST_PER_PAGE = 200
_PER_PAGE = 30


def metered(handler: Handler, *, headers: bool = True) -> Callable[[Request], Awaitable[Response]]:
    """Counts the call, checks the token, and shows the usage, also on a refusal."""

    async def endpoint(request: Request) -> Response:
        sim = simulator_of(request)
        now_s = sim.clock.now_s()
        sim.traffic.reads += 1
        refused_by = sim.quota.count_read(now_s)
        try:
            if refused_by is not None:
                raise rate_limited(refused_by)
            session = sim.grants.authenticate(bearer_token(request), now_s)
            response = handler(sim, session, request)
        except FaultError as fault:
            response = fault.response()
        if headers:
            response.raw_headers.extend(sim.quota.headers())
        return response

    return endpoint


def _athlete(sim: Simulator, session: Session, _request: Request) -> Response:
    athlete = sim.world.athlete(session.athlete_id)
    if athlete is None:
        raise not_found("Athlete")
    if "profile:read_all" not in session.scopes:
        return JSONResponse(summary_athlete(athlete))
    return JSONResponse(detailed_athlete(athlete, sim.world.activities(session.athlete_id)))


def _zones(sim: Simulator, session: Session, _request: Request) -> Response:
    session.require("profile:read_all")
    athlete = sim.world.athlete(session.athlete_id)
    if athlete is None:
        raise not_found("Athlete")
    return JSONResponse(zones_of(athlete))


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
        [
            summary(sim.world.owner(activity), activity)
            for activity in shown
            if _visible(activity, session)
        ]
    )


def _detail(sim: Simulator, session: Session, request: Request) -> Response:
    activity = _asked_activity(sim, session, request)
    owner = sim.world.owner(activity)
    if activity.athlete_id != session.athlete_id:
        return JSONResponse(summary(owner, activity))
    streams = sim.world.streams(activity) if activity.has_streams else None
    return JSONResponse(detail(owner, activity, streams))


def _laps(sim: Simulator, session: Session, request: Request) -> Response:
    activity = _own_activity(sim, session, request)
    if not activity.has_streams:
        return JSONResponse([])
    owner = sim.world.owner(activity)
    return JSONResponse(laps(owner, activity, sim.world.streams(activity)))


def _streams(sim: Simulator, session: Session, request: Request) -> Response:
    activity = _own_activity(sim, session, request)
    if not activity.has_streams:
        raise not_found("Activity")
    keys = request.query_params.get("keys", "").split(",")
    by_type = is_true(request.query_params.get("key_by_type"))
    waiting = sim.clock.now_s() < activity.created_s + sim.dials.knobs.streams_lag_s
    parts = {} if waiting else sim.stream_parts(activity)
    return Response(stream_set(parts, keys, by_type=by_type), media_type="application/json")


def _gear(sim: Simulator, session: Session, request: Request) -> Response:
    found = sim.world.gear(request.path_params["gear_id"])
    if found is None or found[0].athlete_id != session.athlete_id:
        raise not_found("Gear")
    metres = metres_by_gear(sim.world.activities(session.athlete_id))
    return JSONResponse(detailed_gear(found[1], metres.get(found[1].gear_id, 0.0)))


def _stats(sim: Simulator, session: Session, request: Request) -> Response:
    athlete_id = _path_number(request, "athlete_id", "Athlete")
    athlete = sim.world.athlete(athlete_id)
    if athlete is None:
        raise not_found("Athlete")
    if athlete_id != session.athlete_id:
        raise FaultError(403, "Forbidden", "Athlete", "id", "not own")
    return JSONResponse(stats(athlete, sim.world.activities(athlete_id), sim.clock.now_s()))


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
    if not activity.private:
        return True
    return session.sees_private and activity.athlete_id == session.athlete_id


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
        ("/gear/{gear_id}", _gear),
        ("/athletes/{athlete_id}/stats", _stats),
    )
]
