"""`/_sim`: the hand of the tester, and the truth to compare with. Not part of Strava."""

import datetime as dt
import math
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from simulator.detail import summary
from simulator.faults import FaultError, bad_request, not_found
from simulator.grants import parse_scopes
from simulator.inputs import json_of, whole_number
from simulator.live import LiveFeed
from simulator.page import world_page
from simulator.plan import BY_HAND, RECORDABLE
from simulator.state import Simulator, simulator_of
from simulator.world import Activity, Edit

_DEFAULT_SCOPES = "read,activity:read,activity:read_all,profile:read_all"
_TRUTH_FIELDS = (
    "id", "name", "sport_type", "start_date", "start_date_local", "timezone", "utc_offset",
    "distance", "moving_time", "elapsed_time", "total_elevation_gain", "gear_id", "private",
)  # fmt: skip
_LATEST = 15
_DEFAULT_DURATION_S = 1800
_LONGEST_S = 12 * 3600
_SHORTEST_S = 60


async def _state(request: Request) -> Response:
    sim = simulator_of(request)
    now_s = sim.clock.now_s()
    config = {k: v for k, v in asdict(sim.config).items() if k not in {"client_secret", "knobs"}}
    current = sim.desk.current
    return JSONResponse(
        {
            "now_s": now_s,
            "now": dt.datetime.fromtimestamp(now_s, tz=dt.UTC).isoformat(),
            "config": config,
            "knobs": asdict(sim.dials.knobs),
            "subscription": None if current is None else current.as_json(),
            "events": sim.sender.counters.as_json(),
            "quota": sim.quota.report(now_s),
            "live_every_s": _live(request).every_s,
        }
    )


async def _athletes(request: Request) -> Response:
    sim = simulator_of(request)
    rows: list[dict[str, object]] = []
    for athlete_id in sim.world.athlete_ids:
        athlete = sim.world.athlete(athlete_id)
        if athlete is not None:
            rows.append(
                {
                    "id": athlete_id,
                    "firstname": athlete.first_name,
                    "lastname": athlete.last_name,
                    "city": athlete.home.city,
                    "timezone": athlete.home.zone,
                    "ftp_w": round(athlete.ftp_w) if athlete.has_meter else None,
                    "scopes": list(sim.grants.scopes_of(athlete_id)),
                    "activities": len(sim.world.activities(athlete_id)),
                }
            )
    return JSONResponse(rows)


async def _truth(request: Request) -> Response:
    sim = simulator_of(request)
    athlete_id = whole_number(request.query_params, "athlete_id")
    chosen = sim.world.athlete_ids if athlete_id is None else [_known(sim, athlete_id)]
    return JSONResponse(
        [_true_row(sim, activity) for i in chosen for activity in sim.world.activities(i)]
    )


async def _authorize(request: Request) -> Response:
    sim = simulator_of(request)
    body = await json_of(request)
    scopes = parse_scopes(str(body.get("scope") or _DEFAULT_SCOPES))
    athlete_id = _athlete_id(sim, body)
    code = sim.grants.authorize(athlete_id, scopes, sim.clock.now_s())
    return JSONResponse({"code": code, "scope": ",".join(scopes), "state": _text(body, "state")})


async def _create(request: Request) -> Response:
    sim = simulator_of(request)
    body = await json_of(request)
    duration_s = int(_number(body, "duration_s", _DEFAULT_DURATION_S, _SHORTEST_S, _LONGEST_S))
    sport = _text(body, "sport_type")
    if sport is not None and sport not in RECORDABLE | BY_HAND:
        raise bad_request("Activity", "sport_type", f"not one of {sorted(RECORDABLE | BY_HAND)}")
    activity = sim.create(_athlete_id(sim, body), duration_s, sport, _text(body, "name"))
    return JSONResponse(_true_row(sim, activity), status_code=201)


async def _edit(request: Request) -> Response:
    sim = simulator_of(request)
    body = await json_of(request)
    activity = _activity(sim, request)
    private = body.get("private")
    if not isinstance(private, bool | None):
        raise bad_request("Edit", "private")
    longest_cut_s = max(0, activity.figures.elapsed_s - _SHORTEST_S)
    edit = Edit(
        name=_text(body, "name"),
        sport_type=_text(body, "sport_type"),
        private=private,
        gear_id=_text(body, "gear_id"),
        crop_s=int(_number(body, "crop_s", 0, 0, longest_cut_s)),
        distance_scale=_number(body, "distance_scale", 1.0, 0.01, 100.0),
    )
    return JSONResponse(_true_row(sim, sim.edit(activity, edit)))


