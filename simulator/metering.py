"""What stands before every handler: the count, the faults of the day, the token."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from simulator.faults import EDGE_MARK, FaultError, inactive, rate_limited
from simulator.grants import Session
from simulator.inputs import bearer_token
from simulator.state import Simulator, simulator_of

Handler = Callable[[Simulator, Session, Request], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

_NOT_FOUND = 404
_MOST_DIGITS = 19


def metered(handler: Handler, *, headers: bool = True) -> Endpoint:
    """For reads: counted against the quota, also when refused; the usage is on the answer."""

    async def endpoint(request: Request) -> Response:
        sim = simulator_of(request)
        sim.traffic.reads += 1
        refused_by = sim.quota.count_read(sim.clock.now_s())
        await sim.mishaps.hang(request)
        try:
            if refused_by is not None:
                raise rate_limited(refused_by)
            response = _disturbed(sim, request) or await _handled(sim, handler, request)
        except FaultError as fault:
            response = fault.response()
        knobs = sim.dials.knobs
        if response.status_code == _NOT_FOUND and knobs.empty_not_found:
            response = Response(status_code=_NOT_FOUND)
        # What the edge answers never saw the application and its count.
        if EDGE_MARK not in response.headers:
            response.raw_headers.extend(sim.quota.headers(knobs.usage_headers, usual=headers))
        return response

    return endpoint


def unmetered(endpoint: Endpoint, *, while_inactive: bool = False) -> Endpoint:
    """For the rest: only faults that were planned, and the halt of an inactive application."""

    async def guarded(request: Request) -> Response:
        sim = simulator_of(request)
        planned = sim.mishaps.planned_for(request.scope["path"])
        if planned is not None:
            return planned
        if sim.dials.knobs.inactive and not while_inactive:
            raise inactive()
        return await endpoint(request)

    return guarded


def _disturbed(sim: Simulator, request: Request) -> Response | None:
    return sim.mishaps.planned_for(request.scope["path"]) or sim.mishaps.drawn()


async def _handled(sim: Simulator, handler: Handler, request: Request) -> Response:
    knobs = sim.dials.knobs
    if knobs.inactive:
        raise inactive()
    token = bearer_token(request, in_query=knobs.tokens_in_query)
    session = sim.grants.authenticate(token, sim.clock.now_s())
    await sim.drawn(session.athlete_id)
    await sim.drawn(sim.world.owner_id(_asked_number(request)))
    return handler(sim, session, request)


def _asked_number(request: Request) -> int:
    """The activity's, which may be somebody else's; 0 for none."""
    digits = request.path_params.get("activity_id", "")
    return int(digits) if digits.isdecimal() and len(digits) <= _MOST_DIGITS else 0
