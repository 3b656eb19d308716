"""OAuth over HTTP: the page a person sees, the token calls of a server."""

import hmac
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.faults import bad_request, not_found, unauthorized
from simulator.grants import Grant, parse_scopes
from simulator.inputs import basic_credentials, bearer_token, params_of, whole_number
from simulator.page import authorize_page
from simulator.people import summary_athlete
from simulator.state import Simulator, simulator_of

_LOCAL = frozenset({"localhost", "127.0.0.1"})


async def _authorize(request: Request) -> Response:
    sim = simulator_of(request)
    params = dict(request.query_params)
    _check_consent(sim, params)
    athletes = [a for i in sim.world.athlete_ids if (a := sim.world.athlete(i)) is not None]
    return HTMLResponse(authorize_page(athletes, params))


async def _decide(request: Request) -> Response:
    """What the links of the page do."""
    sim = simulator_of(request)
    params = dict(request.query_params)
    _check_consent(sim, params)
    answer = {"state": params.get("state", "")}
    if params.get("decision") == "approve":
        athlete_id = whole_number(params, "athlete_id")
        if athlete_id is None or sim.world.athlete(athlete_id) is None:
            raise not_found("Athlete")
        scopes = parse_scopes(params.get("scope", ""))
        code = sim.grants.authorize(athlete_id, scopes, sim.clock.now_s())
        answer |= {"code": code, "scope": ",".join(scopes)}
    else:
        answer["error"] = "access_denied"
    target = params["redirect_uri"]
    joint = "&" if urlsplit(target).query else "?"
    return RedirectResponse(target + joint + urlencode(answer), status_code=302)


async def _token(request: Request) -> Response:
    sim = simulator_of(request)
    params = await params_of(request)
    check_client(sim, params)
    now_s = sim.clock.now_s()
    kind = params.get("grant_type")
    if kind == "authorization_code":
        grant = sim.grants.exchange(params.get("code", ""), now_s)
        athlete = sim.world.athlete(grant.athlete_id)
        extra = {} if athlete is None else {"athlete": summary_athlete(athlete)}
        return JSONResponse(_token_body(grant, now_s) | extra)
    if kind == "refresh_token":
        grant = sim.grants.refresh(params.get("refresh_token", ""), now_s)
        return JSONResponse(_token_body(grant, now_s))
    raise bad_request("Application", "grant_type")


async def _deauthorize(request: Request) -> Response:
    sim = simulator_of(request)
    params = await params_of(request)
    token = params.get("access_token") or bearer_token(request) or ""
    sim.grants.authenticate(token, sim.clock.now_s())
    sim.revoke(token)
    return JSONResponse({"access_token": token})


async def _revoke(request: Request) -> Response:
    """RFC 7009: a token that is not alive is no error."""
    sim = simulator_of(request)
    user, password = basic_credentials(request) or ("", "")
    if not _is_client(sim, user, password):
        raise unauthorized("Application", "client_id", "invalid")
    token = (await params_of(request)).get("token", "")
    if not token:
        raise bad_request("Application", "token", "missing")
    sim.revoke(token)
    return Response(status_code=200)


def check_client(sim: Simulator, params: dict[str, str]) -> None:
    if params.get("client_id") != str(sim.config.client_id):
        raise bad_request("Application", "client_id")
    if not _same(params.get("client_secret", ""), sim.config.client_secret):
        raise bad_request("Application", "client_secret")


def _is_client(sim: Simulator, client_id: str, secret: str) -> bool:
    return client_id == str(sim.config.client_id) and _same(secret, sim.config.client_secret)


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())


def _check_consent(sim: Simulator, params: dict[str, str]) -> None:
    if params.get("client_id") != str(sim.config.client_id):
        raise bad_request("Application", "client_id")
    if params.get("response_type", "code") != "code":
        raise bad_request("Authorize", "response_type")
    try:
        target = urlsplit(params.get("redirect_uri", ""))
        host = target.hostname
    except ValueError:
        raise bad_request("Application", "redirect_uri") from None
    if target.scheme not in {"http", "https"} or host not in _LOCAL | {sim.config.callback_domain}:
        raise bad_request("Application", "redirect_uri")
    parse_scopes(params.get("scope", ""))


def _token_body(grant: Grant, now_s: float) -> dict[str, object]:
    return {
        "token_type": "Bearer",
        "access_token": grant.access_token,
        "expires_at": grant.expires_s,
        "expires_in": grant.expires_s - int(now_s),
        "refresh_token": grant.refresh_token,
        "scope": " ".join(grant.scopes),
    }


OAUTH_ROUTES = [
    Route("/oauth/authorize", _authorize),
    Route("/oauth/mobile/authorize", _authorize),
    Route("/oauth/decide", _decide),
    *(
        Route(prefix + path, handler, methods=["POST"])
        for prefix in ("", "/api/v3")
        for path, handler in (
            ("/oauth/token", _token),
            ("/oauth/deauthorize", _deauthorize),
            ("/oauth/revoke", _revoke),
        )
    ),
]
