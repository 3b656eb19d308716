"""The push subscription over HTTP."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.faults import FaultError, bad_request, not_found, unauthorized
from simulator.inputs import params_of, whole_number
from simulator.metering import unmetered
from simulator.oauth import check_client
from simulator.state import simulator_of


async def _subscriptions(request: Request) -> Response:
    sim = simulator_of(request)
    params = await params_of(request)
    check_client(sim, params)
    if request.method != "POST":
        current = sim.desk.current
        return JSONResponse([] if current is None else [current.as_json()])
    for name in ("callback_url", "verify_token"):
        if not params.get(name):
            raise bad_request("PushSubscription", name.replace("_", " "), "required")
    made = await sim.desk.create(
        sim.client, params["callback_url"], params["verify_token"], sim.clock.now_s()
    )
    return JSONResponse(made.as_json(), status_code=201)


async def _delete(request: Request) -> Response:
    sim = simulator_of(request)
    params = await params_of(request)
    try:
        check_client(sim, params)
    except FaultError:
        raise unauthorized("Application", "client_id", "invalid") from None
    try:
        number = whole_number(request.path_params, "subscription_id")
    except FaultError:
        raise not_found("PushSubscription", "id", "invalid") from None
    sim.desk.delete(number)
    return Response(status_code=204)


PUSH_ROUTES = [
    route
    for prefix in ("/api/v3", "")
    for route in (
        Route(f"{prefix}/push_subscriptions", unmetered(_subscriptions), methods=["GET", "POST"]),
        Route(
            f"{prefix}/push_subscriptions/{{subscription_id}}",
            unmetered(_delete),
            methods=["DELETE"],
        ),
    )
]
