"""`/_sim`, changing: what people do on Strava, the passing of time, and the knobs."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.admin import truth_row
from simulator.admin_inputs import (
    activity_number,
    activity_of,
    athlete_id_of,
    flag_of,
    instant_of,
    live_of,
    number_of,
    text_of,
)
from simulator.awkward_cases import CASES
from simulator.faults import bad_request, not_found
from simulator.grants import parse_scopes
from simulator.inputs import json_of
from simulator.knobs import Knobs
from simulator.live import SHARES
from simulator.plan import BY_HAND, RECORDABLE
from simulator.state import simulator_of
from simulator.world import ID_EPOCH_S, Edit, NewActivity

SPORTS = sorted(RECORDABLE | BY_HAND)
_DEFAULT_SCOPES = "read,activity:read,activity:read_all,profile:read_all"
_DAY_S = 86_400.0
_MOST_DAYS = 366 * 20
_FASTEST = 86_400.0
_DEFAULT_DURATION_S = 1800
_LONGEST_S = 12 * 3600
_SHORTEST_S = 60


async def _authorize(request: Request) -> Response:
    sim = simulator_of(request)
    body = await json_of(request)
    scopes = parse_scopes(str(body.get("scope") or _DEFAULT_SCOPES))
    athlete_id = athlete_id_of(sim, body)
    code = sim.grants.authorize(athlete_id, scopes, sim.clock.now_s())
    return JSONResponse({"code": code, "scope": ",".join(scopes), "state": text_of(body, "state")})


async def _create(request: Request) -> Response:
    sim = simulator_of(request)
    body = await json_of(request)
    duration_s = int(number_of(body, "duration_s", _DEFAULT_DURATION_S, _SHORTEST_S, _LONGEST_S))
    sport = text_of(body, "sport_type")
    if sport is not None and sport not in SPORTS:
        raise bad_request("Activity", "sport_type", f"not one of {SPORTS}")
    new = NewActivity(
        athlete_id=athlete_id_of(sim, body),
        duration_s=duration_s,
        sport=sport,
        name=text_of(body, "name"),
        private=flag_of(body, "private"),
        case=_case(body),
        ended_s=_ended_s(body, duration_s, sim.clock.now_s()),
    )
    await sim.drawn(new.athlete_id)
    return JSONResponse(truth_row(sim, sim.create(new)), status_code=201)


def _case(body: dict[str, Any]) -> str | None:
    case = text_of(body, "case")
    if case is not None and case not in CASES:
        raise bad_request("Activity", "case", f"not one of {sorted(CASES)}")
    return case


def _ended_s(body: dict[str, Any], duration_s: int, now_s: float) -> float:
    """By its start, or by the days since its end; else it has just ended."""
    start_s = instant_of(body, "start")
    if start_s is None:
        ended_s = now_s - _DAY_S * number_of(body, "days_ago", 0.0, 0.0, _MOST_DAYS)
    elif "days_ago" in body:
        raise bad_request("Activity", "start", "given together with days_ago")
    else:
        ended_s = start_s + duration_s
    if ended_s > now_s:
        raise bad_request("Activity", "start", "would end in the future")
    if ended_s - duration_s <= ID_EPOCH_S:
        raise bad_request("Activity", "start", "before this world began, in May 2014")
    return ended_s


async def _edit(request: Request) -> Response:
    sim = simulator_of(request)
    body = await json_of(request)
    activity = activity_of(sim, request)
    if not activity.has_streams and {"crop_s", "distance_scale"} & set(body):
        raise bad_request("Edit", "crop_s or distance_scale", "nothing was recorded")
    longest_cut_s = max(0, activity.figures.elapsed_s - _SHORTEST_S)
    edit = Edit(
        name=text_of(body, "name"),
        sport_type=text_of(body, "sport_type"),
        private=flag_of(body, "private"),
        gear_id=text_of(body, "gear_id"),
        crop_s=int(number_of(body, "crop_s", 0, 0, longest_cut_s)),
        distance_scale=number_of(body, "distance_scale", 1.0, 0.01, 100.0),
    )
    return JSONResponse(truth_row(sim, sim.edit(activity, edit)))


async def _delete(request: Request) -> Response:
    sim = simulator_of(request)
    sim.delete(activity_of(sim, request))
    return Response(status_code=204)


async def _restore(request: Request) -> Response:
    sim = simulator_of(request)
    activity = sim.restore(activity_number(request))
    if activity is None:
        raise not_found("Activity", "id", "was not deleted")
    return JSONResponse(truth_row(sim, activity))


async def _set_live(request: Request) -> Response:
    body = await json_of(request)
    kinds = body.get("kinds", list(SHARES))
    known = isinstance(kinds, list) and all(isinstance(k, str) and k in SHARES for k in kinds)
    if not known or not kinds:
        raise bad_request("Live", "kinds", f"not some of {list(SHARES)}")
    live = live_of(request)
    await live.set_pace(
        number_of(body, "every_s", 0.0, 0.0, _DAY_S),
        kinds,
        silent_edits=bool(flag_of(body, "silent_edits")),
    )
    return JSONResponse(live.report())


async def _advance(request: Request) -> Response:
    """Time passes: quotas roll, tokens age, events leave. From now on at `speed`."""
    sim = simulator_of(request)
    body = await json_of(request)
    seconds = number_of(body, "seconds", 0.0, 0.0, 3660 * _DAY_S)
    sim.clock.speed = number_of(body, "speed", sim.clock.speed, 0.0, _FASTEST)
    sim.clock.advance(seconds)
    return JSONResponse({"now_s": sim.clock.now_s(), "speed": sim.clock.speed})


async def _turn(request: Request) -> Response:
    return JSONResponse(asdict(simulator_of(request).dials.turn(await json_of(request))))


async def _calm(request: Request) -> Response:
    """Every knob as it is when nobody says otherwise."""
    return JSONResponse(asdict(simulator_of(request).dials.turn(asdict(Knobs()))))


async def _reset_requests(request: Request) -> Response:
    simulator_of(request).traffic.reset()
    return Response(status_code=204)


ACTION_ROUTES = [
    Route("/_sim/authorize", _authorize, methods=["POST"]),
    Route("/_sim/activities", _create, methods=["POST"]),
    Route("/_sim/activities/{activity_id}", _edit, methods=["PATCH"]),
    Route("/_sim/activities/{activity_id}", _delete, methods=["DELETE"]),
    Route("/_sim/activities/{activity_id}/restore", _restore, methods=["POST"]),
    Route("/_sim/live", _set_live, methods=["POST"]),
    Route("/_sim/clock", _advance, methods=["POST"]),
    Route("/_sim/knobs", _turn, methods=["PATCH"]),
    Route("/_sim/knobs", _calm, methods=["DELETE"]),
    Route("/_sim/reset_requests", _reset_requests, methods=["POST"]),
]
