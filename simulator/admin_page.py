"""`/_sim` in a browser: the page, and its forms, each of which calls one route of the admin API."""

from urllib.parse import parse_qsl, quote

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.admin_inputs import live_of
from simulator.faults import FaultError, not_found
from simulator.inputs import body_of, whole_number
from simulator.page import world_page
from simulator.page_activities import last_page
from simulator.page_forms import Look, typed
from simulator.state import simulator_of

_METHODS = frozenset({"POST", "PATCH", "DELETE"})
_MOST_FIELDS = 200
_MOST_SAID = 200
_REFUSED = 400


async def _show(request: Request) -> Response:
    query = request.query_params
    said = query.get("said", "")[:_MOST_SAID]
    if "code" in query:
        said = f"Allowed. The code for POST /oauth/token is {query['code'][:_MOST_SAID]}"
    problem = "Nothing was allowed." if "error" in query else ""
    return HTMLResponse(world_page(_look(request), said=said, problem=problem))


async def _do(request: Request) -> Response:
    """Makes the call that the form stands for, and goes back; or says what was wrong with it."""
    method, path = request.path_params["method"], request.path_params["path"]
    if method not in _METHODS or path.startswith("do/") or ".." in path:
        raise not_found("Resource", "path", "invalid")
    form = (await body_of(request)).decode("utf-8", "replace")
    fields = parse_qsl(form, keep_blank_values=True)[:_MOST_FIELDS]
    transport = httpx.ASGITransport(app=request.app)
    async with httpx.AsyncClient(transport=transport, base_url=str(request.base_url)) as inside:
        answer = await inside.request(method, quote(f"/_sim/{path}"), json=typed(fields))
    look = _look(request)
    if answer.status_code >= _REFUSED:
        page = world_page(look, problem=_problem(answer))
        return HTMLResponse(page, status_code=answer.status_code)
    query = request.query_params
    back = look.address(query.get("at", "")[:_MOST_SAID], said=query.get("said", "")[:_MOST_SAID])
    return RedirectResponse(back, status_code=303)


def _problem(answer: httpx.Response) -> str:
    error = answer.json()["errors"][0]
    what = error["field"].partition(":")[0] or error["resource"]
    return f"That did not work. {what}: {error['code']}."


def _look(request: Request) -> Look:
    """What the query asks to see; the first athlete and page for what is not there."""
    sim = simulator_of(request)
    athlete = sim.world.athlete(_number(request, "athlete"))
    if athlete is None:
        athlete = sim.world.athlete(sim.world.athlete_ids[0])
    if athlete is None:
        raise not_found("Athlete")
    look = Look(sim, live_of(request), athlete, 1, f"{request.base_url}_sim")
    page = min(max(_number(request, "page"), 1), last_page(look))
    return Look(look.sim, look.live, athlete, page, look.home)


def _number(request: Request, name: str) -> int:
    try:
        return whole_number(request.query_params, name) or 0
    except FaultError:
        return 0


PAGE_ROUTES = [
    Route("/_sim", _show),
    Route("/_sim/do/{method}/{path:path}", _do, methods=["POST"]),
]
