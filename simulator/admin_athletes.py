"""`PATCH /_sim/athletes/{id}`: what a person changes about themselves in their settings."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.faults import bad_request, not_found
from simulator.inputs import json_of, whole_number
from simulator.state import simulator_of

_RANGES = {"ftp_w": (50, 600), "weight_kg": (30, 200), "max_hr": (120, 230)}
_WHOLE = frozenset({"ftp_w", "max_hr"})
_LONGEST_NAME = 60


async def _change(request: Request) -> Response:
    """Shown at once; what was recorded before keeps the values it was recorded with."""
    sim = simulator_of(request)
    athlete_id = whole_number(request.path_params, "athlete_id")
    athlete = None if athlete_id is None else sim.world.athlete(athlete_id)
    if athlete is None:
        raise not_found("Athlete")
    changes = {name: _checked(name, value) for name, value in (await json_of(request)).items()}
    if "firstname" in changes:
        changes["first_name"] = changes.pop("firstname")
    shown = asdict(sim.profiles.change(athlete, sim.clock.now_s(), changes))
    return JSONResponse({"id": athlete.athlete_id, "firstname": shown.pop("first_name")} | shown)


def _checked(name: str, value: Any) -> Any:
    """The value as a profile holds it, or a fault."""
    if name == "firstname":
        short = isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_NAME
        if not short:
            raise bad_request("Athlete", name, "not a short text")
    elif name == "premium":
        if not isinstance(value, bool):
            raise bad_request("Athlete", name, "not true or false")
    elif name not in _RANGES:
        raise bad_request("Athlete", name, "unknown")
    elif not (name == "ftp_w" and value is None):
        _check_number(name, value)
    return value


def _check_number(name: str, value: Any) -> None:
    least, most = _RANGES[name]
    kind = int if name in _WHOLE else int | float
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:
        raise bad_request("Athlete", name, f"not between {least} and {most}")


ADMIN_ATHLETE_ROUTES = [Route("/_sim/athletes/{athlete_id}", _change, methods=["PATCH"])]
