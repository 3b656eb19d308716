"""`/_sim`, reading: how the simulator stands, and the truth to compare with. Not part of Strava."""

import asyncio
import datetime as dt
import json
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.admin_inputs import known_athlete, live_of
from simulator.athletes import Athlete
from simulator.inputs import whole_number
from simulator.live import LiveFeed
from simulator.state import Simulator, simulator_of
from simulator.world import Activity

_TRUTH_FIELDS = (
    "id", "name", "sport_type", "start_date", "start_date_local", "timezone", "utc_offset",
    "distance", "moving_time", "elapsed_time", "total_elevation_gain", "gear_id", "private",
)  # fmt: skip


def state_report(sim: Simulator, live: LiveFeed) -> dict[str, Any]:
    now_s = sim.clock.now_s()
    current = sim.desk.current
    everyone = sim.world.athlete_ids
    return {
        "now_s": now_s,
        "now": dt.datetime.fromtimestamp(now_s, tz=dt.UTC).isoformat(),
        "clock_speed": sim.clock.speed,
        "config": {
            name: value
            for name, value in asdict(sim.config).items()
            if name not in {"client_secret", "knobs"}
        },
        "knobs": asdict(sim.dials.knobs),
        "subscription": None if current is None else current.as_json(),
        "events": sim.sender.counters.as_json(),
        "quota": sim.quota.report(now_s),
        "planned_faults": [asdict(fault) for fault in sim.mishaps.planned],
        "live": live.report(),
        "athletes": {
            "count": len(everyone),
            "connected": sum(1 for i in everyone if sim.grants.scopes_of(i)),
        },
        "read_calls": sim.traffic.reads,
    }


def athlete_row(sim: Simulator, athlete: Athlete) -> dict[str, object]:
    return {
        "id": athlete.athlete_id,
        "firstname": athlete.first_name,
        "lastname": athlete.last_name,
        "city": athlete.home.city,
        "timezone": athlete.home.zone,
        "ftp_w": round(athlete.ftp_w) if athlete.has_meter else None,
        "max_hr": sim.profiles.now(athlete).max_hr,
        "rest_hr": athlete.rest_hr,
        "scopes": list(sim.grants.scopes_of(athlete.athlete_id)),
        "activities": len(sim.world.activities(athlete.athlete_id)),
    }


def truth_row(sim: Simulator, activity: Activity) -> dict[str, Any]:
    shown = sim.summary(activity)
    return {name: shown.get(name) for name in _TRUTH_FIELDS} | {
        "athlete_id": activity.athlete_id,
        "has_streams": activity.has_streams,
        "stream_points": sim.world.point_count(activity),
        **({"case": activity.case} if activity.case else {}),
    }


async def _state(request: Request) -> Response:
    return JSONResponse(state_report(simulator_of(request), live_of(request)))


async def _athletes(request: Request) -> Response:
    sim = simulator_of(request)
    rows: list[dict[str, object]] = []
    for athlete_id in sim.world.athlete_ids:
        await sim.drawn(athlete_id)
        athlete = sim.world.athlete(athlete_id)
        if athlete is not None:
            rows.append(athlete_row(sim, athlete))
    return JSONResponse(rows)


async def _truth(request: Request) -> Response:
    sim = simulator_of(request)
    athlete_id = whole_number(request.query_params, "athlete_id")
    chosen = sim.world.athlete_ids if athlete_id is None else [known_athlete(sim, athlete_id)]
    texts: list[bytes] = []
    for i in chosen:
        await sim.drawn(i)
        rows = [truth_row(sim, activity) for activity in sim.world.activities(i)]
        texts.append(json.dumps(rows).encode()[1:-1])
        await asyncio.sleep(0)  # a large world takes a second; others are waiting
    return Response(b"[" + b",".join(filter(None, texts)) + b"]", media_type="application/json")


async def _deleted(request: Request) -> Response:
    """What may be restored, the last deleted first."""
    sim = simulator_of(request)
    drawn = [i for i in sim.world.athlete_ids if sim.world.is_drawn(i)]
    return JSONResponse([truth_row(sim, gone) for i in drawn for gone in sim.world.deleted(i)])


async def _knobs(request: Request) -> Response:
    return JSONResponse(asdict(simulator_of(request).dials.knobs))


async def _requests(request: Request) -> Response:
    return JSONResponse(simulator_of(request).traffic.report())


ADMIN_ROUTES = [
    Route("/_sim/state", _state),
    Route("/_sim/athletes", _athletes),
    Route("/_sim/truth", _truth),
    Route("/_sim/deleted", _deleted),
    Route("/_sim/knobs", _knobs),
    Route("/_sim/requests", _requests),
]
