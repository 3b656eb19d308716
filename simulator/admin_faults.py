"""`/_sim/faults`: answers that a test plans for the next calls."""

from dataclasses import asdict
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.faults import Body, bad_request
from simulator.inputs import json_of
from simulator.mishaps import PlannedFault
from simulator.state import simulator_of

_STATUSES = frozenset(
    {400, 401, 402, 403, 404, 408, 409, 410, 413, 422, 429, 500, 501, 502, 503, 504}
)
_MOST_TIMES = 100_000
_MOST_TEXT = 200


async def _faults(request: Request) -> Response:
    """What is still to come; POST plans one more, DELETE forgets all."""
    mishaps = simulator_of(request).mishaps
    if request.method == "DELETE":
        mishaps.planned.clear()
    if request.method == "POST":
        mishaps.plan(_planned(await json_of(request)))
    status = 201 if request.method == "POST" else 200
    return JSONResponse([asdict(fault) for fault in mishaps.planned], status_code=status)


def _planned(body: dict[str, Any]) -> PlannedFault:
    path, kind = body.get("path", "/"), body.get("body", "json")
    if not isinstance(path, str) or len(path) > _MOST_TEXT:
        raise bad_request("Faults", "path", "not a part of a path")
    if kind not in get_args(Body):
        raise bad_request("Faults", "body", f"not one of {', '.join(get_args(Body))}")
    status, times = _whole(body, "status", 503), _whole(body, "times", 1)
    if status not in _STATUSES:
        raise bad_request("Faults", "status", "not the status of an error")
    if not 1 <= times <= _MOST_TIMES:
        raise bad_request("Faults", "times", f"not between 1 and {_MOST_TIMES}")
    return PlannedFault(path, status, kind, times)


def _whole(body: dict[str, Any], name: str, usual: int) -> int:
    value = body.get(name, usual)
    if type(value) is not int:
        raise bad_request("Faults", name, "not a whole number")
    return value


FAULT_ROUTES = [Route("/_sim/faults", _faults, methods=["GET", "POST", "DELETE"])]
