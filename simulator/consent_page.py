"""Where a person allows an application to read."""

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import urlsplit

from simulator.athletes import Athlete

_KEPT = ("client_id", "redirect_uri", "response_type", "scope", "state")
_MEANING = {
    "read": "View your public profile",
    "read_all": "View private routes, segments and events",
    "profile:read_all": "View your whole profile, with weight, zones and gear",
    "profile:write": "Change your profile",
    "activity:read": "View activities that everyone or your followers can see",
    "activity:read_all": "View all activities, also those that only you can see",
    "activity:write": "Upload and change activities",
}
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}"
    "h1{font-size:1.5rem;line-height:1.25}code{font-size:.85em;opacity:.75}"
    "select,fieldset{width:100%;box-sizing:border-box;margin:.3rem 0 1.2rem}"
    "select,button{font:inherit;padding:.5rem .8rem;border-radius:.4rem}"
    "select,fieldset,button{border:1px solid #8888}fieldset{border-radius:.4rem;padding:.6rem 1rem}"
    ".scope{display:flex;gap:.6rem;align-items:baseline;padding:.15rem 0}"
    "button{cursor:pointer;margin-right:.5rem}"
    "button[value=approve]{background:#a83c00;border-color:#a83c00;color:#fff;font-weight:600}"
)


def consent_page(
    athletes: Iterable[tuple[Athlete, bool]],
    untold: int,
    scopes: tuple[str, ...],
    params: Mapping[str, str],
) -> str:
    """A form: who, and what of it. `athletes` come with whether they are connected already."""
    application = escape(params["client_id"])
    target = escape(urlsplit(params["redirect_uri"]).netloc)
    more = f"<p>And {untold} more, who connect by <code>POST /_sim/authorize</code>.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Authorize (simulated)</title><style>{_STYLE}</style></head><body><main>"
        f"<p>Simulated Strava</p><h1>Application {application} asks to connect</h1>"
        '<form method="post" action="/oauth/decide">'
        f"{''.join(_hidden(name, params[name]) for name in _KEPT if name in params)}"
        '<label for="athlete">Who are you?</label>'
        f'<select id="athlete" name="athlete_id">{"".join(map(_option, athletes))}</select>'
        f"{more if untold else ''}"
        "<fieldset><legend>What may the application do?</legend>"
        f"{''.join(map(_checkbox, scopes))}</fieldset>"
        '<button name="decision" value="approve">Authorize</button>'
        '<button name="decision" value="deny">Cancel</button>'
        f"</form><p>Either answer takes you back to {target}.</p></main></body></html>"
    )


def _option(entry: tuple[Athlete, bool]) -> str:
    athlete, connected = entry
    name = escape(f"{athlete.first_name} {athlete.last_name}, {athlete.home.city}")
    note = " (connected)" if connected else ""
    return f'<option value="{athlete.athlete_id}">{name}{note}</option>'


def _checkbox(scope: str) -> str:
    fixed = " disabled" if scope == "read" else f' name="allow {scope}" value="yes"'
    return (
        f'<div class="scope"><input type="checkbox" id="{scope}" checked{fixed}>'
        f'<label for="{scope}">{_MEANING[scope]} <code>{scope}</code></label></div>'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'
