"""`/_sim/quota`: more or fewer calls from now on."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.faults import bad_request
from simulator.inputs import json_of
from simulator.state import simulator_of

_MOST_CALLS = 10**9
_WINDOWS = 2


async def _quota(request: Request) -> Response:
    sim = simulator_of(request)
    if request.method == "POST":
        body = await json_of(request)
        quota = sim.quota
        quota.set_limits(
            _limits(body, "read_limits", quota.read.limits),
            _limits(body, "overall_limits", quota.overall.limits),
        )
    return JSONResponse(sim.quota.report(sim.clock.now_s()))


def _limits(body: dict[str, Any], name: str, usual: tuple[int, int]) -> tuple[int, int]:
    value = body.get(name, list(usual))
    if not isinstance(value, list) or len(value) != _WINDOWS or not all(map(_is_count, value)):
        raise bad_request("Quota", name, "not two counts, such as [100, 1000]")
    return value[0], value[1]


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MOST_CALLS


QUOTA_ROUTES = [Route("/_sim/quota", _quota, methods=["GET", "POST"])]