async def _delete(request: Request) -> Response:
    sim = simulator_of(request)
    sim.delete(_activity(sim, request))
    return Response(status_code=204)


async def _set_live(request: Request) -> Response:
    every_s = _number(await json_of(request), "every_s", 0.0, 0.0, 86_400.0)
    await _live(request).set_pace(every_s)
    return JSONResponse({"every_s": every_s})


async def _advance(request: Request) -> Response:
    """Time passes: quotas roll, tokens age."""
    sim = simulator_of(request)
    sim.clock.advance(_number(await json_of(request), "seconds", 0.0, 0.0, 10 * 366 * 86_400.0))
    return JSONResponse({"now_s": sim.clock.now_s()})


async def _knobs(request: Request) -> Response:
    """What may be turned, and how it stands; PATCH turns some of them."""
    sim = simulator_of(request)
    if request.method == "PATCH":
        sim.dials.turn(await json_of(request))
    return JSONResponse(asdict(sim.dials.knobs))


async def _requests(request: Request) -> Response:
    return JSONResponse(simulator_of(request).traffic.report())


async def _reset_requests(request: Request) -> Response:
    simulator_of(request).traffic.reset()
    return Response(status_code=204)


async def _page(request: Request) -> Response:
    sim = simulator_of(request)
    athletes = [a for i in sim.world.athlete_ids[:_LATEST] if (a := sim.world.athlete(i))]
    activities = [x for a in athletes for x in sim.world.activities(a.athlete_id)[:_LATEST]]
    activities.sort(key=lambda activity: activity.plan.start_s, reverse=True)
    now = dt.datetime.fromtimestamp(sim.clock.now_s(), tz=dt.UTC)
    numbers: dict[str, object] = {"Clock": f"{now:%F %T} UTC", "API reads": sim.traffic.reads}
    numbers |= {f"Events {name}": n for name, n in sim.sender.counters.as_json().items()}
    return HTMLResponse(world_page(athletes, activities[:_LATEST], numbers))


def _true_row(sim: Simulator, activity: Activity) -> dict[str, Any]:
    shown = summary(sim.world.owner(activity), activity)
    return {name: shown[name] for name in _TRUTH_FIELDS} | {
        "athlete_id": activity.athlete_id,
        "has_streams": activity.has_streams,
        "stream_points": sim.world.point_count(activity),
    }


def _live(request: Request) -> LiveFeed:
    feed = request.app.state.live
    if not isinstance(feed, LiveFeed):
        raise TypeError("this app was not made by create_app")
    return feed


def _known(sim: Simulator, athlete_id: int) -> int:
    if sim.world.athlete(athlete_id) is None:
        raise not_found("Athlete")
    return athlete_id


def _athlete_id(sim: Simulator, body: dict[str, Any]) -> int:
    value = body.get("athlete_id")
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request("Athlete", "athlete_id", "missing" if value is None else "invalid")
    return _known(sim, value)


def _activity(sim: Simulator, request: Request) -> Activity:
    try:
        number = whole_number(request.path_params, "activity_id")
    except FaultError:
        number = None
    activity = None if number is None else sim.world.activity(number)
    if activity is None:
        raise not_found("Activity")
    return activity


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if not isinstance(value, str | None):
        raise bad_request("Activity", name)
    if value is not None and not value.isprintable():
        raise bad_request("Activity", name, "not printable")
    return value


def _number(body: dict[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise bad_request("Application", name)
    if not least <= value <= most:
        raise bad_request("Application", name, f"not between {least:g} and {most:g}")
    return value


ADMIN_ROUTES = [
    Route("/_sim", _page),
    Route("/_sim/state", _state),
    Route("/_sim/athletes", _athletes),
    Route("/_sim/truth", _truth),
    Route("/_sim/authorize", _authorize, methods=["POST"]),
    Route("/_sim/activities", _create, methods=["POST"]),
    Route("/_sim/activities/{activity_id}", _edit, methods=["PATCH"]),
    Route("/_sim/activities/{activity_id}", _delete, methods=["DELETE"]),
    Route("/_sim/live", _set_live, methods=["POST"]),
    Route("/_sim/clock", _advance, methods=["POST"]),
    Route("/_sim/knobs", _knobs, methods=["GET", "PATCH"]),
    Route("/_sim/requests", _requests),
    Route("/_sim/reset_requests", _reset_requests, methods=["POST"]),
]
