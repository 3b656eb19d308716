"""OAuth over HTTP: the page a person sees, the token calls of a server."""

import hmac
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.consent_page import consent_page
from simulator.faults import bad_request, not_found, unauthorized
from simulator.grants import Grant, parse_scopes
from simulator.inputs import basic_credentials, bearer_token, params_of, whole_number
from simulator.metering import unmetered
from simulator.people import summary_athlete
from simulator.state import Simulator, simulator_of

_LOCAL = frozenset({"localhost", "127.0.0.1"})
_MOST_SHOWN = 200


async def _authorize(request: Request) -> Response:
    """The page; no page when the only athlete there is has allowed all of it before."""
    sim = simulator_of(request)
    params = dict(request.query_params)
    asked = _checked_consent(sim, params)
    everyone = sim.world.athlete_ids
    allowed = sim.grants.scopes_of(everyone[0])
    prompt = params.get("approval_prompt", "auto")
    if prompt == "auto" and len(everyone) == 1 and set(asked) <= set(allowed):
        return _accepted(sim, params, everyone[0], allowed)
    shown = [a for i in everyone[:_MOST_SHOWN] if (a := sim.world.athlete(i)) is not None]
    entries = [(athlete, bool(sim.grants.scopes_of(athlete.athlete_id))) for athlete in shown]
    return HTMLResponse(consent_page(entries, len(everyone) - len(shown), asked, params))


async def _decide(request: Request) -> Response:
    """What the buttons of the page do."""
    sim = simulator_of(request)
    params = await params_of(request)
    asked = _checked_consent(sim, params)
    if params.get("decision") != "approve":
        return _back(params, {"error": "access_denied"})
    athlete_id = whole_number(params, "athlete_id")
    if athlete_id is None or sim.world.athlete(athlete_id) is None:
        raise not_found("Athlete")
    granted = tuple(scope for scope in asked if scope == "read" or f"allow {scope}" in params)
    return _accepted(sim, params, athlete_id, granted)


def _accepted(
    sim: Simulator, params: dict[str, str], athlete_id: int, scopes: tuple[str, ...]
) -> Response:
    code = sim.grants.authorize(athlete_id, scopes, sim.clock.now_s())
    return _back(params, {"code": code, "scope": ",".join(scopes)})


def _back(params: dict[str, str], answer: dict[str, str]) -> Response:
    """To the application, behind whatever query its address has."""
    target = urlsplit(params["redirect_uri"])
    added = urlencode({"state": params.get("state", "")} | answer, safe=",:")
    query = f"{target.query}&{added}" if target.query else added
    return RedirectResponse(urlunsplit(target._replace(query=query)), status_code=302)


async def _token(request: Request) -> Response:
    sim = simulator_of(request)
    params = await params_of(request)
    check_client(sim, params)
    now_s = sim.clock.now_s()
    kind = params.get("grant_type")
    if kind == "authorization_code":
        grant = sim.grants.exchange(params.get("code", ""), now_s)
        athlete = sim.world.athlete(grant.athlete_id)
        extra = (
            {}
            if athlete is None
            else {"athlete": summary_athlete(athlete, sim.profiles.now(athlete))}
        )
        return JSONResponse(_token_body(grant, now_s) | extra)
    if kind == "refresh_token":
        grant = sim.grants.refresh(params.get("refresh_token", ""), now_s)
        return JSONResponse(_token_body(grant, now_s))
    raise bad_request("Application", "grant_type")


async def _deauthorize(request: Request) -> Response:
    sim = simulator_of(request)
    params = await params_of(request)
    in_query = sim.dials.knobs.tokens_in_query
    sent = params.get("access_token") if in_query else None
    token = sent or bearer_token(request, in_query=in_query) or ""
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


def _checked_consent(sim: Simulator, params: dict[str, str]) -> tuple[str, ...]:
    """The scopes asked for; `read` is always among them."""
    if params.get("client_id") != str(sim.config.client_id):
        raise bad_request("Application", "client_id")
    if params.get("response_type", "code") != "code":
        raise bad_request("Authorize", "response_type")
    if params.get("approval_prompt", "auto") not in {"auto", "force"}:
        raise bad_request("Authorize", "approval_prompt")
    try:
        target = urlsplit(params.get("redirect_uri", ""))
        host = target.hostname
    except ValueError:
        raise bad_request("Application", "redirect_uri") from None
    if target.scheme not in {"http", "https"} or host not in _LOCAL | {sim.config.callback_domain}:
        raise bad_request("Application", "redirect_uri")
    return tuple(dict.fromkeys(("read", *parse_scopes(params.get("scope", "")))))


def _token_body(grant: Grant, now_s: float) -> dict[str, object]:
    return {
        "token_type": "Bearer",
        "access_token": grant.access_token,
        "expires_at": grant.expires_s,
        "expires_in": grant.expires_s - int(now_s),
        "refresh_token": grant.refresh_token,
        "scope": " ".join(grant.scopes),
    }


# An inactive application still gets tokens; it is the API that refuses it.
OAUTH_ROUTES = [
    Route(path, unmetered(endpoint, while_inactive=True), methods=[method])
    for method, path, endpoint in (
        ("GET", "/oauth/authorize", _authorize),
        ("GET", "/oauth/mobile/authorize", _authorize),
        ("POST", "/oauth/decide", _decide),
        ("POST", "/oauth/token", _token),
        ("POST", "/oauth/deauthorize", _deauthorize),
        ("POST", "/oauth/revoke", _revoke),
        ("POST", "/api/v3/oauth/token", _token),
        ("POST", "/api/v3/oauth/deauthorize", _deauthorize),
        ("POST", "/api/v3/oauth/revoke", _revoke),
    )
]
