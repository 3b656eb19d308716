"""`/_sim/events`: what became of each event, and forging one by hand."""

import json
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.deliveries import MOST_LOGGED, Signature
from simulator.faults import FaultError, bad_request, not_found
from simulator.inputs import json_of, whole_number
from simulator.mischief import FORGERIES
from simulator.state import simulator_of

_USUALLY_SHOWN = 100
_SIGNATURES: tuple[Signature, ...] = tuple(s for s in get_args(Signature) if s != "usual")


async def _events(request: Request) -> Response:
    sim = simulator_of(request)
    most = whole_number(request.query_params, "limit", _USUALLY_SHOWN) or 0
    if not 0 < most <= MOST_LOGGED:
        raise bad_request("Events", "limit", f"not between 1 and {MOST_LOGGED}")
    return JSONResponse(
        {"counters": sim.sender.counters.as_json(), "events": sim.sender.log.report(most)}
    )


async def _forge(request: Request) -> Response:
    """`kind` and `signature` say how; every other field is posted as it is given."""
    sim = simulator_of(request)
    body = await json_of(request)
    kind = _one_of(FORGERIES, "kind", body.pop("kind", "random_ids"))
    signed = _one_of(_SIGNATURES, "signature", body.pop("signature", "none"))
    if signed != "none" and not sim.dials.knobs.signing_secret:
        raise bad_request("Events", "signature", "there is no signing_secret")
    try:
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise bad_request("Events", "body", "cannot be posted as JSON") from None
    delivery = sim.sender.forge_by_hand(kind, body, signed)
    if delivery is None:
        raise bad_request("Events", "", "there is no subscription to post to")
    return JSONResponse(delivery.as_json(), status_code=201)


async def _disconnect(request: Request) -> Response:
    """What the athlete's own settings page does."""
    sim = simulator_of(request)
    try:
        athlete_id = whole_number(request.path_params, "athlete_id")
    except FaultError:
        athlete_id = None
    if athlete_id is None or not sim.disconnect(athlete_id):
        raise not_found("Athlete", "id", "not connected")
    return Response(status_code=204)


def _one_of(choices: tuple[Any, ...], name: str, value: object) -> Any:
    if value not in choices:
        raise bad_request("Events", name, f"not one of {', '.join(choices)}")
    return value


EVENT_ROUTES = [
    Route("/_sim/events", _events),
    Route("/_sim/events", _forge, methods=["POST"]),
    Route("/_sim/athletes/{athlete_id}/disconnect", _disconnect, methods=["POST"]),
]
