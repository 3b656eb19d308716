"""The pages of connect_athlete: plain HTML without scripts, everything in it escaped.

No code, state or token goes into a page or a log. What went wrong has one name in both.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import flask

from paceline.errors import (
    AthleteLimit,
    CodeExpired,
    CodeRefused,
    PacelineError,
    Retryable,
    StravaRefused,
    StravaUnavailable,
)
from paceline.runtime.logs import Line, outcome_of
from paceline.steps.connect_athlete import (
    STATE_LASTS,
    VISIT_LASTS,
    Connected,
    Connecting,
    ConnectRefused,
    disconnect,
    finish,
    start,
    visit_of,
    visitor,
)

STARTED, VISITING = "paceline_start", "paceline_visit"  # cookies

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;"
    "color:#1f2328;background:#fff}button{font:inherit;padding:.4rem .9rem}code{color:#57606a}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}a{color:#58a6ff}}"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; "
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
    ),
}

# What a failure is called, the status it has, and what the page says above the reason.
_FAILURES: tuple[tuple[type[PacelineError], str, int], ...] = (
    (AthleteLimit, "athlete_limit", 403),
    (CodeExpired, "code_expired", 400),
    (CodeRefused, "code_invalid", 400),
    (StravaRefused, "application_refused", 502),
    (StravaUnavailable, "strava_unavailable", 503),
    (Retryable, "store_unavailable", 503),
)
_FORBIDDEN = frozenset({"access_denied", "scope_missing", "state_foreign", "not_this_browser"})


@dataclass(frozen=True)
class Page:
    outcome: str
    title: str
    body: str
    status: int = 200
    athlete_id: int | None = None
    cookies: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # value, seconds


def answer_connect(request: flask.Request, use: Connecting) -> flask.Response:
    with outcome_of("connect_athlete") as line:
        page = _page(request, use)
        line.severity = "INFO" if page.status < 400 else "WARNING"  # noqa: PLR2004
        line.add(page.outcome, {"status": page.status})
        _name_athlete(line, page)
    return _response(page, secure=use.consent.redirect_uri.startswith("https:"))


def _name_athlete(line: Line, page: Page) -> None:
    if page.athlete_id is not None:
        line.fields["athlete"] = page.athlete_id


def _page(request: flask.Request, use: Connecting) -> Page:
    # Its own address in the cloud knows no folder; the local service has taken it off already.
    name = request.path.strip("/").removeprefix("connect_athlete/")
    if name not in _ROUTES:
        return _failure("not_found", "There is no such page.", 404)
    method, answer = _ROUTES[name]
    if request.method != method:
        return _failure("wrong_method", f"This address takes {method} only.", 405)
    try:
        return answer(request, use)
    except ConnectRefused as error:
        return _failure(error.code, str(error), 403 if error.code in _FORBIDDEN else 400)
    except PacelineError as error:
        for kind, code, status in _FAILURES:
            if isinstance(error, kind):
                return _failure(code, str(error), status)
        raise


def _start(_request: flask.Request, use: Connecting) -> Page:
    address, nonce = start(use)
    lasts_s = int(STATE_LASTS.total_seconds())
    return Page("started", "", address, 302, cookies={STARTED: (nonce, lasts_s)})


def _callback(request: flask.Request, use: Connecting) -> Page:
    connected = finish(request.args, request.cookies.get(STARTED, ""), use)
    visit = (visit_of(connected, use), int(VISIT_LASTS.total_seconds()))
    return Page(
        "connected",
        f"Athlete {connected.athlete_id} is connected",
        _connected(connected),
        athlete_id=connected.athlete_id,
        cookies={STARTED: ("", 0), VISITING: visit},
    )


def _disconnect(request: flask.Request, use: Connecting) -> Page:
    athlete_id = visitor(request.cookies.get(VISITING, ""), use)
    disconnect(athlete_id, use)
    body = "<p>The grant at Strava has ended and nothing more is read. What was kept is erased.</p>"
    return Page(
        "disconnected",
        f"Athlete {athlete_id} is disconnected",
        body,
        athlete_id=athlete_id,
        cookies={VISITING: ("", 0)},
    )


_ROUTES: dict[str, tuple[str, Callable[[flask.Request, Connecting], Page]]] = {
    "start": ("GET", _start),
    "callback": ("GET", _callback),
    "disconnect": ("POST", _disconnect),
}


def _connected(connected: Connected) -> str:
    return (
        f"<p>Granted: <code>{escape(', '.join(connected.scopes))}</code></p>"
        f"{_list(connected.warnings)}"
        "<p>New activities arrive by themselves. You can close this window.</p>"
        # Relative, since a proxy may serve these pages below any path.
        '<form method="post" action="disconnect"><button>Disconnect and forget</button></form>'
    )


def _list(texts: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>" if texts else ""


def _failure(code: str, why: str, status: int) -> Page:
    title = "Strava is not connected"
    if code in {"wrong_method", "not_found"}:
        title = "This is not a page"
    elif code == "not_this_browser":
        title = "Not disconnected"
    body = (
        f'<p>{escape(why)}</p><p><a href="start">Connect with Strava</a></p>'
        f"<p><code>{escape(code)}</code></p>"
    )
    return Page(code, title, body, status)


def _response(page: Page, *, secure: bool) -> flask.Response:
    if page.status == 302:  # noqa: PLR2004
        response = flask.Response(status=page.status, headers=_HEADERS)
        response.headers["Location"] = page.body
    else:
        html = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>Paceline: {escape(page.title)}</title><style>{_STYLE}</style>"
            f"<h1>{escape(page.title)}</h1>{page.body}</html>"
        )
        response = flask.Response(html, page.status, _HEADERS, content_type="text/html")
    for name, (value, lasts_s) in page.cookies.items():
        response.set_cookie(
            name, value, max_age=lasts_s, secure=secure, httponly=True, samesite="Lax"
        )
    return response
